package search

import "slices"

// kicks shakes the plan and polishes it again, as often as the work allows, until patience shakes
// in a row gain nothing. It keeps a result only if it is cheaper. The random choices have a fixed
// seed.
func (q *polish) kicks(patience int) {
	po := q.po
	if len(po.f.classes) == 0 || len(po.f.items) == 0 {
		return
	}
	seed := uint64(1)
	draw := func(n int) int {
		seed++
		return int(mix(seed) % uint64(n))
	}
	cost, best := po.cost, po.snapshot()
	for idle := 0; idle < patience && !q.spent(); idle++ {
		q.thorough = idle%4 == 3
		for range 1 + draw(2) {
			q.shake(draw)
		}
		q.rounds()
		if now := po.cost; now < cost && now >= q.floor {
			cost, best, idle = now, po.snapshot(), -1
		} else {
			po.load(best)
			clear(q.next)
		}
	}
}

// shake makes one change, whatever it costs. Usually it takes the items that one or two layers
// have in common with another image, and makes them one layer of all images that have them. Small
// changes do not get that far.
func (q *polish) shake(draw func(int) int) {
	po := q.po
	c := int32(draw(len(po.f.classes)))
	o := int32(draw(len(po.f.classes)))
	if len(po.lay[c]) == 0 || len(po.lay[o]) == 0 {
		return
	}
	a, b := po.lay[c][draw(len(po.lay[c]))], po.lay[c][draw(len(po.lay[c]))]
	sa, sb := po.blobs[a].set, po.blobs[b].set
	switch draw(5) {
	case 0: // two layers into one
		if a != b && po.alone(sa) == po.alone(sb) {
			upper := draw(2) == 1
			q.force(q.common(a, b), func(plan []int32) []int32 {
				return replace(plan, sa, sb, po.union(sa, sb), upper)
			})
		}
	case 1: // a layer that another image could have, too
		s := po.blobs[po.lay[o][draw(len(po.lay[o]))]].set
		if o != c && po.sets[s].bits.within(po.f.classes[c].set) {
			q.force([]int32{c}, func(plan []int32) []int32 { return po.extract(plan, s, -1) })
		}
	default:
		all := slices.Clone(po.sets[sa].items)
		if a != b {
			all = append(all, po.sets[sb].items...)
		}
		all = slices.DeleteFunc(all, func(i int32) bool { return !po.f.classes[o].set.has(i) })
		if len(all) > 0 {
			if draw(4) == 0 { // or just one of its items
				k := draw(len(all))
				all = all[k : k+1]
			}
			s, on := po.intern(all...), draw(2)-1
			q.force(q.having(s), func(plan []int32) []int32 { return po.extract(plan, s, on) })
		}
	}
}

// force applies an edit to the classes for which it is valid.
func (q *polish) force(classes []int32, e edit) {
	for _, c := range classes {
		q.plan = append(q.plan[:0], q.po.plan[c]...)
		plan := e(q.plan)
		if plan != nil && len(plan) > q.po.f.classes[c].room {
			plan = q.shrink(c, plan)
		}
		if plan != nil {
			q.po.try(c, plan)
		}
	}
	q.keep()
}
