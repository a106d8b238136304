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

// fit changes a tree so that it can be placed at a path of the system. Pairs describe the system:
// a link and its target, or after "=" a directory with its owner and mode.
//
// fit fails if the tree would replace a link, except by a link to the same place. A link after
// "+" must not be replaced by a directory, but may be replaced by anything else. The error has
// the path that would be hidden, the link, and its target, each in quotes. fit also fails if the
// tree would replace a directory by something else; a directory in the tree gets the owner and
// the mode.
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

// keepDir sets the owner and mode of a directory in a tree, if it exists, as in "0:0 01777".
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
	return errors.Join(unix.Lchown(p, uid, gid), unix.Chmod(p, mode)) // chown clears bits
}

// elsewhere reports whether a path of a tree leads through something other than a directory:
// files below another link are at another place.
func elsewhere(tree, below string) bool {
	for dir := path.Dir(below); dir != "."; dir = path.Dir(dir) {
		var stat unix.Stat_t
		if err := lstat(filepath.Join(tree, dir), &stat); err == nil && kind(&stat) != unix.S_IFDIR {
			return true
		}
	}
	return false
}

// inTheWay returns what a tree has in place of a link, or below it: a path relative to the link,
// "." for the place itself; "" if the link stays.
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

// firstIn returns the first file in a directory, relative to it; "." if there is none.
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
