package main

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// remain removes the files from a tree's scratch space that another tree lacks: files that
// declared steps create and a run has removed. All directories get the canonical time.
func remain(tree, after string) error {
	touched := map[string]bool{}
	for _, dir := range scratchDirs {
		if err := remainIn(tree, after, dir, touched); err != nil {
			return err
		}
	}
	return settleTouched(tree, touched)
}

func remainIn(tree, after, dir string, touched map[string]bool) error {
	var stat unix.Stat_t
	if err := lstat(tree+dir, &stat); missing(err) || err == nil && kind(&stat) != unix.S_IFDIR {
		return nil
	} else if err != nil {
		return err
	}
	all, err := names(tree + dir)
	if err != nil {
		return err
	}
	for _, name := range all {
		p := filepath.Join(dir, name)
		switch err := lstat(after+p, &stat); {
		case missing(err):
			touched[tree+dir] = true
			if err := os.RemoveAll(tree + p); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			if err := remainIn(tree, after, p, touched); err != nil {
				return err
			}
		}
	}
	return nil
}
