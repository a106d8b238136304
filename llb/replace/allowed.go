package replace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Possible returns why a file cannot be created or replaced, or a directory created or filled, with the directories above it
// that are missing, as far as that is known without trying: something is in the way, or the user or the
// file system does not allow it. It changes nothing.
func Possible(name string) error {
	if info, err := os.Stat(name); err == nil {
		err = allowed(name)
		if target, unread := filepath.EvalSymlinks(name); err == nil && unread == nil && info.Mode().IsRegular() {
			err = allowed(filepath.Dir(target)) // where the new file is made
		}
		return err
	}
	for at := filepath.Clean(name); ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		switch {
		case err == nil && !info.IsDir():
			return fmt.Errorf("%s is a file", at)
		case err == nil:
			return allowed(at)
		case errors.Is(err, fs.ErrNotExist) && at != filepath.Dir(at):
			if to, err := os.Readlink(at); err == nil {
				return fmt.Errorf("%s is a link to %s, which does not exist", at, to)
			}
		case !errors.Is(err, syscall.ENOTDIR):
			return cause(err)
		}
	}
}

// allowed returns why an existing file or directory cannot be written to.
func allowed(name string) error {
	if err := unix.Access(name, unix.W_OK); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// cause returns an error of a file without the operation.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("%s: %w", path.Path, path.Err)
	}
	return err
}
