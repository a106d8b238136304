package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// fit makes a tree fit for a path of the system, at which it is going to lie. Pairs
// say what the system has there: a link and where it leads, or after "=" a directory
// with its owner and mode.
//
// It fails if the tree has something in the place of a link. A link that leads to the
// same place is fine. Of a link after "+" only a directory may not take the place. The
// error names a path that the system would hold, the link, and where that leads, each
// in quotes. It fails, too, if the tree has something else in the place of a directory;
// a directory gets the owner and the mode.
func fit(tree, at string, pairs []string) error {
	for n := 0; n < len(pairs); n += 2 {
		name, dir := strings.CutPrefix(pairs[n], "=")
		name, declared := strings.CutPrefix(name, "+")
		below, ok := strings.CutPrefix(name, strings.TrimSuffix(at, "/")+"/")
		if !ok {
			return fmt.Errorf("fit: %s is not below %s", name, at)
		}
		if dir {
			if err := keepDir(tree, below, name, pairs[n+1]); err != nil {
				return err
			}
			continue
		}
		held, err := inTheWay(tree, below, name, pairs[n+1], declared)
		if err != nil {
			return err
		}
		if held != "" {
			return fmt.Errorf("replaced link: %q %q %q", path.Join(name, held), name, pairs[n+1])
		}
	}
	return nil
}

// keepDir gives a directory of a tree, if it is there, an owner and a mode, as in
// "0:0 01777".
func keepDir(tree, below, name, attributes string) error {
	var uid, gid int
	var mode uint32
	if _, err := fmt.Sscanf(attributes, "%d:%d %o", &uid, &gid, &mode); err != nil {
		return fmt.Errorf("fit: %q is not an owner and a mode", attributes)
	}
	if elsewhere(tree, below) {
		return nil
	}
	p := filepath.Join(tree, below)
	info, err := os.Lstat(p)
	switch {
	case missing(err):
		return nil
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("replaced directory: %q", name)
	}
	return errors.Join(unix.Lchown(p, uid, gid), unix.Chmod(p, mode)) // chown takes bits away
}

// elsewhere reports whether a path of a tree leads through something that is no
// directory: what lies beneath another link is not in this place.
func elsewhere(tree, below string) bool {
	for dir := path.Dir(below); dir != "."; dir = path.Dir(dir) {
		var stat unix.Stat_t
		if err := lstat(filepath.Join(tree, dir), &stat); err == nil && kind(&stat) != unix.S_IFDIR {
			return true
		}
	}
	return false
}

// inTheWay is what a tree has in the place of a link, or beneath it: a path relative
// to the link, "." for the place itself; "" if the link stays.
func inTheWay(tree, below, link, to string, declared bool) (string, error) {
	if elsewhere(tree, below) {
		return "", nil
	}
	place := filepath.Join(tree, below)
	info, err := os.Lstat(place)
	switch {
	case missing(err):
		return "", nil
	case err != nil:
		return "", err
	case info.IsDir():
		return firstIn(place)
	case declared:
		return "", nil
	case info.Mode()&fs.ModeSymlink == 0:
		return ".", nil
	}
	leads, err := os.Readlink(place)
	if err != nil {
		return "", err
	}
	if !path.IsAbs(leads) {
		leads = path.Join(path.Dir(link), leads)
	}
	if path.Clean(leads) == to {
		return "", nil
	}
	return ".", nil
}

// firstIn is the first file in a directory, relative to it; "." if there is none.
func firstIn(dir string) (string, error) {
	found := "."
	err := filepath.WalkDir(dir, func(p string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		found = strings.TrimPrefix(p, dir+"/")
		return fs.SkipAll
	})
	return found, err
}
