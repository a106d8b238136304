package replace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Content replaces the content of a file that somebody has named, or makes the file:
// readers see the old text or the new. A file that is there keeps its mode, a link
// stays one, and what is not a regular file, such as /dev/stdout, is written to.
func Content(name string, text []byte) error {
	target, mode := name, fs.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		if !info.Mode().IsRegular() {
			return writeTo(name, text)
		}
		mode = info.Mode().Perm()
	}
	if link, err := os.Lstat(name); err == nil && link.Mode()&fs.ModeSymlink != 0 {
		// A link that leads nowhere that can be named is written through as well.
		if target, err = filepath.EvalSymlinks(name); err != nil {
			return writeTo(name, text)
		}
	}
	// Who may not write the file itself does not replace it either.
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
