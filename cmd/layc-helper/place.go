package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/kept"
)

// place copies a tree into the system at root as a layer on top of it would:
// with owners, modes, times, links and extended attributes. What cannot be kept
// is an error. A directory that leads on through a link of the system is kept
// a link, which is followed within the system. To replace a directory, or anything
// else by a directory, is an error, which has the number n of the tree. Directories
// that it writes into are noted in touched.
func place(n int, tree, root string, touched map[string]bool) error {
	p := &placing{n: n, tree: tree, root: root, links: map[inode]string{}, touched: touched}
	return p.entries("/", root)
}

// systemBelow is the system into which trees are placed, where these have numbers.
const systemBelow = -1

type placing struct {
	n          int
	tree, root string
	links      map[inode]string // files with several names: the first copy
	touched    map[string]bool
}

// entries copies what is in a directory of the tree into one of the system.
func (p *placing) entries(dir, into string) error {
	all, err := names(p.tree + dir)
	if err != nil {
		return err
	}
	for _, name := range all {
		if err := p.one(filepath.Join(dir, name), filepath.Join(into, name)); err != nil {
			return err
		}
	}
	return nil
}

// one copies a path of the tree to a path on disk without links among its parents.
func (p *placing) one(path, to string) error {
	from := p.tree + path
	var stat unix.Stat_t
	if err := lstat(from, &stat); err != nil {
		return err
	}
	p.touched[filepath.Dir(to)] = true
	if kind(&stat) == unix.S_IFDIR {
		return p.directory(path, to, &stat)
	}
	var old unix.Stat_t
	if err := lstat(to, &old); err == nil && kind(&old) == unix.S_IFDIR {
		return kept.Replaced(p.n, path, kind(&old), systemBelow, to)
	}
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	if first := p.links[statInode(&stat)]; first != "" {
		return os.Link(first, to)
	}
	if stat.Nlink > 1 {
		p.links[statInode(&stat)] = to
	}
	if err := clone(from, to, &stat); err != nil {
		return err
	}
	return stamp(to, stat.Mtim)
}

func (p *placing) directory(path, to string, stat *unix.Stat_t) error {
	to, err := followed(p.root, to)
	if err != nil {
		return err
	}
	var old unix.Stat_t
	switch err := lstat(to, &old); {
	case missing(err):
		if err := os.Mkdir(to, 0o755); err != nil {
			return err
		}
	case err != nil:
		return err
	case kind(&old) != unix.S_IFDIR:
		return kept.Replaced(p.n, path, kind(&old), systemBelow, to)
	}
	if err := dress(p.tree+path, to, stat); err != nil {
		return err
	}
	if err := p.entries(path, to); err != nil {
		return err
	}
	return stamp(to, stat.Mtim)
}

// followed is where a path on disk leads within the system, if it is a link that
// leads to a directory; else the path itself.
func followed(root, p string) (string, error) {
	if info, err := os.Lstat(p); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return p, nil
	}
	at, err := inside(root, strings.TrimPrefix(p, root))
	if err != nil {
		return "", err
	}
	if info, err := os.Lstat(at); err != nil || !info.IsDir() {
		return p, nil
	}
	return at, nil
}

// clone copies a file that is not a directory, except for its time. Nothing exists at to.
func clone(from, to string, stat *unix.Stat_t) error {
	var err error
	switch kind(stat) {
	case unix.S_IFREG:
		err = copyFile(from, to)
	case unix.S_IFLNK:
		var target string
		if target, err = os.Readlink(from); err == nil {
			err = os.Symlink(target, to)
		}
	default:
		if err = unix.Mknod(to, stat.Mode, int(stat.Rdev)); err != nil {
			err = &fs.PathError{Op: "mknod", Path: to, Err: err}
		}
	}
	if err != nil {
		return err
	}
	return dress(from, to, stat)
}

// dress gives a copy the owner, mode and attributes of the original.
func dress(from, to string, stat *unix.Stat_t) error {
	errs := []error{unix.Lchown(to, int(stat.Uid), int(stat.Gid))}
	if kind(stat) != unix.S_IFLNK {
		errs = append(errs, unix.Chmod(to, stat.Mode&0o7777)) // after chown, which takes bits away
	}
	errs = append(errs, copyAttributes(from, to))
	if err := errors.Join(errs...); err != nil {
		return &fs.PathError{Op: "place", Path: to, Err: err}
	}
	return nil
}

// stamp sets the time of an entry, not of what it links to.
func stamp(p string, t unix.Timespec) error {
	if err := unix.UtimesNanoAt(unix.AT_FDCWD, p, []unix.Timespec{t, t}, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return &fs.PathError{Op: "set the time of", Path: p, Err: err}
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
	return errors.Join(copyData(in, out), out.Close())
}

// copyData copies a file's content and leaves its holes, which may be larger
// than any disk.
func copyData(in, out *os.File) error {
	info, err := in.Stat()
	if err != nil {
		return err
	}
	for at := int64(0); ; {
		start, err := unix.Seek(int(in.Fd()), at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			return out.Truncate(info.Size()) // nothing but a hole is left
		}
		if err != nil {
			return err
		}
		if at, err = unix.Seek(int(in.Fd()), start, unix.SEEK_HOLE); err != nil {
			return err
		}
		if _, err := io.Copy(io.NewOffsetWriter(out, start), io.NewSectionReader(in, start, at-start)); err != nil {
			return err
		}
	}
}

// copyAttributes gives an entry the extended attributes of another one, such as
// capabilities, and no others.
func copyAttributes(from, to string) error {
	want, err1 := attributes(from)
	have, err2 := attributes(to)
	errs := []error{err1, err2}
	for _, a := range have {
		if name, _, _ := strings.Cut(a, "="); !slices.Contains(want, a) {
			errs = append(errs, unix.Lremovexattr(to, name))
		}
	}
	for _, a := range want {
		if name, value, _ := strings.Cut(a, "="); !slices.Contains(have, a) {
			errs = append(errs, unix.Lsetxattr(to, name, []byte(value), 0))
		}
	}
	return errors.Join(errs...)
}
