//go:build linux

// Package exact compares root file systems, and reads images without any of the code that builds
// them. It is the reference for layc's tests: it imports nothing from layc, and containerd's
// archive package applies the layers.
package exact

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Entry is everything that an image stores for one path.
type Entry struct {
	Mode     uint32 // like stat's, with the type
	UID, GID uint32
	Rdev     uint64 // of a device
	Size     int64  // of a file
	Sum      string // SHA-256 of a file's content, in hexadecimal digits
	Target   string // of a symbolic link
	Mtime    int64  // nanoseconds since 1970
	Xattrs   map[string]string
	// Same is the first path, in byte order, of a file with several paths in the tree, including
	// this one; else empty.
	Same string
}

// Tree maps the absolute paths in a root file system, as raw bytes, to entries. The root is "/".
type Tree map[string]Entry

// Read reads the tree below a directory. It does not follow links, and omits extended attributes
// that overlay uses.
func Read(root string) (Tree, error) {
	r := &reader{root: root, tree: Tree{}, names: map[inode][]string{}}
	if err := r.entry("/"); err != nil {
		return nil, err
	}
	sameFiles(r.tree, maps.Values(r.names))
	return r.tree, nil
}

// sameFiles sets Same of the entries that are paths of one file.
func sameFiles(t Tree, files iter.Seq[[]string]) {
	for paths := range files {
		first := slices.Min(paths)
		for _, p := range paths {
			if len(paths) > 1 {
				e := t[p]
				e.Same = first
				t[p] = e
			}
		}
	}
}

type inode struct{ dev, ino uint64 }

type reader struct {
	root  string
	tree  Tree
	names map[inode][]string // files with several names
}

func (r *reader) entry(p string) error {
	full := r.root + p
	var s unix.Stat_t
	if err := unix.Lstat(full, &s); err != nil {
		return &fs.PathError{Op: "stat", Path: full, Err: err}
	}
	e := Entry{Mode: s.Mode, UID: s.Uid, GID: s.Gid, Mtime: s.Mtim.Nano()}
	kind := s.Mode & unix.S_IFMT
	var err error
	switch kind {
	case unix.S_IFREG:
		e.Size = s.Size
		e.Sum, err = sum(full)
	case unix.S_IFLNK:
		e.Target, err = os.Readlink(full)
	case unix.S_IFBLK, unix.S_IFCHR:
		e.Rdev = s.Rdev
	}
	if err != nil {
		return err
	}
	if e.Xattrs, err = xattrs(full); err != nil {
		return err
	}
	if kind != unix.S_IFDIR && s.Nlink > 1 {
		i := inode{s.Dev, s.Ino}
		r.names[i] = append(r.names[i], p)
	}
	r.tree[p] = e
	if kind != unix.S_IFDIR {
		return nil
	}
	entries, err := os.ReadDir(full)
	if err != nil {
		return err
	}
	for _, child := range entries {
		if err := r.entry(path.Join(p, child.Name())); err != nil {
			return err
		}
	}
	return nil
}

func sum(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// xattrs returns the extended attributes of a path, or nil.
func xattrs(file string) (map[string]string, error) {
	list, err := grow(func(b []byte) (int, error) { return unix.Llistxattr(file, b) })
	if errors.Is(err, unix.ENOTSUP) {
		return nil, nil
	}
	if err != nil {
		return nil, &fs.PathError{Op: "list attributes of", Path: file, Err: err}
	}
	var out map[string]string
	for name := range strings.SplitSeq(string(list), "\x00") {
		if name == "" || strings.HasPrefix(name, "trusted.overlay.") {
			continue
		}
		value, err := grow(func(b []byte) (int, error) { return unix.Lgetxattr(file, name, b) })
		if err != nil {
			return nil, &fs.PathError{Op: "read attribute " + name + " of", Path: file, Err: err}
		}
		if out == nil {
			out = map[string]string{}
		}
		out[name] = string(value)
	}
	return out, nil
}

// grow calls a function that fills a buffer until the buffer is large enough.
func grow(fill func([]byte) (int, error)) ([]byte, error) {
	for size := 256; ; size *= 4 {
		b := make([]byte, size)
		n, err := fill(b)
		if errors.Is(err, unix.ERANGE) {
			continue
		}
		return b[:max(n, 0)], err
	}
}
