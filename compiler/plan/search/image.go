package search

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
)

// imager looks for the image of a class whose shares cost least; see bound.go.
type imager struct {
	b       *bounder
	self    int
	c       *class
	layer   load
	members []member
	stacked uint64            // these members
	spines  map[uint64]*stand // by the members of a chain
	ground  *stand
	crowds  map[string]*shares
	key     []byte
	alone   map[uint64]*stand // by the members of a portable layer
	heap    []queued
	pushed  int
	offers  []offer
	// Of the image that is looked at.
	levels  []level
	left    []int     // members without a place
	waiting []waiting // by member
	options []option
	offered [8]Money // scratch, like the next ones
	keys    []int64
	who     bitset
	gone    bitset
}

// offer has prices for portable members. A layer that is still to come costs, with its rent, at least
// what its members pay together. On the spine a layer costs them no less than apart: it has at least the
// hazard, and at most the classes.
type offer struct {
	rent   Money
	prices []Money // by member
}

// member is an item of the class. The largest ones come first.
type member struct {
	item          int32
	own           int64
	closure       uint64 // itself and, if it is stacked, what it needs
	holders       bitset // classes that have these
	above         uint64 // stacked members that need it
	never, always rate
	least         Money // share in a layer of its own
	far           Money // of a portable one: least share on a layer that a stacked member starts
	spread        Money // between its best place and its worst
}

// stand is a layer that members can join.
type stand struct {
	hazard int64
	*shares
	cost   []Money // by member: its share if it joins
	raised []int64 // chance of the layer, if only the member's own hazard is added
}

// shares has for each member its share if it joins a layer that some classes can have: at no hazard,
// and what certain change adds.
type shares struct {
	who      bitset // these classes
	low, per []Money
}

// image is an image with some members in their places.
type image struct {
	least   Money
	placed  uint64
	spine   []uint64 // layers, bottom up
	loose   []uint64
	next    int      // member that is placed next; -1: none is left
	options []option // of it
	rest    Money    // least cost of everything else
}

// level is a layer of an image.
type level struct {
	*stand
	set    uint64
	below  uint64 // of a spine: members there and below, with what they need
	per    Money  // what certain change adds to the layer
	cost   Money  // of its members
	chance int64
}

// option is a place for a member.
type option struct {
	at    int8 // level
	known int8 // on the spine: the level from which on the member's hazard is counted already
	fresh bool
	loose bool
	cost  Money // least share, at last with the harm that it does
}

// whole is the largest number of items of a class that is searched as a whole.
const whole = 64

// newImager returns nil if the class has too many items.
func (b *bounder) newImager(self int, layer load) *imager {
	f, c := b.f, &b.f.classes[self]
	if len(c.items) > whole {
		return nil
	}
	m := &imager{b: b, self: self, c: c, layer: layer}
	m.forget()
	items := slices.Clone(c.items)
	slices.SortStableFunc(items, func(x, y int32) int { return cmp.Compare(f.items[y].size, f.items[x].size) })
	at := map[int32]int{}
	for k, i := range items {
		at[i] = k
		it := &f.items[i]
		build := it.build
		if it.stacked {
			m.stacked |= 1 << k
		} else {
			build = 0
		}
		m.members = append(m.members, member{item: i, own: it.own, closure: 1 << k,
			never: f.price.bytes(it.size, 0, build, 0), always: f.price.bytes(it.size, tableEnd*HazardOne, build, 0)})
	}
	for s := m.stacked; s != 0; s &= s - 1 {
		k := bits.TrailingZeros64(s)
		for _, n := range f.items[items[k]].needs.members() {
			m.members[k].closure |= 1 << at[n]
			m.members[at[n]].above |= 1 << k
		}
	}
	m.ground = m.spineOf(0)
	m.who, m.gone, m.waiting = newBitset(len(f.classes)), newBitset(len(f.classes)), make([]waiting, len(m.members))
	for k := range m.members {
		x := &m.members[k]
		x.holders = m.ground.who.copy()
		if m.stacked>>k&1 == 0 {
			copy(x.holders, b.holders[x.item])
		}
		for s := x.closure; s != 0; s &= s - 1 {
			x.holders.and(b.holders[m.members[bits.TrailingZeros64(s)].item])
		}
		x.far, x.least = maxMoney, maxMoney
		if m.stacked>>k&1 == 0 {
			x.least = m.aloneOf(0).cost[k]
			for s := m.stacked; s != 0; s &= s - 1 {
				x.far = min(x.far, m.spineOf(m.members[bits.TrailingZeros64(s)].closure).cost[k])
			}
		}
		x.spread = Money(x.always.total(f.price.hosts(c.replicas))) - b.share(self, x.item, b.least[x.item])
	}
	return m
}

// forget gives back the memory of what can be computed again.
func (m *imager) forget() {
	m.spines, m.alone, m.crowds = map[uint64]*stand{}, map[uint64]*stand{}, map[string]*shares{}
}

// spineOf returns what a chain with some members does to those on it.
func (m *imager) spineOf(set uint64) *stand {
	p, ok := m.spines[set]
	if !ok {
		p = m.newStand(set, true)
		m.spines[set] = p
	}
	return p
}

// aloneOf returns the same for a portable layer.
func (m *imager) aloneOf(set uint64) *stand {
	p, ok := m.alone[set]
	if !ok {
		p = m.newStand(set, false)
		m.alone[set] = p
	}
	return p
}

func (m *imager) newStand(set uint64, spine bool) *stand {
	b, f := m.b, m.b.f
	who := newBitset(len(f.classes))
	for d := range f.classes {
		if !spine || f.classes[d].base == m.c.base {
			who.add(int32(d))
		}
	}
	p := &stand{}
	var shared bitset
	if spine && m.c.base >= 0 {
		p.hazard, shared = f.items[m.c.base].own, f.items[m.c.base].shared
	}
	for s := set; s != 0; s &= s - 1 {
		i := m.members[bits.TrailingZeros64(s)].item
		p.hazard += f.items[i].own
		shared = union(shared, f.items[i].shared)
		who.and(b.holders[i])
	}
	p.hazard += bitset(nil).sumNew(shared, f.sharedHazard)
	p.shares = m.sharesOf(who)
	p.cost, p.raised = make([]Money, len(m.members)), make([]int64, len(m.members))
	for k := range m.members {
		y := &m.members[k]
		p.raised[k] = f.price.chance(p.hazard + y.own)
		chance := p.raised[k]
		if spine {
			h := p.hazard
			for s := y.closure &^ set; s != 0; s &= s - 1 {
				h += m.members[bits.TrailingZeros64(s)].own
			}
			chance = f.price.chance(h)
		}
		p.cost[k] = p.low[k] + Money(scale(int64(p.per[k]), chance, 30))
	}
	return p
}

// sharesOf returns the shares in layers that some classes can have.
func (m *imager) sharesOf(who bitset) *shares {
	b, f := m.b, m.b.f
	m.key = m.key[:0]
	for _, w := range who {
		m.key = binary.LittleEndian.AppendUint64(m.key, w)
	}
	if p, ok := m.crowds[string(m.key)]; ok {
		return p
	}
	p := &shares{who: who.copy(), low: make([]Money, len(m.members)), per: make([]Money, len(m.members))}
	m.crowds[string(m.key)] = p
	join := newBitset(len(f.classes))
	for k := range m.members {
		x := &m.members[k]
		copy(join, who)
		for s := x.closure; s != 0; s &= s - 1 {
			join.and(b.holders[m.members[bits.TrailingZeros64(s)].item])
		}
		replicas := b.count(join)
		weight, part := replicas, m.c.replicas
		if m.stacked>>k&1 == 1 {
			weight, part = 0, b.weights[x.item][m.self]
			for j, w := range join {
				for ; w != 0; w &= w - 1 {
					weight += b.weights[x.item][j*64+bits.TrailingZeros64(w)]
				}
			}
		}
		hosts := f.price.hosts(replicas)
		share := func(r rate) Money {
			return Money(scaleBy(int64(r.fixed()), part, weight)) + Money(scaleBy(int64(r.pull(hosts)), m.c.replicas, replicas))
		}
		p.low[k] = share(x.never)
		p.per[k] = share(x.always) - p.low[k]
	}
	return p
}

// offer takes the prices of a tenant for rents around a part of a known bound.
func (m *imager) offer(t *tenant, known Money) {
	at := map[int32]int{}
	for k := range m.members {
		at[m.members[k].item] = k
	}
	for _, part := range rents {
		o := offer{rent: known / part, prices: make([]Money, len(m.members))}
		for k, l := range t.loose {
			o.prices[at[l.item]] = t.aside(k, o.rent)
		}
		m.offers = append(m.offers, o)
	}
}

// bound sets an image's lower bound and the member to place next: one that matters, and that loses much
// if it can't have its best place.
func (m *imager) bound(x *image) {
	here := m.setLevels(x)
	m.left = m.left[:0]
	for i := range m.members {
		if x.placed>>i&1 == 0 {
			m.left = append(m.left, i)
			m.wait(x, i)
		}
	}
	for k := range m.levels {
		m.divide(k)
	}
	sum := here
	offered := m.offered[:len(m.offers)]
	clear(offered)
	var most Money = -1
	x.next = -1
	for i := range m.members {
		if x.placed>>i&1 == 1 {
			continue
		}
		w := &m.waiting[i]
		w.climb()
		best, second, old := Money(maxMoney), Money(maxMoney), Money(maxMoney)
		for n := range w.options {
			o := &w.options[n]
			o.cost += w.does(o)
			if !o.fresh {
				old = min(old, o.cost)
			}
			if o.cost < best {
				best, second = o.cost, best
			} else {
				second = min(second, o.cost)
			}
		}
		sum += best
		for n := range m.offers {
			if m.stacked>>i&1 == 1 {
				offered[n] += best
			} else {
				offered[n] += min(old, m.offers[n].prices[i])
			}
		}
		loss := m.loss(i, best, second)
		if loss > most {
			most, x.next = loss, i
			x.rest = -best
		}
	}
	if x.next >= 0 {
		x.options = slices.Clone(m.waiting[x.next].options)
	}
	x.rest += sum
	x.least = max(x.least, sum)
	if free := m.c.room - len(m.levels); free > 0 {
		for n, v := range offered {
			x.least = max(x.least, here+v-Money(free)*m.offers[n].rent)
		}
	}
}

// loss is how much a member says that is placed next: what it loses if it can't have its best place, and on
// average over all places. Stacked members come early, since they decide what others can share.
func (m *imager) loss(i int, best, second Money) Money {
	spread, options := m.members[i].spread, m.waiting[i].options
	var mean Money
	for k := range options {
		mean += min(options[k].cost-best, spread)
	}
	mean /= Money(max(len(options), 1))
	loss := min(second-best, spread) + mean/2 + spread/8
	if m.stacked>>i&1 == 1 {
		loss += spread / 8
	}
	return loss
}

// setLevels lists the layers of an image. It returns what they cost.
func (m *imager) setLevels(x *image) (sum Money) {
	m.levels = m.levels[:0]
	var below uint64
	for _, set := range x.spine {
		for s := set; s != 0; s &= s - 1 {
			below |= m.members[bits.TrailingZeros64(s)].closure
		}
		m.levels = append(m.levels, level{stand: m.spineOf(below), set: set, below: below})
	}
	for _, set := range x.loose {
		m.levels = append(m.levels, level{stand: m.aloneOf(set), set: set})
	}
	for k := range m.levels {
		l := &m.levels[k]
		l.chance = m.b.f.price.chance(l.hazard)
		l.per = m.layer.per
		for s := l.set; s != 0; s &= s - 1 {
			l.per += l.shares.per[bits.TrailingZeros64(s)]
		}
		l.cost = m.costOf(l, l.shares)
		sum += l.cost + m.layer.low + Money(scale(int64(m.layer.per), l.chance, 30))
	}
	return sum
}

// places lists the places that a member can have, with the least that they cost without harm.
func (m *imager) places(x *image, i int) []option {
	list := m.options[:0]
	y := &m.members[i]
	one := uint64(1) << i
	stacked := m.stacked&one != 0
	free := len(m.levels) < m.c.room
	high := len(x.spine)
	// Its needs are at least at the level low, what needs it is at most at the level top.
	low, top, known := 0, high, high
	if stacked {
		for k := range high {
			l := &m.levels[k]
			if l.set&y.closure != 0 {
				low = k
			}
			if l.set&y.above != 0 && k < top {
				top = k
			}
		}
	}
	for k := high - 1; k >= 0 && m.levels[k].below&one != 0; k-- {
		known = k // from here on, its hazard is counted
	}
	for k := low; k < high && k <= top; k++ {
		list = append(list, option{at: int8(k), known: int8(known), cost: m.levels[k].stand.cost[i]})
	}
	if stacked && free {
		for k := low; k <= high && k <= top; k++ {
			if k == low && low < high && m.levels[low].set&y.closure != 0 {
				continue // above its needs only
			}
			o := option{at: int8(k), known: int8(known), fresh: true}
			if k == 0 {
				o.cost = m.ground.cost[i]
			} else {
				o.cost = m.levels[k-1].stand.cost[i]
			}
			list = append(list, o)
		}
	}
	if !stacked {
		for k := high; k < len(m.levels); k++ {
			list = append(list, option{at: int8(k), loose: true, cost: m.levels[k].stand.cost[i]})
		}
		if free {
			list = append(list, option{fresh: true, loose: true, cost: y.least})
			if m.stacked&^x.placed != 0 {
				for k := 0; k <= high; k++ {
					o := option{at: int8(k), known: int8(known), fresh: true, cost: y.far}
					if k > 0 {
						o.cost = max(o.cost, m.levels[k-1].stand.cost[i])
					}
					list = append(list, o)
				}
			}
		}
	}
	m.options = list
	return list
}

// put returns an image with one more member.
func (x *image) put(i int, o option) *image {
	one := uint64(1) << i
	y := &image{placed: x.placed | one, spine: x.spine, loose: x.loose}
	switch {
	case o.loose && o.fresh:
		y.loose = append(slices.Clone(x.loose), one)
	case o.loose:
		y.loose = slices.Clone(x.loose)
		y.loose[int(o.at)-len(x.spine)] |= one
	case o.fresh:
		y.spine = slices.Insert(slices.Clone(x.spine), int(o.at), one)
	default:
		y.spine = slices.Clone(x.spine)
		y.spine[o.at] |= one
	}
	return y
}

// search looks at so many images, always at the one that promises least. What the next one promises is
// a lower bound for all. It returns the steps that are left if that is an image, and can be called again
// with more steps if it is not.
func (m *imager) search(steps int) (least Money, left int) {
	if m.pushed == 0 {
		m.push(queued{image: m.looked(&image{})})
	}
	for {
		q := m.heap[0]
		if q.image != nil && (q.next < 0 || steps == 0) {
			return q.least, steps
		}
		m.heap = pop(m.heap)
		if q.image == nil {
			x := q.from.put(q.from.next, q.from.options[q.option])
			x.least = q.least
			m.push(queued{image: m.looked(x)})
			continue
		}
		steps--
		for n, o := range q.options {
			m.push(queued{from: q.image, option: n, least: max(q.image.least, q.rest+o.cost)})
		}
	}
}

// ended reports whether the image is found that costs least.
func (m *imager) ended() bool { return m.heap[0].next < 0 }

// looked returns an image with its bound.
func (m *imager) looked(x *image) *image {
	m.bound(x)
	return x
}

// queued is an image in the heap of those to look at, or, before it is looked at, where it is from.
type queued struct {
	*image
	from   *image
	option int
	least  Money
	number int
}

func (x *queued) placed() int {
	if x.image == nil {
		return bits.OnesCount64(x.from.placed) + 1
	}
	return bits.OnesCount64(x.image.placed)
}

func (x *queued) before(y *queued) bool {
	return cmp.Or(cmp.Compare(x.least, y.least), cmp.Compare(y.placed(), x.placed()), cmp.Compare(x.number, y.number)) < 0
}

func (m *imager) push(q queued) {
	m.pushed++
	q.number = m.pushed
	if q.image != nil {
		q.least = q.image.least
	}
	m.heap = push(m.heap, q)
}
