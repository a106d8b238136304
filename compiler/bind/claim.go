package bind

import (
	"cmp"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/source"
)

// claim is a path that an instance writes.
type claim struct {
	path string
	at   *place
	of   extent
	held bool        // it is copied together with what lies beside it, see overLinks
	dir  model.Place // of a claim of a directory itself
	span source.Span
	by   *model.Instance
}

// extent is what a claim of a path is of.
type extent uint8

const (
	file   extent = iota // the path
	itself               // the directory, but nothing in it: several may make the same
	tree                 // the path and everything beneath it
	filled               // everything beneath the path, which is a directory; nobody knows the names
	some                 // something beneath the path, likewise
	extents
)

// treeIf is a tree, or a path alone.
func treeIf(is bool) extent {
	if is {
		return tree
	}
	return file
}

// within is the extent of what lies beneath a path that is claimed.
func (e extent) within() extent {
	if e == tree {
		return filled
	}
	return some
}

// fills reports whether everything beneath the path is claimed.
func (e extent) fills() bool { return e == tree || e == filled }

// into reports whether the names of what is claimed lie beneath the path.
func (e extent) into() bool { return e == filled || e == some }

// rule says whether two claims collide.
type rule uint8

const (
	free     rule = iota // they do not
	collide              // they do
	differ               // they do if they make another thing of the directory
	adds                 // they do, unless the first is of what needs the second, or of an app
	together             // they do, unless one of them is of what needs the other
)

// rules are for two claims of one path: the row is the claim that is looked at, the
// column the one that it meets. What is neither free nor adds is equal from both
// sides, and reported from one. A tree that what lies beneath it is put into is
// looked at from there.
var rules = [extents][extents]rule{
	file:   {file: collide, itself: collide, tree: collide, filled: collide, some: collide},
	itself: {file: collide, itself: differ, tree: free, filled: free, some: free},
	tree:   {file: collide, itself: free, tree: collide, filled: free, some: free},
	filled: {file: collide, itself: free, tree: adds, filled: together, some: together},
	some:   {file: collide, itself: free, tree: adds, filled: together, some: together},
}

// above is the rule for a claim of a directory above a path.
func above(e extent) rule {
	if e.fills() {
		return adds
	}
	return free
}

// image is an app's image, whose claims are looked at.
type image struct {
	app      *model.App
	replaced []*model.Instance // whose paths the app's own steps may write
	needs    *reach
}

// collision is a claim of the same path, or of a directory above it, that a
// claim collides with, or nil. What needs another may add beneath its
// directories, and what an app `replaces` it may write as it likes: its own steps
// lie above all that it uses.
func (m *image) collision(c *claim) *claim {
	for at := c.at; at != nil; at = at.up {
		if at.app != m.app {
			continue
		}
		for _, other := range at.claims {
			r := above(other.of)
			if at == c.at {
				r = rules[c.of][other.of]
			}
			if other.by != c.by && !m.replaces(c.by, other.by) && !m.replaces(other.by, c.by) && m.collide(r, c, other) {
				return other
			}
		}
	}
	return nil
}

// replaces reports whether an instance is the app's own steps, and writes over
// another as it likes.
func (m *image) replaces(i, other *model.Instance) bool {
	return i == m.app.Delta && slices.Contains(m.replaced, other)
}

// collide reports whether two claims collide by a rule, as far as that is reported of
// the first one.
func (m *image) collide(r rule, c, other *claim) bool {
	switch r {
	case free:
		return false
	case adds:
		return c.by != m.app.Delta && !m.needs.reaches(c.by, other.by)
	case differ:
		if alike(c.dir, other.dir) {
			return false
		}
	case together:
		if m.needs.reaches(c.by, other.by) || m.needs.reaches(other.by, c.by) {
			return false
		}
	}
	return c.span.Compare(other.span) >= 0
}

// alike reports whether two places make the same of a directory.
func alike(a, b model.Place) bool {
	return cmp.Or(a.Owner.String(), "0:0") == cmp.Or(b.Owner.String(), "0:0") && strings.TrimLeft(cmp.Or(a.Mode, "0755"), "0") == strings.TrimLeft(cmp.Or(b.Mode, "0755"), "0")
}

// reach answers what needs what, directly or not, and remembers it.
type reach struct {
	of map[*model.Instance]map[*model.Instance]bool
}

func newReach() *reach { return &reach{map[*model.Instance]map[*model.Instance]bool{}} }

func (r *reach) reaches(a, b *model.Instance) bool {
	set, ok := r.of[a]
	if !ok {
		set = map[*model.Instance]bool{}
		for _, n := range model.Topological(a.Needs) {
			set[n] = true
		}
		r.of[a] = set
	}
	return set[b]
}
