package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// keepsLinks fails if a tree, once it lies at a path of the system, has something
// in the place of one of the links, of which each is its path and where it leads. A
// link that leads to the same place is fine. Of a link after "+" only a directory
// may not take the place. The error names a path that the system would hold, the
// link, and where that leads, each in quotes.
func keepsLinks(tree, at string, links []string) error {
	for n := 0; n < len(links); n += 2 {
		link, declared := strings.CutPrefix(links[n], "+")
		below, ok := strings.CutPrefix(link, strings.TrimSuffix(at, "/")+"/")
		if !ok {
			return fmt.Errorf("links: %s does not lie beneath %s", link, at)
		}
		held, err := inTheWay(tree, below, link, links[n+1], declared)
		if err != nil {
			return err
		}
		if held != "" {
			return fmt.Errorf("replaced link: %q %q %q", path.Join(link, held), link, links[n+1])
		}
	}
	return nil
}

// inTheWay is what a tree has in the place of a link, or beneath it: a path relative
// to the link, "." for the place itself; "" if the link stays.
func inTheWay(tree, below, link, to string, declared bool) (string, error) {
	// What lies beneath another link of the tree is not in this place.
	for dir := path.Dir(below); dir != "."; dir = path.Dir(dir) {
		var stat unix.Stat_t
		if err := lstat(filepath.Join(tree, dir), &stat); err == nil && kind(&stat) != unix.S_IFDIR {
			return "", nil
		}
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
