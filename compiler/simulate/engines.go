package simulate

import (
	"fmt"
	"slices"

	"github.com/layc-lang/layc/compiler/placement"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/search"
)

// Engines is the result for builds that are spread over engines which share a cache. The first build
// is not counted.
type Engines struct {
	Count int
	// Wall is how long builds take, in milliseconds: each week, first the steps that several engines
	// need, each on one of them, and then the rest.
	Wall int64
	// Busiest is how long the engine with the most work executes steps.
	Busiest int64
	// Passed are the bytes that engines pull from the cache, also to write the images.
	Passed int64
}

// unit is something that is built at once.
type unit struct {
	name    string
	sources []int
	build   int64
	size    int64 // of the layer; 0 if it is in a layer of several
	users   []int // images
}

// cluster replays builds on engines.
type cluster struct {
	Engines
	units []unit
	owner []int   // of each unit
	needs [][]int // the engines that need each unit
	busy  []int64 // by engine
	week  int
}

// newCluster places the images of a plan on engines.
func newCluster(p *plan.Plan, problem *search.Problem, count int) *cluster {
	c := &cluster{Engines: Engines{Count: count}, units: units(p, problem), busy: make([]int64, count)}
	var names []string
	for n := range count {
		names = append(names, fmt.Sprintf("engine %d", n))
	}
	var images []placement.Image
	for _, i := range p.Images {
		image := placement.Image{Name: i.App.Name}
		for _, y := range i.Layers {
			image.Layers = append(image.Layers, placement.Layer{ID: y.ID, Size: y.Size.Bytes})
			if y.Kind == plan.Base || y.Kind == plan.Spine {
				image.Spine = append(image.Spine, y.ID)
			}
		}
		images = append(images, image)
	}
	place := placement.Images(images, names)
	for _, u := range c.units {
		var needs []int
		for _, i := range u.users {
			needs = append(needs, place[i])
		}
		slices.Sort(needs)
		needs = slices.Compact(needs)
		owner := 0
		switch len(needs) {
		case 0: // nothing needs it
		case 1:
			owner = needs[0]
		default:
			owner = placement.Rank(names, u.name)[0]
		}
		c.owner, c.needs = append(c.owner, owner), append(c.needs, needs)
	}
	return c
}

// units returns what a plan builds: layers that depend on others, deltas, and the content of portable
// layers.
func units(p *plan.Plan, problem *search.Problem) []unit {
	sol := p.Solution()
	layers := make([]unit, len(sol.Layers))
	items := map[int]*unit{}
	for n, l := range sol.Layers {
		u := &layers[n]
		u.name, u.size = fmt.Sprintf("layer %d", n), l.Size
		if l.Kind == search.KindDelta {
			d := &problem.Apps[l.App].Delta
			u.build, u.sources = d.Build, d.Sources
		}
		for _, i := range l.Items {
			it := &problem.Items[i]
			u.sources = append(slices.Clone(u.sources), it.Sources...)
			if it.Stacked || it.Base {
				u.build += it.Build
			} else if items[i] == nil {
				items[i] = &unit{name: fmt.Sprintf("item %d", i), sources: it.Sources, build: it.Build}
			}
		}
		if l.Parent >= 0 {
			u.sources = append(slices.Clone(u.sources), layers[l.Parent].sources...)
		}
		for _, o := range l.On {
			u.sources = append(slices.Clone(u.sources), layers[o].sources...)
		}
		u.sources = distinct(u.sources)
	}
	for image, stack := range sol.Images {
		for _, l := range stack {
			layers[l].users = append(layers[l].users, image)
			for _, i := range sol.Layers[l].Items {
				if u := items[i]; u != nil {
					u.users = append(u.users, image)
				}
			}
		}
	}
	all := layers
	for i := range problem.Items {
		if u := items[i]; u != nil {
			all = append(all, *u)
		}
	}
	return all
}

// next replays a week.
func (c *cluster) next(e events) {
	first, rest := make([]int64, c.Count), make([]int64, c.Count)
	lost := -1
	if e.cold { // one engine after the other
		lost = c.week % c.Count
	}
	c.week++
	for n, u := range c.units {
		changed := slices.ContainsFunc(u.sources, func(s int) bool { return e.changed[s] })
		at := c.owner[n]
		if changed {
			phase := rest
			if len(c.needs[n]) > 1 {
				phase = first
			}
			phase[at] += u.build
			c.busy[at] += u.build
		}
		for _, needs := range c.needs[n] {
			if changed && needs != at || !changed && needs == lost {
				c.Passed += u.size
			}
		}
		if changed && at != 0 && !slices.Contains(c.needs[n], 0) {
			c.Passed += u.size // engine 0 writes the images
		}
	}
	c.Wall += slices.Max(first) + slices.Max(rest)
	c.Busiest = slices.Max(c.busy)
}
