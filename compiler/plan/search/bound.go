package search

import (
	"cmp"
	"slices"
)

// The lower bound. Take any plan and look at one item. The blobs that hold it have at least the
// hazard of the item itself and, if it is stacked, of its base and all its needs. Their replicas
// add up to the replicas of all apps that have the item. ω is concave with ω(0) = 0, so many
// blobs pull at least as much as one for all. So each item costs at least as much as in one blob
// of its own: the simple bound.
//
// With a limit, items must share layers, and the hazard of a layer is the sum over its members.
// Divide the cost of an item among the apps that have it, by replicas. Since ω(φ) ≥ φ·ω(Φ)/Φ for
// φ ≤ Φ, an app's share of an item in a layer of chance q is at least u·p(q), where p is the
// price of a byte at Φ and u its share. It grows with q.
//
// Now fix one app and the hazards of its layers. Assign every source to one item that has it. The
// hazards of the items in a layer then add up to no more than the layer's, so layers are bins
// with their hazard for capacity. Dividing items among bins is a transport problem. If items may
// be cut, it is solved by putting the items with most to lose per hazard into the cleanest bins.
// So in the cheapest relaxation the bins cut the list of items, sorted this way, into as many
// stretches as there are layers, and dynamic programming finds the cheapest cuts. An item's piece
// at a cut costs nothing.
//
// For the spine the same holds with the hazards of all stretches below added. A layer may have
// stacked and portable members, so it counts as a bin for both. The better bound counts for each
// app and each of the two. Deltas and bases are exact.

// Bound returns a lower bound for the cost of all plans of the fleet, given one of them. It is 0
// if the problem is not valid.
func Bound(p *Problem, s *Solution) Money {
	if s.Exact {
		return s.Cost.Total()
	}
	f, err := newFleet(p, nil)
	if err != nil {
		return 0
	}
	return f.lowerBound()
}

func (f *fleet) lowerBound() Money {
	b := f.newBounder()
	sum := f.given()
	var pulled int64 // replicas of the classes that have a layer between base and delta
	for c := range f.classes {
		cl := &f.classes[c]
		if len(cl.items) > 0 {
			pulled += cl.replicas
			sum += b.class(cl)
		}
	}
	// Each of them pulls the fixed cost of at least one layer.
	clean := int64(tableEnd * HazardOne)
	for i := range f.items {
		if !f.items[i].base {
			clean = min(clean, b.least[i])
		}
	}
	if pulled > 0 {
		sum += f.price.blob(0, clean, 0).pull(f.price.hosts(pulled))
	}
	return sum - sum/100_000 - 1 // the exponential table is exact to a billionth
}

// given is the cost that no plan changes: bases, deltas, and the recipes of portable items.
func (f *fleet) given() (sum Money) {
	p := f.p
	bases := map[int32]int64{}
	used := newBitset(len(f.items))
	for c := range f.classes {
		cl := &f.classes[c]
		used.or(cl.set)
		if cl.base >= 0 {
			bases[cl.base] += cl.replicas
		}
		for _, a := range cl.apps {
			if d := p.Apps[a].Delta; !d.empty() {
				sum += f.price.blob(d.Size, p.hazard(d.Sources), d.Build).total(f.price.hosts(p.Apps[a].replicas()))
			}
		}
	}
	for i, replicas := range bases {
		it := &f.items[i]
		sum += f.price.blob(it.size, f.hazard(i), it.build).total(f.price.hosts(replicas))
	}
	for _, i := range used.members() {
		if it := &f.items[i]; !it.stacked {
			sum += f.price.blob(0, f.hazard(i), it.build).build
		}
	}
	return sum
}

type bounder struct {
	f        *fleet
	least    []int64 // item → least hazard of a blob that holds it
	replicas []int64 // item → replicas of the apps that have it
}

func (f *fleet) newBounder() *bounder {
	b := &bounder{f: f, least: make([]int64, len(f.items)), replicas: make([]int64, len(f.items))}
	for i := range f.items {
		it := &f.items[i]
		b.least[i] = f.hazard(int32(i))
		if it.stacked {
			own, shared := it.own, it.shared
			for _, n := range it.needs.members() {
				own += f.items[n].own
				shared = union(shared, f.items[n].shared)
			}
			b.least[i] = own + bitset(nil).sumNew(shared, f.sharedHazard)
		}
	}
	for c := range f.classes {
		for _, i := range f.classes[c].items {
			b.replicas[i] += f.classes[c].replicas
		}
	}
	return b
}

// share is a class's part of the cost of an item in a blob of this hazard, without the fixed cost
// of layers.
func (b *bounder) share(i int32, hazard, replicas int64) Money {
	f, it := b.f, &b.f.items[i]
	build := it.build
	if !it.stacked {
		build = 0
	}
	r := f.price.bytes(it.size, hazard, build, 0)
	return Money(scaleBy(int64(r.total(f.price.hosts(b.replicas[i]))), replicas, b.replicas[i]))
}

// class returns a lower bound for one class's part of the cost.
func (b *bounder) class(c *class) Money {
	var stacked, portable []int32
	var simple [2]Money
	for _, i := range c.items {
		if b.f.items[i].stacked {
			stacked = append(stacked, i)
			simple[0] += b.share(i, b.onBase(c, i), c.replicas)
		} else {
			portable = append(portable, i)
			simple[1] += b.share(i, b.least[i], c.replicas)
		}
	}
	if c.room >= len(c.items) {
		return simple[0] + simple[1]
	}
	return max(simple[0], b.stretches(c, stacked, true)) + max(simple[1], b.stretches(c, portable, false))
}

// onBase returns the least hazard of a stacked item for a class with a base.
func (b *bounder) onBase(c *class, i int32) int64 {
	if c.base < 0 {
		return b.least[i]
	}
	it, base := &b.f.items[i], &b.f.items[c.base]
	shared := it.shared
	for _, n := range it.needs.members() {
		shared = union(shared, b.f.items[n].shared)
	}
	return b.least[i] + base.own + shared.sumNew(base.shared, b.f.sharedHazard)
}

// pieces is the largest number of pieces that an item is cut into.
const pieces = 8

// stretches is the least cost of some items of a class in as many layers as the class has room
// for.
func (b *bounder) stretches(c *class, items []int32, spine bool) Money {
	f := b.f
	n := len(items)
	if n == 0 {
		return 0
	}
	type entry struct {
		hazard   int64
		low, per Money // cost at hazard 0, and what certain change adds
	}
	list := make([]entry, n)
	taken := newBitset(len(f.sharedHazard))
	start := int64(0)
	if spine && c.base >= 0 {
		base := &f.items[c.base]
		start = f.hazard(c.base)
		if base.shared != nil {
			taken.or(base.shared)
		}
	}
	for k, i := range items {
		it := &f.items[i]
		list[k].hazard = it.own
		if it.shared != nil {
			list[k].hazard += taken.sumNew(it.shared, f.sharedHazard)
			taken.or(it.shared)
		}
		list[k].low = b.share(i, 0, c.replicas)
		list[k].per = b.share(i, tableEnd*HazardOne, c.replicas) - list[k].low
	}
	slices.SortStableFunc(list, func(x, y entry) int {
		// x.per/x.hazard against y.per/y.hazard, in thousandths of a hazard
		return cmp.Compare(int64(y.per)/(y.hazard>>20+1), int64(x.per)/(x.hazard>>20+1))
	})
	cut := max(1, min(pieces, 160/n))
	m := n * cut
	hazard := make([]int64, m+1) // of the pieces before it
	per := make([]Money, m+1)
	low := Money(0)
	for k, e := range list {
		low += e.low
		for j := range cut {
			at := k*cut + j
			hazard[at+1] = hazard[at] + e.hazard/int64(cut)
			per[at+1] = per[at] + e.per/Money(cut)
		}
	}
	// cost[x] is the least cost of the pieces before x in the layers so far, whether or not the
	// piece at x is cut.
	cost := make([]Money, m+1)
	for x := range cost {
		cost[x] = maxMoney
	}
	cost[0] = 0
	for range c.room {
		next := make([]Money, m+1)
		for y := range next {
			next[y] = maxMoney
			for x := 0; x <= y; x++ {
				if cost[x] >= next[y] {
					continue
				}
				// The first piece may have been cut, and the last one may be.
				from := x
				if x > 0 && x < y {
					from++
				}
				h := hazard[y] - hazard[from]
				if spine {
					h = start + hazard[y]
				}
				if v := cost[x] + Money(scale(int64(per[y]-per[from]), f.price.chance(h), 30)); v < next[y] {
					next[y] = v
				}
			}
		}
		cost = next
	}
	return low + cost[m]
}
