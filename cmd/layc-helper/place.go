package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// place copies a tree into the system at root as a layer on top of it would:
// with owners, modes, times, links and extended attributes. What cannot be kept
// is an error. A directory that leads on through a link of the system is kept
// a link.
func place(tree, root string) error {
	p := &placing{tree: tree, root: root, links: map[uint64]string{}}
	return filepath.WalkDir(tree, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == tree {
			return err
		}
		return p.one(path, filepath.Join(root, strings.TrimPrefix(path, tree)))
	})
}

type placing struct {
	tree, root string
	links      map[uint64]string // files with several names, by inode: the first copy
}

func (p *placing) one(from, to string) error {
	var stat unix.Stat_t
	if err := unix.Lstat(from, &stat); err != nil {
		return &fs.PathError{Op: "stat", Path: from, Err: err}
	}
	kind := stat.Mode & unix.S_IFMT
	if kind == unix.S_IFDIR {
		if info, err := os.Stat(to); err != nil || !info.IsDir() {
			if err := errors.Join(os.RemoveAll(to), os.Mkdir(to, 0o755)); err != nil {
				return err
			}
		}
		return p.settle(from, to, &stat, true)
	}
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	if first := p.links[stat.Ino]; first != "" {
		return os.Link(first, to)
	}
	var err error
	switch kind {
	case unix.S_IFREG:
		if stat.Nlink > 1 {
			p.links[stat.Ino] = to
		}
		err = copyFile(from, to)
	case unix.S_IFLNK:
		var target string
		if target, err = os.Readlink(from); err == nil {
			err = os.Symlink(target, to)
		}
	default:
		err = unix.Mknod(to, stat.Mode, int(stat.Rdev))
	}
	if err != nil {
		return err
	}
	return p.settle(from, to, &stat, false)
}

// settle gives a copy the metadata of the original.
func (p *placing) settle(from, to string, stat *unix.Stat_t, dir bool) error {
	link := stat.Mode&unix.S_IFMT == unix.S_IFLNK
	errs := []error{unix.Lchown(to, int(stat.Uid), int(stat.Gid))}
	if !link {
		errs = append(errs, unix.Chmod(to, stat.Mode&0o7777)) // after chown, which takes bits away
	}
	if !dir {
		errs = append(errs, copyAttributes(from, to))
	}
	errs = append(errs, unix.UtimesNanoAt(unix.AT_FDCWD, to, []unix.Timespec{stat.Mtim, stat.Mtim}, unix.AT_SYMLINK_NOFOLLOW))
	if err := errors.Join(errs...); err != nil {
		return &fs.PathError{Op: "place", Path: to, Err: err}
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// copyAttributes copies extended attributes, such as capabilities.
func copyAttributes(from, to string) error {
	buffer := make([]byte, 1<<16)
	n, err := unix.Llistxattr(from, buffer)
	if errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.Trim(string(buffer[:n]), "\x00"), "\x00") {
		if name == "" || ofFileSystem(name) {
			continue
		}
		value := make([]byte, 1<<16)
		n, err := unix.Lgetxattr(from, name, value)
		if err != nil {
			return err
		}
		if err := unix.Lsetxattr(to, name, value[:n], 0); err != nil {
			return err
		}
	}
	return nil
}
