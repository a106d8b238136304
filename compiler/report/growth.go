package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
)

// Growth is what one component of the new plan adds to the registry: its
// share of the layers that change because of it.
type Growth struct {
	Name     string // as in ComponentCost
	Instance *model.Instance
	Reason   Reason
	Size     plan.Size
	Layers   int
}

// Growths returns the components that cause the new bytes of a difference, the largest share
// first. A layer with several causes counts in equal parts. If a layer is built again only
// because of its foundation, it counts for the components that changed that. The sum is the
// difference's NewBytes.
func (d *Difference) Growths() []Growth {
	g := growing{fates: map[*plan.Layer]Layer{}, changed: map[string]Reason{}, at: map[string]int{}}
	for _, l := range d.Layers {
		g.fates[l.Layer] = l
		for _, c := range l.Causes {
			if c.Reason == Added || c.Reason == Changed {
				g.changed[c.Instance.ID] = c.Reason
			}
		}
	}
	for _, l := range d.Layers {
		if l.Fate != Kept {
			g.charge(l)
		}
	}
	slices.SortStableFunc(g.out, func(a, b Growth) int {
		return cmp.Or(cmp.Compare(b.Size.Bytes, a.Size.Bytes), strings.Compare(a.Name, b.Name))
	})
	return g.out
}

type growing struct {
	fates   map[*plan.Layer]Layer
	changed map[string]Reason // by ID
	at      map[string]int
	out     []Growth
}

// charge divides a layer's bytes among the components that cause the change.
func (g *growing) charge(l Layer) {
	guilty := map[string]*model.Instance{}
	g.blame(l, guilty)
	if len(guilty) == 0 { // moved, or with a foundation in no image
		for _, m := range l.Members {
			guilty[causer(m)] = m
		}
	}
	var names []string
	for name := range guilty {
		names = append(names, name)
	}
	slices.Sort(names)
	rest := l.Size.Bytes
	for n, name := range names {
		k, ok := g.at[name]
		if !ok {
			k = len(g.out)
			g.at[name] = k
			g.out = append(g.out, Growth{Name: name, Instance: guilty[name], Reason: cmp.Or(g.changed[guilty[name].ID], l.Causes[0].Reason)})
		}
		part := rest / int64(len(names)-n)
		rest -= part
		g.out[k].Size = g.out[k].Size.Plus(l.Size.Of(part))
		g.out[k].Layers++
	}
}

// blame finds the changed components in a layer, else in its foundation, else in the layers
// below.
func (g *growing) blame(l Layer, guilty map[string]*model.Instance) {
	for _, c := range l.Causes {
		if c.Reason == Added || c.Reason == Changed {
			guilty[causer(c.Instance)] = c.Instance
		}
	}
	if len(guilty) > 0 {
		return
	}
	for _, c := range l.Causes {
		if c.Reason == Base {
			for _, below := range foundation(c.Instance) {
				if g.changed[below.ID] != "" {
					guilty[causer(below)] = below
				}
			}
		}
	}
	if len(guilty) > 0 {
		return
	}
	for _, below := range append(slices.Clone(l.On), l.Parent) {
		if below != nil && g.fates[below].Fate != Kept {
			g.blame(g.fates[below], guilty)
		}
	}
}
