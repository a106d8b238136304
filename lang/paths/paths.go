// Package paths walks the directories above a path, and knows which names no image
// can hold.
package paths

import (
	"iter"
	"path"
	"strings"
)

// From yields a path and the directories above it, the nearest first. It stops
// before the root: "/", or "." for a relative path. The path need not be clean,
// and every path comes to an end.
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

// Whiteout begins the names by which a layer says that a file is gone.
const Whiteout = ".wh."

// DeletesFile reports whether a name in a path is such a one, so that no image can
// hold it.
func DeletesFile(name string) bool { return strings.HasPrefix(name, Whiteout) }

// Beneath reports whether a path is a directory or lies beneath it. Both are clean,
// and the directory is not the root.
func Beneath(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }
