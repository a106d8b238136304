package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxDifferences is how many differences a report names.
const maxDifferences = 20

// again compares what two executions of the same steps have made at some paths,
// and writes into a file what differs, a line for each path: nothing if all is
// equal. What is compared is what a layer holds: of a file type, mode, owner,
// content and extended attributes, of a link where it points. Times are not
// compared: layers bear the canonical one.
func again(first, second, report string, paths []string) error {
	c := &comparison{first: first, second: second}
	for _, p := range paths {
		if err := c.entry(p); err != nil {
			return err
		}
	}
	var b strings.Builder
	for i, line := range c.found {
		if i == maxDifferences {
			fmt.Fprintf(&b, "… and %d more\n", len(c.found)-i)
			break
		}
		b.WriteString(line + "\n")
	}
	return os.WriteFile(report, []byte(b.String()), 0o644)
}

type comparison struct {
	first, second string
	found         []string
}

func (c *comparison) differs(path, how string) {
	c.found = append(c.found, path+" "+how)
}

// entry compares one path and what is beneath it.
func (c *comparison) entry(p string) error {
	var a, b unix.Stat_t
	errA, errB := unix.Lstat(c.first+p, &a), unix.Lstat(c.second+p, &b)
	missing := func(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) }
	switch {
	case missing(errA) && missing(errB):
		return nil
	case missing(errA):
		c.differs(p, "is there the second time only")
		return nil
	case missing(errB):
		c.differs(p, "is there the first time only")
		return nil
	case errA != nil || errB != nil:
		return &fs.PathError{Op: "stat", Path: p, Err: errors.Join(errA, errB)}
	}
	if a.Mode&unix.S_IFMT != b.Mode&unix.S_IFMT {
		c.differs(p, "has another type")
		return nil
	}
	switch {
	case a.Mode != b.Mode:
		c.differs(p, fmt.Sprintf("has the mode %04o, then %04o", a.Mode&0o7777, b.Mode&0o7777))
	case a.Uid != b.Uid || a.Gid != b.Gid:
		c.differs(p, fmt.Sprintf("has the owner %d:%d, then %d:%d", a.Uid, a.Gid, b.Uid, b.Gid))
	default:
		return c.content(p, a.Mode&unix.S_IFMT)
	}
	if a.Mode&unix.S_IFMT == unix.S_IFDIR {
		return c.directory(p)
	}
	return nil
}

// content compares two entries of equal type, mode and owner.
func (c *comparison) content(p string, kind uint32) error {
	switch kind {
	case unix.S_IFDIR:
		return c.directory(p)
	case unix.S_IFLNK:
		was, err1 := os.Readlink(c.first + p)
		is, err2 := os.Readlink(c.second + p)
		if was != is {
			c.differs(p, fmt.Sprintf("points to %q, then to %q", was, is))
		}
		return errors.Join(err1, err2)
	case unix.S_IFREG:
		at, err := difference(c.first+p, c.second+p)
		if err != nil {
			return err
		}
		if at >= 0 {
			c.differs(p, fmt.Sprintf("differs from byte %d on", at))
			return nil
		}
		was, err1 := attributes(c.first + p)
		is, err2 := attributes(c.second + p)
		if !slices.Equal(was, is) {
			c.differs(p, "has other capabilities or attributes")
		}
		return errors.Join(err1, err2)
	}
	return nil
}

func (c *comparison) directory(dir string) error {
	a, err1 := names(c.first + dir)
	b, err2 := names(c.second + dir)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	all := slices.Concat(a, b)
	slices.Sort(all)
	for _, name := range slices.Compact(all) {
		if err := c.entry(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// difference is the offset at which two files begin to differ, or -1.
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
		for i := range min(n, m) {
			if x[i] != y[i] {
				return offset + int64(i), nil
			}
		}
		if n != m {
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

// attributes are a file's extended attributes that a layer keeps, sorted.
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
		if len(name) == 0 || ofFileSystem(string(name)) {
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

// ofFileSystem reports whether an attribute says something about the file
// system that a file lies in, and nothing about the file.
func ofFileSystem(name string) bool {
	return strings.HasPrefix(name, "trusted.overlay.") || name == "security.selinux"
}
