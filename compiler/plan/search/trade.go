package search

// The effect of most changes can be computed without making them. A portable layer costs the same
// wherever it is, so replacing some of them costs the same in every image, whatever else is in
// the image. The content of the new layers, found by its key among the existing sets, and the
// replicas that hold it are enough. Nearly all possible changes are futile, so only the others
// are tried.

// trade is a replacement of one or two portable layers of some classes.
type trade struct {
	po       *pool
	old      []int32 // sets
	replicas int64   // of the classes
	gain     Money   // saving from removing the old layers
}

// content describes the content of a portable layer, which may not exist.
type content struct {
	key         uint64
	size        int64
	own, common int64 // hazard
}

// trade returns nil if the effect of a change can't be computed this way.
func (q *polish) trade(classes []int32, old ...int32) *trade {
	po := q.po
	if po.held != nil {
		return nil
	}
	q.deal = trade{po: po, old: old}
	t := &q.deal
	for _, s := range old {
		if po.sets[s].stacked {
			return nil
		}
	}
	for _, c := range classes {
		if po.f.classes[c].mixed {
			return nil
		}
		t.replicas += po.f.classes[c].replicas
	}
	for _, s := range t.old {
		x := &po.blobs[po.sets[s].loose]
		t.gain += t.total(x.rate, x.replicas) - t.total(x.rate, x.replicas-t.replicas)
	}
	return t
}

func (t *trade) total(r rate, replicas int64) Money {
	if replicas == 0 {
		return 0
	}
	return r.total(t.po.f.price.hosts(replicas))
}

// futile reports whether the new contents cost at least as much as the old layers.
func (t *trade) futile(new ...content) bool {
	po := t.po
	var cost Money
	for _, c := range new {
		po.work += 2
		if s, ok := po.setBy[c.key]; ok {
			x := &po.blobs[po.sets[s].loose]
			cost += t.total(x.rate, x.replicas+t.replicas) - t.total(x.rate, x.replicas)
			continue
		}
		cost += t.total(po.f.price.blob(c.size, c.own+c.common, 0), t.replicas)
	}
	return cost >= t.gain
}

// merged is the union of both layers.
func (t *trade) merged() content {
	a, b := &t.po.sets[t.old[0]], &t.po.sets[t.old[1]]
	hazard := t.po.f.sharedHazard
	return content{a.key ^ b.key, a.size + b.size, a.own + b.own,
		bitset(nil).sumNew(a.shared, hazard) + a.shared.sumNew(b.shared, hazard)}
}

// contentOf describes the content of some items.
func (po *pool) contentOf(items []int32) (c content) {
	var shared bitset
	for _, i := range items {
		it := &po.f.items[i]
		c.key, c.size, c.own = c.key^it.key, c.size+it.size, c.own+it.own
		shared = union(shared, it.shared)
	}
	c.common = bitset(nil).sumNew(shared, po.f.sharedHazard)
	return c
}

// changed is the content of a set without one item and with another; -1 means none.
func (po *pool) changed(s, without, with int32) content {
	f, x := po.f, &po.sets[s]
	c := content{x.key, x.size, x.own, 0}
	shared := x.shared
	if without >= 0 {
		it := &f.items[without]
		c.key, c.size, c.own = c.key^it.key, c.size-it.size, c.own-it.own
		if it.shared != nil {
			shared = nil
			for _, i := range x.items {
				if i != without {
					shared = union(shared, f.items[i].shared)
				}
			}
		}
	}
	c.common = bitset(nil).sumNew(shared, f.sharedHazard)
	if with >= 0 {
		it := &f.items[with]
		c.key, c.size, c.own = c.key^it.key, c.size+it.size, c.own+it.own
		c.common += shared.sumNew(it.shared, f.sharedHazard)
	}
	return c
}
