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

// Record returns the lock file with the facts of the fleet's plan in place of its old ones. Facts
// that are not about plans are unchanged. Layers that were recorded keep their names.
func Record(l *lock.File, p *Plan) *lock.File {
	r := recorder{named: map[string]int{}, taken: map[string]bool{}}
	r.plan(p)
	out := *l
	out.Layers, out.Stacks = slices.Clone(r.facts), nil
	out.Sort()
	// Stack facts cover the apps that the layer facts do not describe.
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
	named map[string]int // key of a layer → fact
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
			continue // differs only in what is not recorded
		}
		name := old[l]
		if name == "" || r.taken[name] {
			// A layer with the same members may have used this name.
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

// nameOf returns the recorded name of a layer, "" if the layer is not recorded.
func (r *recorder) nameOf(p *Plan, l *Layer) string {
	if !l.shareable() {
		return ""
	}
	return r.facts[r.named[r.key(p, l)]].Name
}

// key identifies a recorded layer: by members and, for a spine, the layer below.
func (r *recorder) key(p *Plan, l *Layer) string {
	key := fmt.Sprintf("%s %q", l.Kind, l.members())
	if l.Kind == Spine && l.Parent != nil {
		key += " on " + r.nameOf(p, l.Parent)
	}
	return key
}

// newName names a layer after its largest member; digits distinguish layers with equal names.
func newName(key string, l *Layer) string {
	largest := slices.MaxFunc(l.Members, func(a, b *model.Instance) int {
		return cmp.Or(cmp.Compare(estimate(a).Bytes, estimate(b).Bytes), cmp.Compare(b.ID, a.ID))
	})
	sum := sha256.Sum256([]byte(key))
	return ShortName(largest) + "-" + hex.EncodeToString(sum[:3])
}

// ShortName returns the last word of the path of a component or user, or a package's name.
func ShortName(i *model.Instance) string {
	if i.Package != nil && i.Package.Account == nil {
		return i.Package.Packages[0].Name
	}
	return i.Last()
}

// shareable reports whether a layer is recorded. Bases and deltas are not, since they are always
// layers.
func (l *Layer) shareable() bool { return l.Kind == Spine || l.Kind == Portable }

// members returns the sorted IDs of a layer's members.
func (l *Layer) members() []string {
	var list []string
	for _, i := range l.Members {
		list = append(list, i.ID)
	}
	slices.Sort(list)
	return list
}

// recorded matches the plan's layers with the recorded ones. Unchanged layers are matched first.
// Each other layer is then matched with the old one that has most members in common with it.
func (p *Plan) recorded() map[*Layer]string {
	names := map[*Layer]string{}
	if p.memory == nil {
		return names
	}
	taken := map[int]*Layer{}
	// Spine layers that differ only in the portable layers below them are recorded once.
	same := func(a, b *Layer) bool {
		return a.Kind == Spine && b.Kind == Spine && slices.Equal(p.itemsOf(a), p.itemsOf(b)) &&
			(a.Parent == b.Parent || a.Parent != nil && b.Parent != nil && names[a.Parent] != "" && names[a.Parent] == names[b.Parent])
	}
	for pass := range 2 { // first exact ones, then those with a new version
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

// itemsOf returns the sorted items of a layer.
func (p *Plan) itemsOf(l *Layer) []int {
	items := slices.Clone(p.solution.Layers[l.index].Items)
	slices.Sort(items)
	return items
}

// app returns the index of an image's app in the problem.
func (p *Plan) app(image int) int {
	return slices.Index(p.Graph.Apps, p.Images[image].App)
}

// image returns the image of an app.
func (p *Plan) image(app string) *Image {
	return p.Images[slices.IndexFunc(p.Images, func(i *Image) bool { return i.App.Name == app })]
}

// misread returns the apps that a lock file's layer facts alone do not describe correctly.
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
