package main

import (
	"io/fs"
	"os"
	"path"
	"syscall"

	securejoin "github.com/cyphar/filepath-securejoin"
)

// inside returns the place on disk of a path in the system at root, with all links followed
// within the system.
func inside(root, p string) (string, error) { return securejoin.SecureJoin(root, p) }

// makeDirs creates a directory of the system at root, with its parents, and returns its place on
// disk. It adds the directories that it creates or writes into to touched.
func makeDirs(root, dir string, touched map[string]bool) (string, error) {
	at, err := inside(root, dir)
	if err != nil {
		return "", err
	}
	if info, err := os.Lstat(at); err == nil {
		if !info.IsDir() {
			err = &fs.PathError{Op: "make", Path: dir, Err: syscall.ENOTDIR}
		}
		return at, err
	}
	if _, err := makeDirs(root, path.Dir(dir), touched); err != nil {
		return "", err
	}
	touched[path.Dir(at)], touched[at] = true, true
	return at, os.Mkdir(at, 0o755)
}
