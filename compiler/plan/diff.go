package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/term"
)

// Diff is the difference between a plan and the one in the lock file.
type Diff struct {
	Added   []*Layer         // in the plan's order
	Gone    []lock.PlanLayer // by name
	Changed []Change         // in the plan's order
	Images  []Restack        // images with other layers, by app
	Pull    Size             // what all hosts pull, by the images' replicas
}

// Change is a layer that keeps its place but has other members, or moves onto another layer.
type Change struct {
	Layer *Layer
	Was   lock.PlanLayer
	New   []string // new members, sorted
	Lost  []string // members that it no longer has, sorted
	Moved bool     // it is on another layer
}

// Restack is an image whose layers change.
type Restack struct {
	App    *model.App
	Layers []*Layer // new to the image, bottom up; without its delta
	Pull   Size     // of Layers, for one host
}

// Diffs compares the plans of all platforms with the one in the lock file. A recorded layer that
// exists on any platform is not gone.
func Diffs(plans []*Plan) []*Diff {
	var diffs []*Diff
	gone := map[string]int{}
	for _, p := range plans {
		d := p.Diff()
		diffs = append(diffs, d)
		for _, l := range d.Gone {
			gone[l.Name]++
		}
	}
	for _, d := range diffs {
		d.Gone = slices.DeleteFunc(d.Gone, func(l lock.PlanLayer) bool { return gone[l.Name] < len(diffs) })
	}
	return diffs
}

// Diff compares the plan with the one in the lock file. The result is empty if the lock file has
// no plan. It leaves out bases and deltas, since they are not recorded.
func (p *Plan) Diff() *Diff {
	d := &Diff{}
	if p.memory == nil {
		return d
	}
	names := p.recorded()
	facts := map[string]lock.PlanLayer{}
	for _, f := range p.memory.facts {
		facts[f.Name] = f
	}
	kept := map[string]bool{}
	for _, l := range p.Layers {
		if !l.shareable() {
			continue
		}
		name := names[l]
		if name == "" {
			d.Added = append(d.Added, l)
			continue
		}
		kept[name] = true
		c := Change{Layer: l, Was: facts[name]}
		members := l.members()
		c.New, c.Lost = without(members, c.Was.Members), without(c.Was.Members, members)
		c.Moved = l.Kind == Spine && l.Parent != nil && names[l.Parent] != c.Was.Parent
		if len(c.New)+len(c.Lost) > 0 || c.Moved {
			d.Changed = append(d.Changed, c)
		}
	}
	for _, f := range p.memory.facts {
		if !kept[f.Name] && len(f.Members) > 0 {
			d.Gone = append(d.Gone, f)
		}
	}
	p.restack(d)
	return d
}

// restack finds the images that get layers which they did not have.
func (p *Plan) restack(d *Diff) {
	now := map[*Layer]string{}
	for n, i := range p.Images {
		had := p.memory.contents(p, p.memory.stacks[p.app(n)])
		r := Restack{App: i.App}
		for _, l := range i.Layers {
			if !l.shareable() {
				continue
			}
			if now[l] == "" {
				now[l] = content(l, now)
			}
			if !had[now[l]] {
				r.Layers = append(r.Layers, l)
				r.Pull = r.Pull.Plus(l.Size)
			}
		}
		if len(r.Layers) > 0 {
			d.Images = append(d.Images, r)
			d.Pull = d.Pull.Plus(r.Pull.Times(int64(i.App.Replicas)))
		}
	}
}

// content describes what a layer is made of; below has the content of the layers below it.
func content(l *Layer, below map[*Layer]string) string {
	key := fmt.Sprintf("%q", l.members())
	if l.Kind == Spine && l.Parent != nil && l.Parent.Kind == Spine {
		key = below[l.Parent] + "/" + key
	}
	return key
}

// contents returns the content of each layer of a recorded stack.
func (m *memory) contents(p *Plan, stack []placed) map[string]bool {
	contents := map[string]bool{}
	spine := ""
	for _, s := range stack {
		members := slices.DeleteFunc(slices.Clone(m.facts[s.fact].Members), func(name string) bool { return slices.Contains(s.members, name) })
		for n, name := range s.members {
			// The plan may name an instance of the same content differently.
			if !s.isNew[n] {
				name = p.items[s.at[n]].ID
			}
			members = append(members, name)
		}
		slices.Sort(members)
		key := fmt.Sprintf("%q", slices.Compact(members))
		if s.spine {
			if spine != "" {
				key = spine + "/" + key
			}
			spine = key
		}
		contents[key] = true
	}
	return contents
}

// without returns the elements of a that are not in b. Both are sorted.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// Empty reports whether the plans are equal.
func (d *Diff) Empty() bool {
	return len(d.Added)+len(d.Gone)+len(d.Changed)+len(d.Images) == 0
}

// Summary describes the size of the difference in one line.
func (d *Diff) Summary() string {
	var parts []string
	for _, c := range []struct {
		n    int
		what string
	}{{len(d.Added), "added"}, {len(d.Changed), "changed"}, {len(d.Gone), "gone"}} {
		switch {
		case c.n > 0 && len(parts) == 0:
			parts = append(parts, term.Count(c.n, "layer")+" "+c.what)
		case c.n > 0:
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	if len(parts) == 0 {
		return "layers are in another order"
	}
	return strings.Join(parts, ", ")
}
