package search

import "slices"

// Small changes from one layer to another get stuck where several images must change together, or
// one image in many layers. Leaps are changes of this kind. Each is drawn at random, made for all
// images concerned, and kept if the plan then costs less. Unlike a shake, a leap is not polished
// before it is judged, so there are hundreds of leaps for each shake.
//
// There are four kinds. Some leaps look at one image and some at all, so they differ a hundredfold in
// work. The kind that had least work so far comes next. So each kind has the same work, and the quick
// ones have many tries.
//
// At first, a leap may also make the plan a little more expensive, and later less and less (threshold
// accepting). The cheapest plan counts. It may take long until a leap finds a cheaper one, so all
// of the work is spent.
//
// Annealing without any of the planner's code shows what is still missing. In two minutes for each
// fleet, it found plans for 8 layers that are cheaper than the planner's, for jupyter and postgres by
// 0.0 %, and for TestGaps' fleets by
//
//	items per app (stacked)   8 layers   10 layers
//	12 (10)                      2 %         2 %
//	30 (7)                       2 %         2 %
//	42 (8)                       2 %         3 %
//
// With eight times the work, the same kinds of changes find about half of this.
//
// Random fleets of 5 or 6 apps with at most 8 items each have known optima. Plans for 4 or 5 layers
// are 0.0 to 0.5 % above these on average, and the bound is 2 to 5 % below.

// leaper makes leaps.
type leaper struct {
	q    *polish
	draw func(n int) int
	most Money // that a leap may cost
}

// A leap may cost so many parts of the plan's cost at first, and cooling is the logarithm of how much
// more that is than at the end.
const (
	daring  = 1000
	cooling = 6
)

// leaps makes leaps until most of the work is spent.
func (q *polish) leaps() {
	po, classes := q.po, len(q.po.f.classes)
	if classes < 2 || po.f.incidences() > large {
		return
	}
	seed := uint64(1)
	l := leaper{q: q, draw: func(n int) int {
		seed++
		return int(mix(seed) % uint64(n))
	}}
	kinds := [...]func(c, o int32){l.gather, l.follow, l.join, l.take}
	var work [len(kinds)]int64
	from, whole := po.work, max((q.limit-po.work)*7/8, 1)
	least, best := po.cost, po.snapshot()
	for po.work < from+whole && !q.spent() {
		kind := 0
		for k := range kinds {
			if work[k] < work[kind] {
				kind = k
			}
		}
		before := po.work
		done := scaleBy(cooling*HazardOne, before-from, whole)
		l.most = Money(scale(int64(least)/daring, one-po.f.price.chance(done), 30))
		c, o := int32(l.draw(classes)), int32(l.draw(classes))
		if len(po.plan[c]) > 0 && len(po.plan[o]) > 0 {
			kinds[kind](c, o)
		}
		if po.cost < least {
			least, best = po.cost, po.snapshot()
		}
		po.work += 4
		work[kind] += po.work - before
	}
	po.load(best)
}

// layer draws one of a class's layers.
func (l *leaper) layer(c int32) int32 {
	plan := l.q.po.plan[c]
	return plan[l.draw(len(plan))]
}

// gather makes one layer of items that a class has in one or two layers, for all classes that have
// these items: all of them, or those that another class has, too, or one. Where that is a layer too many,
// two others become one, sometimes the same for all classes.
func (l *leaper) gather(c, o int32) {
	q, po := l.q, l.q.po
	a, b := l.layer(c), l.layer(c)
	items := slices.Clone(po.sets[a].items)
	if a != b && l.draw(2) == 0 {
		items = append(items, po.sets[b].items...)
	}
	switch l.draw(4) {
	case 0, 1:
		items = slices.DeleteFunc(items, func(i int32) bool { return !po.f.classes[o].set.has(i) })
	case 2:
		k := l.draw(len(items))
		items = items[k : k+1]
	}
	if len(items) == 0 {
		return
	}
	s, on := po.intern(items...), l.height()
	po.work += int64(len(po.f.classes)) / 16
	if !po.sets[s].legal {
		return
	}
	x, y := int32(-1), int32(-1)
	if len(po.plan[c]) == po.f.classes[c].room && l.draw(4) < 2 {
		x, y = po.less(l.layer(c), po.sets[s].bits), po.less(l.layer(c), po.sets[s].bits)
		if x == y || x < 0 || y < 0 || po.alone(x) != po.alone(y) {
			x, y = -1, -1
		}
	}
	q.attemptFor(l.most, q.having(s), func(plan []int32) []int32 {
		plan = po.extract(plan, s, on)
		if i, j := slices.Index(plan, x), slices.Index(plan, y); i >= 0 && j >= 0 {
			plan = replace(plan, x, y, po.union(x, y), false)
		}
		return plan
	})
}

// height draws the number of spine layers below a new layer. It is negative for the place of the
// lowest item.
func (l *leaper) height() int { return l.draw(8) - 2 }

// follow gives a class the bottom of another class's spine.
func (l *leaper) follow(c, o int32) {
	q, po := l.q, l.q.po
	if o == c || po.f.classes[o].base != po.f.classes[c].base {
		return
	}
	n := 1 + l.draw(len(po.plan[o]))
	var bottom []int32
	moved := newBitset(len(po.f.items))
	for _, s := range po.plan[o][:n] {
		if x := &po.sets[s]; x.bits.within(po.f.classes[c].set) {
			bottom = append(bottom, s)
			moved.or(x.bits)
		} else if x.stacked {
			break
		}
	}
	if len(bottom) == 0 {
		return
	}
	q.attemptFor(l.most, []int32{c}, func(plan []int32) []int32 {
		list := slices.Clone(bottom)
		for _, s := range plan {
			if s = po.less(s, moved); s >= 0 {
				list = append(list, s)
			}
		}
		return list
	})
}

// join moves items that a class has in one layer to the layer of another item, for all classes that
// have them all.
func (l *leaper) join(c, o int32) {
	q, po := l.q, l.q.po
	to := po.f.classes[c].items[l.draw(len(po.f.classes[c].items))]
	from := po.sets[l.layer(c)].items
	var items []int32
	switch l.draw(4) {
	case 0:
		items = append(items, from...)
	case 1:
		for _, i := range from {
			if po.f.classes[o].set.has(i) {
				items = append(items, i)
			}
		}
	default:
		items = append(items, from[l.draw(len(from))])
	}
	if len(items) == 0 || slices.Contains(items, to) || po.f.items[items[0]].alone != po.f.items[to].alone {
		return
	}
	part := po.intern(items...)
	bits := po.sets[part].bits
	joined := func(plan []int32) bool { return bits.within(po.sets[plan[po.place(plan, to)]].bits) }
	po.work += int64(len(po.f.classes)) / 8
	classes := q.having(part)
	classes = slices.DeleteFunc(classes, func(d int32) bool { return !po.f.classes[d].set.has(to) || joined(po.plan[d]) })
	if len(classes) == 0 {
		return
	}
	q.attemptFor(l.most, classes, func(plan []int32) []int32 {
		kept := plan[:0]
		for _, s := range plan {
			if po.sets[s].bits.has(to) {
				s = po.union(po.less(s, bits), part)
			} else {
				s = po.less(s, bits)
			}
			if s >= 0 {
				kept = append(kept, s)
			}
		}
		return kept
	})
}

// place is the index of an item's layer.
func (po *pool) place(plan []int32, i int32) int {
	return slices.IndexFunc(plan, func(s int32) bool { return po.sets[s].bits.has(i) })
}

// take gives a class a layer of another class.
func (l *leaper) take(c, o int32) {
	q, po := l.q, l.q.po
	s, on := l.layer(o), l.height()
	if !po.sets[s].bits.within(po.f.classes[c].set) || slices.Contains(po.plan[c], s) {
		return
	}
	q.attemptFor(l.most, []int32{c}, func(plan []int32) []int32 { return po.extract(plan, s, on) })
}
