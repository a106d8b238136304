package search

import (
	"fmt"
	"slices"
	"strings"
)

// Restack creates a solution from each app's stack: for every app of the problem a list of item
// sets, bottom up, without the delta. Equal blobs become one layer; the items of a layer are
// sorted by name. The solution has its cost. An error names the rule of Check that the stacks
// break. If they only break a limit, the error is a *LimitError, and the solution is returned as
// if there were no limit.
func Restack(p *Problem, stacks [][][]int) (*Solution, error) {
	s := &Solution{Images: make([][]int, len(p.Apps))}
	known := map[string]int{}
	for a, stack := range stacks {
		r := restacking{p: p, s: s, known: known, parent: -1}
		for _, items := range stack {
			s.Images[a] = append(s.Images[a], r.layer(items))
		}
		if !p.Apps[a].Delta.empty() {
			s.Images[a] = append(s.Images[a], len(s.Layers))
			s.Layers = append(s.Layers, Layer{Kind: KindDelta, Parent: -1, App: a})
		}
		for _, l := range s.Images[a] {
			s.Layers[l].Replicas += p.Apps[a].replicas()
		}
	}
	for l := range s.Layers {
		s.Layers[l].Size, _ = s.content(p, l)
		s.Layers[l].Hazard = p.hazard(s.sources(p, l))
	}
	s.Cost = Evaluate(p, s)
	return s, Check(p, s)
}

// restacking is one image on its way up.
type restacking struct {
	p      *Problem
	s      *Solution
	known  map[string]int // layer by its identity
	parent int            // the last base or spine layer
	loose  []int          // portable layers so far that no spine layer is on
}

// layer returns the layer for a set of items on top of the image so far.
func (r *restacking) layer(items []int) int {
	items = slices.Clone(items)
	slices.SortFunc(items, func(a, b int) int { return strings.Compare(r.p.Items[a].Name, r.p.Items[b].Name) })
	layer := Layer{Kind: KindPortable, Items: items, Parent: -1, App: -1}
	needs := map[int]bool{}
	for _, i := range items {
		switch {
		case r.p.Items[i].Base:
			layer.Kind = KindBase
		case r.p.Items[i].Stacked:
			layer.Kind = KindSpine
			r.p.closure(i, needs)
		}
	}
	if layer.Kind == KindSpine {
		layer.Parent = r.parent
		r.loose = slices.DeleteFunc(r.loose, func(l int) bool {
			below := slices.ContainsFunc(r.s.Layers[l].Items, func(i int) bool { return needs[i] })
			if below {
				layer.On = append(layer.On, l)
			}
			return below
		})
	}
	on := slices.Clone(layer.On)
	slices.Sort(on)
	key := fmt.Sprint(layer.Kind, items, layer.Parent, on)
	l, ok := r.known[key]
	if !ok {
		l = len(r.s.Layers)
		r.known[key] = l
		r.s.Layers = append(r.s.Layers, layer)
	}
	if layer.Kind == KindPortable {
		r.loose = append(r.loose, l)
	} else {
		r.parent = l
	}
	return l
}

// closure adds all needs of an item to set, direct and indirect.
func (p *Problem) closure(i int, set map[int]bool) {
	for _, n := range p.Items[i].Needs {
		if !set[n] {
			set[n] = true
			p.closure(n, set)
		}
	}
}

// Stacks returns the item sets of each app's image, as Restack takes them.
func (s *Solution) Stacks() [][][]int {
	stacks := make([][][]int, len(s.Images))
	for a, image := range s.Images {
		for _, l := range image {
			if s.Layers[l].Kind != KindDelta {
				stacks[a] = append(stacks[a], s.Layers[l].Items)
			}
		}
	}
	return stacks
}
