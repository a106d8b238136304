package search

import (
	"fmt"
	"slices"
)

// Evaluate prices a plan by the definition, only from its layers and images. The plan must pass
// Check. A portable item's recipe runs once for each of its changes, however often its bytes are
// copied. So its build is charged once, whatever the plan. A spine layer's build is the build of
// its stacked members.
func Evaluate(p *Problem, s *Solution) Cost {
	pr := newPricer(p.Weights)
	replicas := make([]int64, len(s.Layers))
	used := make([]bool, len(p.Items))
	for a, image := range s.Images {
		for _, l := range image {
			replicas[l] += p.Apps[a].replicas()
		}
		for _, i := range p.Apps[a].Items {
			used[i] = true
		}
	}
	var cost Cost
	for l := range s.Layers {
		cost = cost.plus(layerCost(p, pr, s, l, replicas[l]))
	}
	for i := range p.Items {
		if used[i] && !p.Items[i].Stacked && !p.Items[i].Base {
			cost.Build += pr.blob(0, p.hazard(p.Items[i].Sources), p.Items[i].Build).build
		}
	}
	return cost
}

// LayerCost returns the cost of one layer per cycle. A plan's cost is the sum over its layers and
// the builds of portable items.
func LayerCost(p *Problem, s *Solution, l int) Cost {
	return layerCost(p, newPricer(p.Weights), s, l, s.Layers[l].Replicas)
}

func layerCost(p *Problem, pr *pricer, s *Solution, l int, replicas int64) Cost {
	size, build := s.content(p, l)
	r := pr.blob(size, p.hazard(s.sources(p, l)), build)
	return Cost{Store: r.store, Pull: r.pull(pr.hosts(replicas)), Build: r.build}
}

// content returns the size of a layer and the milliseconds that its build takes.
func (s *Solution) content(p *Problem, l int) (size, build int64) {
	layer := &s.Layers[l]
	if layer.Kind == KindDelta {
		d := &p.Apps[layer.App].Delta
		return d.Size, d.Build
	}
	for _, i := range layer.Items {
		size += p.Items[i].Size
		if p.Items[i].Stacked || p.Items[i].Base {
			build += p.Items[i].Build
		}
	}
	return size, build
}

// sources lists the sources that change a layer, with repetitions.
func (s *Solution) sources(p *Problem, l int) []int {
	layer := &s.Layers[l]
	if layer.Kind == KindDelta {
		return p.Apps[layer.App].Delta.Sources
	}
	var list []int
	for _, b := range s.below(l) {
		for _, i := range s.Layers[b].Items {
			list = append(list, p.Items[i].Sources...)
		}
	}
	for _, i := range layer.Items {
		list = append(list, p.Items[i].Sources...)
	}
	return list
}

// below lists the layers below a spine layer, bottom up; nil for other layers.
func (s *Solution) below(l int) []int {
	var list []int
	for layer := &s.Layers[l]; layer.Kind == KindSpine; layer = &s.Layers[layer.Parent] {
		for i := len(layer.On) - 1; i >= 0; i-- {
			list = append(list, layer.On[i])
		}
		if layer.Parent < 0 {
			break
		}
		list = append(list, layer.Parent)
	}
	slices.Reverse(list)
	return list
}

// hazard sums over the distinct sources.
func (p *Problem) hazard(sources []int) (sum int64) {
	sources = slices.Clone(sources)
	slices.Sort(sources)
	for _, s := range slices.Compact(sources) {
		sum += p.Sources[s].Hazard
	}
	return sum
}

// Check reports the first rule that a plan breaks. The rules:
//
// Every image holds its app's items once, bottom up in an order that the needs allow, within its
// limit. Base and delta are layers of their own. In every image, a spine layer is on exactly its
// Parent and On. No blob is listed twice.
func Check(p *Problem, s *Solution) error {
	if len(s.Images) != len(p.Apps) {
		return fmt.Errorf("the plan has %d images, want %d", len(s.Images), len(p.Apps))
	}
	for l := range s.Layers {
		if err := checkLayer(p, s, l); err != nil {
			return fmt.Errorf("layer %d: %w", l, err)
		}
	}
	seen := map[string]int{}
	for l, key := range s.identities() {
		if other, ok := seen[key]; ok {
			return fmt.Errorf("layers %d and %d are the same blob", other, l)
		}
		seen[key] = l
	}
	replicas := make([]int64, len(s.Layers))
	for a := range p.Apps {
		if err := checkImage(p, s, a); err != nil {
			return fmt.Errorf("app %s: %w", p.Apps[a].Name, err)
		}
		for _, l := range s.Images[a] {
			replicas[l] += p.Apps[a].replicas()
		}
	}
	for l, layer := range s.Layers {
		size, _ := s.content(p, l)
		hazard := p.hazard(s.sources(p, l))
		if replicas[l] == 0 || layer.Replicas != replicas[l] || layer.Size != size || layer.Hazard != hazard {
			return fmt.Errorf("layer %d has size %d, hazard %d and %d replicas, want %d, %d and %d",
				l, layer.Size, layer.Hazard, layer.Replicas, size, hazard, replicas[l])
		}
	}
	return nil
}

// identities returns a string for each blob; equal blobs have equal strings. A layer that refers
// to none before it has a string of its own kind.
func (s *Solution) identities() []string {
	list := make([]string, len(s.Layers))
	for l := range s.Layers {
		layer := &s.Layers[l]
		items := slices.Clone(layer.Items)
		slices.Sort(items)
		var on []string
		for _, o := range layer.On {
			if o >= 0 && o < l {
				on = append(on, list[o])
			}
		}
		slices.Sort(on)
		if layer.Parent >= 0 && layer.Parent < l {
			on = append(on, list[layer.Parent])
		}
		list[l] = fmt.Sprint(layer.Kind, layer.App, items, on)
	}
	return list
}

func checkLayer(p *Problem, s *Solution, l int) error {
	layer := &s.Layers[l]
	stacked, base := 0, 0
	for _, i := range layer.Items {
		if i < 0 || i >= len(p.Items) {
			return fmt.Errorf("unknown item %d", i)
		}
		if p.Items[i].Base {
			base++
		} else if p.Items[i].Stacked {
			stacked++
		}
		if p.Items[i].Alone != p.Items[layer.Items[0]].Alone {
			return fmt.Errorf("%s and %s cannot share a layer", p.Items[layer.Items[0]].Name, p.Items[i].Name)
		}
	}
	kind := KindPortable
	switch {
	case base > 0 && len(layer.Items) > 1:
		return fmt.Errorf("a base has other items in its layer")
	case base > 0:
		kind = KindBase
	case stacked > 0:
		kind = KindSpine
	case len(layer.Items) == 0:
		kind = KindDelta
	}
	if layer.Kind != kind {
		return fmt.Errorf("its kind is %s, want %s", layer.Kind, kind)
	}
	if (layer.App >= 0) != (kind == KindDelta) {
		return fmt.Errorf("a %s layer cannot belong to app %d", kind, layer.App)
	}
	if kind != KindSpine && (layer.Parent >= 0 || len(layer.On) > 0) {
		return fmt.Errorf("a %s layer cannot have a layer below it", kind)
	}
	if layer.Parent >= l || layer.Parent >= 0 && s.Layers[layer.Parent].Kind > KindSpine {
		return fmt.Errorf("its parent %d is not an earlier base or spine layer", layer.Parent)
	}
	for _, o := range layer.On {
		if o < 0 || o >= l || s.Layers[o].Kind != KindPortable {
			return fmt.Errorf("it stands on layer %d, which is not an earlier portable layer", o)
		}
	}
	return nil
}

func checkImage(p *Problem, s *Solution, a int) error {
	app := &p.Apps[a]
	image := s.Images[a]
	if len(image) > app.limit() {
		return &LimitError{App: app.Name, Limit: app.limit(), Least: len(image)}
	}
	placed := map[int]bool{}
	wanted := map[int]bool{}
	for _, i := range app.Items {
		wanted[i] = true
	}
	below := map[int]bool{}
	spine := -1 // the last base or spine layer
	for at, l := range image {
		if l < 0 || l >= len(s.Layers) {
			return fmt.Errorf("unknown layer %d", l)
		}
		layer := &s.Layers[l]
		for _, i := range layer.Items {
			if placed[i] || !wanted[i] {
				return fmt.Errorf("item %s is in the image twice, or does not belong to the app", p.Items[i].Name)
			}
			placed[i] = true
		}
		for _, i := range layer.Items {
			if p.Items[i].Stacked {
				if n := p.missing(i, placed, map[int]bool{}); n >= 0 {
					return fmt.Errorf("%s is below %s, which it needs", p.Items[i].Name, p.Items[n].Name)
				}
			}
		}
		switch layer.Kind {
		case KindBase:
			if at > 0 {
				return fmt.Errorf("the base is at position %d, want 0", at)
			}
			spine = l
		case KindSpine:
			if layer.Parent != spine {
				return fmt.Errorf("layer %d stands on layer %d, want layer %d", l, spine, layer.Parent)
			}
			for _, o := range layer.On {
				if !below[o] {
					return fmt.Errorf("layer %d needs layer %d below it", l, o)
				}
			}
			spine = l
		case KindDelta:
			if at != len(image)-1 || layer.App != a {
				return fmt.Errorf("the delta layer of app %d is at position %d", layer.App, at)
			}
		}
		below[l] = true
	}
	if len(placed) != len(wanted) {
		return fmt.Errorf("the image has %d of %d items", len(placed), len(wanted))
	}
	if hasDelta := len(image) > 0 && s.Layers[image[len(image)-1]].Kind == KindDelta; hasDelta == app.Delta.empty() {
		return fmt.Errorf("the delta layer is missing or empty")
	}
	// A spine layer's identity includes what its stacked members need. So a portable layer that
	// they need must be in On.
	for _, l := range image {
		if s.Layers[l].Kind != KindSpine {
			continue
		}
		said := map[int]bool{}
		for _, b := range append(s.below(l), l) {
			for _, i := range s.Layers[b].Items {
				said[i] = true
			}
		}
		for _, i := range s.Layers[l].Items {
			if p.Items[i].Stacked {
				if n := p.missing(i, said, map[int]bool{}); n >= 0 {
					return fmt.Errorf("%s needs %s, which is not below layer %d", p.Items[i].Name, p.Items[n].Name, l)
				}
			}
		}
	}
	return nil
}

// missing returns an item that item i needs, directly or not, and that is not in there; -1 if
// there is none.
func (p *Problem) missing(i int, there, seen map[int]bool) int {
	for _, n := range p.Items[i].Needs {
		if seen[n] {
			continue
		}
		seen[n] = true
		if !there[n] && !p.Items[n].Base {
			return n
		}
		if m := p.missing(n, there, seen); m >= 0 {
			return m
		}
	}
	return -1
}
