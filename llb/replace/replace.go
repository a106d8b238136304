// Package replace gives files and directories new content in one step: readers see
// the old content or the new, and so does whoever comes after a crash.
//
// New content is written beside the old, under a name that begins with ".layc-new-", and
// its writer holds a lock on it. What a killed writer has left has no lock, and the
// next writer in that directory removes it; see [Sweep].
package replace

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// What is being written is called by the prefix and a number, and what it replaces
// by the suffix in addition.
const (
	prefix    = ".layc-new-"
	oldSuffix = "-old"
)

// file is what File writes to.
type file interface {
	io.WriteCloser
	Name() string
	Chmod(fs.FileMode) error
	Sync() error
}

// What tests watch.
var (
	createFile = func(dir string) (file, error) { return os.CreateTemp(dir, prefix+"*") }
	rename     = os.Rename
)

// File replaces a file, or makes it. Its content is on the disk before it gets the
// name.
func File(name string, content []byte, mode fs.FileMode) error {
	dir := filepath.Dir(name)
	Sweep(dir)
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
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return rename(f.Name(), name)
}

// Dir replaces a directory as a whole, or makes it: fill is given an empty one.
func Dir(name string, fill func(dir string) error) error {
	fresh, release, err := Temporary(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer release()
	if err := os.Chmod(fresh, 0o755); err != nil {
		return err
	}
	if err := fill(fresh); err != nil {
		return err
	}
	// A directory cannot be renamed over one that is not empty.
	old := fresh + oldSuffix
	if err := rename(name, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	defer os.RemoveAll(old)
	return rename(fresh, name)
}

// Temporary makes an empty directory in another one. Remove removes it; if the process
// is killed before, the next writer in the other directory does.
func Temporary(in string) (dir string, remove func(), err error) {
	Sweep(in)
	remove, err = hold(func() (_ string, err error) {
		dir, err = os.MkdirTemp(in, prefix+"*")
		return dir, err
	})
	return dir, remove, err
}

// hold makes a file or directory and locks it. Release removes it, if it has not got
// another name, and unlocks it.
func hold(create func() (path string, err error)) (release func(), err error) {
	const attempts = 100 // a sweeper may come between
	for range attempts {
		path, err := create()
		if err != nil {
			return nil, err
		}
		lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
		locked, err := lock.TryLock()
		if _, gone := os.Lstat(path); gone == nil && (locked || err != nil) {
			// A file system without locks has no sweepers either.
			return func() { os.RemoveAll(path); lock.Close() }, nil
		}
		lock.Close()
		os.RemoveAll(path)
	}
	return nil, errors.New("another process keeps removing the file")
}

// Sweep removes from a directory what killed writers have left there. What somebody
// writes, and what cannot be removed, stays.
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
