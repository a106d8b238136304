package search

import (
	"container/heap"
	"slices"
)

// fit merges the single items of a start into layers until every image has as
// few as it may: always the merge that costs least for each image that it
// helps, and merges that save money whether they help or not. What a merge
// costs is known from the two layers alone; it changes when one of them does,
// so a heap keeps old values and a merge is priced again when its turn comes.
type fit struct {
	f     *fleet
	t     *trie
	loose []loose // portable layers off the spine
	has   [][]int32
	over  []int // class → layers too many
	heap  mergeHeap
	work  int64
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
	rate     rate
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
	joinSome                   // the same for classes with too many layers only
	joinSpine                  // loose a into node b, for the classes whose spine ends there
)

// fitted turns a trie into a plan for each class, lists of items; nil for a
// class that merges can't bring within its room.
func (f *fleet) fitted(t *trie) ([][][]int32, int64) {
	x := &fit{f: f, t: t, over: make([]int, len(f.classes)), has: make([][]int32, len(f.classes))}
	x.start()
	for len(x.heap) > 0 {
		m := x.heap[0]
		ratio, ok := x.price(m)
		if !ok {
			heap.Pop(&x.heap)
			continue
		}
		if ratio > m.ratio {
			x.heap[0].ratio = ratio
			heap.Fix(&x.heap, 0)
			continue
		}
		heap.Pop(&x.heap)
		x.apply(m)
	}
	return x.plans(), x.work
}

// start makes a loose layer of each item that stands in no spine, and prices
// all merges.
func (x *fit) start() {
	f := x.f
	byItem := map[int32]int32{}
	for c := range f.classes {
		cl := &f.classes[c]
		x.over[c] = -cl.room
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
	for id := range x.loose {
		x.rate(&x.loose[id])
	}
	for id := range x.t.nodes {
		x.offer(merge{kind: joinUp, a: int32(id)})
		x.offerSpine(int32(id))
	}
	met := make([]int, len(x.loose)) // by layer: the last one that it was offered with, plus one
	for a := range x.loose {
		for _, c := range x.loose[a].holders.members() {
			for _, b := range x.has[c] {
				if int(b) > a && met[b] != a+1 {
					met[b] = a + 1
					x.offer(merge{kind: joinLoose, a: int32(a), b: b})
					x.offer(merge{kind: joinSome, a: int32(a), b: b})
				}
			}
		}
	}
}

func (x *fit) rate(l *loose) {
	l.rate = x.f.price.blob(l.size, l.own+bitset(nil).sumNew(l.shared, x.f.sharedHazard), 0)
}

// offerSpine offers to put loose layers of the classes whose spine ends at a
// node into it.
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

func (x *fit) offer(m merge) {
	if ratio, ok := x.price(m); ok {
		m.ratio = ratio
		heap.Push(&x.heap, m)
	}
}

// total is what a blob of this rate costs so many replicas; none if nobody has it.
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

// price is the cost of a merge for each image that it helps; false if it is
// impossible or of no use.
func (x *fit) price(m merge) (int64, bool) {
	x.work++
	var delta Money
	var helped int64
	switch m.kind {
	case joinUp:
		n := &x.t.nodes[m.a]
		if n.dead || n.up < 0 || x.t.nodes[n.up].up < 0 {
			return 0, false
		}
		up := &x.t.nodes[n.up]
		if x.alone(n.items[0]) != x.alone(up.items[0]) {
			return 0, false
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
			return 0, false
		}
		var replicas int64
		classes := x.concerned(m)
		helped = x.helped(classes)
		if len(classes) == 0 || helped == 0 && m.kind == joinSome {
			return 0, false
		}
		for _, c := range classes {
			replicas += x.f.classes[c].replicas
		}
		x.work += int64(len(classes)) / 4
		hazard := a.own + b.own + bitset(nil).sumNew(a.shared, x.f.sharedHazard) + a.shared.sumNew(b.shared, x.f.sharedHazard)
		delta = x.total(x.f.price.blob(a.size+b.size, hazard, 0), replicas) +
			x.total(a.rate, a.replicas-replicas) - x.total(a.rate, a.replicas) +
			x.total(b.rate, b.replicas-replicas) - x.total(b.rate, b.replicas)
	case joinSpine:
		l, n := &x.loose[m.a], &x.t.nodes[m.b]
		if l.dead || n.dead || n.up < 0 || l.alone != x.alone(n.items[0]) {
			return 0, false
		}
		classes := x.concerned(m)
		helped = x.helped(classes)
		if helped == 0 {
			return 0, false
		}
		var replicas int64
		for _, c := range classes {
			replicas += x.f.classes[c].replicas
		}
		both := *n
		x.absorb(&both, l.size, 0, l.own, l.shared, false)
		nRate := x.nodeRate(n)
		delta = x.total(x.nodeRate(&both), replicas) +
			x.total(nRate, n.replicas-replicas) - x.total(nRate, n.replicas) +
			x.total(l.rate, l.replicas-replicas) - x.total(l.rate, l.replicas)
	}
	if helped == 0 {
		return int64(delta), delta < 0
	}
	return int64(delta) / helped, true
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
		x.rate(&l)
		for _, c := range classes {
			l.holders.add(c)
			l.replicas += x.f.classes[c].replicas
		}
		id := int32(len(x.loose))
		for _, c := range classes {
			x.release(m.a, c)
			x.release(m.b, c)
			x.has[c] = append(x.has[c], id)
			x.over[c]--
		}
		x.loose = append(x.loose, l)
		offered := map[int32]bool{id: true}
		for _, c := range classes {
			for _, o := range x.has[c] {
				if !offered[o] {
					offered[o] = true
					x.offer(merge{kind: joinLoose, a: o, b: id})
					x.offer(merge{kind: joinSome, a: o, b: id})
				}
			}
		}
		offered = map[int32]bool{}
		for _, c := range classes {
			if n := x.t.tip[c]; x.t.nodes[n].up >= 0 && !offered[n] {
				offered[n] = true
				x.offer(merge{kind: joinSpine, a: id, b: n})
			}
		}
	case joinSpine:
		x.applySpine(m)
	}
}

// release takes a loose layer from a class.
func (x *fit) release(l, c int32) {
	at := slices.Index(x.has[c], l)
	x.has[c] = slices.Delete(x.has[c], at, at+1)
	lo := &x.loose[l]
	lo.holders.drop(c)
	lo.replicas -= x.f.classes[c].replicas
	lo.dead = lo.replicas == 0
}

// applyUp merges node a into a copy of the node below it; other classes keep that.
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
}

// leave takes classes from a node, and the node from the trie with its last.
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
			n.replicas -= x.f.classes[c].replicas
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

// applySpine puts a loose layer into the end of some classes' spines.
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
			n.replicas += x.f.classes[c].replicas
			t.tip[c] = id
		}
		x.leave(m.b, classes)
	}
	n = &t.nodes[id]
	n.items = items
	x.absorb(n, l.size, 0, l.own, l.shared, false)
	for _, c := range classes {
		x.release(m.a, c)
	}
	x.offer(merge{kind: joinUp, a: id})
	if id != m.b {
		x.offer(merge{kind: joinUp, a: m.b})
	}
	x.offerSpine(id)
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

type mergeHeap []merge

func (h mergeHeap) Len() int { return len(h) }
func (h mergeHeap) Less(i, j int) bool {
	a, b := &h[i], &h[j]
	switch {
	case a.ratio != b.ratio:
		return a.ratio < b.ratio
	case a.kind != b.kind:
		return a.kind < b.kind
	case a.a != b.a:
		return a.a < b.a
	}
	return a.b < b.b
}
func (h mergeHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *mergeHeap) Push(x any)   { *h = append(*h, x.(merge)) }
func (h *mergeHeap) Pop() any {
	old := *h
	m := old[len(old)-1]
	*h = old[:len(old)-1]
	return m
}
