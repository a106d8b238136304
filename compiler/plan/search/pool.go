package search

import "slices"

// pool is a plan that is being changed: a list of sets for each class, and every resulting blob
// with the number of replicas that hold it. Sets and blobs are interned, so pricing a change
// takes a few look-ups for each class concerned.
type pool struct {
	f      *fleet
	sets   []set
	setBy  map[uint64]int32
	blobs  []blob
	blobBy map[uint64]int32
	plan   [][]int32 // class → sets: the spine bottom up, then portable ones by key
	lay    [][]int32 // class → blobs of the same sets
	work   int64     // number of touched blobs so far
	kept   Money     // cost of the plan, without bases, deltas and portable recipes
	cost   Money     // of the plan, with the tries

	// The tries that are neither kept nor undone.
	pending []change
	arena   []int32
	log     []touched
	below   []int32 // scratch of stack

	// Moving to a blob that a class already held costs nothing.
	held    []map[uint64]bool // by class: keys of blobs; nil without a previous plan
	payback int64
}

// set is the content of a layer.
type set struct {
	items   []int32 // ascending
	bits    bitset
	key     uint64 // XOR of the items' keys
	size    int64
	build   int64 // of the stacked members
	own     int64 // hazard
	shared  bitset
	needs   bitset // of the stacked members, without the members; nil if none
	loose   int32  // its blob if it is portable
	stacked bool
	legal   bool // all members have one Alone value
}

// blob is a set at its place: a portable set anywhere, a spine set on exactly what is below it.
type blob struct {
	key      uint64
	set      int32
	rate     rate
	once     Money // price of a pull to one host
	own      int64 // hazard, on the spine including all content below
	shared   bitset
	replicas int64
	holders  []int32 // classes, ascending
}

type change struct {
	class     int32
	plan, lay []int32
}

type touched struct {
	blob     int32
	replicas int64
}

func newPool(f *fleet) *pool {
	po := &pool{f: f, setBy: map[uint64]int32{}, blobBy: map[uint64]int32{},
		plan: make([][]int32, len(f.classes)), lay: make([][]int32, len(f.classes))}
	// Blob 0 is the ground of images without a base; the bases follow.
	po.blobs = append(po.blobs, blob{key: mix(0), set: -1})
	for i := range f.items {
		if it := &f.items[i]; it.base {
			key := mix(it.key)
			po.blobBy[key] = int32(len(po.blobs))
			po.blobs = append(po.blobs, blob{key: key, set: -1, own: it.own, shared: it.shared})
		}
	}
	for c := range f.classes {
		if cl := &f.classes[c]; cl.base >= 0 {
			cl.ground = po.blobBy[mix(f.items[cl.base].key)]
		}
	}
	return po
}

// intern returns the index of the set with these items, in any order.
func (po *pool) intern(items ...int32) int32 {
	var key uint64
	for _, i := range items {
		key ^= po.f.items[i].key
	}
	if s, ok := po.setBy[key]; ok {
		return s
	}
	items = slices.Clone(items)
	slices.Sort(items)
	return po.addSet(key, items)
}

func (po *pool) addSet(key uint64, items []int32) int32 {
	f := po.f
	s := set{items: items, key: key, legal: true, bits: newBitset(len(f.items))}
	for _, i := range items {
		it := &f.items[i]
		s.bits.add(i)
		s.size += it.size
		s.own += it.own
		if it.shared != nil {
			if s.shared == nil {
				s.shared = newBitset(len(f.sharedHazard))
			}
			s.shared.or(it.shared)
		}
		s.legal = s.legal && it.alone == f.items[items[0]].alone
		if it.stacked {
			s.stacked = true
			s.build += it.build
			if !it.needs.empty() {
				if s.needs == nil {
					s.needs = newBitset(len(f.items))
				}
				s.needs.or(it.needs)
			}
		}
	}
	if s.needs != nil {
		for _, i := range items {
			s.needs.drop(i)
		}
		if s.needs.empty() {
			s.needs = nil
		}
	}
	id := int32(len(po.sets))
	po.setBy[key] = id
	po.sets = append(po.sets, s)
	if !s.stacked {
		po.sets[id].loose = po.addBlob(mix(^key), id, -1, nil)
	}
	return id
}

// union of two disjoint sets.
func (po *pool) union(a, b int32) int32 {
	key := po.sets[a].key ^ po.sets[b].key
	if s, ok := po.setBy[key]; ok {
		return s
	}
	items := append(slices.Clone(po.sets[a].items), po.sets[b].items...)
	slices.Sort(items)
	return po.addSet(key, items)
}

// minus removes a subset; -1 if nothing is left.
func (po *pool) minus(a, b int32) int32 {
	if a == b {
		return -1
	}
	key := po.sets[a].key ^ po.sets[b].key
	if s, ok := po.setBy[key]; ok {
		return s
	}
	var items []int32
	for _, i := range po.sets[a].items {
		if !po.sets[b].bits.has(i) {
			items = append(items, i)
		}
	}
	return po.addSet(key, items)
}

// arrange sorts the sets of one image into the pool's order. The order of the spine is unchanged.
func (po *pool) arrange(plan []int32) {
	slices.SortStableFunc(plan, func(a, b int32) int {
		x, y := &po.sets[a], &po.sets[b]
		switch {
		case x.stacked && y.stacked:
			return 0
		case x.stacked:
			return -1
		case y.stacked:
			return 1
		case x.key < y.key:
			return -1
		default:
			return 1
		}
	})
}

// stack finds the blobs of an arranged plan. It is false if the plan breaks an order or mixes
// Alone values. The caller checks the room.
func (po *pool) stack(c int32, plan []int32, lay []int32) ([]int32, bool) {
	spine := 0
	for _, id := range plan {
		s := &po.sets[id]
		if !s.legal {
			return lay, false
		}
		if s.stacked {
			if s.needs != nil {
				for _, above := range plan[spine+1:] {
					if !po.sets[above].stacked {
						break
					}
					if s.needs.meets(po.sets[above].bits) {
						return lay, false
					}
				}
			}
			spine++
		}
	}
	portable := plan[spine:]
	cl := &po.f.classes[c]
	under := cl.ground
	old, same := po.plan[c], 0
	if !cl.mixed {
		// Without portable layers below, equal sets at the bottom of the spine are equal blobs.
		for same < spine && same < len(old) && plan[same] == old[same] {
			under = po.lay[c][same]
			lay = append(lay, under)
			same++
		}
	}
	// The portable layers that the spine stands on so far come first in below.
	below, on := append(po.below[:0], portable...), 0
	for _, id := range plan[same:spine] {
		from, onKey := on, uint64(0)
		if needs := po.sets[id].needs; cl.mixed && needs != nil {
			for i := on; i < len(below); i++ {
				if p := below[i]; needs.meets(po.sets[p].bits) {
					below[i], below[on] = below[on], p
					on++
					onKey ^= mix(po.sets[p].key)
				}
			}
		}
		key := mix(mix(po.blobs[under].key^onKey) ^ po.sets[id].key)
		b, ok := po.blobBy[key]
		if !ok {
			b = po.addBlob(key, id, under, below[from:on])
		}
		lay = append(lay, b)
		under = b
	}
	po.below = below
	for _, id := range portable {
		lay = append(lay, po.sets[id].loose)
	}
	return lay, true
}

// addBlob interns a blob that has no holders yet. on are the portable sets between it and the
// spine below.
func (po *pool) addBlob(key uint64, id, under int32, on []int32) int32 {
	f, s := po.f, &po.sets[id]
	b := blob{key: key, set: id, own: s.own, shared: s.shared}
	if under >= 0 {
		b.own += po.blobs[under].own
		b.shared = union(b.shared, po.blobs[under].shared)
		for _, p := range on {
			b.own += po.sets[p].own
			b.shared = union(b.shared, po.sets[p].shared)
		}
	}
	hazard := b.own + bitset(nil).sumNew(b.shared, f.sharedHazard)
	b.rate = f.price.blob(s.size, hazard, s.build)
	b.once = Money(milli(s.size+f.price.w.Layer, f.price.w.Pull))
	po.blobBy[key] = int32(len(po.blobs))
	po.blobs = append(po.blobs, b)
	return po.blobBy[key]
}

// union returns the union of two sets, which may be nil. It changes neither.
func union(a, b bitset) bitset {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	a = a.copy()
	a.or(b)
	return a
}

// touch adds replicas to a blob or removes them, and returns the difference in cost.
func (po *pool) touch(b int32, replicas int64) Money {
	po.work++
	x := &po.blobs[b]
	old := x.replicas
	x.replicas += replicas
	switch {
	case old == 0:
		return x.rate.total(po.f.price.hosts(x.replicas))
	case x.replicas == 0:
		return -x.rate.total(po.f.price.hosts(old))
	default:
		return x.rate.pull(po.f.price.hosts(x.replicas)) - x.rate.pull(po.f.price.hosts(old))
	}
}

// moving is the price, per cycle, for moving a class to a blob that it did not hold before.
func (po *pool) moving(c int32, b int32) Money {
	if po.held == nil || po.held[c] == nil || po.held[c][po.blobs[b].key] {
		return 0
	}
	return po.blobs[b].once * Money(po.f.classes[c].replicas) / Money(po.payback)
}

// try changes the plan of one class tentatively and returns the difference in cost. It is false
// if the plan is not valid. It copies plan. keep or undo must end a series of tries, which has at
// most one for each class.
func (po *pool) try(c int32, plan []int32) (Money, bool) {
	return po.tryFor(c, plan, po.f.classes[c].replicas)
}

// tryFor is try with the number of replicas of all classes for which the change is the same.
func (po *pool) tryFor(c int32, plan []int32, replicas int64) (Money, bool) {
	po.arrange(plan)
	from := len(po.arena)
	po.arena = append(po.arena, plan...)
	mid := len(po.arena)
	var ok bool
	po.arena, ok = po.stack(c, plan, po.arena)
	if !ok {
		po.arena = po.arena[:from]
		return 0, false
	}
	lay := po.arena[mid:]
	po.work += int64(len(lay))
	po.pending = append(po.pending, change{c, po.arena[from:mid:mid], lay[:len(lay):len(lay)]})
	var delta Money
	take := func(b int32) {
		delta += po.touch(b, -replicas) - po.moving(c, b)
		po.log = append(po.log, touched{b, -replicas})
	}
	give := func(b int32) {
		delta += po.touch(b, replicas) + po.moving(c, b)
		po.log = append(po.log, touched{b, replicas})
	}
	old := po.lay[c]
	i, j := 0, 0
	for i < len(old) && i < len(lay) && old[i] == lay[i] {
		i++
		j++
	}
	for ; i < len(old) && po.sets[po.plan[c][i]].stacked; i++ {
		take(old[i])
	}
	for ; j < len(lay) && po.sets[plan[j]].stacked; j++ {
		give(lay[j])
	}
	// Portable layers have the same order in both.
	for i < len(old) || j < len(lay) {
		switch {
		case j == len(lay) || i < len(old) && po.sets[po.plan[c][i]].key < po.sets[plan[j]].key:
			take(old[i])
			i++
		case i == len(old) || old[i] != lay[j]:
			give(lay[j])
			j++
		default:
			i++
			j++
		}
	}
	po.cost += delta
	return delta, true
}

// undo reverts all tries.
func (po *pool) undo() { po.undoTo(savepoint{cost: po.kept}) }

// keep makes all tries part of the plan.
func (po *pool) keep() {
	for _, ch := range po.pending {
		for _, b := range po.lay[ch.class] {
			h := po.blobs[b].holders
			at, _ := slices.BinarySearch(h, ch.class)
			po.blobs[b].holders = slices.Delete(h, at, at+1)
		}
		po.plan[ch.class] = append(po.plan[ch.class][:0], ch.plan...)
		po.lay[ch.class] = append(po.lay[ch.class][:0], ch.lay...)
		for _, b := range ch.lay {
			h := po.blobs[b].holders
			at, _ := slices.BinarySearch(h, ch.class)
			po.blobs[b].holders = slices.Insert(h, at, ch.class)
		}
	}
	po.log, po.pending, po.arena = po.log[:0], po.pending[:0], po.arena[:0]
	po.kept = po.cost
}

// load replaces the plans of all classes. They must be valid.
func (po *pool) load(plans [][]int32) {
	for c, plan := range plans {
		if !slices.Equal(plan, po.plan[c]) {
			po.try(int32(c), slices.Clone(plan))
			po.keep()
		}
	}
}

// snapshot copies the plan.
func (po *pool) snapshot() [][]int32 {
	plans := make([][]int32, len(po.plan))
	for c := range plans {
		plans[c] = slices.Clone(po.plan[c])
	}
	return plans
}

// savepoint marks a position in the series of tries.
type savepoint struct {
	pending, log, arena int
	cost                Money
}

func (po *pool) mark() savepoint {
	return savepoint{len(po.pending), len(po.log), len(po.arena), po.cost}
}

// undoTo reverts the tries since a savepoint.
func (po *pool) undoTo(at savepoint) {
	for _, t := range po.log[at.log:] {
		po.blobs[t.blob].replicas -= t.replicas
	}
	po.log, po.pending, po.arena = po.log[:at.log], po.pending[:at.pending], po.arena[:at.arena]
	po.cost = at.cost
}
