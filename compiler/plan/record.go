package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
)

// Record returns the facts of the fleet's plan in place of those that the lock
// file has. What is not about plans is the same as before. Layers that were
// recorded keep their names.
func Record(l *lock.File, p *Plan) *lock.File {
	r := recorder{named: map[string]int{}, taken: map[string]bool{}}
	r.plan(p)
	out := *l
	out.Layers, out.Stacks = slices.Clone(r.facts), nil
	out.Sort()
	// What the layers alone don't say, stack facts do.
	for _, a := range p.misread(&out) {
		stacked := map[string]bool{}
		for _, l := range p.image(a).Layers {
			if name := r.nameOf(p, l); name != "" && !stacked[name] {
				stacked[name] = true
				out.Stacks = append(out.Stacks, lock.Stack{App: a, Layer: name})
			}
		}
	}
	out.Sort()
	return &out
}

// recorder collects facts.
type recorder struct {
	facts []lock.PlanLayer
	named map[string]int // what a layer is → fact
	taken map[string]bool
}

// plan adds the layers of a plan.
func (r *recorder) plan(p *Plan) {
	old := p.recorded()
	kept := map[string]bool{}
	for _, name := range old {
		kept[name] = true
	}
	for _, l := range p.Layers {
		if !l.shareable() {
			continue
		}
		key := r.key(p, l)
		if _, ok := r.named[key]; ok {
			continue // differs in nothing that is recorded
		}
		name := old[l]
		if name == "" || r.taken[name] {
			// What the layer is called may be the name of one that was like it.
			name = newName(key, l)
			for n := 2; r.taken[name] || kept[name]; n++ {
				name = newName(fmt.Sprint(key, " ", n), l)
			}
		}
		r.taken[name] = true
		fact := lock.PlanLayer{Name: name, Kind: string(l.Kind), Members: l.members()}
		if l.Parent != nil {
			fact.Parent = r.nameOf(p, l.Parent)
		}
		r.named[key] = len(r.facts)
		r.facts = append(r.facts, fact)
	}
}

// nameOf is the name under which a layer is recorded, "" for one that is not.
func (r *recorder) nameOf(p *Plan, l *Layer) string {
	if !l.shareable() {
		return ""
	}
	return r.facts[r.named[r.key(p, l)]].Name
}

// key tells recorded layers apart: by members and, for a spine, the layer below.
func (r *recorder) key(p *Plan, l *Layer) string {
	key := fmt.Sprintf("%s %q", l.Kind, l.members())
	if l.Kind == Spine && l.Parent != nil {
		key += " on " + r.nameOf(p, l.Parent)
	}
	return key
}

// newName names a layer after its largest member; digits keep names of
// different layers apart.
func newName(key string, l *Layer) string {
	largest := slices.MaxFunc(l.Members, func(a, b *model.Instance) int {
		return cmp.Or(cmp.Compare(estimate(a), estimate(b)), cmp.Compare(b.ID, a.ID))
	})
	sum := sha256.Sum256([]byte(key))
	return ShortName(largest) + "-" + hex.EncodeToString(sum[:3])
}

// ShortName is the last word of a component's or a user's path, or a package's
// name.
func ShortName(i *model.Instance) string {
	if i.Package != nil && i.Package.Account == nil {
		return i.Package.Packages[0].Name
	}
	return i.Last()
}

// shareable says whether a layer is recorded: bases and deltas are always
// layers.
func (l *Layer) shareable() bool { return l.Kind == Spine || l.Kind == Portable }

// members are the IDs of a layer's members, sorted.
func (l *Layer) members() []string {
	var list []string
	for _, i := range l.Members {
		list = append(list, i.ID)
	}
	slices.Sort(list)
	return list
}

// recorded matches the plan's layers with what the lock file has: those that
// are as they were first, then each that has something of an old one with the
// one of which it has most.
func (p *Plan) recorded() map[*Layer]string {
	names := map[*Layer]string{}
	if p.memory == nil {
		return names
	}
	taken := map[int]*Layer{}
	// Spine layers that differ in nothing but the portable layers that they
	// stand on are recorded once.
	same := func(a, b *Layer) bool {
		return a.Kind == Spine && b.Kind == Spine && slices.Equal(p.itemsOf(a), p.itemsOf(b)) &&
			(a.Parent == b.Parent || a.Parent != nil && b.Parent != nil && names[a.Parent] != "" && names[a.Parent] == names[b.Parent])
	}
	for pass := range 2 { // exact ones before those with a new version
		for n, i := range p.Images {
			for _, l := range i.Layers {
				if names[l] != "" || !l.shareable() {
					continue
				}
				for _, was := range p.memory.stacks[p.app(n)] {
					free := taken[was.fact] == nil || same(taken[was.fact], l)
					if free && slices.Equal(was.items, p.itemsOf(l)) && (pass == 1 || !was.changed) {
						names[l] = p.memory.facts[was.fact].Name
						taken[was.fact] = l
						break
					}
				}
			}
		}
	}
	for _, l := range p.Layers {
		if names[l] != "" || !l.shareable() {
			continue
		}
		best, most := -1, 0
		for f, fact := range p.memory.facts {
			if taken[f] != nil || (fact.Kind == string(Spine)) != (l.Kind == Spine) {
				continue
			}
			common := 0
			for _, i := range l.Members {
				if slices.ContainsFunc(fact.Members, func(m string) bool { return m == i.ID || i.Package == nil && pathOf(m) == pathOf(i.ID) }) {
					common++
				}
			}
			if common > most {
				best, most = f, common
			}
		}
		if best >= 0 {
			names[l] = p.memory.facts[best].Name
			taken[best] = l
		}
	}
	return names
}

// itemsOf are the items of a layer, sorted.
func (p *Plan) itemsOf(l *Layer) []int {
	items := slices.Clone(p.solution.Layers[l.index].Items)
	slices.Sort(items)
	return items
}

// app is the number of an image's app in the problem.
func (p *Plan) app(image int) int {
	return slices.Index(p.Graph.Apps, p.Images[image].App)
}

// image is the image of an app.
func (p *Plan) image(app string) *Image {
	return p.Images[slices.IndexFunc(p.Images, func(i *Image) bool { return i.App.Name == app })]
}

// misread are the apps whose layers in a lock file alone don't describe the plan.
func (p *Plan) misread(l *lock.File) []string {
	t := newTranslation(p.Graph, l)
	m := t.recall(l)
	if m == nil {
		return nil
	}
	var apps []string
	for a, now := range p.solution.Images {
		if !m.has(a, p.solution, now) {
			apps = append(apps, p.Graph.Apps[a].Name)
		}
	}
	return apps
}
