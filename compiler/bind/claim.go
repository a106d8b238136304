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
	held bool        // it is copied together with its siblings, see overLinks
	dir  model.Place // the directory of an itself claim
	span source.Span
	by   *model.Instance
}

// extent tells what a claim of a path covers.
type extent uint8

const (
	file   extent = iota // the path
	itself               // the directory without its contents: several may make the same
	tree                 // the path and everything beneath it
	filled               // everything beneath the path, which is a directory; the names are unknown
	some                 // something beneath the path, likewise
	extents
)

// treeIf returns tree or file.
func treeIf(is bool) extent {
	if is {
		return tree
	}
	return file
}

// within returns the extent of a claim for a path beneath the claimed one.
func (e extent) within() extent {
	if e == tree {
		return filled
	}
	return some
}

// fills reports whether the claim covers everything beneath the path.
func (e extent) fills() bool { return e == tree || e == filled }

// into reports whether the claim covers only names beneath the path.
func (e extent) into() bool { return e == filled || e == some }

// rule tells whether two claims collide.
type rule uint8

const (
	free     rule = iota // they do not
	collide              // they do
	differ               // they do if they give the directory different owners or modes
	adds                 // they do, unless the first claimant needs the second or is an app
	together             // they do, unless one claimant needs the other
	blocks               // they do: nothing is beneath a file or a link
)

// rules has the rule for two claims of one path: the row is the examined claim, the column
// the one that it meets. Except for free and adds, the table is symmetric, and a collision
// is reported from one side. If something is put into a tree, the claim that puts it there
// is the examined one.
var rules = [extents][extents]rule{
	file:   {file: collide, itself: collide, tree: collide, filled: collide, some: collide},
	itself: {file: collide, itself: differ, tree: free, filled: free, some: free},
	tree:   {file: collide, itself: free, tree: collide, filled: free, some: free},
	filled: {file: collide, itself: free, tree: adds, filled: together, some: together},
	some:   {file: collide, itself: free, tree: adds, filled: together, some: together},
}

// above returns the rule for a claim of a directory above the examined path.
func above(c *claim) rule {
	switch {
	case c.of.fills():
		return adds
	case c.of == file && c.path != "/": // into which a pattern of a stage copies
		return blocks
	}
	return free
}

// image is the image of an app during the check of its claims.
type image struct {
	app      *model.App
	replaced []*model.Instance // the app's own steps may write their paths
	needs    *reach
}

// collision returns a claim of the same path or of a directory above it that c collides
// with, or nil. An instance may add files beneath the directories of what it needs. An
// app's own steps are on top of everything, and may overwrite what the app `replaces`.
func (m *image) collision(c *claim) *claim {
	for at := c.at; at != nil; at = at.up {
		if at.app != m.app {
			continue
		}
		for _, other := range at.claims {
			r := above(other)
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

// replaces reports whether an instance is the app's own steps and may overwrite another.
func (m *image) replaces(i, other *model.Instance) bool {
	return i == m.app.Delta && slices.Contains(m.replaced, other)
}

// collide reports whether two claims collide by a rule, and c is the claim to report.
func (m *image) collide(r rule, c, other *claim) bool {
	switch r {
	case free:
		return false
	case blocks:
		return true
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

// alike reports whether two places give a directory the same owner and mode.
func alike(a, b model.Place) bool {
	return cmp.Or(a.Owner.String(), "0:0") == cmp.Or(b.Owner.String(), "0:0") && strings.TrimLeft(cmp.Or(a.Mode, "0755"), "0") == strings.TrimLeft(cmp.Or(b.Mode, "0755"), "0")
}

// reach tells whether an instance needs another, directly or not, and caches the answers.
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
