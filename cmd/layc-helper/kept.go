package main

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// kept fails if one of some trees, which lie on top of each other, has a directory in
// the place of something else, or something else in the place of a directory. A tree
// after "=" is a whole system, which hides those before it; nothing is asked of it.
func kept(trees []string) error {
	var below []numbered
	for n, tree := range trees {
		if system, ok := strings.CutPrefix(tree, "="); ok {
			below = []numbered{{n, system}}
			continue
		}
		if err := keeps(numbered{n, tree}, "/", below); err != nil {
			return err
		}
		below = append([]numbered{{n, tree}}, below...)
	}
	return nil
}

// numbered is one of the trees.
type numbered struct {
	n   int
	dir string
}

// keeps compares what a tree has in a directory with the trees below that have this
// directory, too, the topmost first. Where none has it, there is nothing to replace.
func keeps(tree numbered, dir string, below []numbered) error {
	if len(below) == 0 {
		return nil
	}
	all, err := names(tree.dir + dir)
	if err != nil {
		return err
	}
	for _, name := range all {
		p := path.Join(dir, name)
		var stat unix.Stat_t
		if err := lstat(tree.dir+p, &stat); err != nil {
			return err
		}
		is := kind(&stat)
		var with []numbered // have it as a directory
		for _, b := range below {
			var old unix.Stat_t
			if err := lstat(b.dir+p, &old); missing(err) {
				continue
			} else if err != nil {
				return err
			}
			was := kind(&old)
			if (is == unix.S_IFDIR) != (was == unix.S_IFDIR) {
				return replaced(tree.n, p, was, b.n, b.dir+p)
			}
			if is != unix.S_IFDIR {
				break // what is further below is hidden
			}
			with = append(with, b)
		}
		if is == unix.S_IFDIR {
			if err := keeps(tree, p, with); err != nil {
				return err
			}
		}
	}
	return nil
}

// replaced is the error for a path of a numbered tree that does not keep what another
// one has there: it has both numbers, the path, what was there, and where that leads if
// it is a link.
func replaced(by int, p string, was uint32, of int, place string) error {
	what := map[uint32]string{unix.S_IFDIR: "directory", unix.S_IFREG: "file", unix.S_IFLNK: "link", unix.S_IFIFO: "pipe"}[was]
	leads, _ := os.Readlink(place) // fails for all but links
	return fmt.Errorf("replaced: %d %q %s %q %d", by, p, cmp.Or(what, "device"), leads, of)
}
