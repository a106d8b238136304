package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/archive"
)

// destination writes entries below a directory and never outside of it. The tree decides where
// entries go and what they replace.
type destination struct {
	root *os.Root
	tree *archive.Tree
	keep bool // keep the owners and times of the archive

	// Consecutive entries are usually in one directory, so it stays open.
	at   string
	open *os.File
}

// close closes what is open. The caller closes the root.
func (t *destination) close() {
	if t.open != nil {
		t.open.Close()
		t.open = nil
	}
}

// above creates and opens the directory of a path.
func (t *destination) above(to string) (int, error) {
	dir := path.Dir(to)
	if t.open != nil && t.at == dir {
		return int(t.open.Fd()), nil
	}
	t.close()
	if err := t.root.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	open, err := t.root.Open(dir)
	if err != nil {
		return 0, err
	}
	t.at, t.open = dir, open
	return int(open.Fd()), nil
}

// put creates an entry; write writes the content of a file.
func (t *destination) put(e *archive.Entry, write func(*os.File) error) error {
	c, err := t.tree.Put(e)
	if err != nil {
		return err
	}
	if c.Removed != "" {
		t.close() // the entry may replace the open directory
		if err := t.root.Remove(c.Removed); err != nil {
			return reason(err)
		}
	}
	if c.Stays {
		return nil
	}
	dir, err := t.above(c.At)
	if err != nil {
		return reason(err)
	}
	name := path.Base(c.At)
	switch e.Kind {
	case tar.TypeDir:
		return unix.Mkdirat(dir, name, 0o755) // see finish
	case tar.TypeLink:
		return reason(t.root.Link(c.From, c.At))
	case tar.TypeReg:
		return reason(t.file(dir, name, e, write))
	case tar.TypeSymlink:
		err = unix.Symlinkat(e.Link, dir, name)
	case tar.TypeFifo:
		err = unix.Mknodat(dir, name, unix.S_IFIFO|0o600, 0)
	case tar.TypeChar:
		err = unix.Mknodat(dir, name, unix.S_IFCHR|0o600, int(unix.Mkdev(e.Major, e.Minor)))
	case tar.TypeBlock:
		err = unix.Mknodat(dir, name, unix.S_IFBLK|0o600, int(unix.Mkdev(e.Major, e.Minor)))
	}
	if err == nil && t.keep {
		err = unix.Fchownat(dir, name, e.UID, e.GID, unix.AT_SYMLINK_NOFOLLOW)
	}
	if err == nil && e.Kind != tar.TypeSymlink {
		err = unix.Fchmodat(dir, name, e.Mode, 0)
	}
	if err == nil {
		err = unix.UtimesNanoAt(dir, name, t.times(e), unix.AT_SYMLINK_NOFOLLOW)
	}
	return err
}

// file creates a file.
func (t *destination) file(dir int, name string, e *archive.Entry, write func(*os.File) error) error {
	fd, err := unix.Openat(dir, name, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), name)
	err = write(f)
	// Writing and changing the owner clear capabilities and set-user-ID.
	if err == nil && t.keep {
		err = unix.Fchown(fd, e.UID, e.GID)
	}
	if err == nil {
		err = unix.Fchmod(fd, e.Mode)
	}
	if e.Capability != "" && err == nil {
		if failed := unix.Fsetxattr(fd, archive.Capability, []byte(e.Capability), 0); failed != nil {
			err = fmt.Errorf("setting its capabilities: %w", failed)
		}
	}
	if err == nil {
		err = unix.UtimesNanoAt(fd, "", t.times(e), unix.AT_EMPTY_PATH)
	}
	return errors.Join(err, f.Close())
}

// times returns the times of an entry, in the kernel's form.
func (t *destination) times(e *archive.Entry) []unix.Timespec {
	stamp := unix.Timespec{Sec: epoch.Unix()}
	if t.keep && e != nil {
		stamp.Sec = e.Seconds
	}
	return []unix.Timespec{stamp, stamp}
}

// finish sets the owners, modes and times of directories, which writing into them would have
// changed.
func (t *destination) finish() error {
	dir, err := t.root.Open(".")
	if err != nil {
		return err
	}
	return t.settle(dir, t.tree.Root())
}

// settle finishes a directory and its content, the deepest first, and closes it.
func (t *destination) settle(dir *os.File, node *archive.Node) error {
	defer dir.Close()
	fd := int(dir.Fd())
	for name, child := range node.Entries() {
		if child.Kind != tar.TypeDir {
			continue
		}
		in, err := unix.Openat(fd, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err == nil {
			err = t.settle(os.NewFile(uintptr(in), name), child)
		}
		if err != nil {
			return err
		}
	}
	mode := uint32(0o755)
	if e := node.Says; e != nil {
		mode = e.Mode
		if t.keep {
			if err := unix.Fchown(fd, e.UID, e.GID); err != nil {
				return err
			}
		}
	}
	if err := unix.Fchmod(fd, mode); err != nil {
		return err
	}
	return unix.UtimesNanoAt(fd, "", t.times(node.Says), unix.AT_EMPTY_PATH)
}

// reason returns a file's error without the path, which the caller shows.
func reason(err error) error {
	var file *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &file):
		return file.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
