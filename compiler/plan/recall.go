package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan/search"
)

// A plan is recorded as its shared layers, each with the names of its members. This file matches
// the recorded layers with a program that may have changed since.
//
// A recorded layer suits an app if the app has all its members. If the app lacks a member,
// another instance of the same component may replace it, as long as no recorded layer mentions
// that instance: a new version looks like this and inherits the place. If the old version is gone
// from the fleet, the new one inherits its place in all layers. Members that are gone from the
// fleet are skipped.
//
// An app's spine is the chain of recorded spine layers, from the base up, that suits the app and
// covers most of it. Portable layers that suit it are added, large ones first, as long as they do
// not overlap. Where the plan was different, the lock file has stack facts. The search places the
// rest.

// memory is a recorded plan, matched with the current fleet.
type memory struct {
	facts  []lock.PlanLayer
	stacks [][]placed // by app; spine first, from the base up, then portable layers by name
	whole  []bool     // by app: the layers hold everything the app has
	exact  []bool     // by app: and no member is gone or replaced by another instance
}

// placed is a recorded layer in an image.
type placed struct {
	fact    int // in memory.facts
	spine   bool
	items   []int    // sorted
	members []string // as recorded, without the members that are gone
	gone    int      // number of members that are gone
	at      []int    // item of each member
	isNew   []bool   // whether the item is another instance
	changed bool     // some item is another instance
}

// recaller reads a recorded plan.
type recaller struct {
	t        *translation
	facts    []lock.PlanLayer
	spine    []bool              // by fact: it has a stacked member
	beneath  map[string][]int    // name of a spine layer → facts that are on it, by name
	loose    []int               // portable facts, large ones first
	stacks   map[string][]string // app → layers, from stack facts
	fresh    map[string][]int    // path of a component → items that no fact mentions, by name
	vanished map[string]bool     // paths of members that are not in the fleet any more
	gone     map[string]bool     // members that no instance in the fleet can replace
	names    map[string]int      // instance → item
	paths    map[int]string      // item → path of its component
	has      []bool              // the items of the current app
	used     []bool              // those items that are placed
	best     []placed            // spine found so far
	score    [3]int              // of best
}

// recall matches a lock file's plan with the fleet. It returns nil if there is none.
func (t *translation) recall(l *lock.File) *memory {
	if len(l.Layers) == 0 {
		return nil
	}
	r := &recaller{
		t: t, facts: l.Layers, stacks: map[string][]string{}, beneath: map[string][]int{},
		fresh: map[string][]int{}, vanished: map[string]bool{}, gone: map[string]bool{}, names: t.names(), paths: map[int]string{},
		has: make([]bool, len(t.items)), used: make([]bool, len(t.items)),
	}
	for _, s := range l.Stacks {
		r.stacks[s.App] = append(r.stacks[s.App], s.Layer)
	}
	r.match()
	if len(t.graph.Fleet.Platforms) > 1 {
		r.forget() // instances that are gone here may be on another platform
	}
	r.sort()
	m := &memory{facts: r.facts}
	known := map[string]int{} // apps with equal items have equal stacks, unless stack facts differ
	for n := range t.problem.Apps {
		app := &t.problem.Apps[n]
		key := fmt.Sprint(app.Items, r.stacks[app.Name])
		if k, ok := known[key]; ok {
			m.stacks, m.whole, m.exact = append(m.stacks, m.stacks[k]), append(m.whole, m.whole[k]), append(m.exact, m.exact[k])
			continue
		}
		known[key] = n
		stack, whole := r.app(app)
		exact := !slices.ContainsFunc(stack, func(p placed) bool { return p.changed || p.gone > 0 })
		m.stacks, m.whole, m.exact = append(m.stacks, stack), append(m.whole, whole), append(m.exact, exact)
	}
	return m
}

// names returns all instances of the fleet's images, by their ID.
func (t *translation) names() map[string]int {
	names := map[string]int{}
	for _, a := range t.graph.Apps {
		for _, i := range a.Closure {
			if n, ok := t.index[i.Key]; ok && i.Kind != model.Empty {
				names[i.ID] = n
			}
		}
	}
	return names
}

// pathOf returns the path of an instance's component.
func pathOf(id string) string { return model.ParseName(id).Path }

// match finds the items that may replace the members of facts.
func (r *recaller) match() {
	mentioned := map[int]bool{}
	for _, f := range r.facts {
		for _, m := range f.Members {
			if n, ok := r.names[m]; ok {
				mentioned[n] = true
			}
		}
	}
	for n, i := range r.t.items {
		// All packages are one component, but a package cannot replace another.
		if !mentioned[n] && i.Package == nil && i.Kind != model.Base {
			path := pathOf(i.ID)
			r.fresh[path] = append(r.fresh[path], n)
		}
	}
	for _, list := range r.fresh {
		slices.SortFunc(list, func(a, b int) int { return cmp.Compare(r.t.items[a].ID, r.t.items[b].ID) })
	}
	r.spine = make([]bool, len(r.facts))
	for f, layer := range r.facts {
		for _, m := range layer.Members {
			candidates := r.fresh[pathOf(m)]
			if n, ok := r.names[m]; ok {
				candidates = append([]int{n}, candidates...)
			} else {
				r.vanished[pathOf(m)] = true
			}
			if len(candidates) == 0 {
				r.gone[m] = true
			} else if r.t.problem.Items[candidates[0]].Stacked {
				r.spine[f] = true
			}
		}
		if allGone := !slices.ContainsFunc(layer.Members, func(m string) bool { return !r.gone[m] }); allGone {
			r.spine[f] = layer.Kind == string(Spine)
		}
	}
}

// forget removes members that are gone from the facts.
func (r *recaller) forget() {
	r.facts = slices.Clone(r.facts)
	for f := range r.facts {
		members := slices.Clone(r.facts[f].Members)
		r.facts[f].Members = slices.DeleteFunc(members, func(m string) bool { return r.gone[m] })
	}
	clear(r.gone)
}

// sort arranges the facts: spine layers by the layer below them, portable ones by size.
func (r *recaller) sort() {
	name := map[string]int{}
	for f, layer := range r.facts {
		if r.spine[f] {
			name[layer.Name] = f
		}
	}
	for f, layer := range r.facts { // by name
		if !r.spine[f] {
			r.loose = append(r.loose, f)
			continue
		}
		parent := layer.Parent
		if _, ok := name[parent]; !ok {
			parent = ""
		}
		r.beneath[parent] = append(r.beneath[parent], f)
	}
	there := func(f int) (n int) {
		for _, m := range r.facts[f].Members {
			if !r.gone[m] {
				n++
			}
		}
		return n
	}
	slices.SortStableFunc(r.loose, func(a, b int) int {
		return cmp.Or(cmp.Compare(there(b), there(a)), cmp.Compare(len(r.facts[a].Members), len(r.facts[b].Members)))
	})
}

// app returns the recorded layers that suit an app, and whether they hold all of it.
func (r *recaller) app(app *search.App) ([]placed, bool) {
	clear(r.has)
	clear(r.used)
	want := 0
	for _, i := range app.Items {
		if !r.t.problem.Items[i].Base {
			r.has[i] = true
			want++
		}
	}
	recorded := r.stacks[app.Name]
	said := func(f int) bool { return slices.Contains(recorded, r.facts[f].Name) }
	r.best, r.score = nil, [3]int{}
	r.climb("", nil, said)
	stack := r.best
	for _, p := range stack {
		r.use(p.items, true)
	}
	var loose []placed
	for _, round := range []bool{true, false} {
		for _, f := range r.loose {
			if said(f) != round {
				continue
			}
			if p, ok := r.suits(f); ok {
				r.use(p.items, true)
				loose = append(loose, p)
			}
		}
	}
	slices.SortFunc(loose, func(a, b placed) int { return cmp.Compare(a.fact, b.fact) })
	stack = append(stack, loose...)
	for _, p := range stack {
		want -= len(p.items)
	}
	return stack, want == 0
}

func (r *recaller) use(items []int, used bool) {
	for _, i := range items {
		r.used[i] = used
	}
}

// climb walks the recorded spines that suit the app and keeps the best: the one with most layers
// from the app's stack fact, then with most items, then with fewest layers that are changed or
// have lost members.
func (r *recaller) climb(on string, path []placed, said func(int) bool) {
	score := [3]int{}
	for _, p := range path {
		if said(p.fact) {
			score[0]++
		}
		score[1] += len(p.items)
		if p.changed || p.gone > 0 {
			score[2]--
		}
	}
	if len(path) > 0 && (r.best == nil || slices.Compare(score[:], r.score[:]) > 0) {
		r.best, r.score = slices.Clone(path), score
	}
	for _, f := range r.beneath[on] {
		if slices.ContainsFunc(r.facts[f].Members, func(m string) bool { return !r.gone[m] }) {
			if p, ok := r.suits(f); ok {
				r.use(p.items, true)
				r.climb(r.facts[f].Name, append(path, p), said)
				r.use(p.items, false)
			}
		} else {
			r.climb(r.facts[f].Name, path, said)
		}
	}
}

// suits places a recorded layer in the current app. It is false if the app lacks a member or a
// member is placed already.
func (r *recaller) suits(f int) (placed, bool) {
	p := placed{fact: f, spine: r.spine[f]}
	for _, m := range r.facts[f].Members {
		if r.gone[m] {
			p.gone++
			continue
		}
		n, ok := r.names[m]
		isNew := !ok || !r.has[n]
		if ok && isNew && r.vanished[pathOf(m)] {
			return p, false
		}
		if isNew {
			at := slices.IndexFunc(r.fresh[pathOf(m)], func(n int) bool { return r.has[n] && !r.used[n] && !slices.Contains(p.items, n) })
			if at < 0 {
				return p, false
			}
			n = r.fresh[pathOf(m)][at]
			p.changed = true
		}
		if r.used[n] {
			return p, false
		}
		if !slices.Contains(p.items, n) {
			p.items = append(p.items, n)
		}
		p.members, p.at, p.isNew = append(p.members, m), append(p.at, n), append(p.isNew, isNew)
	}
	slices.Sort(p.items)
	return p, len(p.items) > 0
}

// previous returns the memory in the form that the search takes.
func (m *memory) previous() *search.Solution {
	s := &search.Solution{}
	number := map[string]int{}
	for _, stack := range m.stacks {
		var image []int
		for _, p := range stack {
			key := fmt.Sprint(p.items)
			n, ok := number[key]
			if !ok {
				n = len(s.Layers)
				number[key] = n
				s.Layers = append(s.Layers, search.Layer{Items: p.items})
			}
			image = append(image, n)
		}
		s.Images = append(s.Images, image)
	}
	return s
}

// fits reports whether the recorded plan has a place for everything, including new versions. Then
// no search is needed.
func (m *memory) fits() bool { return !slices.Contains(m.whole, false) }

// isExact reports whether the plan fits and no place has changed its instance.
func (m *memory) isExact() bool { return m.fits() && !slices.Contains(m.exact, false) }

// keeps reports whether a solution has exactly the recorded stacks.
func (m *memory) keeps(s *search.Solution) bool {
	for a, image := range s.Images {
		if !m.has(a, s, image) {
			return false
		}
	}
	return true
}

// has reports whether an app's image is as recorded.
func (m *memory) has(app int, s *search.Solution, image []int) bool {
	var was, now [2][]string // spine, portable
	for _, p := range m.stacks[app] {
		kind := 1
		if p.spine {
			kind = 0
		}
		was[kind] = append(was[kind], fmt.Sprint(p.items))
	}
	for _, l := range image {
		items := slices.Clone(s.Layers[l].Items)
		slices.Sort(items)
		switch s.Layers[l].Kind {
		case search.KindSpine:
			now[0] = append(now[0], fmt.Sprint(items))
		case search.KindPortable:
			now[1] = append(now[1], fmt.Sprint(items))
		}
	}
	slices.Sort(was[1])
	slices.Sort(now[1])
	return slices.Equal(was[0], now[0]) && slices.Equal(was[1], now[1])
}
