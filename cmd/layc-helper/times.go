package main

import (
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/lang/paths"
	"github.com/layc-lang/layc/llb/canon"
)

// contentTimes copies a tree into an empty directory. The files below some of its directories get
// times that depend on their content: see canon.Of. Everything else gets the canonical time.
func contentTimes(tree, out string, dirs []string) error {
	if err := place(systemBelow, tree, out, map[string]bool{}); err != nil {
		return err
	}
	var all []string // a directory before what is in it
	err := filepath.WalkDir(out, func(at string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		all = append(all, at)
		return nil
	})
	if err != nil {
		return err
	}
	for _, at := range slices.Backward(all) {
		when, err := timeOf(at, strings.TrimPrefix(at, out), dirs)
		if err == nil {
			err = stamp(at, unix.Timespec{Sec: when.Unix()})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// timeOf returns the time of a file of a tree, which is p there.
func timeOf(file, p string, dirs []string) (time.Time, error) {
	info, err := os.Lstat(file)
	if err != nil || !info.Mode().IsRegular() || !slices.ContainsFunc(dirs, func(dir string) bool { return paths.Beneath(p, dir) }) {
		return canon.Time, err
	}
	f, err := os.Open(file)
	if err != nil {
		return canon.Time, err
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return canon.Time, errors.Join(err, f.Close())
	}
	return canon.Of([sha256.Size]byte(h.Sum(nil))), f.Close()
}
