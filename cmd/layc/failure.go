package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
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
	return fmt.Errorf("%s cannot be %s: %w", file, what, plainError(err))
}
