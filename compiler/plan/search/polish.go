package search

import (
	"cmp"
	"slices"
)

// polish improves a plan by small changes, each for all classes concerned at once: the holders of
// a blob, or of two. Changing one image alone usually costs a copy of a shared blob, so such
// changes alone get stuck far from the best plan.
type polish struct {
	po       *pool
	limit    int64 // of po.work
	floor    Money // no change makes the plan cheaper than that
	o        Options
	thorough bool // also try the many changes that rarely help
	// Classes with changed surroundings, in this round and for the next.
	dirty, next []bool
	tried       map[[2]int32]bool // pairs of blobs, in this round
	live        []int32           // portable sets at the start of the round
	alike       []group           // scratch, like the fields below
	deal        trade
	plan        []int32
	shrunk      []int32
}

func newPolish(po *pool, limit int64, o Options) *polish {
	n := len(po.f.classes)
	q := &polish{po: po, limit: limit, o: o, dirty: make([]bool, n), next: make([]bool, n)}
	for c := range q.next {
		q.next[c] = true
	}
	return q
}

func (q *polish) spent() bool { return q.po.work >= q.limit || q.o.ended() }

// run makes changes until none helps or the work is spent. It begins with leaps. Of the small
// changes, it tries the promising kinds before the thorough ones.
func (q *polish) run() {
	q.thorough = false
	q.leaps()
	q.rounds()
	q.thorough = true
	for c := range q.next {
		q.next[c] = true
	}
	q.rounds()
}

// rounds makes changes around the marked classes.
func (q *polish) rounds() {
	for slices.Contains(q.next, true) && !q.spent() {
		q.dirty, q.next = q.next, q.dirty
		clear(q.next)
		q.tried = map[[2]int32]bool{}
		q.findLive()
		for c := range q.dirty {
			for q.dirty[c] && !q.spent() && q.improve(int32(c)) {
			}
		}
	}
}

// improve makes the first helpful change around a class.
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
	return q.thorough && q.adopt(c)
}

// once is true for the first look at a pair of blobs in a round.
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

// attempt tries an edit for all these classes and keeps it if it saves money. A class that then
// has too many layers gets its cheapest merges.
func (q *polish) attempt(classes []int32, e edit) bool {
	return q.attemptFor(0, classes, e)
}

// attemptFor is attempt, but keeps an edit if it costs less than most.
func (q *polish) attemptFor(most Money, classes []int32, e edit) bool {
	var delta Money
	for _, c := range classes {
		d, ok := q.apply(c, e, q.po.f.classes[c].replicas)
		if !ok {
			q.po.undo()
			return false
		}
		delta += d
	}
	if delta >= most || q.po.cost < q.floor {
		q.po.undo()
		return false
	}
	q.keep()
	return true
}

// attemptAlike is attempt for an edit that is the same for all classes with the same spine, so
// one class shows the cost for all. An edit that adds a layer applies only to classes with room
// for it.
func (q *polish) attemptAlike(classes []int32, adds bool, e edit) bool {
	po := q.po
	if len(classes) < 3 || po.held != nil {
		return q.attempt(classes, e)
	}
	q.alike = q.alike[:0]
	for _, c := range classes {
		cl := &po.f.classes[c]
		if cl.mixed || adds && len(po.plan[c]) == cl.room {
			q.alike = append(q.alike, group{class: c, tip: -1, replicas: cl.replicas})
			continue
		}
		tip := po.tip(c)
		at := slices.IndexFunc(q.alike, func(g group) bool { return g.tip == tip })
		if at < 0 {
			q.alike = append(q.alike, group{class: c, tip: tip, replicas: cl.replicas})
			continue
		}
		q.alike[at].replicas += cl.replicas
	}
	var delta Money
	for _, g := range q.alike {
		d, ok := q.apply(g.class, e, g.replicas)
		if !ok {
			po.undo()
			return false
		}
		delta += d
	}
	po.undo()
	return delta < 0 && q.attempt(classes, e)
}

// group is a list of classes for which an edit is the same.
type group struct {
	class, tip int32
	replicas   int64
}

// tip is the topmost blob of a class's spine.
func (po *pool) tip(c int32) int32 {
	tip := po.f.classes[c].ground
	for i, s := range po.plan[c] {
		if !po.sets[s].stacked {
			break
		}
		tip = po.lay[c][i]
	}
	return tip
}

// apply tries an edit of one class, for the given number of replicas.
func (q *polish) apply(c int32, e edit, replicas int64) (Money, bool) {
	q.plan = append(q.plan[:0], q.po.plan[c]...)
	plan := e(q.plan)
	if len(plan) > q.po.f.classes[c].room {
		if plan = q.shrink(c, plan); plan == nil {
			return 0, false
		}
	}
	return q.po.tryFor(c, plan, replicas)
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

// shrink merges layers of a plan until they fit, cheapest first. It returns nil if no merge is
// legal.
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

// merge joins the sets at two places of a plan, at the lower place on the spine. It returns nil
// if they may not share a layer.
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

// pair tries all changes to two layers: merging them, moving an item from one to the other,
// exchanging two items, changing their order.
func (q *polish) pair(a, b int32) bool {
	po := q.po
	classes := q.common(a, b)
	sa, sb := po.blobs[a].set, po.blobs[b].set
	if q.pairOf(classes, sa, sb) {
		return true
	}
	// Try subsets of a few classes, since the edit may not pay for the others.
	if q.thorough && len(classes) > 1 && len(classes) <= 12 {
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
	if t := q.trade(classes, sa, sb); alike && t != nil {
		if q.pairTraded(classes, t) {
			return true
		}
	} else if alike {
		for _, upper := range []bool{false, true} {
			if q.attemptAlike(classes, false, func(plan []int32) []int32 {
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
		if q.thorough && len(A.items)*len(B.items) <= 64 && len(A.items)+len(B.items) > 2 {
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
		return q.attemptAlike(classes, false, func(plan []int32) []int32 {
			x, y := slices.Index(plan, sa), slices.Index(plan, sb)
			plan[x], plan[y] = sb, sa
			return plan
		})
	}
	return false
}

// pairTraded is pairOf for two portable layers.
func (q *polish) pairTraded(classes []int32, t *trade) bool {
	po := q.po
	sa, sb := t.old[0], t.old[1]
	a, b := po.sets[sa].items, po.sets[sb].items
	if !t.futile(t.merged()) && q.attemptAlike(classes, false, func(plan []int32) []int32 {
		return replace(plan, sa, sb, po.union(sa, sb), false)
	}) {
		return true
	}
	for _, i := range a {
		if len(a) > 1 && !t.futile(po.changed(sa, i, -1), po.changed(sb, -1, i)) && q.move(classes, sa, sb, i) {
			return true
		}
	}
	for _, i := range b {
		if len(b) > 1 && !t.futile(po.changed(sb, i, -1), po.changed(sa, -1, i)) && q.move(classes, sb, sa, i) {
			return true
		}
	}
	if !q.thorough || len(a)*len(b) > 64 || len(a)+len(b) <= 2 {
		return false
	}
	for _, i := range a {
		for _, j := range b {
			if !t.futile(po.changed(sa, i, j), po.changed(sb, j, i)) && q.exchange(classes, sa, sb, i, j) {
				return true
			}
		}
	}
	return false
}

// replace replaces two sets by one, at the place of the lower or the upper one.
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

// move takes an item from one set to another set of the same image. The receiving set stays in
// place or, on the spine, comes next to the other.
func (q *polish) move(classes []int32, from, to, i int32) bool {
	po := q.po
	if len(po.sets[from].items) == 1 {
		return false
	}
	one := po.intern(i)
	less, more := po.minus(from, one), po.union(to, one)
	if q.attemptAlike(classes, false, func(plan []int32) []int32 {
		x, y := slices.Index(plan, from), slices.Index(plan, to)
		plan[x], plan[y] = less, more
		return plan
	}) {
		return true
	}
	if !po.sets[less].stacked || !po.sets[more].stacked {
		return false
	}
	for above := range 2 {
		if q.attemptAlike(classes, false, func(plan []int32) []int32 {
			y := slices.Index(plan, to)
			plan = slices.Delete(plan, y, y+1)
			x := slices.Index(plan, from)
			plan[x] = less
			return slices.Insert(plan, x+above, more)
		}) {
			return true
		}
	}
	return false
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
	return q.attemptAlike(classes, false, func(plan []int32) []int32 {
		x, y := slices.Index(plan, sa), slices.Index(plan, sb)
		plan[x], plan[y] = na, nb
		return plan
	})
}

// single tries to divide a layer: one item apart from the others, or items that seldom change
// apart from items that often do.
func (q *polish) single(a int32) bool {
	po := q.po
	items := slices.Clone(po.sets[po.blobs[a].set].items)
	if len(items) == 1 {
		return false
	}
	var roomy, holders []int32 // all holders that can have two layers, and the ones with room for one more
	for _, c := range po.blobs[a].holders {
		room := po.f.classes[c].room
		if room > 1 {
			holders = append(holders, c)
		}
		if len(po.plan[c]) < room {
			roomy = append(roomy, c)
		}
	}
	if len(holders) == 0 {
		return false
	}
	all := [][]int32{roomy}
	if q.thorough && len(roomy) < len(holders) {
		all = append(all, holders)
	}
	rest := make([]int32, 0, len(items))
	for n := range items {
		rest = append(append(rest[:0], items[:n]...), items[n+1:]...)
		if q.split(all, a, items[n:n+1], rest) {
			return true
		}
	}
	slices.SortStableFunc(items, func(i, j int32) int { return cmp.Compare(po.f.hazard(i), po.f.hazard(j)) })
	for n := 2; n < len(items)-1; n++ {
		if q.split(all, a, items[:n], items[n:]) {
			return true
		}
	}
	return false
}

// split separates a part of a layer, below or above the rest: first for the holders with room for
// one more layer, then for all.
func (q *polish) split(all [][]int32, a int32, part, rest []int32) bool {
	po := q.po
	whole := po.blobs[a].set
	for n, classes := range all {
		if len(classes) == 0 {
			continue
		}
		po.work += int64(len(part)+len(rest)) / 8
		if t := q.trade(classes, whole); n == 0 && t != nil && t.futile(po.contentOf(part), po.contentOf(rest)) {
			continue
		}
		one, other := po.intern(part...), po.intern(rest...)
		for above := range 2 {
			if q.attemptAlike(classes, true, func(plan []int32) []int32 {
				x := slices.Index(plan, whole)
				plan[x] = other
				return slices.Insert(plan, x+above, one)
			}) {
				return true
			}
			if !po.sets[one].stacked || !po.sets[other].stacked {
				break
			}
		}
	}
	return false
}

// adopt tries to add another class's portable layer to a class, taking all its items from their
// layers.
func (q *polish) adopt(c int32) bool {
	po := q.po
	cl := &po.f.classes[c]
	po.work += int64(len(q.live)) / 16
	for _, s := range q.live {
		x := &po.sets[s]
		if len(x.items) > len(cl.items) || !x.bits.within(cl.set) ||
			po.blobs[x.loose].replicas == 0 || slices.Contains(po.plan[c], s) {
			continue
		}
		if q.attempt([]int32{c}, func(plan []int32) []int32 { return po.extract(plan, s, -1) }) {
			return true
		}
	}
	return false
}

// findLive lists the portable sets with holders.
func (q *polish) findLive() {
	q.live = q.live[:0]
	seen := map[int32]bool{}
	for _, plan := range q.po.plan {
		for _, s := range plan {
			if !q.po.sets[s].stacked && !seen[s] {
				seen[s] = true
				q.live = append(q.live, s)
			}
		}
	}
}

// extract takes the items of a set out of a plan's layers and adds them as one layer: on top of so
// many spine layers, or else, if the number is negative, where the lowest item was.
func (po *pool) extract(plan []int32, s int32, on int) []int32 {
	kept, at, spine := make([]int32, 0, len(plan)+1), -1, 0
	for _, old := range plan {
		rest := po.less(old, po.sets[s].bits)
		if rest != old && at < 0 {
			at = len(kept)
		}
		if rest < 0 {
			continue
		}
		if kept = append(kept, rest); po.sets[rest].stacked {
			spine++
		}
	}
	if on >= 0 {
		at = min(on, spine)
	}
	return slices.Insert(kept, at, s)
}

// less removes items from a set; -1 if nothing is left.
func (po *pool) less(s int32, items bitset) int32 {
	if !po.sets[s].bits.meets(items) {
		return s
	}
	rest := slices.DeleteFunc(slices.Clone(po.sets[s].items), func(i int32) bool { return items.has(i) })
	if len(rest) == 0 {
		return -1
	}
	return po.intern(rest...)
}

// having lists the classes that have all items of a set.
func (q *polish) having(s int32) []int32 {
	var list []int32
	for c := range q.po.f.classes {
		if q.po.sets[s].bits.within(q.po.f.classes[c].set) {
			list = append(list, int32(c))
		}
	}
	return list
}
