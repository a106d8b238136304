package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
)

// lockedBefore is the lock file as lock and update find it.
type lockedBefore struct {
	*lock.File
	name     string
	text     []byte   // nil if there is no file
	merged   bool     // it holds what a merge left behind
	disputed []string // pins of which two sides of a merge say different things
}

// before reads the lock file, also one in which a merge has left its markers;
// without one nothing is pinned.
func (l *locking) before() (*lockedBefore, error) {
	b := &lockedBefore{File: &lock.File{}, name: filepath.Join(l.dir, lock.Name)}
	text, err := os.ReadFile(b.name)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	} else if err != nil {
		return nil, cannot("read", b.name, err)
	}
	b.text = text
	if b.File, b.disputed, err = lock.Merged(b.name, text); err != nil {
		return nil, &lockError{compiler.LockFindings(b.name, text, err)}
	}
	_, err = lock.Parse(b.name, text)
	b.merged = err != nil
	return b, nil
}

// settle leaves out those of the names that a merge disputes and that nothing
// refers to any more, and says what is pinned afresh because of it.
func (b *lockedBefore) settle(l *locking, pins *lock.File, refs lock.Refs, names []string) []string {
	unknown := pins.Unknown(refs, names...)
	names = slices.DeleteFunc(slices.Clone(names), func(n string) bool {
		return slices.Contains(unknown, n) && slices.Contains(b.disputed, n)
	})
	var afresh []string
	for _, n := range b.disputed {
		if slices.Contains(names, n) {
			afresh = append(afresh, n)
		}
	}
	if len(afresh) > 0 {
		fmt.Fprintf(l.err, "the sides of a merge dispute %s: pinning afresh\n", strings.Join(afresh, ", "))
	}
	return names
}

// leftOver reports whether names are those of disputed pins.
func (b *lockedBefore) leftOver(names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(b.disputed, n) })
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
