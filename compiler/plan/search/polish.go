package search

import "slices"

// polish improves a plan by small changes, each for all classes that it
// concerns at once: the holders of a blob, or of two. A change of one image
// alone mostly costs a copy of what was shared, so a plan that only such
// changes could improve is stuck far from the best.
type polish struct {
	po    *pool
	limit int64 // of po.work
	// Classes whose surroundings changed, in this round and for the next.
	dirty, next []bool
	tried       map[[2]int32]bool // pairs of blobs in this round
	plan        []int32           // scratch
	shrunk      []int32           // scratch
}

func newPolish(po *pool, limit int64) *polish {
	n := len(po.f.classes)
	q := &polish{po: po, limit: limit, dirty: make([]bool, n), next: make([]bool, n)}
	for c := range q.next {
		q.next[c] = true
	}
	return q
}

func (q *polish) spent() bool { return q.po.work >= q.limit }

// run makes changes until none helps or the work is spent.
func (q *polish) run() {
	for slices.Contains(q.next, true) && !q.spent() {
		q.dirty, q.next = q.next, q.dirty
		clear(q.next)
		q.tried = map[[2]int32]bool{}
		for c := range q.dirty {
			for q.dirty[c] && !q.spent() && q.improve(int32(c)) {
			}
		}
	}
}

// improve makes the first change around a class that helps.
func (q *polish) improve(c int32) bool {
	lay := slices.Clone(q.po.lay[c])
	for i, a := range lay {
		for _, b := range lay[i+1:] {
			if q.once(a, b) && q.pair(a, b) {
				return true
			}
		}
	}
	for _, a := range lay {
		if q.once(a, a) && q.single(a) {
			return true
		}
	}
	return q.adopt(c)
}

// once is true the first time that a pair of blobs is looked at in a round.
func (q *polish) once(a, b int32) bool {
	key := [2]int32{min(a, b), max(a, b)}
	if q.tried[key] {
		return false
	}
	q.tried[key] = true
	return true
}

// common lists the classes that hold both blobs.
func (q *polish) common(a, b int32) []int32 {
	x, y := q.po.blobs[a].holders, q.po.blobs[b].holders
	if a == b {
		return slices.Clone(x)
	}
	if len(y) < len(x) {
		a, x, y = b, y, x
	}
	var list []int32
	for _, c := range x {
		if _, ok := slices.BinarySearch(y, c); ok {
			list = append(list, c)
		}
	}
	return list
}

// edit changes an image's list of sets; it returns nil where it does not apply.
type edit func(plan []int32) []int32

// attempt tries an edit for all these classes and keeps it if it saves money. A
// class with too many layers then gets its cheapest merges.
func (q *polish) attempt(classes []int32, e edit) bool {
	var delta Money
	for _, c := range classes {
		q.plan = append(q.plan[:0], q.po.plan[c]...)
		plan := e(q.plan)
		if plan == nil {
			continue
		}
		if room := q.po.f.classes[c].room; len(plan) > room {
			if plan = q.shrink(c, plan); plan == nil {
				q.po.undo()
				return false
			}
		}
		d, ok := q.po.try(c, plan)
		if !ok {
			q.po.undo()
			return false
		}
		delta += d
	}
	if delta >= 0 || len(q.po.pending) == 0 {
		q.po.undo()
		return false
	}
	q.keep()
	return true
}

// keep makes the tries the plan, and marks the classes around them.
func (q *polish) keep() {
	mark := func(lay []int32) {
		for _, b := range lay {
			for _, c := range q.po.blobs[b].holders {
				q.next[c] = true
			}
		}
	}
	for _, ch := range q.po.pending {
		q.next[ch.class] = true
		if len(q.po.f.classes) < 64 {
			mark(q.po.lay[ch.class])
			mark(ch.lay)
		}
	}
	q.po.keep()
}

// shrink merges layers of a plan until they fit, cheapest first; nil if no
// merge is legal.
func (q *polish) shrink(c int32, plan []int32) []int32 {
	po := q.po
	plan = slices.Clone(plan)
	po.arrange(plan)
	for len(plan) > po.f.classes[c].room {
		var best []int32
		var least Money
		for i := range plan {
			for j := i + 1; j < len(plan); j++ {
				q.shrunk = append(q.shrunk[:0], plan...)
				merged := q.merge(q.shrunk, i, j)
				if merged == nil {
					continue
				}
				at := po.mark()
				d, ok := po.try(c, merged)
				po.undoTo(at)
				if ok && (best == nil || d < least) {
					best, least = append(best[:0], merged...), d
				}
			}
		}
		if best == nil {
			return nil
		}
		plan = best
	}
	return plan
}

// merge joins the sets at two places of a plan at the lower one of the spine;
// nil if they may not share a layer.
func (q *polish) merge(plan []int32, i, j int) []int32 {
	po := q.po
	if i > j {
		i, j = j, i
	}
	a, b := plan[i], plan[j]
	if po.alone(a) != po.alone(b) {
		return nil
	}
	plan[i] = po.union(a, b)
	return slices.Delete(plan, j, j+1)
}

func (po *pool) alone(s int32) int32 { return po.f.items[po.sets[s].items[0]].alone }

// pair tries what can be done with two layers: to merge them, to move an item
// from one to the other, to exchange two, to change their order.
func (q *polish) pair(a, b int32) bool {
	po := q.po
	classes := q.common(a, b)
	sa, sb := po.blobs[a].set, po.blobs[b].set
	if q.pairOf(classes, sa, sb) {
		return true
	}
	// A few classes alone, where the others would rather not.
	if len(classes) > 1 && len(classes) <= 12 {
		for i := range classes {
			if q.pairOf(classes[i:i+1], sa, sb) {
				return true
			}
		}
	}
	return false
}

func (q *polish) pairOf(classes []int32, sa, sb int32) bool {
	po := q.po
	A, B := &po.sets[sa], &po.sets[sb]
	alike := po.alone(sa) == po.alone(sb)
	if alike {
		for _, upper := range []bool{false, true} {
			if q.attempt(classes, func(plan []int32) []int32 {
				return replace(plan, sa, sb, po.union(sa, sb), upper)
			}) {
				return true
			}
			if !A.stacked || !B.stacked {
				break
			}
		}
		for _, i := range A.items {
			if q.move(classes, sa, sb, i) {
				return true
			}
		}
		for _, i := range po.sets[sb].items {
			if q.move(classes, sb, sa, i) {
				return true
			}
		}
		A, B = &po.sets[sa], &po.sets[sb]
		if len(A.items)*len(B.items) <= 64 && len(A.items)+len(B.items) > 2 {
			for _, i := range A.items {
				for _, j := range po.sets[sb].items {
					if q.exchange(classes, sa, sb, i, j) {
						return true
					}
				}
			}
		}
	}
	A, B = &po.sets[sa], &po.sets[sb]
	if A.stacked && B.stacked {
		return q.attempt(classes, func(plan []int32) []int32 {
			x, y := slices.Index(plan, sa), slices.Index(plan, sb)
			plan[x], plan[y] = sb, sa
			return plan
		})
	}
	return false
}

// replace puts one set in the place of two, the lower or the upper one.
func replace(plan []int32, sa, sb, by int32, upper bool) []int32 {
	x, y := slices.Index(plan, sa), slices.Index(plan, sb)
	if x > y {
		x, y = y, x
	}
	if upper {
		x, y = y, x
	}
	plan[x] = by
	return slices.Delete(plan, y, y+1)
}

// move takes an item from one set to another one of the same image.
func (q *polish) move(classes []int32, from, to, i int32) bool {
	po := q.po
	if len(po.sets[from].items) == 1 {
		return false
	}
	one := po.intern(i)
	less, more := po.minus(from, one), po.union(to, one)
	return q.attempt(classes, func(plan []int32) []int32 {
		x, y := slices.Index(plan, from), slices.Index(plan, to)
		plan[x], plan[y] = less, more
		return plan
	})
}

func (q *polish) exchange(classes []int32, sa, sb, i, j int32) bool {
	po := q.po
	oneI, oneJ := po.intern(i), po.intern(j)
	na := oneJ
	if rest := po.minus(sa, oneI); rest >= 0 {
		na = po.union(rest, oneJ)
	}
	nb := oneI
	if rest := po.minus(sb, oneJ); rest >= 0 {
		nb = po.union(rest, oneI)
	}
	return q.attempt(classes, func(plan []int32) []int32 {
		x, y := slices.Index(plan, sa), slices.Index(plan, sb)
		plan[x], plan[y] = na, nb
		return plan
	})
}

// single tries to take one item out of a layer, below or above it, for all
// that hold the layer, and then for all that have the item anywhere.
func (q *polish) single(a int32) bool {
	po := q.po
	sa := po.blobs[a].set
	holders := slices.Clone(po.blobs[a].holders)
	if len(po.sets[sa].items) > 1 {
		for _, i := range po.sets[sa].items {
			one := po.intern(i)
			rest := po.minus(sa, one)
			for _, above := range []bool{true, false} {
				if q.attempt(holders, func(plan []int32) []int32 {
					x := slices.Index(plan, sa)
					plan[x] = rest
					if above {
						x++
					}
					return slices.Insert(plan, x, one)
				}) {
					return true
				}
				if !po.sets[one].stacked || !po.sets[rest].stacked {
					break
				}
			}
		}
	}
	return false
}

// adopt tries to give a class a portable layer that others have, all its items
// taken from where they are.
func (q *polish) adopt(c int32) bool {
	po := q.po
	cl := &po.f.classes[c]
	seen := map[int32]bool{}
	for _, i := range cl.items {
		for _, o := range q.withItem(i) {
			for _, b := range po.lay[o] {
				s := &po.sets[po.blobs[b].set]
				if seen[b] || !s.bits.has(i) {
					continue
				}
				seen[b] = true
				if s.stacked || len(s.items) < 2 && false || !s.bits.within(cl.set) || slices.Contains(po.lay[c], b) {
					continue
				}
				if q.take([]int32{c}, po.blobs[b].set) {
					return true
				}
			}
		}
	}
	return false
}

// take gives classes a portable set.
func (q *polish) take(classes []int32, s int32) bool {
	po := q.po
	return q.attempt(classes, func(plan []int32) []int32 { return po.extract(plan, s) })
}

// extract takes the items of a set out of a plan's layers and adds it as one.
func (po *pool) extract(plan []int32, s int32) []int32 {
	kept := plan[:0]
	for _, old := range plan {
		if !po.sets[old].bits.meets(po.sets[s].bits) {
			kept = append(kept, old)
			continue
		}
		var rest []int32
		for _, i := range po.sets[old].items {
			if !po.sets[s].bits.has(i) {
				rest = append(rest, i)
			}
		}
		if len(rest) > 0 {
			kept = append(kept, po.intern(rest...))
		}
	}
	return append(kept, s)
}

// withItem lists classes that have an item.
func (q *polish) withItem(i int32) []int32 {
	var list []int32
	for c := range q.po.f.classes {
		if q.po.f.classes[c].set.has(i) {
			list = append(list, int32(c))
		}
	}
	return list
}
