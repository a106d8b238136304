package search

import (
	"cmp"
	"math/bits"
	"slices"
)

// A fleet of a few apps with a few items each is solved exactly. Every plan of a class is priced
// as if all classes that could have one of its blobs had it and shared its cost by replicas.
// Since ω is concave, no fleet of plans costs less than the sum of these shares. So a plan is
// hopeless if its shares, with the least shares of the other classes, reach the cost of a known
// fleet. Forgetting it leaves fewer plans that could share, which raises the shares, so more
// plans become hopeless. The remaining plans are searched class by class with the same bound.

const (
	exactClasses = 5
	exactItems   = 8
	exactPlans   = 3000      // of one class; with more, the search gives up
	exactWork    = 3_000_000 // blobs looked at
)

type exact struct {
	po    *pool
	work  int64
	known Money // cost of the cheapest fleet so far
	best  [][]int32
	plans [][]exactPlan // by class

	chosen [][]int32         // by class, for the classes decided so far
	could  []map[int32]int64 // class → blob → replicas of the classes from it on that could have it
}

type exactPlan struct {
	sets, lay []int32
	least     Money
}

// exactly improves the pool's plan to a cheapest one. It is false if that is too much work, or if
// moving has a price.
func (po *pool) exactly() bool {
	f := po.f
	if len(f.classes) > exactClasses || po.held != nil {
		return false
	}
	x := &exact{po: po, known: po.cost, plans: make([][]exactPlan, len(f.classes))}
	lister := make([]*lister, len(f.classes))
	least := Money(0)
	for c := range f.classes {
		if len(f.classes[c].items) > exactItems {
			return false
		}
		lister[c] = x.newLister(int32(c))
		least += lister[c].spine[f.classes[c].room][0]
	}
	for c, l := range lister {
		l.limit = x.known - (least - l.spine[f.classes[c].room][0])
		if !l.stack(0, 0, f.classes[c].room, nil, 0) {
			return false
		}
	}
	for again := true; again; {
		again = x.forget()
	}
	x.could = make([]map[int32]int64, len(f.classes)+1)
	for c := range x.could {
		x.could[c] = x.sharers(c)
	}
	x.chosen = make([][]int32, len(f.classes))
	replicas := make([]int64, len(po.blobs))
	if !x.search(0, 0, replicas) {
		return false
	}
	if x.best != nil {
		po.load(x.best)
	}
	po.work += x.work
	return true
}

// lister lists the plans of one class. Sets of its items are bit masks.
type lister struct {
	x        *exact
	c        int32
	cl       *class
	set      []int32   // mask → interned set
	portable uint32    // mask of the portable items
	needs    []uint32  // mask → needs of its stacked members that are not in it
	loose    [][]Money // layers left, items left, all portable → least shares
	spine    [][]Money // layers left, items placed → least shares of the other items
	limit    Money
	plans    int
}

func (x *exact) newLister(c int32) *lister {
	po, cl := x.po, &x.po.f.classes[c]
	n := len(cl.items)
	full := uint32(1)<<n - 1
	l := &lister{x: x, c: c, cl: cl, set: make([]int32, full+1), needs: make([]uint32, full+1)}
	for m := uint32(1); m <= full; m++ {
		var items []int32
		for k, i := range cl.items {
			if m>>k&1 == 1 {
				items = append(items, i)
			}
		}
		l.set[m] = po.intern(items...)
		if needs := po.sets[l.set[m]].needs; needs != nil {
			for k, i := range cl.items {
				if needs.has(i) {
					l.needs[m] |= 1 << k
				}
			}
		}
		if bits.OnesCount32(m) == 1 && !po.sets[l.set[m]].stacked {
			l.portable |= m
		}
	}
	alone := make([]Money, full+1)
	for m := uint32(1); m <= full; m++ {
		alone[m] = l.share(0, m)
	}
	l.loose = make([][]Money, cl.room+1)
	l.spine = make([][]Money, cl.room+1)
	for k := range l.loose {
		l.loose[k] = make([]Money, full+1)
		l.spine[k] = make([]Money, full+1)
		for m := uint32(1); m <= full; m++ {
			l.loose[k][m] = maxMoney
			if k == 0 || m&^l.portable != 0 {
				continue
			}
			low := m & -m // the layer of the lowest item
			for part := m; part > 0; part = (part - 1) & m {
				if part&low != 0 {
					l.loose[k][m] = min(l.loose[k][m], alone[part]+l.loose[k-1][m&^part])
				}
			}
		}
	}
	for placed := int64(full); placed >= 0; placed-- {
		left := full &^ uint32(placed)
		for k := range l.spine {
			l.spine[k][placed] = l.loose[k][left]
		}
		for part := left; part > 0; part = (part - 1) & left {
			if part&^l.portable == 0 || l.needs[part]&^l.portable&^uint32(placed) != 0 {
				continue
			}
			share := l.share(uint32(placed), part)
			for k := 1; k < len(l.spine); k++ {
				v := share + l.spine[k-1][uint32(placed)|part]
				l.spine[k][placed] = min(l.spine[k][placed], v)
			}
		}
	}
	return l
}

// share is the class's least part of the cost of a layer on top of others.
func (l *lister) share(below, part uint32) Money {
	po := l.x.po
	s := &po.sets[l.set[part]]
	if !s.legal {
		return maxMoney
	}
	own, shared, all := s.own, s.shared, part
	if s.stacked {
		if below != 0 {
			b := &po.sets[l.set[below]]
			own, shared, all = own+b.own, union(shared, b.shared), part|below
		}
		ground := &po.blobs[l.cl.ground]
		own, shared = own+ground.own, union(shared, ground.shared)
	}
	var replicas int64
	for o := range po.f.classes {
		cl := &po.f.classes[o]
		if po.sets[l.set[all]].bits.within(cl.set) && (!s.stacked || cl.base == l.cl.base) {
			replicas += cl.replicas
		}
	}
	r := po.f.price.blob(s.size, own+bitset(nil).sumNew(shared, po.f.sharedHazard), s.build)
	return Money(scaleBy(int64(r.total(po.f.price.hosts(replicas))), l.cl.replicas, replicas))
}

// stack lists the plans that continue a spine on top of the items in placed. under are portable
// items below the spine that may not join it any more. It is false if there are too many plans.
func (l *lister) stack(placed, under uint32, room int, sets []int32, cost Money) bool {
	left := uint32(len(l.set)-1) &^ placed
	if left&^l.portable == 0 && !l.scatter(left, room, sets, cost) {
		return false
	}
	if room == 0 {
		return true
	}
	for part := left; part > 0; part = (part - 1) & left {
		if part&^l.portable == 0 || part&under != 0 || l.needs[part]&^l.portable&^placed != 0 {
			continue
		}
		l.x.work++
		on := under | l.needs[part]&^placed
		c := cost + l.share(placed|on, part)
		if c+l.spine[room-1][placed|part] < l.limit &&
			!l.stack(placed|part, on, room-1, append(sets[:len(sets):len(sets)], l.set[part]), c) {
			return false
		}
	}
	return true
}

// scatter lists the plans that end with portable layers of the items in left.
func (l *lister) scatter(left uint32, room int, sets []int32, cost Money) bool {
	if cost+l.loose[room][left] >= l.limit {
		return true
	}
	if left == 0 {
		x := l.x
		sets = slices.Clone(sets)
		x.po.arrange(sets)
		if lay, ok := x.po.stack(l.c, sets, nil); ok {
			x.plans[l.c] = append(x.plans[l.c], exactPlan{sets: sets, lay: lay})
			l.plans++
		}
		return l.plans <= exactPlans
	}
	low := left & -left
	for part := left; part > 0; part = (part - 1) & left {
		if part&low == 0 {
			continue
		}
		if !l.scatter(left&^part, room-1, append(sets[:len(sets):len(sets)], l.set[part]), cost+l.share(0, part)) {
			return false
		}
	}
	return true
}

// sharers maps each blob to the replicas of the classes from c on that have a plan with it.
func (x *exact) sharers(c int) map[int32]int64 {
	could := map[int32]int64{}
	for ; c < len(x.plans); c++ {
		seen := map[int32]bool{}
		for _, plan := range x.plans[c] {
			for _, b := range plan.lay {
				if !seen[b] {
					seen[b] = true
					could[b] += x.po.f.classes[c].replicas
				}
			}
		}
	}
	return could
}

// forget prices all plans by the remaining ones and drops the hopeless plans. It is false if it
// drops none.
func (x *exact) forget() bool {
	po := x.po
	could := x.sharers(0)
	least := make([]Money, len(x.plans))
	sum := Money(0)
	for c := range x.plans {
		least[c] = maxMoney
		for n := range x.plans[c] {
			plan := &x.plans[c][n]
			plan.least = 0
			for _, b := range plan.lay {
				total := po.blobs[b].rate.total(po.f.price.hosts(could[b]))
				plan.least += Money(scaleBy(int64(total), po.f.classes[c].replicas, could[b]))
			}
			least[c] = min(least[c], plan.least)
		}
		sum += least[c]
	}
	dropped := false
	for c := range x.plans {
		before := len(x.plans[c])
		x.plans[c] = slices.DeleteFunc(x.plans[c], func(plan exactPlan) bool {
			return sum-least[c]+plan.least >= x.known
		})
		dropped = dropped || len(x.plans[c]) < before
	}
	return dropped
}

// search chooses plans for the classes from c on, given the blobs' replicas so far and their
// cost. It is false if it gave up.
func (x *exact) search(c int, cost Money, replicas []int64) bool {
	po := x.po
	if c == len(x.plans) {
		if cost < x.known {
			x.known = cost
			x.best = make([][]int32, len(x.chosen))
			for i := range x.best {
				x.best[i] = slices.Clone(x.chosen[i])
			}
		}
		return true
	}
	mine := po.f.classes[c].replicas
	type option struct {
		plan *exactPlan
		cost Money
	}
	options := make([]option, 0, len(x.plans[c]))
	for n := range x.plans[c] {
		plan := &x.plans[c][n]
		sum := cost
		for _, b := range plan.lay {
			r := po.blobs[b].rate
			if replicas[b] == 0 {
				sum += r.total(po.f.price.hosts(mine))
			} else {
				sum += r.pull(po.f.price.hosts(replicas[b]+mine)) - r.pull(po.f.price.hosts(replicas[b]))
			}
		}
		options = append(options, option{plan, sum})
	}
	slices.SortStableFunc(options, func(a, b option) int { return cmp.Compare(a.cost, b.cost) })
	for _, op := range options {
		if op.cost >= x.known {
			break
		}
		for _, b := range op.plan.lay {
			replicas[b] += mine
		}
		x.chosen[c] = op.plan.sets
		ok := op.cost+x.later(c+1, replicas) >= x.known || x.search(c+1, op.cost, replicas)
		for _, b := range op.plan.lay {
			replicas[b] -= mine
		}
		if !ok || x.work > exactWork {
			return false
		}
	}
	return true
}

// later is the least cost that the classes from c on add to the blobs so far.
func (x *exact) later(c int, replicas []int64) (sum Money) {
	po := x.po
	could := x.could[c]
	price := make(map[int32]Money, len(could)) // if every class that could have it has it
	for b, all := range could {
		r := po.blobs[b].rate
		if held := replicas[b]; held > 0 {
			price[b] = r.pull(po.f.price.hosts(held+all)) - r.pull(po.f.price.hosts(held))
		} else {
			price[b] = r.total(po.f.price.hosts(all))
		}
	}
	x.work += int64(len(could))
	for ; c < len(x.plans); c++ {
		least := Money(maxMoney)
		for n := range x.plans[c] {
			v := Money(0)
			for _, b := range x.plans[c][n].lay {
				v += Money(scaleBy(int64(price[b]), po.f.classes[c].replicas, could[b]))
			}
			least = min(least, v)
			x.work += int64(len(x.plans[c][n].lay))
		}
		sum += least
	}
	return sum
}
