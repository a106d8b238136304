package search

import (
	"math/bits"
	"slices"
	"sync"
)

// fit merges the single items of a start into layers until every image is within its limit. It
// always takes the merge that costs least for each image that it helps, and takes merges that
// save money even if they help no image. The cost of a merge depends only on its two layers, so
// it changes when one of them does. Old values are kept, and a merge is priced again when its
// turn comes.
//
// A fleet has millions of merges, and most never have their turn. Those offered together
// wait in a heap of their own, and only the first of each is in the heap of all. A heap ends with
// the layer that it is about.
type fit struct {
	f     *fleet
	t     *trie
	loose []loose // portable layers off the spine
	has   [][]int32
	// By class: number of layers above the limit, and replicas, side by side for quick sums.
	over     []int32
	replicas []int64
	room     []int32 // at the current limit
	heap     []offers
	batch    []merge // offered together, not yet in the heap
	met      []int32 // loose → the last one it was offered with, plus one
	work     int64
}

// loose is a portable layer and the classes that hold it.
type loose struct {
	items    []int32
	holders  bitset
	size     int64
	own      int64
	shared   bitset
	alone    int32
	replicas int64
	hazard   int64
	rate     rate
	cost     Money // for its replicas
	dead     bool
}

type merge struct {
	kind  mergeKind
	a, b  int32
	ratio int64
}

type mergeKind uint8

const (
	joinUp    mergeKind = iota // node a with the node below it
	joinLoose                  // loose a and b, for all classes that hold both
	joinSome                   // loose a and b, only for classes with too many layers, where that is cheaper
	joinSpine                  // loose a into node b, for the classes whose spine ends there
)

// fitted turns a trie into plans for the limits of the fleet from high down to low. A plan has
// lists of items for each class, or nil for a class that merges can't bring within its room. Each
// limit starts from the layers of the one before.
func (f *fleet) fitted(t *trie, high, low int, out chan<- start, o Options) {
	n := len(f.classes)
	x := &fit{f: f, t: t, over: make([]int32, n), room: make([]int32, n), replicas: make([]int64, n), has: make([][]int32, n)}
	x.start()
	for limit := high; limit >= low; limit-- {
		if (x.lower(limit) || limit == high) && !o.ended() {
			x.offerAll()
			x.merge()
		}
		out <- start{x.plans(), x.work}
		x.work = 0
	}
}

// lower sets the limit. It reports whether an image has too many layers for it.
func (x *fit) lower(limit int) (needed bool) {
	for c := range x.f.classes {
		room := int32(x.f.classes[c].roomAt(limit))
		x.over[c] += x.room[c] - room
		x.room[c] = room
		needed = needed || x.over[c] > 0
	}
	return needed
}

// gone reports whether a merge of loose layers will never be possible again: one of them is dead,
// or no class holds both.
func (x *fit) gone(m *merge) bool {
	if m.kind != joinLoose && m.kind != joinSome {
		return false
	}
	a, b := &x.loose[m.a], &x.loose[m.b]
	return a.dead || b.dead || !a.holders.meets(b.holders)
}

// start creates a loose layer for each item that is in no spine.
func (x *fit) start() {
	f := x.f
	byItem := map[int32]int32{}
	for c := range f.classes {
		cl := &f.classes[c]
		x.replicas[c] = cl.replicas
		for at := x.t.tip[c]; x.t.nodes[at].up >= 0; at = x.t.nodes[at].up {
			x.over[c]++
		}
		for _, i := range cl.items {
			if cl.chain.has(i) {
				continue
			}
			id, ok := byItem[i]
			if !ok {
				id = int32(len(x.loose))
				byItem[i] = id
				it := &f.items[i]
				x.loose = append(x.loose, loose{items: []int32{i}, holders: newBitset(len(f.classes)),
					size: it.size, own: it.own, shared: it.shared, alone: it.alone})
			}
			x.loose[id].holders.add(int32(c))
			x.loose[id].replicas += cl.replicas
			x.has[c] = append(x.has[c], id)
			x.over[c]++
		}
	}
	x.disperse()
	for id := range x.loose {
		x.rate(&x.loose[id])
	}
}

// offerAll offers all merges.
func (x *fit) offerAll() {
	for id := range x.t.nodes {
		x.offer(merge{kind: joinUp, a: int32(id)})
		x.offerSpine(int32(id))
	}
	x.offered(-1)
	x.met = make([]int32, len(x.loose))
	var halves [2]*fit
	var all sync.WaitGroup
	for n := range halves {
		half := *x
		half.heap, half.batch, half.met, half.work = nil, nil, slices.Clone(x.met), 0
		halves[n] = &half
		all.Go(func() {
			for a := n; a < len(half.loose); a += len(halves) {
				half.offerPairs(int32(a))
			}
		})
	}
	all.Wait()
	for _, half := range halves {
		x.work += half.work
		for _, o := range half.heap {
			x.heap = push(x.heap, o)
		}
	}
}

// offerPairs offers to join a loose layer with each later one.
func (x *fit) offerPairs(a int32) {
	if x.loose[a].dead {
		return
	}
	for _, c := range x.loose[a].holders.members() {
		for _, b := range x.has[c] {
			if b > a {
				x.offerPair(a, b)
			}
		}
	}
	x.offered(a)
}

// offerPair offers to join two loose layers, once for each a.
func (x *fit) offerPair(a, b int32) {
	if x.met[b] != a+1 {
		x.met[b] = a + 1
		x.offer(merge{kind: joinLoose, a: min(a, b), b: max(a, b)})
	}
}

// rate prices a loose layer by what it holds.
func (x *fit) rate(l *loose) {
	l.hazard = l.own + bitset(nil).sumNew(l.shared, x.f.sharedHazard)
	l.rate = x.f.price.blob(l.size, l.hazard, 0)
	l.cost = x.total(l.rate, l.replicas)
}

// offerSpine offers to merge loose layers into a node, for the classes whose spine ends there.
func (x *fit) offerSpine(n int32) {
	offered := map[int32]bool{}
	for _, c := range x.t.nodes[n].classes {
		if x.t.tip[c] != n {
			continue
		}
		for _, l := range x.has[c] {
			if !offered[l] {
				offered[l] = true
				x.offer(merge{kind: joinSpine, a: l, b: n})
			}
		}
	}
}

// offer adds a merge to the next batch.
func (x *fit) offer(m merge) {
	if x.price(&m) {
		x.batch = append(x.batch, m)
	}
}

// total is the cost of a blob of this rate for so many replicas; 0 if it has none.
func (x *fit) total(r rate, replicas int64) Money {
	if replicas == 0 {
		return 0
	}
	return r.total(x.f.price.hosts(replicas))
}

func (x *fit) nodeRate(n *node) rate {
	return x.f.price.blob(n.size, n.own+bitset(nil).sumNew(n.shared, x.f.sharedHazard), n.build)
}

// helped counts classes with too many layers.
func (x *fit) helped(classes []int32) (n int64) {
	for _, c := range classes {
		if x.over[c] > 0 {
			n++
		}
	}
	return n
}

// price computes the ratio of a merge, its cost for each image that it helps, and for two loose
// layers the classes that it is for. It is false if the merge is impossible or useless.
func (x *fit) price(m *merge) bool {
	x.work++
	var delta Money
	var helped int64
	switch m.kind {
	case joinUp:
		n := &x.t.nodes[m.a]
		if n.dead || n.up < 0 || x.t.nodes[n.up].up < 0 {
			return false
		}
		up := &x.t.nodes[n.up]
		if x.alone(n.items[0]) != x.alone(up.items[0]) {
			return false
		}
		helped = x.helped(n.classes)
		both := *n
		x.absorb(&both, up.size, up.build, 0, nil, up.stacked)
		rest := up.replicas - n.replicas
		upRate := x.nodeRate(up)
		delta = x.total(x.nodeRate(&both), n.replicas) - x.total(x.nodeRate(n), n.replicas) +
			x.total(upRate, rest) - x.total(upRate, up.replicas)
	case joinLoose, joinSome:
		a, b := &x.loose[m.a], &x.loose[m.b]
		if a.dead || b.dead || a.alone != b.alone {
			return false
		}
		var classes, replicas, replicasHelped int64
		for i, w := range a.holders {
			for w &= b.holders[i]; w != 0; w &= w - 1 {
				c := i*64 + bits.TrailingZeros64(w)
				classes++
				replicas += x.replicas[c]
				if x.over[c] > 0 {
					helped++
					replicasHelped += x.replicas[c]
				}
			}
		}
		if classes == 0 {
			return false
		}
		x.work += classes / 4
		hazard := a.hazard + b.own + a.shared.sumNew(b.shared, x.f.sharedHazard)
		both := x.f.price.blob(a.size+b.size, hazard, 0)
		cost := func(replicas int64) Money {
			return x.total(both, replicas) +
				x.total(a.rate, a.replicas-replicas) - a.cost +
				x.total(b.rate, b.replicas-replicas) - b.cost
		}
		m.kind, delta = joinLoose, cost(replicas)
		if helped > 0 && helped < classes {
			if some := cost(replicasHelped); some < delta {
				m.kind, delta = joinSome, some
			}
		}
	case joinSpine:
		l, n := &x.loose[m.a], &x.t.nodes[m.b]
		if l.dead || n.dead || n.up < 0 || l.alone != x.alone(n.items[0]) {
			return false
		}
		classes := x.concerned(*m)
		helped = x.helped(classes)
		if helped == 0 {
			return false
		}
		var replicas int64
		for _, c := range classes {
			replicas += x.replicas[c]
		}
		both := *n
		x.absorb(&both, l.size, 0, l.own, l.shared, false)
		nRate := x.nodeRate(n)
		delta = x.total(x.nodeRate(&both), replicas) +
			x.total(nRate, n.replicas-replicas) - x.total(nRate, n.replicas) +
			x.total(l.rate, l.replicas-replicas) - l.cost
	}
	if helped == 0 {
		m.ratio = int64(delta)
		return delta < 0
	}
	m.ratio = int64(delta) / helped
	return true
}

func (x *fit) alone(i int32) int32 { return x.f.items[i].alone }

func (x *fit) absorb(n *node, size, build, own int64, shared bitset, stacked bool) {
	n.size += size
	n.build += build
	n.own += own
	n.shared = union(n.shared, shared)
	n.stacked = n.stacked || stacked
}

// concerned lists the classes that a merge is for.
func (x *fit) concerned(m merge) []int32 {
	var list []int32
	if m.kind == joinSpine {
		n := &x.t.nodes[m.b]
		for _, c := range n.classes {
			if x.t.tip[c] == m.b && x.over[c] > 0 && x.loose[m.a].holders.has(c) {
				list = append(list, c)
			}
		}
		return list
	}
	both := x.loose[m.a].holders.copy()
	for i, w := range x.loose[m.b].holders {
		both[i] &= w
	}
	list = both.members()
	if m.kind == joinSome {
		list = slices.DeleteFunc(list, func(c int32) bool { return x.over[c] <= 0 })
	}
	return list
}

func (x *fit) apply(m merge) {
	switch m.kind {
	case joinUp:
		x.applyUp(m.a)
	case joinLoose, joinSome:
		classes := x.concerned(m)
		a, b := &x.loose[m.a], &x.loose[m.b]
		l := loose{items: append(slices.Clone(a.items), b.items...), holders: newBitset(len(x.f.classes)),
			size: a.size + b.size, own: a.own + b.own, shared: union(a.shared, b.shared), alone: a.alone}
		for _, c := range classes {
			l.holders.add(c)
			l.replicas += x.replicas[c]
		}
		x.rate(&l)
		id := int32(len(x.loose))
		x.release(m.a, classes)
		x.release(m.b, classes)
		for _, c := range classes {
			x.has[c] = append(x.has[c], id)
			x.over[c]--
		}
		x.loose = append(x.loose, l)
		x.met = append(x.met, id+1)
		for _, c := range classes {
			for _, o := range x.has[c] {
				x.offerPair(id, o)
			}
		}
		offered := map[int32]bool{}
		for _, c := range classes {
			if n := x.t.tip[c]; x.t.nodes[n].up >= 0 && !offered[n] {
				offered[n] = true
				x.offer(merge{kind: joinSpine, a: id, b: n})
			}
		}
		x.offered(id)
	case joinSpine:
		x.applySpine(m)
	}
}

// release removes a loose layer from some classes.
func (x *fit) release(l int32, classes []int32) {
	lo := &x.loose[l]
	for _, c := range classes {
		at := slices.Index(x.has[c], l)
		x.has[c] = slices.Delete(x.has[c], at, at+1)
		lo.holders.drop(c)
		lo.replicas -= x.replicas[c]
	}
	lo.cost = x.total(lo.rate, lo.replicas)
	lo.dead = lo.replicas == 0
}

// applyUp merges node a into a copy of the node below it. Other classes keep the original.
func (x *fit) applyUp(a int32) {
	t := x.t
	n := &t.nodes[a]
	upID := n.up
	up := &t.nodes[upID]
	n.items = append(slices.Clone(up.items), n.items...)
	x.absorb(n, up.size, up.build, 0, nil, up.stacked)
	n.up = up.up
	up.kids = slices.DeleteFunc(up.kids, func(k int32) bool { return k == a })
	x.leave(upID, n.classes)
	t.nodes[n.up].kids = append(t.nodes[n.up].kids, a)
	for _, c := range n.classes {
		x.over[c]--
	}
	x.offer(merge{kind: joinUp, a: a})
	for _, k := range n.kids {
		x.offer(merge{kind: joinUp, a: k})
	}
	if !up.dead {
		x.offer(merge{kind: joinUp, a: upID})
		for _, k := range up.kids {
			x.offer(merge{kind: joinUp, a: k})
		}
	}
	x.offerSpine(a)
	x.offered(-1)
}

// leave removes classes from a node, and the node from the trie when it has none left.
func (x *fit) leave(id int32, classes []int32) {
	t := x.t
	n := &t.nodes[id]
	var rest []int32
	k := 0
	for _, c := range n.classes {
		for k < len(classes) && classes[k] < c {
			k++
		}
		if k < len(classes) && classes[k] == c {
			n.replicas -= x.replicas[c]
			continue
		}
		rest = append(rest, c)
	}
	n.classes = rest
	if len(rest) == 0 {
		n.dead = true
		up := &t.nodes[n.up]
		up.kids = slices.DeleteFunc(up.kids, func(k int32) bool { return k == id })
	}
}

// applySpine merges a loose layer into the topmost node of some classes' spines.
func (x *fit) applySpine(m merge) {
	classes := x.concerned(m)
	for _, c := range classes {
		x.over[c]--
	}
	t := x.t
	n, l := &t.nodes[m.b], &x.loose[m.a]
	items := append(slices.Clone(n.items), l.items...)
	id := m.b
	if len(classes) < len(n.classes) {
		id = int32(len(t.nodes))
		t.nodes = append(t.nodes, node{up: n.up, classes: classes, size: n.size, build: n.build,
			own: n.own, shared: n.shared, stacked: n.stacked})
		n = &t.nodes[id]
		t.nodes[n.up].kids = append(t.nodes[n.up].kids, id)
		for _, c := range classes {
			n.replicas += x.replicas[c]
			t.tip[c] = id
		}
		x.leave(m.b, classes)
	}
	n = &t.nodes[id]
	n.items = items
	x.absorb(n, l.size, 0, l.own, l.shared, false)
	x.release(m.a, classes)
	x.offer(merge{kind: joinUp, a: id})
	if id != m.b {
		x.offer(merge{kind: joinUp, a: m.b})
	}
	x.offerSpine(id)
	x.offered(-1)
}

// plans reads the layers of each class off the trie.
func (x *fit) plans() [][][]int32 {
	plans := make([][][]int32, len(x.f.classes))
	for c := range plans {
		if x.over[c] > 0 {
			continue
		}
		plan := [][]int32{}
		for at := x.t.tip[c]; x.t.nodes[at].up >= 0; at = x.t.nodes[at].up {
			plan = append(plan, x.t.nodes[at].items)
		}
		slices.Reverse(plan)
		for _, l := range x.has[c] {
			plan = append(plan, x.loose[l].items)
		}
		plans[c] = plan
	}
	return plans
}
