package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/llb/replace"
)

// plainError returns the cause of a file's error, without the call and the path.
func plainError(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		return errors.New("part of the path is a file")
	case errors.Is(err, syscall.EISDIR):
		return errors.New("is a directory")
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("no such file or directory")
	}
	return err
}

// fileError is the error for a file that cannot be read or written.
type fileError struct {
	error
	unwritten bool // otherwise it cannot be read, which is an error of the input
}

// cannot returns the error for a file that cannot be read, written or the like.
func cannot(what, file string, err error) error {
	if what == "written" && errors.Is(err, fs.ErrNotExist) {
		err = errors.New("no such directory")
	}
	return &fileError{fmt.Errorf("%s cannot be %s: %w", file, what, plainError(err)), what == "written"}
}

// errIrregular is the error for reading anything other than a file or a directory. Reading a pipe
// would block, and a device may never end.
var errIrregular = errors.New("not a regular file")

// files returns the files of a directory. It is an error to open anything other than a file or a
// directory.
func files(dir string) fs.FS {
	return regular{os.DirFS(dir).(dirFS)}
}

// dirFS is the type that [os.DirFS] returns.
type dirFS interface {
	fs.StatFS
	fs.ReadDirFS
	fs.ReadLinkFS
}

type regular struct{ dirFS }

func (r regular) Open(name string) (fs.File, error) {
	if info, err := r.Stat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errIrregular}
	}
	return r.dirFS.Open(name)
}

// readInput reads a file of a module or of a flag.
func readInput(name string) ([]byte, error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errIrregular}
	}
	return os.ReadFile(name)
}

// canWrite reports early that the file of a flag cannot be written. It ignores an empty name.
func canWrite(cmd *cobra.Command, flag, file string) error {
	if file == "" {
		return nil
	}
	info, err := os.Stat(file)
	switch {
	case err == nil && info.IsDir():
		return usage(cmd, "--%s %s: is a directory; name a file", flag, file)
	case err == nil:
		return nil
	}
	switch info, err := os.Stat(filepath.Dir(file)); {
	case err != nil:
		return usage(cmd, "--%s %s: no such directory: %s", flag, file, filepath.Dir(file))
	case !info.IsDir():
		return usage(cmd, "--%s %s: %s is a file", flag, file, filepath.Dir(file))
	}
	return nil
}

// replaceFile replaces a file atomically; see [replace.Content].
func replaceFile(name string, text []byte) error {
	if err := replace.Content(name, text); err != nil {
		return cannot("written", name, err)
	}
	return nil
}
