package model

import (
	"slices"
	"strings"
)

// Topological returns the instances and all that they need or run with, each once. An
// instance comes after its needs, and after those that its order clauses name if they
// are in the result. Instances without such an order are sorted by ID. The base, if any,
// is the first of roots and stays first.
func Topological(roots []*Instance) []*Instance {
	t := walk{seen: make([]uint64, 8)}
	t.start(roots)
	if !t.follows {
		return t.out
	}
	among := map[*Instance]bool{}
	for _, i := range t.out {
		among[i] = true
	}
	t = walk{seen: make([]uint64, 8), among: among}
	t.start(roots)
	return t.out
}

// walk is the state of Topological.
type walk struct {
	out     []*Instance
	seen    []uint64           // a set of numbers
	other   map[*Instance]bool // instances without a number: not in a graph yet
	follows bool               // some instance has an order clause
	among   map[*Instance]bool // order clauses count only for these
}

func (t *walk) start(roots []*Instance) {
	if len(roots) > 0 && roots[0].Kind == Base {
		t.first(roots[0])
		t.out = append(t.out, roots[0])
	}
	t.visit(byID(roots))
}

// first returns true the first time that it sees an instance.
func (t *walk) first(i *Instance) bool {
	if i.number == 0 {
		if t.other[i] {
			return false
		}
		if t.other == nil {
			t.other = map[*Instance]bool{}
		}
		t.other[i] = true
		return true
	}
	word, bit := i.number/64, uint64(1)<<(i.number%64)
	if word >= len(t.seen) {
		t.seen = append(t.seen, make([]uint64, max(word+1-len(t.seen), len(t.seen)))...)
	}
	if t.seen[word]&bit != 0 {
		return false
	}
	t.seen[word] |= bit
	return true
}

// visit adds instances, which are sorted by ID.
func (t *walk) visit(list []*Instance) {
	for _, i := range list {
		if !t.first(i) {
			continue
		}
		needs := i.sortedNeeds
		if i.number == 0 {
			needs = byID(i.Needs)
		}
		t.visit(needs)
		if len(i.After) > 0 {
			t.follows = true
			t.visit(byID(slices.DeleteFunc(slices.Clone(i.After), func(a *Instance) bool { return !t.among[a] })))
		}
		t.out = append(t.out, i)
	}
	for _, i := range list {
		runs := i.sortedRuns
		if i.number == 0 {
			runs = byID(i.RunsWith)
		}
		t.visit(runs)
	}
}

// Number returns the position of an instance in its graph, from 1.
func (i *Instance) Number() int { return i.number }

// Enter adds an instance to the graph. All instances that it refers to must be in it.
func (g *Graph) Enter(i *Instance) {
	g.Instances = append(g.Instances, i)
	i.number = len(g.Instances)
	i.sortedNeeds, i.sortedRuns = byID(i.Needs), byID(i.RunsWith)
}

// byID returns instances sorted by ID.
func byID(list []*Instance) []*Instance {
	less := func(a, b *Instance) int { return strings.Compare(a.ID, b.ID) }
	if slices.IsSortedFunc(list, less) {
		return list
	}
	list = slices.Clone(list)
	slices.SortFunc(list, less)
	return list
}

// Needed returns all that an instance needs, directly or not, each after its own needs,
// without the instance itself.
func Needed(i *Instance) []*Instance { return Topological(i.Needs) }

// NeededLinks returns the links that an instance's needs declare, and where they lead.
func NeededLinks(i *Instance) map[string]string {
	out := map[string]string{}
	for _, n := range Topological(i.Needs) {
		for _, s := range n.Steps {
			if s, ok := s.(*Link); ok {
				out[s.Path] = s.Leads()
			}
		}
	}
	return out
}
