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

// unpackArchive extracts an archive (zip, or tar with any usual compression) into an
// existing directory, without the first strip elements of each path. Names
// that lead out of the directory are an error. Owners are kept as numbers;
// device files are passed over.
func unpackArchive(archive, dir string, strip int) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	u := &unpacker{root: root, strip: strip}
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	magic := make([]byte, 6)
	if _, err := io.ReadFull(f, magic); err != nil {
		return fmt.Errorf("the archive has fewer than %d bytes", len(magic))
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if bytes.HasPrefix(magic, []byte("PK\x03\x04")) {
		err = u.zip(f)
	} else {
		err = u.compressed(f, magic)
	}
	if err == nil && u.count == 0 {
		return fmt.Errorf("the archive holds nothing below %d leading directories", strip)
	}
	return err
}

type unpacker struct {
	root  *os.Root
	strip int
	count int
	modes []dirMode // given at the end: a directory may be read-only
}

type dirMode struct {
	name string
	mode fs.FileMode
}

// compressed extracts a tar, recognising its compression by its first bytes.
func (u *unpacker) compressed(f io.Reader, magic []byte) error {
	in := bufio.NewReaderSize(f, 1<<20)
	var plain io.Reader = in
	var err error
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		plain, err = gzip.NewReader(in)
	case bytes.HasPrefix(magic, []byte("BZh")):
		plain = bzip2.NewReader(in)
	case bytes.HasPrefix(magic, []byte("\xfd7zXZ\x00")):
		plain, err = xz.NewReader(in)
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		var z *zstd.Decoder
		if z, err = zstd.NewReader(in); err == nil {
			defer z.Close()
			plain = z
		}
	}
	if err != nil {
		return err
	}
	t := tar.NewReader(plain)
	for {
		h, err := t.Next()
		if err == io.EOF {
			return u.finish()
		}
		if errors.Is(err, tar.ErrHeader) && u.count == 0 {
			return errors.New("this is neither a zip nor a tar archive")
		}
		if err != nil {
			return err
		}
		if err := u.tarEntry(t, h); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}

func (u *unpacker) tarEntry(t *tar.Reader, h *tar.Header) error {
	name, ok := u.name(h.Name)
	if !ok {
		return nil
	}
	mode := h.FileInfo().Mode()
	switch h.Typeflag {
	case tar.TypeDir:
		return u.dir(name, mode, h.Uid, h.Gid)
	case tar.TypeReg:
		return u.file(name, mode, h.Uid, h.Gid, t)
	case tar.TypeSymlink:
		return u.link(name, h.Linkname, h.Uid, h.Gid)
	case tar.TypeLink:
		target, ok := u.name(h.Linkname)
		if !ok {
			return fmt.Errorf("is a hard link to %s, which is stripped", h.Linkname)
		}
		if err := u.parents(name); err != nil {
			return err
		}
		return u.root.Link(target, name)
	}
	return nil
}

func (u *unpacker) zip(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return err
	}
	for _, e := range z.File {
		if err := u.zipEntry(e); err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
	}
	return u.finish()
}

func (u *unpacker) zipEntry(e *zip.File) error {
	name, ok := u.name(e.Name)
	if !ok {
		return nil
	}
	mode := e.Mode()
	if mode.IsDir() {
		return u.dir(name, mode, 0, 0)
	}
	r, err := e.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	if mode&fs.ModeSymlink != 0 {
		to, err := io.ReadAll(io.LimitReader(r, 4096))
		if err != nil {
			return err
		}
		return u.link(name, string(to), 0, 0)
	}
	return u.file(name, mode, 0, 0, r)
}

// name is the name of an entry without its leading elements; false if nothing
// is left.
func (u *unpacker) name(entry string) (string, bool) {
	clean := strings.TrimPrefix(path.Clean("/"+entry), "/")
	parts := strings.Split(clean, "/")
	if clean == "" || len(parts) <= u.strip {
		return "", false
	}
	u.count++
	return strings.Join(parts[u.strip:], "/"), true
}

func (u *unpacker) parents(name string) error {
	if dir := path.Dir(name); dir != "." {
		return u.root.MkdirAll(dir, 0o755)
	}
	return nil
}

func (u *unpacker) dir(name string, mode fs.FileMode, uid, gid int) error {
	if err := u.root.MkdirAll(name, 0o755); err != nil {
		return err
	}
	if mode.Perm() != 0 {
		u.modes = append(u.modes, dirMode{name, mode})
	}
	return u.root.Lchown(name, uid, gid)
}

func (u *unpacker) file(name string, mode fs.FileMode, uid, gid int, content io.Reader) error {
	if err := u.parents(name); err != nil {
		return err
	}
	if err := u.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := u.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	if err := errors.Join(err, f.Close(), u.root.Lchown(name, uid, gid)); err != nil {
		return err
	}
	if mode.Perm() == 0 {
		mode |= 0o644 // a zip that was made without modes
	}
	return u.root.Chmod(name, mode&(fs.ModePerm|fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky))
}

func (u *unpacker) link(name, to string, uid, gid int) error {
	if err := u.parents(name); err != nil {
		return err
	}
	if err := u.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := u.root.Symlink(to, name); err != nil {
		return err
	}
	return u.root.Lchown(name, uid, gid)
}

// finish gives directories their modes.
func (u *unpacker) finish() error {
	for _, d := range u.modes {
		if err := u.root.Chmod(d.name, d.mode&(fs.ModePerm|fs.ModeSetgid|fs.ModeSticky)); err != nil {
			return err
		}
	}
	return nil
}
