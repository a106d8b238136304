// Package replace replaces files and directories atomically: readers see either the old or the
// new content, even after a crash.
//
// New content is written next to the old, with a name that begins with ".layc-new-" and a lock
// held by its writer. Files of a killed writer have no lock, and the next writer in the directory
// removes them; see [Sweep]. Libraries such as google/renameio replace a file in the same way,
// but leave the files of killed writers, and replace no directories.
package replace

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// New content has the prefix and a number in its name; replaced content also has the suffix.
const (
	prefix    = ".layc-new-"
	oldSuffix = "-old"
)

// file is the interface of the file that File writes.
type file interface {
	io.WriteCloser
	Name() string
	Chmod(fs.FileMode) error
	Sync() error
}

// Hooks for tests.
var (
	createFile = func(dir string) (file, error) { return os.CreateTemp(dir, prefix+"*") }
	rename     = os.Rename
)

// Usual is the mode of a file for the user: the mode of the file that it replaces, or else the one
// that the umask leaves.
const Usual fs.FileMode = 0

// File replaces or creates a file. It syncs the content to disk before it renames the file.
func File(name string, content []byte, mode fs.FileMode) error {
	return Stream(name, mode, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// Stream is [File] for content that fill writes.
func Stream(name string, mode fs.FileMode, fill func(io.Writer) error) error {
	dir := filepath.Dir(name)
	Sweep(dir)
	if mode == Usual {
		var err error
		if mode, err = usual(name); err != nil {
			return err
		}
	}
	var f file
	release, err := hold(func() (path string, err error) {
		if f, err = createFile(dir); err != nil {
			return "", err
		}
		return f.Name(), nil
	})
	if err != nil {
		return err
	}
	defer release()
	if err := fill(f); err != nil {
		return errors.Join(err, f.Close())
	}
	if err = errors.Join(f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return rename(f.Name(), name)
}

// Unsynced replaces or creates a file that only saves time, for this user alone. Nothing waits for the disk: after
// a stop of the machine the file may be incomplete, which its reader must notice.
func Unsynced(name string, content []byte) error {
	fresh := filepath.Join(filepath.Dir(name), fmt.Sprintf(".%s-%d", filepath.Base(name), os.Getpid()))
	err := os.WriteFile(fresh, content, 0o600)
	if err == nil {
		err = os.Rename(fresh, name)
	}
	if err != nil {
		_ = os.Remove(fresh)
	}
	return err
}

// Dir replaces or creates a whole directory. fill writes into an empty directory, which has the mode
// that the umask leaves.
func Dir(name string, fill func(dir string) error) error {
	fresh, release, err := Temporary(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer release()
	mode, err := newMode(filepath.Dir(name))
	if err != nil {
		return err
	}
	if err := os.Chmod(fresh, mode|mode&0o444>>2); err != nil {
		return err
	}
	if err := fill(fresh); err != nil {
		return err
	}
	// A directory cannot be renamed over a non-empty one.
	old := fresh + oldSuffix
	if err := rename(name, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	defer os.RemoveAll(old)
	return rename(fresh, name)
}

// Temporary creates an empty directory in another one. remove removes it. If the process is
// killed before, the next writer in the other directory removes it.
func Temporary(in string) (dir string, remove func(), err error) {
	Sweep(in)
	remove, err = hold(func() (_ string, err error) {
		dir, err = os.MkdirTemp(in, prefix+"*")
		return dir, err
	})
	return dir, remove, err
}

// hold creates a file or directory and locks it. release removes it, unless it was renamed, and
// unlocks it.
func hold(create func() (path string, err error)) (release func(), err error) {
	const attempts = 100 // a sweeper may remove it before it is locked
	for range attempts {
		path, err := create()
		if err != nil {
			return nil, err
		}
		lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
		locked, err := lock.TryLock()
		if _, gone := os.Lstat(path); gone == nil && (locked || err != nil) {
			// On a file system without locks, nothing sweeps.
			return func() { os.RemoveAll(path); lock.Close() }, nil
		}
		lock.Close()
		os.RemoveAll(path)
	}
	return nil, errors.New("another process keeps removing the file")
}

// Sweep removes the leftovers of killed writers from a directory. It skips files that are being
// written and files that it cannot remove.
func Sweep(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		number, ours := strings.CutPrefix(strings.TrimSuffix(e.Name(), oldSuffix), prefix)
		if _, err := strconv.ParseUint(number, 10, 64); !ours || err != nil || !e.IsDir() && !e.Type().IsRegular() {
			continue
		}
		path := filepath.Join(dir, e.Name())
		lock := flock.New(strings.TrimSuffix(path, oldSuffix), flock.SetFlag(os.O_RDONLY))
		locked, err := lock.TryLock()
		if locked || errors.Is(err, fs.ErrNotExist) {
			os.RemoveAll(path)
		}
		lock.Close()
	}
}
