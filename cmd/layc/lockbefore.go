package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/pin"
)

// lockedBefore is the lock file on the disk as lock and update find it.
type lockedBefore struct {
	name string
	text []byte // nil if there is no file
}

// before reads the lock file, also one in which a merge has left its markers;
// without one nothing is pinned.
func (l *locking) before() (*lockedBefore, *pin.Before, error) {
	b := &lockedBefore{name: filepath.Join(l.dir, lock.Name)}
	text, err := os.ReadFile(b.name)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil, nil
	} else if err != nil {
		return nil, nil, cannot("read", b.name, err)
	}
	b.text = text
	pins, found := pin.Read(b.name, text)
	if len(found) > 0 {
		return nil, nil, &lockError{found}
	}
	return b, pins, nil
}

// accessWrite asks whether a file can be written to: W_OK of access(2).
const accessWrite = 2

// canWrite says early that the lock file cannot be written. One that is
// read-only is meant to stay.
func (b *lockedBefore) canWrite() error {
	for _, name := range []string{b.name, filepath.Dir(b.name)} {
		if err := syscall.Access(name, accessWrite); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return cannot("written", b.name, err)
		}
	}
	return nil
}

// unchanged fails if the file is not what it was when it was read, as after a git
// pull meanwhile.
func (b *lockedBefore) unchanged() error {
	text, err := os.ReadFile(b.name)
	if errors.Is(err, fs.ErrNotExist) && b.text == nil || err == nil && b.text != nil && bytes.Equal(text, b.text) {
		return nil
	}
	return fmt.Errorf("%s has changed since it was read, and stays as it is now: run the command again", b.name)
}

// pinCounts says how much a lock file pins.
func pinCounts(pins *lock.File) string {
	text := plural(len(pins.Packages), "package") + ", " + plural(len(pins.URLs), "download")
	if n := len(pins.Images); n > 0 {
		text += ", " + plural(n, "image")
	}
	switch n := len(pins.Modules); n {
	case 0:
	case 1:
		text += ", 1 repository"
	default:
		text += fmt.Sprintf(", %d repositories", n)
	}
	return text
}
