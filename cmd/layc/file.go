package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
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

// replaceFile writes a file in one step: readers see the old text or the new.
// A file that is there keeps its mode, and a link stays one.
func replaceFile(name string, text []byte) error {
	target, mode := name, fs.FileMode(0o644)
	if real, err := filepath.EvalSymlinks(name); err == nil {
		target = real
		if info, err := os.Stat(real); err == nil {
			mode = info.Mode().Perm()
		}
	}
	f, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+"-*")
	if err != nil {
		return cannot("written", name, err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), target)
	}
	if err != nil {
		return cannot("written", name, err)
	}
	return nil
}
