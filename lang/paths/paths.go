// Package paths walks the directories above a path.
package paths

import (
	"iter"
	"path"
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
