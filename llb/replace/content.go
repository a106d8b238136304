package replace

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
)

// Content replaces the content of a file that the user has named, or creates the file. Readers
// see either the old text or the new. An existing file keeps its mode, and a new one has the mode
// that the umask leaves. A link stays a link, and a file that is not regular, such as /dev/stdout,
// is written to.
func Content(name string, text []byte) error {
	return Fill(name, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// Fill is [Content] for content that fill writes.
func Fill(name string, fill func(io.Writer) error) error {
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		return writeTo(name, fill)
	}
	target := name
	if link, err := os.Lstat(name); err == nil && link.Mode()&fs.ModeSymlink != 0 {
		// Write through a link with a target that cannot be resolved.
		if target, err = filepath.EvalSymlinks(name); err != nil {
			return writeTo(name, fill)
		}
	}
	// Do not replace a file without write permission.
	if there, err := os.OpenFile(target, os.O_WRONLY, 0); err == nil {
		there.Close()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return Stream(target, Usual, fill)
}

// usual returns the mode of a file, as [Usual] says.
func usual(name string) (fs.FileMode, error) {
	if info, err := os.Stat(name); err == nil {
		return info.Mode().Perm(), nil
	}
	return newMode(filepath.Dir(name))
}

// newMode returns the mode of new files in a directory. Only a file tells it: to read the umask
// of a process is to change it.
func newMode(dir string) (fs.FileMode, error) {
	temp, err := os.CreateTemp(dir, prefix+"*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(temp.Name())
	if err := errors.Join(temp.Close(), os.Remove(temp.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	f, err := os.OpenFile(temp.Name(), os.O_CREATE|os.O_EXCL|os.O_WRONLY, Allowed(0o666))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Mode().Perm(), nil
}

// forbidden is what the umask of the user forbids, if the process has another one.
var forbidden atomic.Uint32

// KeepUmask notes the umask of the user, as the process is about to get another one. forget undoes it.
func KeepUmask(umask int) (forget func()) {
	forbidden.Store(uint32(umask))
	return func() { forbidden.Store(0) }
}

// Allowed returns what the noted umask of the user leaves of a mode. The umask of the process is for the
// system to apply.
func Allowed(mode fs.FileMode) fs.FileMode { return mode &^ fs.FileMode(forbidden.Load()) }

// MkdirAll creates a directory for the user, and those above it, with the modes that the umask leaves.
func MkdirAll(dir string) error { return os.MkdirAll(dir, Allowed(0o777)) }

// writeTo writes to a file without replacing it.
func writeTo(name string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(fill(f), f.Close())
}
