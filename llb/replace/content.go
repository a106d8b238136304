package replace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Content replaces the content of a file that the user has named, or creates the file. Readers
// see either the old text or the new. An existing file keeps its mode, a link stays a link, and a
// file that is not regular, such as /dev/stdout, is written to.
func Content(name string, text []byte) error {
	target, mode := name, fs.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		if !info.Mode().IsRegular() {
			return writeTo(name, text)
		}
		mode = info.Mode().Perm()
	}
	if link, err := os.Lstat(name); err == nil && link.Mode()&fs.ModeSymlink != 0 {
		// Write through a link with a target that cannot be resolved.
		if target, err = filepath.EvalSymlinks(name); err != nil {
			return writeTo(name, text)
		}
	}
	// Do not replace a file without write permission.
	if there, err := os.OpenFile(target, os.O_WRONLY, 0); err == nil {
		there.Close()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return File(target, text, mode)
}

// writeTo writes to a file without replacing it.
func writeTo(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
