// Package paths walks the directories above a path, and recognizes names that no image can contain.
package paths

import (
	"iter"
	"path"
	"strings"
)

// From yields a path and the directories above it, nearest first. It stops before the root: "/", or "."
// for a relative path. The path need not be clean, and the iteration always ends.
func From(p string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for p := path.Clean(p); p != "/" && p != "."; p = path.Dir(p) {
			if !yield(p) {
				return
			}
		}
	}
}

// Above is From without the path itself.
func Above(p string) iter.Seq[string] { return From(path.Dir(path.Clean(p))) }

// Whiteout is the prefix of names by which a layer deletes files.
const Whiteout = ".wh."

// DeletesFile reports whether a name in a path deletes a file, so that no image can contain it.
func DeletesFile(name string) bool { return strings.HasPrefix(name, Whiteout) }

// Beneath reports whether a path is a directory or beneath it. Both must be clean, and the directory must
// not be the root.
func Beneath(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }
