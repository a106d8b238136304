// Package lockfile manages a module's lock file on disk: one process at a time holds it, reads
// it, and replaces it atomically.
package lockfile

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/pin"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb/replace"
)

// Hold waits until no other process holds the module in a directory, to write its pins or its
// vendored copies. Without it, of two processes that read the same lock file, the last writer
// would lose the other's changes. If Hold must wait, it calls waiting once. The lock is on the
// directory, and leaves no file behind.
//
// Hold removes the temporary files of killed processes in the directory.
func Hold(ctx context.Context, dir string, waiting func()) (release func(), err error) {
	held, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(held.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			break // the file system has no locks; go on without one
		}
		if waiting != nil {
			waiting()
			waiting = nil
		}
		select {
		case <-ctx.Done():
			held.Close()
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	replace.Sweep(dir)
	return func() { held.Close() }, nil
}

// File is a lock file as it was read.
type File struct {
	Name string // its path
	text []byte // nil if the file does not exist
}

// Read reads the lock file of the module in a directory. A missing file is not an error. After an
// error, the File has only its name.
func Read(dir string) (*File, error) {
	f := &File{Name: filepath.Join(dir, lock.Name)}
	text, err := read(f.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	f.text = text
	return f, err
}

// read reads a regular file. Reading a pipe would block, and a device may never end.
func read(name string) ([]byte, error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil, errors.New("not a regular file")
	}
	return os.ReadFile(name)
}

// Pins returns the pins in the file; none without a file. If there are findings, there are no
// pins.
func (f *File) Pins() (*lock.File, diag.List) {
	if f.text == nil {
		return &lock.File{}, nil
	}
	pins, err := lock.Parse(f.Name, f.text)
	if err != nil {
		return nil, compiler.LockFindings(f.Name, f.text, err)
	}
	return pins, nil
}

// Before returns the file for a [pin.Request], which also accepts one with merge conflict
// markers; nil without a file.
func (f *File) Before() (*pin.Before, diag.List) {
	if f.text == nil {
		return nil, nil
	}
	return pin.Read(f.Name, f.text)
}

// accessWrite checks whether a file is writable: W_OK of access(2).
const accessWrite = 2

// Writable returns why the file cannot be written, or nil. A read-only file is meant to stay.
func (f *File) Writable() error {
	for _, name := range []string{f.Name, filepath.Dir(f.Name)} {
		if err := syscall.Access(name, accessWrite); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// ChangedError is the error for a file that has changed since it was read, for example by a git
// pull.
type ChangedError struct{ Name string }

func (e *ChangedError) Error() string {
	return e.Name + " has changed since it was read, so it was not written; run the command again"
}

// Replace replaces the file atomically. It fails if the file is not writable, or with a
// [*ChangedError] if the file has changed since it was read.
func (f *File) Replace(text []byte) error {
	if err := f.Writable(); err != nil {
		return err
	}
	if !f.unchanged() {
		return &ChangedError{f.Name}
	}
	return replace.Content(f.Name, text)
}

// unchanged reports whether the file still has the text that was read.
func (f *File) unchanged() bool {
	text, err := read(f.Name)
	if f.text == nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	return err == nil && bytes.Equal(text, f.text)
}
