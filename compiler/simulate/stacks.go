package simulate

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/search"
)

// stacks is one way to stack layers: the blobs, and each app's stack.
type stacks struct {
	name, about string
	blobs       []blob
	images      [][]int // by app of the problem
	recipes     []recipe
	known       map[string]int // blobs by name
}

// blob is a layer on hosts.
type blob struct {
	size    int64
	sources []int // sources that change it; sorted
	build   int64 // milliseconds to build it
}

// recipe is a build that runs once, however often its result is copied.
type recipe struct {
	sources []int
	build   int64
}

// alternatives returns the plan, and what people and tools do without one:
//
//   - each app planned on its own, sharing nothing, as report.Cost has it;
//   - each app on its own: a layer for each component that it uses, with its
//     needs, in written order; only the base is shared;
//   - the same, but images share the equal beginnings of their chains;
//   - that, with layers for everything that only copies, independent of the
//     layers below, like COPY --link in a Dockerfile;
//   - one chain for each image, with the components of most apps at the bottom;
//   - the components of most apps in layers of their own, the rest in one (known
//     from Nix), with independent layers where possible.
//
// All meet the apps' limits by putting everything beyond the limit into the last layer below the
// app's own. In a chain, each layer depends on all layers below it.
func alternatives(p *plan.Plan) []*stacks {
	problem, items := p.Problem()
	count := make([]int, len(problem.Items))
	for _, a := range problem.Apps {
		for _, i := range a.Items {
			count[i]++
		}
	}
	written := make([][][]int, len(problem.Apps))
	copied := make([][][]int, len(problem.Apps))
	popular := make([][][]int, len(problem.Apps))
	number := map[model.Key]int{}
	for n, i := range items {
		number[i.Key] = n
	}
	for n, a := range problem.Apps {
		written[n] = asWritten(p.Graph.Apps[n], number, problem)
		for _, i := range slices.SortedStableFunc(slices.Values(a.Items), func(x, y int) int { return cmp.Or(cmp.Compare(count[y], count[x]), cmp.Compare(x, y)) }) {
			if !problem.Items[i].Base {
				popular[n] = append(popular[n], []int{i})
			}
		}
		copied[n] = linked(written[n], a, problem)
		written[n], popular[n] = join(written[n], room(a, problem)), join(popular[n], room(a, problem))
	}
	return []*stacks{
		planned(p.Solution(), problem),
		alone(problem, p.Apart()),
		chains("apart", "each app on its own, as written", problem, written, false),
		chains("written", "chains as written, equal beginnings shared", problem, written, true),
		packed("linked", "as written, with COPY --link for steps that only copy", problem, copied),
		chains("shared-first", "chains with what most apps have at the bottom", problem, popular, true),
		packed("popularity", "one layer for each of the most common instances, as Nix does", problem, popular),
	}
}

// asWritten returns the items of an app in layers as people would write them.
func asWritten(a *model.App, number map[model.Key]int, p *search.Problem) [][]int {
	placed := map[*model.Instance]bool{}
	var layers [][]int
	var group []int
	var visit func(i *model.Instance)
	visit = func(i *model.Instance) {
		if placed[i] {
			return
		}
		placed[i] = true
		for _, d := range slices.Concat(i.Needs, i.RunsWith) {
			visit(d)
		}
		if n, ok := number[i.Key]; ok && i.Kind != model.Empty && !p.Items[n].Base && !slices.Contains(group, n) {
			group = append(group, n)
		}
	}
	for _, used := range append(slices.Clone(a.Uses), a.Closure...) {
		visit(used)
		if len(group) > 0 {
			layers = append(layers, group)
			group = nil
		}
	}
	return layers
}

// linked separates the layers of an app that run something from the ones that only copy. The
// former are at the bottom, and leave room for at least one of the latter.
func linked(layers [][]int, a search.App, p *search.Problem) [][]int {
	var runs, copies [][]int
	for _, l := range layers {
		var run, copied []int
		for _, i := range l {
			if p.Items[i].Stacked {
				run = append(run, i)
			} else {
				copied = append(copied, i)
			}
		}
		if len(run) > 0 {
			runs = append(runs, run)
		}
		if len(copied) > 0 {
			copies = append(copies, copied)
		}
	}
	if len(copies) > 0 {
		runs = join(runs, max(1, room(a, p)-1))
	}
	return join(slices.Concat(runs, copies), room(a, p))
}

// room is the maximal number of layers of an app between its base and its own layer.
func room(a search.App, p *search.Problem) int {
	limit := cmp.Or(a.Limit, search.DefaultLimit)
	if slices.ContainsFunc(a.Items, func(i int) bool { return p.Items[i].Base }) {
		limit--
	}
	if a.Delta.Size > 0 {
		limit--
	}
	return max(1, limit)
}

// join merges the layers beyond the room into the last one.
func join(layers [][]int, room int) [][]int {
	if len(layers) <= room {
		return layers
	}
	return append(slices.Clone(layers[:room-1]), slices.Concat(layers[room-1:]...))
}

// blob returns the blob with a name, or creates it.
func (s *stacks) blob(name string, make func() blob) int {
	n, ok := s.known[name]
	if !ok {
		n = len(s.blobs)
		s.known[name] = n
		s.blobs = append(s.blobs, make())
	}
	return n
}

func newStacks(name, about string, p *search.Problem) *stacks {
	return &stacks{name: name, about: about, images: make([][]int, len(p.Apps)), known: map[string]int{}}
}

// base adds an app's base to its image, and returns the base's sources.
func (s *stacks) base(p *search.Problem, app int) []int {
	for _, i := range p.Apps[app].Items {
		if it := &p.Items[i]; it.Base {
			s.images[app] = append(s.images[app], s.blob("base "+it.Name, func() blob {
				return blob{it.Size, distinct(it.Sources), it.Build}
			}))
			return it.Sources
		}
	}
	return nil
}

// delta adds an app's own layer on top. In a chain it depends on the layers below.
func (s *stacks) delta(p *search.Problem, app int, below []int) {
	a := &p.Apps[app]
	if a.Delta.Size > 0 {
		s.images[app] = append(s.images[app], s.blob("delta "+a.Name, func() blob {
			return blob{a.Delta.Size, distinct(below, a.Delta.Sources), a.Delta.Build}
		}))
	}
}

// planned returns the layers of a plan.
func planned(sol *search.Solution, p *search.Problem) *stacks {
	s := newStacks("plan", "what layc plans", p)
	s.images = s.add(sol, p)
	return s
}

// alone returns the layers of apps that are planned on their own.
func alone(p *search.Problem, apart []plan.Apart) *stacks {
	s := newStacks("alone", "each app planned on its own, nothing shared", p)
	for app, a := range apart {
		s.images[app] = s.add(a.Solution, a.Problem)[0]
	}
	return s
}

// add adds the blobs and recipes of a plan, and returns its images.
func (s *stacks) add(sol *search.Solution, p *search.Problem) [][]int {
	first := len(s.blobs)
	for _, l := range sol.Layers {
		b := blob{size: l.Size}
		if l.Kind == search.KindDelta {
			d := &p.Apps[l.App].Delta
			b.build, b.sources = d.Build, d.Sources
		}
		for _, i := range l.Items {
			it := &p.Items[i]
			b.sources = append(b.sources, it.Sources...)
			if it.Stacked || it.Base {
				b.build += it.Build
			}
		}
		if l.Parent >= 0 {
			b.sources = append(b.sources, s.blobs[first+l.Parent].sources...)
		}
		for _, o := range l.On {
			b.sources = append(b.sources, s.blobs[first+o].sources...)
		}
		b.sources = distinct(b.sources)
		s.blobs = append(s.blobs, b)
	}
	s.copied(p)
	images := make([][]int, len(sol.Images))
	for app, image := range sol.Images {
		for _, l := range image {
			images[app] = append(images[app], first+l)
		}
	}
	return images
}

// copied adds the recipes of portable items.
func (s *stacks) copied(p *search.Problem) {
	used := make([]bool, len(p.Items))
	for _, a := range p.Apps {
		for _, i := range a.Items {
			used[i] = true
		}
	}
	for n, it := range p.Items {
		if used[n] && !it.Stacked && !it.Base && it.Build > 0 {
			s.recipes = append(s.recipes, recipe{it.Sources, it.Build})
		}
	}
}

// chains returns images in which each layer depends on all layers below; shared reports whether
// equal beginnings of two apps are the same blobs.
func chains(name, about string, p *search.Problem, layers [][][]int, shared bool) *stacks {
	s := newStacks(name, about, p)
	for app := range p.Apps {
		below := s.base(p, app)
		path := fmt.Sprint(s.images[app])
		if !shared {
			path += p.Apps[app].Name
		}
		for _, l := range layers[app] {
			path += fmt.Sprint(distinct(l))
			var size, build int64
			for _, i := range l {
				it := &p.Items[i]
				below, size, build = distinct(below, it.Sources), size+it.Size, build+it.Build
			}
			s.images[app] = append(s.images[app], s.blob(path, func() blob { return blob{size, below, build} }))
		}
		s.delta(p, app, below)
	}
	return s
}

// packed returns images with independent layers where possible.
func packed(name, about string, p *search.Problem, layers [][][]int) *stacks {
	s := newStacks(name, about, p)
	for app := range p.Apps {
		below := s.base(p, app)
		path := fmt.Sprint(s.images[app])
		where := map[int]int{} // item → its layer
		for n, l := range layers[app] {
			for _, i := range l {
				where[i] = n
			}
		}
		for _, l := range layers[app] {
			stacked := slices.ContainsFunc(l, func(i int) bool { return p.Items[i].Stacked })
			var size, build int64
			var sources []int
			for _, i := range l {
				it := &p.Items[i]
				size += it.Size
				sources = append(sources, it.Sources...)
				if it.Stacked {
					build += it.Build
					for _, n := range portableNeeds(p, i) {
						for _, k := range layers[app][where[n]] {
							sources = append(sources, p.Items[k].Sources...)
						}
					}
				}
			}
			name := fmt.Sprint("portable ", distinct(l))
			if stacked {
				path += fmt.Sprint(distinct(l), distinct(sources))
				name = path
				below = distinct(below, sources)
				sources = below
			}
			s.images[app] = append(s.images[app], s.blob(name, func() blob { return blob{size, distinct(sources), build} }))
		}
		s.delta(p, app, nil)
	}
	s.copied(p)
	return s
}

// portableNeeds returns the portable items that an item needs, directly or not.
func portableNeeds(p *search.Problem, item int) (list []int) {
	seen := map[int]bool{}
	var visit func(i int)
	visit = func(i int) {
		for _, n := range p.Items[i].Needs {
			if seen[n] {
				continue
			}
			seen[n] = true
			if !p.Items[n].Stacked && !p.Items[n].Base {
				list = append(list, n)
			}
			visit(n)
		}
	}
	visit(item)
	return list
}

// distinct returns the distinct numbers of some lists, sorted.
func distinct(lists ...[]int) []int {
	list := slices.Concat(lists...)
	slices.Sort(list)
	return slices.Compact(list)
}
