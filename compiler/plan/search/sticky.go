package search

import (
	"cmp"
	"fmt"
	"slices"
)

// A plan that was made before is in registries and on hosts. With one, the search starts from it.
// The parts that an edit did not touch stay, removed items are taken out of their layers, and new
// items get a layer or the cheapest place. Then polish goes on as usual, but with a price on
// moving. For each blob that a class did not hold before, it pays one pull to its replicas,
// divided by the number of cycles within which a move has to pay back.

// DefaultPayback is the default number of cycles within which a move must pay back.
const DefaultPayback = 4

// Moving returns what hosts pull when they replace one plan by another of the same problem. Each
// replica pulls the layers that its app did not have. Apps without an image in the first plan do
// not count.
func Moving(p *Problem, from, to *Solution) Move {
	w := p.Weights
	if w == (Weights{}) {
		w = DefaultWeights()
	}
	was, is := from.identities(), to.identities()
	var m Move
	for a := range p.Apps {
		if a >= len(from.Images) || a >= len(to.Images) || from.Images[a] == nil {
			continue
		}
		had := map[string]bool{}
		for _, l := range from.Images[a] {
			if l >= 0 && l < len(was) {
				had[was[l]] = true
			}
		}
		for _, l := range to.Images[a] {
			if to.Layers[l].Kind != KindDelta && !had[is[l]] {
				size := to.Layers[l].Size
				m.Bytes += size * p.Apps[a].replicas()
				m.Cost += Money(milli(size+w.Layer, w.Pull)) * Money(p.Apps[a].replicas())
			}
		}
	}
	return m
}

// previousKey describes an app's stack in the previous plan, so that all apps of a class had
// equal stacks.
func previousKey(s *Solution, a int) string {
	if a >= len(s.Images) || s.Images[a] == nil {
		return "new"
	}
	key := ""
	for _, l := range s.Images[a] {
		if l >= 0 && l < len(s.Layers) {
			items := slices.Clone(s.Layers[l].Items)
			slices.Sort(items)
			key += fmt.Sprint(items)
		}
	}
	return key
}

// addPrevious sets the previous layers of each class: bottom up, with the items that it still
// has. A new class has none.
func (f *fleet) addPrevious(place []int32, s *Solution) {
	f.previous = make([][][]int32, len(f.classes))
	for c := range f.classes {
		a := f.classes[c].apps[0]
		if a >= len(s.Images) || s.Images[a] == nil {
			continue
		}
		layers := [][]int32{}
		seen := newBitset(len(f.items))
		for _, l := range s.Images[a] {
			if l < 0 || l >= len(s.Layers) {
				continue
			}
			var items []int32
			for _, o := range s.Layers[l].Items {
				if o < 0 || o >= len(place) || !f.classes[c].set.has(place[o]) || seen.has(place[o]) {
					continue
				}
				seen.add(place[o])
				items = append(items, place[o])
			}
			if len(items) > 0 {
				layers = append(layers, items)
			}
		}
		f.previous[c] = layers
	}
}

// sticky repairs and polishes the previous plan at each limit up to the fleet's, or polishes the
// plan for the limit below where that is cheaper, or a new plan if the previous one exceeds a limit.
// Without work, it repairs at the fleet's only.
func (f *fleet) sticky(o Options) *pool {
	limit := f.top
	if o.Work >= 0 {
		limit = f.lowest()
	}
	var anew map[int][][][]int32
	if o.Work >= 0 && f.exceeded() {
		anew = f.anew(o)
	}
	var below [][][]int32
	for spent := int64(0); ; limit++ {
		f.setLimit(limit)
		po := newPool(f)
		po.payback, po.work = cmp.Or(o.Payback, DefaultPayback), spent
		po.held = make([]map[uint64]bool, len(f.classes))
		q := newPolish(po, spent, o)
		q.findBest(f.resume(po))
		for _, other := range [][][][]int32{below, anew[limit]} {
			if other == nil {
				continue
			}
			best, cost := po.snapshot(), po.cost
			if po.load(po.interned(other)); po.cost >= cost {
				po.load(best)
			}
		}
		if o.Work >= 0 {
			q.limit = f.stickyWork(o, limit)
			q.rounds()
		}
		if limit >= f.top || o.ended() {
			return po
		}
		below, spent = po.layers(), po.work
	}
}

// exceeded reports whether the previous plan has more layers than the limits allow.
func (f *fleet) exceeded() bool {
	f.setLimit(f.top)
	for c, layers := range f.previous {
		if len(layers) > f.classes[c].room {
			return true
		}
	}
	return false
}

// anew returns plans without a previous plan, by limit. A plan that must be squeezed into a lower
// limit is often far from one that was made for it, and most of its layers move in either case.
func (f *fleet) anew(o Options) map[int][][][]int32 {
	out := map[int][][][]int32{}
	d := f.newDescent(o)
	for low, high := f.lowest(), 0; ; low = high + 1 {
		high = f.group(low)
		for k, plan := range d.plans(low, high) {
			if low+k <= f.top {
				d.po.load(plan)
				out[low+k] = d.po.layers()
			}
		}
		if high >= f.top || o.ended() {
			return out
		}
	}
}

// stickyWork returns the amount of work up to a limit. It is the same for each limit up to 10, and
// a quarter of that for the others.
func (f *fleet) stickyWork(o Options, limit int) int64 {
	const share = DefaultLimit - lowestLimit + 1
	if f.top == 0 {
		return f.work(o)
	}
	lowest := f.lowest()
	n, limits := int64(limit-lowest+1), int64(max(DefaultLimit-lowest+1, share))
	return f.work(o)*min(n, limits)/share + f.work(o)*max(n-limits, 0)/(4*share)
}

// resume loads what is left of the previous plan. It returns the classes with incomplete images,
// first those with a previous image.
func (f *fleet) resume(po *pool) []int32 {
	var broken, fresh []int32
	for c := range f.classes {
		if f.previous[c] == nil {
			fresh = append(fresh, int32(c))
			continue
		}
		var plan []int32
		placed := 0
		for _, items := range f.previous[c] {
			plan = append(plan, po.intern(items...))
			placed += len(items)
		}
		if _, ok := po.try(int32(c), plan); !ok {
			// Needs or secrets changed: only portable layers may be as before.
			po.held[c] = map[uint64]bool{}
			for _, s := range plan {
				if !po.sets[s].stacked {
					po.held[c][po.blobs[po.sets[s].loose].key] = true
				}
			}
			broken = append(broken, int32(c))
			continue
		}
		po.keep()
		po.held[c] = map[uint64]bool{}
		for _, b := range po.lay[c] {
			po.held[c][po.blobs[b].key] = true
		}
		if placed < len(f.classes[c].items) || len(plan) > f.classes[c].room {
			broken = append(broken, int32(c))
		}
	}
	return append(broken, fresh...)
}

// findBest gives each of these classes the cheapest of a few plans: its own completed plan, or
// for a new class the best suited plans of other classes.
func (q *polish) findBest(classes []int32) {
	po := q.po
	for _, c := range classes {
		plans := [][]int32{slices.Clone(po.plan[c])}
		if len(po.plan[c]) == 0 {
			plans = q.models(c)
		}
		var best []int32
		var least Money
		for _, plan := range plans {
			if plan = q.complete(c, plan); plan == nil {
				continue
			}
			d, ok := po.try(c, slices.Clone(plan))
			po.undo()
			if ok && (best == nil || d < least) {
				best, least = plan, d
			}
		}
		if best == nil {
			for _, items := range po.f.tightest(&po.f.classes[c]) {
				best = append(best, po.intern(items...))
			}
		}
		po.try(c, best)
		po.keep()
	}
}

// models lists plans of other classes that suit a class, those that cover most of its bytes.
func (q *polish) models(c int32) [][]int32 {
	const enough = 8
	po := q.po
	covered := func(plan []int32) (size int64) {
		for _, s := range plan {
			size += po.sets[s].size
		}
		return size
	}
	plans := [][]int32{nil}
	for o := range po.plan {
		plans = append(plans, q.suiting(c, int32(o)))
	}
	slices.SortStableFunc(plans, func(a, b []int32) int {
		return cmp.Or(cmp.Compare(covered(b), covered(a)), slices.Compare(a, b))
	})
	plans = slices.CompactFunc(plans, slices.Equal)
	return plans[:min(enough, len(plans))]
}

// suiting is the part of another class's plan that a class can have, too: the bottom of the
// spine, and portable layers.
func (q *polish) suiting(c, o int32) []int32 {
	po := q.po
	var plan []int32
	broken := po.f.classes[c].base != po.f.classes[o].base
	for _, s := range po.plan[o] {
		within := po.sets[s].bits.within(po.f.classes[c].set)
		if po.sets[s].stacked {
			broken = broken || !within
			within = !broken
		}
		if within {
			plan = append(plan, s)
		}
	}
	return plan
}

// complete adds the missing items to a plan, each in a layer of its own, and merges layers until
// it is within the limit.
func (q *polish) complete(c int32, plan []int32) []int32 {
	po := q.po
	missing := po.f.classes[c].set.copy()
	for _, s := range plan {
		for _, i := range po.sets[s].items {
			missing.drop(i)
		}
	}
	list := missing.members()
	slices.SortStableFunc(list, func(a, b int32) int { return cmp.Compare(po.f.items[a].depth, po.f.items[b].depth) })
	for _, i := range list {
		plan = append(plan, po.intern(i))
	}
	return q.shrink(c, plan)
}
