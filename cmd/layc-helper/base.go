package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// makeBase creates a working system from the packages of a minimal system, in an empty root.
//
// dpkg needs a system to run in. So first the files of all packages are unpacked without it. Then
// dpkg installs the same packages over them and registers them. It checks their dependencies when
// it configures them.
func makeBase(root string, debs []string) (err error) {
	if err := skeleton(root); err != nil {
		return err
	}
	if err := unpackAll(root, debs); err != nil {
		return err
	}
	if err := beforeDpkg(root); err != nil {
		return err
	}
	restore, err := forbidServices(root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, restore()) }()
	// The maintainer scripts of all other packages rely on the users and directories of these
	// two.
	var first []string
	for _, deb := range debs {
		c, err := readControl(deb)
		if err != nil {
			return err
		}
		if name := c["package"]; name == "base-passwd" || name == "base-files" {
			first = append(first, deb)
		}
	}
	return assigning(root, func() error {
		telling := newInstallation(len(debs))
		if len(first) > 0 {
			if err := telling.dpkg(append([]string{"--force-depends", "--install"}, first...)...); err != nil {
				return err
			}
		}
		if err := telling.dpkg(append([]string{"--force-depends", "--unpack"}, debs...)...); err != nil {
			return err
		}
		if err := telling.dpkg("--configure", "--pending"); err != nil {
			return err
		}
		telling.end()
		return audit()
	})
}

// skeleton creates what packages expect when they are unpacked: links that merge /bin and similar
// directories into /usr, and dpkg's database.
func skeleton(root string) error {
	merged := []string{"bin", "sbin", "lib"}
	if runtime.GOARCH == "amd64" || runtime.GOARCH == "ppc64le" {
		merged = append(merged, "lib64") // the dynamic linker of these is in it
	}
	for _, dir := range merged {
		if err := os.MkdirAll(filepath.Join(root, "usr", dir), 0o755); err != nil {
			return err
		}
		if err := os.Symlink("usr/"+dir, filepath.Join(root, dir)); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	for _, dir := range []string{"info", "updates", "triggers"} {
		if err := os.MkdirAll(filepath.Join(root, "var/lib/dpkg", dir), 0o755); err != nil {
			return err
		}
	}
	for _, file := range []string{"status", "available"} {
		if err := os.WriteFile(filepath.Join(root, "var/lib/dpkg", file), nil, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// beforeDpkg creates the user database and the temporary directory, which the first maintainer
// scripts read.
func beforeDpkg(root string) error {
	for _, name := range []string{"passwd", "group"} {
		master, err := os.ReadFile(filepath.Join(root, "usr/share/base-passwd", name+".master"))
		if err != nil {
			return fmt.Errorf("the package base-passwd is missing: %w", err)
		}
		if err := os.WriteFile(filepath.Join(root, "etc", name), master, 0o644); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Join(root, "tmp"), 0o755); err != nil {
		return err
	}
	return os.Chmod(filepath.Join(root, "tmp"), 0o777|fs.ModeSticky)
}

// unpackAll writes the files of all packages, several packages at a time. No two of them have a
// file in common; dpkg checks that later.
func unpackAll(root string, debs []string) error {
	queue := make(chan string)
	errs := make([]error, runtime.GOMAXPROCS(0))
	var workers sync.WaitGroup
	for i := range errs {
		workers.Go(func() {
			for deb := range queue {
				if errs[i] == nil {
					errs[i] = unpackDeb(root, deb)
				}
			}
		})
	}
	for _, deb := range debs {
		queue <- deb
	}
	close(queue)
	workers.Wait()
	return errors.Join(errs...)
}

// unpackDeb writes the files of one package.
func unpackDeb(root, deb string) error {
	return readMember(deb, "data.tar", func(archive *tar.Reader) error {
		for {
			header, err := archive.Next()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if err := unpackEntry(root, header, archive); err != nil {
				return fmt.Errorf("unpacking %s: %w", header.Name, err)
			}
		}
	})
}

func unpackEntry(root string, h *tar.Header, content io.Reader) error {
	name := filepath.Clean("/" + h.Name)
	if strings.Contains(h.Name, "..") && !filepath.IsLocal(h.Name) {
		return errors.New("the path leads outside the package")
	}
	target := filepath.Join(root, name)
	switch name {
	case "/", "/proc", "/sys", "/dev": // these belong to the step
		return nil
	}
	if h.Typeflag == tar.TypeDir {
		// A link stays, since it replaces a directory that was merged into /usr.
		if info, err := os.Lstat(target); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return nil
		}
		if err := os.MkdirAll(target, 0o755); err != nil {
			return err
		}
		return setOwner(target, h)
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	switch h.Typeflag {
	case tar.TypeReg:
		f, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, content)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		if err := setOwner(target, h); err != nil {
			return err
		}
		return os.Chtimes(target, h.ModTime, h.ModTime)
	case tar.TypeSymlink:
		if err := os.Symlink(h.Linkname, target); err != nil {
			return err
		}
		return os.Lchown(target, h.Uid, h.Gid)
	case tar.TypeLink:
		return os.Link(filepath.Join(root, filepath.Clean("/"+h.Linkname)), target)
	}
	return fmt.Errorf("unexpected kind of file %q", h.Typeflag)
}

// setOwner sets owner and mode, in this order, because a change of the owner clears set-user-ID
// bits.
func setOwner(target string, h *tar.Header) error {
	if err := os.Lchown(target, h.Uid, h.Gid); err != nil {
		return err
	}
	return os.Chmod(target, h.FileInfo().Mode())
}
