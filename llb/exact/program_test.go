//go:build linux

package exact_test

import (
	"fmt"
	"slices"
	"strings"
)

// program is a random app with components; each needs some of the earlier ones. The last one is
// the app itself.
type program struct {
	name  string
	seed  uint64
	parts []*component
}

type component struct {
	name    string
	app     bool
	stacked bool // its runs may write anywhere, and it owns nothing
	owns    []string
	needs   []*component
	steps   []*step
}

// step is a run, with one operation per line, or a declared step.
type step struct {
	run       []string
	kind      string // file, dir, link or copy
	path      string
	text      string // content, or target; of a copy "named" if it copies a directory with its name
	mode      uint32
	uid, gid  int
	ownership bool // owner and mode are declared
}

func (c *component) runs() bool {
	return slices.ContainsFunc(c.steps, func(s *step) bool { return s.run != nil })
}

// owned returns the paths from which a component's layer has its runs' files.
func (c *component) owned() []string {
	if !c.runs() {
		return nil
	}
	return slices.Clone(c.owns)
}

// writes reports whether a component may write a path: it owns or places the path, or the path is
// a parent.
func (c *component) writes(p string) bool {
	return c.places(p) || slices.ContainsFunc(c.owns, func(o string) bool { return meet(p, o) })
}

func (c *component) places(p string) bool {
	return slices.ContainsFunc(c.steps, func(s *step) bool { return s.run == nil && meet(p, s.path) })
}

// meet reports whether the paths are equal or one is below the other.
func meet(p, q string) bool {
	return p == q || strings.HasPrefix(p, q+"/") || strings.HasPrefix(q, p+"/")
}

func (c *component) copies(p string) bool {
	return slices.ContainsFunc(c.steps, func(s *step) bool { return s.kind == "copy" && s.path == p })
}

// closure returns everything that a component needs, in the order of the image.
func (c *component) closure() []*component {
	var out []*component
	for _, n := range c.needs {
		for _, m := range append(n.closure(), n) {
			if !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
	}
	return out
}

// operation returns a declared step as a line of testdata/sh.
func (s *step) operation() string {
	switch s.kind {
	case "file":
		return fmt.Sprintf("file %s %#o %d %d %s", quote(s.path), s.mode, s.uid, s.gid, quote(s.text))
	case "dir":
		if !s.ownership {
			return "newdir " + quote(s.path)
		}
		return fmt.Sprintf("dir %s %#o %d %d", quote(s.path), s.mode, s.uid, s.gid)
	}
	return fmt.Sprintf("link %s %s", quote(s.path), quote(s.text))
}

// clause returns a step in layc's language.
func (s *step) clause() string {
	options := ""
	if s.ownership {
		options = fmt.Sprintf(" owner \"%d:%d\" mode %#o", s.uid, s.gid, s.mode)
	}
	switch s.kind {
	case "file":
		return fmt.Sprintf("    file %q text %q%s\n", s.path, s.text, options)
	case "dir":
		return fmt.Sprintf("    dir %q%s\n", s.path, options)
	case "link":
		return fmt.Sprintf("    link %q to %q\n", s.path, s.text)
	case "copy":
		if s.text == "named" {
			return fmt.Sprintf("    copy \"tree\" to %q\n", s.path)
		}
		return fmt.Sprintf("    copy \"tree/\" to %q\n", s.path+"/")
	}
	return "    run \"\"\"\n        " + strings.ReplaceAll(strings.Join(s.run, "\n"), "\n", "\n        ") + "\n    \"\"\"\n"
}

// source returns a program in layc's language.
func (p *program) source(layers int) string {
	var b strings.Builder
	for _, c := range p.parts {
		word, uses := "component", "needs"
		if c.app {
			word, uses = "app", "uses"
		}
		fmt.Fprintf(&b, "%s %s {\n", word, c.name)
		if c.app {
			fmt.Fprintf(&b, "    layers %d\n", layers)
		}
		for _, n := range c.needs {
			fmt.Fprintf(&b, "    %s %s\n", uses, n.name)
		}
		for _, o := range c.owns {
			fmt.Fprintf(&b, "    owns %q\n", o)
		}
		for _, s := range c.steps {
			b.WriteString(s.clause())
		}
		b.WriteString("}\n\n")
	}
	return b.String()
}

// quote quotes an argument of testdata/sh.
func quote(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("/._-", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	return b.String()
}

// least returns the smallest number of layers for a program: the base, one layer for all
// components, and the app's own.
func (p *program) least() int { return min(len(p.parts), 2) + 1 }
