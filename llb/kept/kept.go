// Package kept compares what trees of files on this machine have at the same paths. Layc's helper
// does so inside a build step, and the built-in engine without one.
package kept

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Check fails if one of some trees, which lie on top of each other, has a directory in
// the place of something else, or something else in the place of a directory. A tree
// after "=" is a whole system, which hides those before it; nothing is asked of it.
//
// Check follows no link in a tree, and opens nothing but directories. So a tree cannot lead it
// elsewhere, even if it is not the root of this process.
func Check(ctx context.Context, trees []string) error {
	var below []numbered
	for n, tree := range trees {
		if system, ok := strings.CutPrefix(tree, "="); ok {
			below = []numbered{{n, system}}
			continue
		}
		if err := keeps(ctx, numbered{n, tree}, "/", below); err != nil {
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
func keeps(ctx context.Context, tree numbered, dir string, below []numbered) error {
	if len(below) == 0 {
		return nil
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	all, err := os.ReadDir(tree.dir + dir)
	if err != nil {
		return err
	}
	for _, entry := range all {
		p := path.Join(dir, entry.Name())
		var with []numbered // have it as a directory
		for _, b := range below {
			var old unix.Stat_t
			if err := unix.Lstat(b.dir+p, &old); errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
				continue
			} else if err != nil {
				return &fs.PathError{Op: "lstat", Path: b.dir + p, Err: err}
			}
			was := old.Mode & unix.S_IFMT
			if entry.IsDir() != (was == unix.S_IFDIR) {
				return Replaced(tree.n, p, was, b.n, b.dir+p)
			}
			if !entry.IsDir() {
				break // what is further below is hidden
			}
			with = append(with, b)
		}
		if entry.IsDir() {
			if err := keeps(ctx, tree, p, with); err != nil {
				return err
			}
		}
	}
	return nil
}

// Replaced is the error for a path of a numbered tree that does not keep what another
// one has there: it has both numbers, the path, what was there, and where that leads if
// it is a link.
func Replaced(by int, p string, was uint32, of int, place string) error {
	what := map[uint32]string{unix.S_IFDIR: "directory", unix.S_IFREG: "file", unix.S_IFLNK: "link", unix.S_IFIFO: "pipe"}[was]
	leads, _ := os.Readlink(place) // fails for all but links
	return fmt.Errorf("replaced: %d %q %s %q %d", by, p, cmp.Or(what, "device"), leads, of)
}
