package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/lang/paths"
)

// Comparing the entries of two trees. A file's size and time prove nothing about its content: a
// program that honours SOURCE_DATE_EPOCH writes other content with the same time. Files are equal
// without reading only if both trees show the same file of the same lower layer. All other files
// are read.

// trees are two root file systems to compare.
type trees struct {
	old, now string
	// shared reports whether both are overlays with a layer in common. If files have the device
	// of the overlay, all layers are on one file system, and a file's inode number is its number
	// there.
	shared         bool
	oldDev, nowDev uint64
}

func compareTrees(old, now string) (trees, error) {
	t := trees{old: old, now: now}
	var a, b unix.Stat_t
	if err := errors.Join(lstat(old, &a), lstat(now, &b)); err != nil {
		return t, err
	}
	mounts, err := mountPoints()
	if err != nil {
		return t, err
	}
	t.shared, t.oldDev, t.nowDev = shareLayers(mounts, old, now), a.Dev, b.Dev
	return t, nil
}

func lstat(p string, to *unix.Stat_t) error {
	if err := unix.Lstat(p, to); err != nil {
		return &fs.PathError{Op: "lstat", Path: p, Err: err}
	}
	return nil
}

// missing reports whether an error means that a path does not exist.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// same reports whether two entries are certainly the same file of the same layer. Neither tree
// may have been written to since it was mounted, because a file that is copied up keeps its
// number.
func (t *trees) same(a, b *unix.Stat_t) bool {
	return t.shared && a.Dev == t.oldDev && b.Dev == t.nowDev && a.Ino == b.Ino && a.Ctim == b.Ctim && a.Mode == b.Mode && a.Size == b.Size
}

// sameTree reports whether two directories are certainly the same one of the same layer, and of no other
// layer, so that everything in them is the same, too. A directory that an overlay merges of several layers
// has the inode number of one of them, but always one link; another one has two or more, where the file
// system of the layers counts them (ovl_getattr in the kernel).
func (t *trees) sameTree(a, b *unix.Stat_t) bool {
	return kind(a) == unix.S_IFDIR && a.Nlink > 1 && b.Nlink > 1 && t.same(a, b)
}

// kind is the type of an entry, one of unix.S_IF….
func kind(s *unix.Stat_t) uint32 { return s.Mode & unix.S_IFMT }

// differ describes how the entries of both trees at a path differ in what an image stores; "" if
// they don't. It does not compare times, or the content of directories.
func (t *trees) differ(p string, a, b *unix.Stat_t) (string, error) {
	switch {
	case kind(a) != kind(b):
		return "has a different type", nil
	case a.Mode != b.Mode && kind(a) != unix.S_IFLNK:
		return fmt.Sprintf("has mode %04o, then %04o", a.Mode&0o7777, b.Mode&0o7777), nil
	case a.Uid != b.Uid || a.Gid != b.Gid:
		return fmt.Sprintf("has owner %d:%d, then %d:%d", a.Uid, a.Gid, b.Uid, b.Gid), nil
	case kind(a) != unix.S_IFDIR && t.same(a, b):
		return "", nil
	}
	how, err := t.contentDiffers(p, a, b)
	if how != "" || err != nil {
		return how, err
	}
	was, err1 := attributes(t.old + p)
	is, err2 := attributes(t.now + p)
	if !slices.Equal(was, is) {
		how = "has different capabilities or attributes"
	}
	return how, errors.Join(err1, err2)
}

func (t *trees) contentDiffers(p string, a, b *unix.Stat_t) (string, error) {
	switch kind(a) {
	case unix.S_IFREG:
		at, err := difference(t.old+p, t.now+p)
		if err != nil || at < 0 {
			return "", err
		}
		return fmt.Sprintf("differs from byte %d", at), nil
	case unix.S_IFLNK:
		was, err1 := os.Readlink(t.old + p)
		is, err2 := os.Readlink(t.now + p)
		if err := errors.Join(err1, err2); err != nil || was == is {
			return "", err
		}
		return fmt.Sprintf("points to %q, then to %q", was, is), nil
	case unix.S_IFCHR, unix.S_IFBLK:
		if a.Rdev != b.Rdev {
			return "is a different device", nil
		}
	}
	return "", nil
}

// difference returns the offset of the first difference between two files, or -1.
func difference(one, two string) (int64, error) {
	a, err := os.Open(one)
	if err != nil {
		return 0, err
	}
	defer a.Close()
	b, err := os.Open(two)
	if err != nil {
		return 0, err
	}
	defer b.Close()
	x, y := make([]byte, 1<<16), make([]byte, 1<<16)
	for offset := int64(0); ; {
		n, errA := io.ReadFull(a, x)
		m, errB := io.ReadFull(b, y)
		if !bytes.Equal(x[:n], y[:m]) {
			for i := range min(n, m) {
				if x[i] != y[i] {
					return offset + int64(i), nil
				}
			}
			return offset + int64(min(n, m)), nil
		}
		offset += int64(n)
		ended := func(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }
		switch {
		case ended(errA) && ended(errB):
			return -1, nil
		case errA != nil || errB != nil:
			return 0, errors.Join(errA, errB)
		}
	}
}

// capability is the only extended attribute that layers store.
const capability = "security.capability"

// accessLists begins the names of the attributes that are access control lists.
const accessLists = "system.posix_acl_"

// attributes returns the extended attributes that a step may have set, as NAME=VALUE, sorted. It
// omits attributes that the host's kernel adds.
func attributes(file string) ([]string, error) {
	buffer := make([]byte, 1<<16)
	n, err := unix.Llistxattr(file, buffer)
	if errors.Is(err, syscall.ENOTSUP) {
		return nil, nil
	}
	if err != nil {
		return nil, &fs.PathError{Op: "list attributes of", Path: file, Err: err}
	}
	var out []string
	for _, name := range bytes.Split(bytes.Trim(buffer[:n], "\x00"), []byte{0}) {
		if !given(string(name)) {
			continue
		}
		value := make([]byte, 1<<16)
		n, err := unix.Lgetxattr(file, string(name), value)
		if err != nil {
			return nil, &fs.PathError{Op: "read attributes of", Path: file, Err: err}
		}
		out = append(out, string(name)+"="+string(value[:n]))
	}
	slices.Sort(out)
	return out, nil
}

// given reports whether an attribute is one that programs set.
func given(name string) bool {
	switch {
	case strings.HasPrefix(name, "trusted.overlay."), strings.HasPrefix(name, "user.overlay."):
		return false
	case strings.HasPrefix(name, "user."), strings.HasPrefix(name, "trusted."), strings.HasPrefix(name, accessLists):
		return true
	}
	return name == capability
}

// unfit returns the reason why no image can store an entry; "" if one can. BuildKit writes only
// capabilities into layers, which have a meaning for files only, and a name that begins with .wh.
// deletes something there.
func unfit(file, name string) (string, error) {
	if paths.DeletesFile(name) {
		return "has a name that begins with .wh., which deletes files in layers: rename it", nil
	}
	info, err1 := os.Lstat(file)
	all, err2 := attributes(file)
	if err := errors.Join(err1, err2); err != nil {
		return "", err
	}
	for _, a := range all {
		switch name, _, _ := strings.Cut(a, "="); {
		case name != capability:
			return fmt.Sprintf("has the attribute %s, but layers only keep capabilities: remove it at the end of the run", name), nil
		case !info.Mode().IsRegular():
			return "has capabilities, but is not a file: remove them at the end of the run", nil
		}
	}
	return "", nil
}
