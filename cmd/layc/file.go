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

// plainError is what is wrong with a file, without the call and the path with
// which the system's errors begin.
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
		return errors.New("a part of the path is a file")
	case errors.Is(err, syscall.EISDIR):
		return errors.New("this is a directory")
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("there is no such file or directory")
	}
	return err
}

// cannot is an error for a file: what cannot be done with it, and why.
func cannot(what, file string, err error) error {
	if what == "written" && errors.Is(err, fs.ErrNotExist) {
		err = errors.New("there is no such directory")
	}
	return fmt.Errorf("%s cannot be %s: %w", file, what, plainError(err))
}

// canWrite says early that a file, which a flag names, cannot be written. "" is
// none.
func canWrite(cmd *cobra.Command, flag, file string) error {
	if file == "" {
		return nil
	}
	info, err := os.Stat(file)
	switch {
	case err == nil && info.IsDir():
		return usage(cmd, "--%s %s: this is a directory; name a file", flag, file)
	case err == nil:
		return nil
	}
	switch info, err := os.Stat(filepath.Dir(file)); {
	case err != nil:
		return usage(cmd, "--%s %s: there is no directory %s", flag, file, filepath.Dir(file))
	case !info.IsDir():
		return usage(cmd, "--%s %s: %s is a file", flag, file, filepath.Dir(file))
	}
	return nil
}

// writeDevice writes to what is no file that could be replaced, such as
// /dev/stdout.
func writeDevice(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err == nil {
		_, err = f.Write(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return cannot("written", name, err)
	}
	return nil
}

// replaceFile writes a file in one step: readers see the old text or the new.
// A file that is there keeps its mode, and a link stays one.
func replaceFile(name string, text []byte) error {
	target, mode := name, fs.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		if !info.Mode().IsRegular() {
			return writeDevice(name, text)
		}
		mode = info.Mode().Perm()
	}
	if link, err := os.Lstat(name); err == nil && link.Mode()&fs.ModeSymlink != 0 {
		// A link that leads nowhere that can be named is written through as well.
		if target, err = filepath.EvalSymlinks(name); err != nil {
			return writeDevice(name, text)
		}
	}
	// Who may not write the file itself does not replace it either.
	if there, err := os.OpenFile(target, os.O_WRONLY, 0); err == nil {
		there.Close()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return cannot("written", name, err)
	}
	if err := replace.File(target, text, mode); err != nil {
		return cannot("written", name, err)
	}
	return nil
}
