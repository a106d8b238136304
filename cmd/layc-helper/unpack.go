package main

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// unpack writes what an archive holds below dir, which is made. The content
// says what kind of archive it is: zip, or tar, which may be compressed with
// gzip, bzip2, xz or zstd. The first strip directories of each path are cut
// off; entries that have no more than that are passed over.
//
// Files keep their permissions and belong to root; their times are the
// canonical one. Entries that lead out of dir, by their path or through a
// link, are an error.
func unpack(strip int, file, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	x := &extraction{root: root, strip: strip, dirs: map[string]fs.FileMode{}}
	in := bufio.NewReaderSize(f, 1<<20)
	if magic, _ := in.Peek(4); bytes.HasPrefix(magic, []byte("PK")) {
		err = x.zip(f)
	} else {
		err = x.tar(in)
	}
	if err != nil {
		return fmt.Errorf("unpacking the archive: %w", err)
	}
	if x.entries == 0 {
		return fmt.Errorf("the archive holds nothing below %d leading directories", strip)
	}
	return x.finish()
}

type extraction struct {
	root    *os.Root
	strip   int
	entries int
	dirs    map[string]fs.FileMode // permissions of directories, given when all is written
}

func (x *extraction) zip(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	archive, err := zip.NewReader(f, info.Size())
	if err != nil {
		return err
	}
	for _, entry := range archive.File {
		content, err := entry.Open()
		if err != nil {
			return fmt.Errorf("%s: %w", entry.Name, err)
		}
		mode, target := entry.Mode(), ""
		if mode&fs.ModeSymlink != 0 {
			var text []byte
			text, err = io.ReadAll(io.LimitReader(content, 1<<16))
			target = string(text)
		}
		// Archives made without Unix permissions have none at all.
		if mode.Perm() == 0 {
			mode |= 0o644
			if mode.IsDir() {
				mode |= 0o755
			}
		}
		err = errors.Join(err, x.entry(entry.Name, mode, target, "", content), content.Close())
		if err != nil {
			return fmt.Errorf("%s: %w", entry.Name, err)
		}
	}
	return nil
}

func (x *extraction) tar(in *bufio.Reader) error {
	plain, err := plainTar(in)
	if err != nil {
		return err
	}
	archive := tar.NewReader(plain)
	for {
		h, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if errors.Is(err, tar.ErrHeader) && x.entries == 0 {
			return errors.New("it is neither a zip nor a tar file")
		}
		if err != nil {
			return err
		}
		switch h.Typeflag {
		case tar.TypeReg, tar.TypeDir:
			err = x.entry(h.Name, h.FileInfo().Mode(), "", "", archive)
		case tar.TypeSymlink:
			err = x.entry(h.Name, fs.ModeSymlink, h.Linkname, "", nil)
		case tar.TypeLink:
			err = x.entry(h.Name, 0, "", h.Linkname, nil)
		case tar.TypeXGlobalHeader:
		default:
			err = fmt.Errorf("unexpected kind of file %q", h.Typeflag)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}

func plainTar(in *bufio.Reader) (io.Reader, error) {
	magic, _ := in.Peek(6)
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		return gzip.NewReader(in)
	case bytes.HasPrefix(magic, []byte("BZh")):
		return bzip2.NewReader(in), nil
	case bytes.HasPrefix(magic, []byte("\xfd7zXZ\x00")):
		return xz.NewReader(in)
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return zstd.NewReader(in)
	}
	return in, nil
}

// entry writes one entry: a symbolic link to target, a hard link to another
// entry, a directory or a file. A later entry replaces an earlier one.
func (x *extraction) entry(name string, mode fs.FileMode, target, hardLink string, content io.Reader) error {
	to, ok, err := x.place(name)
	if err != nil || !ok {
		return err
	}
	x.entries++
	if mode.IsDir() {
		x.dirs[to] = mode.Perm()
		return x.root.MkdirAll(to, 0o755)
	}
	if err := x.root.MkdirAll(path.Dir(to), 0o755); err != nil {
		return err
	}
	if err := x.root.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	switch {
	case hardLink != "":
		from, ok, err := x.place(hardLink)
		if err != nil || !ok {
			return errors.Join(err, fmt.Errorf("it is a link to %s, which is not unpacked", hardLink))
		}
		return x.root.Link(from, to)
	case mode&fs.ModeSymlink != 0:
		return x.root.Symlink(target, to)
	case !mode.IsRegular():
		return fmt.Errorf("unexpected kind of file %v", mode)
	}
	f, err := x.root.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	if err := errors.Join(err, f.Chmod(mode.Perm()), f.Close()); err != nil {
		return err
	}
	return x.root.Chtimes(to, epoch, epoch)
}

// place is where an entry goes; ok is false if nothing of its path is left.
func (x *extraction) place(name string) (to string, ok bool, err error) {
	var parts []string
	for part := range strings.SplitSeq(name, "/") {
		switch part {
		case "", ".":
		case "..":
			return "", false, errors.New("the path leads out of the archive")
		default:
			parts = append(parts, part)
		}
	}
	if len(parts) <= x.strip {
		return "", false, nil
	}
	return path.Join(parts[x.strip:]...), true, nil
}

// finish gives directories their permissions and time, which writing into
// them would have met or changed.
func (x *extraction) finish() error {
	return fs.WalkDir(x.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		mode, ok := x.dirs[name]
		if !ok {
			mode = 0o755
		}
		return errors.Join(x.root.Chmod(name, mode), x.root.Chtimes(name, epoch, epoch))
	})
}
