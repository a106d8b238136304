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

// Explanation explains why a layer is planned as it is.
type Explanation struct {
	Layer   *plan.Layer
	Images  []*plan.Image // images with the layer, by app
	Members []Member      // by size, largest first
	Sum     Sum           // cost of the layer; its Stored is its size
	// Splits are other places for single members: the cheapest place for each, in the order of
	// Members. Members without another place are omitted.
	Splits []Alternative
	// Merges are other layers that are in all its images and could be merged with it, by cost.
	Merges []Alternative
}

// Member is a member of a layer: an instance, or all OS packages in it from one source.
type Member struct {
	Name      string
	Instances []*model.Instance
	Size      plan.Size
	PerYear   float64 // expected changes of the member itself
	Images    int     // images of the whole fleet with it, in any layer
}

// Alternative is a plan that differs in one place, and its additional cost, which is negative if
// the alternative is better.
type Alternative struct {
	Member int         // index in Members; -1 for a merge
	Into   *plan.Layer // nil: a layer of its own
	// Limit is the error of the app whose limit forbids the alternative; nil if none does. The
	// costs then assume a higher limit.
	Limit *search.LimitError
	More  Sum
}

// maxLimit means no limit.
const maxLimit = 1 << 30

// maxSplits is the number of members, the largest ones, for which other places are tried.
const maxSplits = 12

// Layers returns the layers that match a name: a layer by its ID or a prefix of it, else the
// layers with a component, in the plan's order.
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

// Explain explains a layer of a whole fleet's plan, using the cost model.
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
	x.out.Sum.add(p.LayerCost(l), x.w, l.Size.Estimated)
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
	apps   []int           // apps with the layer
	stacks [][][]int       // stacks of the plan
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
		m.Size = m.Size.Plus(x.p.Size(of))
		m.PerYear = max(m.PerYear, x.perYear(item.Sources))
		m.Images = max(m.Images, x.images(i))
		x.items[k] = append(x.items[k], i)
	}
	if d := x.layer.App; d != nil {
		one := x.n.Problem.Apps[x.apps[0]].Delta
		x.out.Members = []Member{{Name: d.Delta.Title, Instances: []*model.Instance{d.Delta}, Size: x.p.Size(d.Delta), PerYear: x.perYear(one.Sources), Images: 1}}
	}
	order := make([]int, len(x.items))
	for k := range order {
		order[k] = k
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(x.out.Members[b].Size.Bytes, x.out.Members[a].Size.Bytes), strings.Compare(x.out.Members[a].Name, x.out.Members[b].Name))
	})
	if len(order) > 0 {
		members, items := slices.Clone(x.out.Members), slices.Clone(x.items)
		for k, from := range order {
			x.out.Members[k], x.items[k] = members[from], items[from]
		}
	}
}

// images returns the number of images in the fleet with an item.
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

// merges tries to merge the layer with each other one that all its images have.
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

// better prefers alternatives within the limits, then the cheaper one.
func better(a, b *Alternative) bool {
	if b == nil || (a.Limit == nil) != (b.Limit == nil) {
		return b == nil || a.Limit == nil
	}
	return a.More.Money < b.More.Money
}

// neighbours returns the other layers that all images with the layer have, except for base and
// delta.
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

// find returns the index of a layer in a stack that is not edited there yet.
func (x *explaining) find(stack [][]int, l *plan.Layer) int {
	items := x.n.Solution.Layers[l.Index()].Items
	return slices.IndexFunc(stack, func(s []int) bool { return len(items) > 0 && slices.Contains(s, items[0]) })
}

// alternative edits the stacks of all images with the layer and prices the result; nil if needs
// forbid it.
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
	out.More.add(search.Cost{Store: then.Store - now.Store, Pull: then.Pull - now.Pull, Build: then.Build - now.Build}, x.w, x.p.Estimated())
	out.More.Stored.Estimated = x.p.Estimated()
	for l := range s.Layers {
		out.More.Stored.Bytes += s.Layers[l].Size
	}
	for l := range x.n.Solution.Layers {
		out.More.Stored.Bytes -= x.n.Solution.Layers[l].Size
	}
	return out
}

func without(list, gone []int) []int {
	return slices.DeleteFunc(slices.Clone(list), func(i int) bool { return slices.Contains(gone, i) })
}
