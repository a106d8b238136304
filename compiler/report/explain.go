package report

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/search"
)

// Explanation is why a layer is as it is.
type Explanation struct {
	Layer   *plan.Layer
	Images  []*plan.Image // that have it, by app
	Members []Member      // by size, large ones first
	Sum     Sum           // what the layer costs; its Stored is its size
	// Splits are other places for one member each, the cheapest one for each,
	// in the order of Members; those with no other place are left out.
	Splits []Alternative
	// Merges are other layers that all its images have and that it could be
	// one with, by what that would cost.
	Merges []Alternative
}

// Member is one thing in a layer: an instance, or all OS packages in it that
// are made from one source.
type Member struct {
	Name      string
	Instances []*model.Instance
	Size      int64
	PerYear   float64 // expected changes, of its own
	Images    int     // of the whole fleet that hold it, in whatever layer
}

// Alternative is a plan that differs in one place, and what it would cost more:
// less than nothing if the layer isn't best as it is.
type Alternative struct {
	Member int         // in Members; -1 of a merge
	Into   *plan.Layer // nil: a layer of its own
	// Limit says which app's limit forbids it; nil if none does. The costs are
	// then what it would cost with a higher limit.
	Limit *search.LimitError
	More  Sum
}

// maxLimit stands for no limit.
const maxLimit = 1 << 30

// maxSplits is for how many members other places are tried: the largest ones.
const maxSplits = 12

// Layers are those that a name means: a layer by its ID or the beginning of
// it, else those that hold a component, in the plan's order.
func Layers(p *plan.Plan, name string) []*plan.Layer {
	var byID, byMember []*plan.Layer
	named := map[*model.Instance]bool{}
	for _, i := range Named(p.Graph, name) {
		named[i] = true
	}
	for _, l := range p.Layers {
		if l.ID == name {
			return []*plan.Layer{l}
		}
		if strings.HasPrefix(l.ID, name) {
			byID = append(byID, l)
		}
		if slices.ContainsFunc(append(slices.Clone(l.Members), l.Marks...), func(m *model.Instance) bool { return named[m] }) {
			byMember = append(byMember, l)
		}
	}
	if len(byMember) > 0 {
		return byMember
	}
	return byID
}

// Explain asks the cost model about a layer of a whole fleet's plan.
func Explain(p *plan.Plan, l *plan.Layer) *Explanation {
	x := &explaining{p: p, n: numbersOf(p), layer: l, out: &Explanation{Layer: l}}
	x.stacks = x.n.Solution.Stacks()
	free := *x.n.Problem
	free.Apps = slices.Clone(free.Apps)
	for a := range free.Apps {
		free.Apps[a].Limit = maxLimit
	}
	x.free = &free
	x.w = x.n.Problem.Weights
	if x.w == (search.Weights{}) {
		x.w = search.DefaultWeights()
	}
	for a, i := range p.Images {
		if slices.Contains(i.Layers, l) {
			x.apps = append(x.apps, a)
			x.out.Images = append(x.out.Images, i)
		}
	}
	x.out.Sum.add(p.LayerCost(l), x.w)
	x.out.Sum.Stored = l.Size
	x.members()
	if l.Kind == plan.Spine || l.Kind == plan.Portable {
		x.splits()
		x.merges()
	}
	return x.out
}

type explaining struct {
	p      *plan.Plan
	n      numbers
	w      search.Weights
	layer  *plan.Layer
	free   *search.Problem // without limits
	apps   []int           // that have the layer
	stacks [][][]int       // of the plan
	items  [][]int         // by member
	out    *Explanation
}

func (x *explaining) members() {
	at := map[string]int{}
	for _, i := range x.n.Solution.Layers[x.layer.Index()].Items {
		item, of := x.n.Problem.Items[i], x.n.Items[i]
		name := causer(of)
		k, ok := at[name]
		if !ok {
			k = len(x.out.Members)
			at[name] = k
			x.out.Members = append(x.out.Members, Member{Name: name, Images: x.images(i)})
			x.items = append(x.items, nil)
		}
		m := &x.out.Members[k]
		m.Instances = append(m.Instances, of)
		m.Size += item.Size
		m.PerYear = max(m.PerYear, x.perYear(item.Sources))
		m.Images = max(m.Images, x.images(i))
		x.items[k] = append(x.items[k], i)
	}
	if d := x.layer.App; d != nil {
		one := x.n.Problem.Apps[x.apps[0]].Delta
		x.out.Members = []Member{{Name: d.Delta.Title, Instances: []*model.Instance{d.Delta}, Size: one.Size, PerYear: x.perYear(one.Sources), Images: 1}}
	}
	order := make([]int, len(x.items))
	for k := range order {
		order[k] = k
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(x.out.Members[b].Size, x.out.Members[a].Size), strings.Compare(x.out.Members[a].Name, x.out.Members[b].Name))
	})
	if len(order) > 0 {
		members, items := slices.Clone(x.out.Members), slices.Clone(x.items)
		for k, from := range order {
			x.out.Members[k], x.items[k] = members[from], items[from]
		}
	}
}

// images is how many images of the fleet hold an item.
func (x *explaining) images(item int) (n int) {
	for _, a := range x.n.Problem.Apps {
		if slices.Contains(a.Items, item) {
			n++
		}
	}
	return n
}

func (x *explaining) perYear(sources []int) float64 {
	sum := 0.0
	for _, s := range sources {
		sum += float64(x.n.Problem.Sources[s].Hazard)
	}
	return math.Round(sum/search.HazardOne*plan.CyclesPerYear*1000) / 1000 // hazards are rounded, too
}

// splits tries other places for each member.
func (x *explaining) splits() {
	if len(x.out.Members) < 2 {
		return
	}
	for k := range min(len(x.out.Members), maxSplits) {
		var best *Alternative
		try := func(into *plan.Layer, edit func(stack [][]int, at int) [][]int) {
			if a := x.alternative(into, edit); a != nil && better(a, best) {
				a.Member = k
				best = a
			}
		}
		for _, above := range []int{0, 1} {
			try(nil, func(stack [][]int, at int) [][]int {
				stack[at] = without(stack[at], x.items[k])
				return slices.Insert(stack, at+above, x.items[k])
			})
		}
		for _, t := range x.neighbours() {
			try(t, func(stack [][]int, at int) [][]int {
				stack[at] = without(stack[at], x.items[k])
				to := x.find(stack, t)
				stack[to] = slices.Concat(stack[to], x.items[k])
				return stack
			})
		}
		if best != nil {
			x.out.Splits = append(x.out.Splits, *best)
		}
	}
}

// merges tries to make the layer one with each other that its images have.
func (x *explaining) merges() {
	for _, t := range x.neighbours() {
		var best *Alternative
		for _, here := range []bool{true, false} {
			a := x.alternative(t, func(stack [][]int, at int) [][]int {
				to := x.find(stack, t)
				keep, drop := to, at
				if here {
					keep, drop = at, to
				}
				stack[keep] = slices.Concat(stack[keep], stack[drop])
				return slices.Delete(stack, drop, drop+1)
			})
			if a != nil && better(a, best) {
				a.Member = -1
				best = a
			}
		}
		if best != nil {
			x.out.Merges = append(x.out.Merges, *best)
		}
	}
	slices.SortStableFunc(x.out.Merges, func(a, b Alternative) int { return cmp.Compare(a.More.Money, b.More.Money) })
}

// better prefers what the limits allow, then what costs less.
func better(a, b *Alternative) bool {
	if b == nil || (a.Limit == nil) != (b.Limit == nil) {
		return b == nil || a.Limit == nil
	}
	return a.More.Money < b.More.Money
}

// neighbours are the other layers that all images with the layer have, without
// base and delta.
func (x *explaining) neighbours() []*plan.Layer {
	var out []*plan.Layer
	for _, t := range x.out.Images[0].Layers {
		if t == x.layer || t.Kind == plan.Base || t.Kind == plan.Delta {
			continue
		}
		if !slices.ContainsFunc(x.out.Images, func(i *plan.Image) bool { return !slices.Contains(i.Layers, t) }) {
			out = append(out, t)
		}
	}
	return out
}

// find is the place of a layer in a stack that was not edited there yet.
func (x *explaining) find(stack [][]int, l *plan.Layer) int {
	items := x.n.Solution.Layers[l.Index()].Items
	return slices.IndexFunc(stack, func(s []int) bool { return len(items) > 0 && slices.Contains(s, items[0]) })
}

// alternative edits the stacks of all images that have the layer and prices the
// result; nil if needs forbid it.
func (x *explaining) alternative(into *plan.Layer, edit func(stack [][]int, at int) [][]int) *Alternative {
	stacks := slices.Clone(x.stacks)
	for _, a := range x.apps {
		stacks[a] = edit(slices.Clone(stacks[a]), slices.Index(x.p.Images[a].Layers, x.layer))
	}
	s, err := search.Restack(x.free, stacks)
	if err != nil {
		return nil
	}
	out := &Alternative{Into: into}
	for _, a := range x.apps {
		app := &x.n.Problem.Apps[a]
		limit := cmp.Or(app.Limit, search.DefaultLimit)
		if n := len(s.Images[a]); n > limit && out.Limit == nil {
			out.Limit = &search.LimitError{App: app.Name, Limit: limit, Least: n}
		}
	}
	now, then := x.n.Solution.Cost, s.Cost
	out.More.add(search.Cost{Store: then.Store - now.Store, Pull: then.Pull - now.Pull, Build: then.Build - now.Build}, x.w)
	for l := range s.Layers {
		out.More.Stored += s.Layers[l].Size
	}
	for l := range x.n.Solution.Layers {
		out.More.Stored -= x.n.Solution.Layers[l].Size
	}
	return out
}

func without(list, gone []int) []int {
	return slices.DeleteFunc(slices.Clone(list), func(i int) bool { return slices.Contains(gone, i) })
}
