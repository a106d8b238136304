// Package search finds the layers of a fleet's images: which items go together,
// and in which order they lie, so that storing, pulling and building them all
// costs least. It is pure arithmetic on numbers and knows nothing of files,
// components or images beyond that.
//
// # The problem
//
// Each app has a set of items and a limit of layers. Its image is a list of
// layers that holds each item once. A layer of portable items only is the same
// blob in every image. A layer with a stacked item is the same blob only where
// all below it is the same too, and it changes whenever anything below changes;
// such layers form one chain in each image, the spine. A blob with hazard h, the
// sum over the sources that change it, changes in a cycle with probability
// q = 1 − e^−h, and costs
//
//	store · size · (1 + R·q)
//	+ pull · (size + ε) · ω(φ) · (1 − (1−ν)(1−q))
//	+ build · seconds · (φ₀ + q)
//
// once, where φ is the number of replicas that hold it and ω that of hosts; see
// Weights. Good plans share what is common, put what changes seldom below what
// changes often, keep apart what changes at different rates, and do so in few
// layers: aims that contradict each other. Even without limits, and with
// sharing alone, the problem is NP-hard: it is to find the smallest trie of
// sets when each set may choose the order of its keys.
//
// # The algorithm
//
// Apps that differ in their delta only are one class (fleet.go); what is below
// is about classes, and about what lies between base and delta.
//
//  1. Spines are built item by item as a trie, once from the bottom up by gain
//     and harm and once in order of popularity (trie.go); portable items start
//     in layers of their own.
//  2. Layers are merged until every image is within its limit, always the pair
//     that costs least for each image that it helps (fit.go). Where merging gets
//     stuck, since some items must stay alone, an order of fewest layers takes
//     its place (least.go).
//  3. The better of both is polished: items are moved, exchanged and split off,
//     layers merged and reordered, always for all images concerned at once
//     (polish.go), on a representation where a change costs a few look-ups for
//     each class (pool.go).
//  4. A fleet of at most five classes with at most eight items each is then
//     searched exhaustively, with shares of blobs as a bound (exact.go).
//  5. Others are shaken and polished again until the work is spent (restart.go).
//     What earns most is to give all images that have some items in common one
//     layer of them, and to see what else falls into place.
//
// With a previous plan none of this starts from scratch: sticky.go repairs that plan
// and polishes it with a price on moving. bound.go has the lower bound, price.go
// the arithmetic, evaluate.go the definition of cost and validity, which has
// nothing but prices in common with the search, so that one checks the other.
//
// # What keeps it deterministic
//
// Everything is sorted by name first. Costs are integers, so that sums do not
// depend on their order and no architecture rounds differently. Changes are kept
// only if the cost strictly decreases, and tried in a fixed order. Random choices
// come from a fixed seed. Work is counted, never time. Sets and blobs are known
// by 64-bit hashes of their content; a collision, about as likely as a broken
// memory cell, would make a plan worse or invalid, but never differently so on
// another machine.
package search

import (
	"slices"
	"sync"
)

// limit is the work that the options allow, of which so much is spent. By
// default polishing takes about half a second for a hundred apps, small fleets
// need far less, and of a thousand apps only the first fifth of a second is
// worth waiting for: it earns 3 %, ten more seconds earn another 3 %.
func (f *fleet) limit(o Options, spent int64) int64 {
	if o.Work != 0 {
		return o.Work
	}
	const large = 10_000 // items, each as often as classes have it
	var items int64
	for c := range f.classes {
		items += int64(len(f.classes[c].items))
	}
	if items <= large {
		return spent + 3_500_000 + 200*items
	}
	return spent + (3_500_000+200*large)*large/items
}

// Solve plans a fleet. The result depends on nothing but the arguments, and not
// on the order of what they list. It passes Check. An error is a *LimitError
// for the first app by name whose limit can't be kept, or says what the caller
// got wrong in the problem.
func Solve(p *Problem, o Options) (*Solution, error) {
	f, err := newFleet(p, o.Previous)
	if err != nil {
		return nil, err
	}
	var po *pool
	proven := false
	if o.Previous != nil {
		po = f.sticky(o)
	} else {
		po, proven = f.fresh(o)
	}
	s := po.solution()
	s.Work = po.work
	s.Exact = proven
	s.Cost = Evaluate(p, s)
	if o.Previous != nil {
		s.Moved = Moving(p, o.Previous, s)
	}
	return s, nil
}

// fresh plans without a previous plan: the best start, polished, and for a tiny
// fleet proven to be a cheapest plan.
func (f *fleet) fresh(o Options) (*pool, bool) {
	po := newPool(f)
	var best [][]int32
	var least Money
	for _, s := range f.starts() {
		po.work += s.work
		plans := make([][]int32, len(s.plans))
		for c, layers := range s.plans {
			if layers == nil {
				layers = f.tightest(&f.classes[c])
			}
			for _, l := range layers {
				plans[c] = append(plans[c], po.intern(l...))
			}
		}
		po.load(plans)
		if cost := po.cost; best == nil || cost < least {
			best, least = po.snapshot(), cost
		}
	}
	po.load(best)
	if o.Work < 0 {
		return po, false
	}
	q := newPolish(po, f.limit(o, po.work))
	q.run()
	if !o.NoExact && po.exactly() {
		return po, true
	}
	q.kicks(250)
	return po, false
}

// start is a plan to polish: for each class its layers, nil if merges alone
// don't bring it within its room.
type start struct {
	plans [][][]int32
	work  int64
}

// starts are the fitted tries; just one if the order of spines makes no
// difference, as there are none.
func (f *fleet) starts() []start {
	tries := []func() *trie{f.topDown, f.popular}
	if !slices.ContainsFunc(f.classes, func(c class) bool { return !c.chain.empty() }) {
		tries = tries[:1]
	}
	list := make([]start, len(tries))
	var all sync.WaitGroup
	for n, make := range tries {
		all.Go(func() { list[n].plans, list[n].work = f.fitted(make()) })
	}
	all.Wait()
	return list
}
