// Package search finds the layers of a fleet's images: which items share a layer, and in which
// order layers are stacked, so that storing, pulling and building all images costs least. It works
// on numbers only and knows nothing about files, components or real images.
//
// # The problem
//
// Each app has a set of items and a limit of layers. Its image is a list of layers that holds each
// item once. A layer of portable items is the same blob in every image. A layer with a stacked item
// is the same blob only if everything below it is the same, and it changes whenever anything below
// changes. Such layers form one chain in each image, the spine. The hazard h of a blob is the sum
// over the sources that change it. The blob changes in a cycle with probability q = 1 − e^−h, and
// costs
//
//	store · size · (1 + R·q)
//	+ pull · (size + ε) · ω(φ) · (1 − (1−ν)(1−q))
//	+ build · seconds · (φ₀ + q)
//
// once, where φ is the number of replicas that hold it and ω the number of hosts; see Weights. Good
// plans share common items, put items that seldom change below items that often do, keep items with
// different rates apart, and need few layers. These aims conflict. Even without limits, and with
// sharing as the only aim, the problem is NP-hard: it is to find the smallest trie of sets when each
// set may choose the order of its keys.
//
// # The algorithm
//
// Apps that differ only in their delta are one class (fleet.go). From here on, everything is about
// classes and the layers between base and delta.
//
//  1. Spines are built item by item as a trie, once from the bottom up by gain and harm and once in
//     order of popularity (trie.go). Portable items start in layers of their own.
//  2. Layers are merged until every image is within its limit, always the pair that costs least for
//     each image that it helps (fit.go). If merging gets stuck, because some items must stay alone,
//     an order of fewest layers replaces the result (least.go).
//  3. The better of both changes in leaps, drawn at random: an image takes the bottom of another
//     one's spine, or items are gathered from all layers of all images that have them (leap.go).
//     In the pool, a change costs a few look-ups for each class (pool.go).
//  4. The plan is polished: items are moved, exchanged and split off, layers are merged and
//     reordered, always for all images concerned at once (polish.go).
//  5. The plan is shaken and polished again until the work is spent (restart.go). The most useful
//     shake makes one layer of items that some images have in common, for all of these images,
//     and lets polishing do the rest.
//  6. This is done for several limits, each with the plan for the next one as a start, so that a
//     higher limit never costs more (ladder.go).
//
// A fleet of at most five classes with at most eight items each is searched exhaustively, with
// shares of blobs as a bound (exact.go).
//
// With a previous plan, nothing of this starts from scratch: sticky.go repairs that plan and polishes
// it with a price on moving. bound.go has the lower bound, price.go the arithmetic. evaluate.go
// defines cost and validity. It shares only prices with the search, so that each checks the other.
//
// # Determinism
//
// Everything is sorted by name first. Costs are integers, so that sums do not depend on their order
// and no architecture rounds differently. A change is kept only if the cost strictly decreases, and
// leaps end with the cheapest of their plans. Changes are tried in a fixed order. Random choices have a fixed seed. Work is counted, never time.
// Sets and blobs are identified by 64-bit hashes of their content. A collision, about as likely as a
// broken memory cell, would make a plan worse or invalid, but in the same way on every machine.
package search

// Solve plans a fleet. The result depends only on the arguments, and not on the order of their
// lists. It passes Check. For a higher limit of the fleet, the cost is the same or lower. The error
// wraps all *LimitErrors if a limit can't be met, ErrEnded, or describes a mistake of the caller in the problem.
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
	if o.ended() {
		return nil, ErrEnded
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
