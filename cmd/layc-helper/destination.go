package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"

	"golang.org/x/sys/unix"
)

// destination writes entries below a directory, and never leaves it. Paths are
// relative and clean. Something at the same path is replaced, unless it is a
// directory that holds something. Directories above are made as they are needed.
type destination struct {
	root  *os.Root
	modes map[uint64]fs.FileMode // of directories by their inode, given when all is written

	// Entries mostly follow others of their directory.
	at   string
	open *os.Root
}

func newDestination(root *os.Root) *destination {
	return &destination{root: root, modes: map[uint64]fs.FileMode{}}
}

// close gives back what is open; the root is not the destination's to close.
func (t *destination) close() {
	if t.open != nil {
		t.open.Close()
		t.open = nil
	}
}

// above makes and opens the directory of a path.
func (t *destination) above(to string) (*os.Root, error) {
	dir := path.Dir(to)
	if t.open != nil && t.at == dir {
		return t.open, nil
	}
	t.close()
	if err := t.root.MkdirAll(dir, 0o755); err != nil {
		return nil, reason(err)
	}
	open, err := t.root.OpenRoot(dir)
	if err != nil {
		return nil, reason(err)
	}
	t.at, t.open = dir, open
	return open, nil
}

// make makes something, after what has its path was removed.
func (t *destination) make(to string, made func(dir *os.Root, name string) error) error {
	dir, err := t.above(to)
	if err != nil {
		return err
	}
	name := path.Base(to)
	if err = made(dir, name); !errors.Is(err, fs.ErrExist) {
		return reason(err)
	}
	if err := t.remove(dir, name); err != nil {
		return err
	}
	if dir, err = t.above(to); err != nil {
		return err
	}
	return reason(made(dir, name))
}

// remove removes what has the path of a new entry.
func (t *destination) remove(dir *os.Root, name string) error {
	info, err := dir.Lstat(name)
	if err != nil {
		return reason(err)
	}
	err = dir.Remove(name)
	if errors.Is(err, syscall.ENOTEMPTY) {
		return errors.New("an earlier entry is a directory of this path that holds something; only an empty one is replaced")
	}
	if err != nil {
		return reason(err)
	}
	if info.IsDir() {
		delete(t.modes, inodeOf(info))
	}
	if !info.Mode().IsRegular() {
		t.close() // a path may have led through it
	}
	return nil
}

// dir makes a directory, or gives one that is there another mode.
func (t *destination) dir(to string, mode fs.FileMode) error {
	return t.make(to, func(dir *os.Root, name string) error {
		failed := dir.Mkdir(name, 0o755)
		if failed != nil && !errors.Is(failed, fs.ErrExist) {
			return failed
		}
		info, err := dir.Lstat(name)
		if err != nil {
			return err
		}
		if !info.IsDir() {
			return failed
		}
		t.modes[inodeOf(info)] = mode
		return nil
	})
}

const capabilityName = "security.capability"

// boundedCopy is the content of a file, within a budget.
type boundedCopy struct {
	in io.Reader
	b  *budget
}

// file makes a file, with capabilities unless they are empty.
func (t *destination) file(to string, mode fs.FileMode, capability string, content *boundedCopy) error {
	var f *os.File
	err := t.make(to, func(dir *os.Root, name string) (err error) {
		f, err = dir.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		return err
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(&boundedFile{f, content.b}, content.in)
	// Writing takes away capabilities and set-user-ID.
	err = errors.Join(err, f.Chmod(permissions(mode)))
	if capability != "" && err == nil {
		if failed := unix.Fsetxattr(int(f.Fd()), capabilityName, []byte(capability), 0); failed != nil {
			err = fmt.Errorf("setting its capabilities: %w", failed)
		}
	}
	stamp := []unix.Timespec{{Sec: epoch.Unix()}, {Sec: epoch.Unix()}}
	if err == nil {
		err = unix.UtimesNanoAt(int(f.Fd()), "", stamp, unix.AT_EMPTY_PATH)
	}
	return reason(errors.Join(err, f.Close()))
}

// symlink makes a symbolic link that holds target.
func (t *destination) symlink(to, target string) error {
	return t.make(to, func(dir *os.Root, name string) error { return dir.Symlink(target, name) })
}

// hardLink makes another name of what was unpacked as from.
func (t *destination) hardLink(to, from string) error {
	return t.make(to, func(*os.Root, string) error {
		err := t.root.Link(from, to)
		if errors.Is(err, fs.ErrExist) {
			a, err1 := t.root.Lstat(from)
			b, err2 := t.root.Lstat(to)
			if err1 == nil && err2 == nil && os.SameFile(a, b) {
				return nil // a link to itself, or one that is there twice
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("it is a hard link to %s, which no earlier entry is", shown(from))
		}
		return err
	})
}

// finish gives directories their modes and time, which writing into them
// would have met or changed.
func (t *destination) finish() error { return t.settle(t.root, ".") }

// settle finishes a directory and what is in it, the deepest first. It does
// without the library's walk, which takes no names that are not UTF-8.
func (t *destination) settle(above *os.Root, name string) error {
	dir, err := above.OpenRoot(name)
	if err != nil {
		return err
	}
	defer dir.Close()
	list, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer list.Close()
	info, err := list.Stat()
	if err != nil {
		return err
	}
	entries, err := list.ReadDir(-1)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := t.settle(dir, e.Name()); err != nil {
				return err
			}
		}
	}
	mode, ok := t.modes[inodeOf(info)]
	if !ok {
		mode = 0o755
	}
	return errors.Join(dir.Chmod(".", permissions(mode)), dir.Chtimes(".", epoch, epoch))
}

// permissions are the twelve bits of a mode.
func permissions(mode fs.FileMode) fs.FileMode {
	return mode & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky)
}

func inodeOf(info fs.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Ino
	}
	return 0
}

// reason is an error of a file without the path, which the caller shows.
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
