package search

import "slices"

// kicks shakes the plan and polishes it again, as often as the work allows and
// until so many shakes in a row gained nothing; it keeps a result only if it is
// cheaper. What it shakes is drawn from a fixed seed.
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
	cost, best := po.cost(), po.snapshot()
	for idle := 0; idle < patience && !q.spent(); idle++ {
		for range 1 + draw(2) {
			q.shake(draw)
		}
		q.rounds()
		if now := po.cost(); now < cost {
			cost, best, idle = now, po.snapshot(), -1
		} else {
			q.restore(best)
		}
	}
}

func (q *polish) restore(plans [][]int32) {
	for c, plan := range plans {
		if !slices.Equal(plan, q.po.plan[c]) {
			q.po.try(int32(c), slices.Clone(plan))
			q.po.keep()
		}
	}
	clear(q.next)
}

// shake makes one change whatever it costs.
func (q *polish) shake(draw func(int) int) {
	po := q.po
	c := int32(draw(len(po.f.classes)))
	if len(po.lay[c]) == 0 {
		return
	}
	b := po.lay[c][draw(len(po.lay[c]))]
	s := po.blobs[b].set
	items := po.sets[s].items
	i := items[draw(len(items))]
	holders := slices.Clone(po.blobs[b].holders)
	one := po.intern(i)
	switch draw(5) {
	case 0: // an item out of everywhere
		q.force(q.having(one), func(plan []int32) []int32 { return po.extract(plan, one, false) })
	case 1: // an item out of one layer, for its holders
		q.force(holders, func(plan []int32) []int32 { return po.extract(plan, one, false) })
	case 2: // two layers into one
		o := po.lay[c][draw(len(po.lay[c]))]
		if o != b && po.alone(s) == po.alone(po.blobs[o].set) {
			so, upper := po.blobs[o].set, draw(2) == 1
			q.force(q.common(b, o), func(plan []int32) []int32 {
				return replace(plan, s, so, po.union(s, so), upper)
			})
		}
	case 3: // a layer in the way of another image
		o := int32(draw(len(po.f.classes)))
		if o != c && len(po.lay[o]) > 0 {
			s := po.blobs[po.lay[o][draw(len(po.lay[o]))]].set
			if po.sets[s].bits.within(po.f.classes[c].set) {
				q.force([]int32{c}, func(plan []int32) []int32 { return po.extract(plan, s, false) })
			}
		}
	case 4: // what two layers have in common with another image, for all that have it
		o := &po.f.classes[draw(len(po.f.classes))]
		all := slices.Clone(items)
		if l := po.lay[c][draw(len(po.lay[c]))]; l != b {
			all = append(all, po.sets[po.blobs[l].set].items...)
		}
		all = slices.DeleteFunc(all, func(i int32) bool { return !o.set.has(i) })
		if len(all) > 0 {
			s, bottom := po.intern(all...), draw(2) == 1
			q.force(q.having(s), func(plan []int32) []int32 { return po.extract(plan, s, bottom) })
		}
	}
}

// force applies an edit to the classes where it is valid.
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
