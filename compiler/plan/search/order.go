package search

import (
	"cmp"
	"math/bits"
	"slices"
)

// orderer finds the order of a class's spine whose shares cost least; see bound.go.
type orderer struct {
	b       *bounder
	self    int // the class
	c       *class
	lots    []lot
	all     uint64 // the state with everything placed
	known   map[uint64]*place
	sites   map[uint64]*site
	rent    Money
	lumped  bool // some lot may have several items
	needy   bool // needs say nearly as much as the schedule
	reached map[spot]reached
	end     spot // where the last search stopped
	crowds  map[string]*site
	rows    []row   // of all lots
	first   []int   // lot → its first row
	heap    []int32 // of schedule
}

// reached is the least cost of the layers below a spot so far, and the spot before.
type reached struct {
	cost Money
	from spot
}

// lot has items of the spine that only their size and build tell apart. They come in the order of
// both, which costs no more than any real order.
type lot struct {
	sizes, builds []int64 // descending
	piece, pieces int     // items in a piece, and how many
	least         int64   // hazard that one of its items has at least
	own           int64
	shared        bitset
	holders       bitset
	weights       []int64 // of the classes
	item          int32   // if it is the only one; otherwise -1
	needs         []need
	shift         int    // of the number of placed pieces in a state
	mask          uint64 // of that number
}

// need says that so many pieces of a lot must have begun below.
type need struct{ lot, count int }

// place is a state: for each lot the number of its pieces that are placed.
type place struct {
	*site
	hazard int64
	rest   Money // least shares of the items that are not placed; -1: unknown
	last   Money // share of one layer of these items, without rent; -1: unknown
}

// site is what all chains with items of the same lots have in common. A crowd is the site of all chains
// that the same classes can have.
type site struct {
	replicas, hosts int64     // of the classes that can have them
	shared          int64     // hazard of the base and of shared sources
	holders         bitset    // these classes
	weight          []int64   // lot → weight of the holders; 0: unknown
	crowd           *site     // of the same classes
	losses          [][]*site // of a crowd; nil: unknown
	futures         []*future // of a crowd; nil: unknown
}

// A spine of more items than singles is searched in lots, apart from the items with the worst needs.
const (
	singles = 20
	worst   = 16
	parts   = 16 // pieces of a lot, at most
)

// newOrderer returns nil if the class has no spine, or one of too many lots.
func (b *bounder) newOrderer(self int) *orderer {
	f := b.f
	c := &f.classes[self]
	o := &orderer{b: b, c: c, self: self, known: map[uint64]*place{}, sites: map[uint64]*site{}, crowds: map[string]*site{}}
	items := c.chain.members()
	slices.SortStableFunc(items, func(x, y int32) int { return cmp.Compare(f.items[x].depth, f.items[y].depth) })
	var apart bitset // items that are lots of their own
	if o.lumped = b.lumped(self); o.lumped {
		apart = b.worst(self, items)
	}
	of := map[int32]int{} // item → lot
	var lumped []bool     // lot → it may have several items
	for _, i := range items {
		it := &f.items[i]
		grouped := o.lumped && it.stacked && !apart.has(i)
		at := -1
		if grouped {
			at = slices.IndexFunc(o.lots, func(l lot) bool {
				return l.own == it.own && slices.Equal(l.shared, it.shared) && slices.Equal(l.holders, b.holders[i]) &&
					slices.Equal(l.weights, b.weights[i])
			})
		}
		if at < 0 || !lumped[at] {
			at = len(o.lots)
			o.lots = append(o.lots, lot{own: it.own, shared: it.shared, holders: b.holders[i], weights: b.weights[i], item: i})
			lumped = append(lumped, grouped)
		}
		of[i] = at
		l := &o.lots[at]
		if len(l.sizes) > 0 {
			l.item = -1
		}
		if !it.stacked { // only its hazard matters here
			l.sizes, l.builds = append(l.sizes, 0), append(l.builds, 0)
			continue
		}
		l.sizes, l.builds = append(l.sizes, it.size), append(l.builds, it.build)
		if grouped {
			continue
		}
		l.least = b.onBase(c, i)
		count := make([]int, len(o.lots))
		for _, n := range it.needs.members() {
			if m, ok := of[n]; ok {
				count[m]++
			}
		}
		for m, n := range count {
			if n > 0 {
				l.needs = append(l.needs, need{m, n})
			}
		}
	}
	shift := 0
	for k := range o.lots {
		l := &o.lots[k]
		descending := func(a, b int64) int { return cmp.Compare(b, a) }
		slices.SortFunc(l.sizes, descending)
		slices.SortFunc(l.builds, descending)
		l.piece = (len(l.sizes) + b.parts - 1) / b.parts
		l.pieces = (len(l.sizes) + l.piece - 1) / l.piece
		width := bits.Len(uint(l.pieces))
		l.shift, l.mask = shift, (1<<width-1)<<shift
		o.all |= uint64(l.pieces) << shift
		shift += width
	}
	for k := range o.lots {
		for n := range o.lots[k].needs {
			x := &o.lots[k].needs[n]
			piece := o.lots[x.lot].piece
			x.count = (x.count + piece - 1) / piece
		}
	}
	if shift == 0 || shift > 64 {
		return nil
	}
	o.setRows()
	return o
}

// lumped reports whether the spine of a class is searched in lots.
func (b *bounder) lumped(self int) bool {
	return len(b.f.classes[self].chain.members()) > b.singles
}

// worst returns the items that lose most if their needs don't count.
func (b *bounder) worst(self int, items []int32) bitset {
	f := b.f
	c := &f.classes[self]
	var ground int64
	if c.base >= 0 {
		ground = f.hazard(c.base)
	}
	type loss struct {
		item int32
		cost Money
	}
	var list []loss
	for _, i := range items {
		if f.items[i].stacked {
			list = append(list, loss{i, b.share(self, i, b.onBase(c, i)) - b.share(self, i, ground+f.items[i].own)})
		}
	}
	slices.SortFunc(list, func(x, y loss) int { return cmp.Or(cmp.Compare(y.cost, x.cost), cmp.Compare(x.item, y.item)) })
	set := newBitset(len(f.items))
	for _, l := range list[:min(len(list), worst)] {
		set.add(l.item)
	}
	return set
}

// placed returns the number of the lot's pieces in a state.
func (l *lot) placed(state uint64) int { return int(state & l.mask >> l.shift) }

// begun returns the number of items that are surely there: all pieces but the last, and its first
// item.
func (l *lot) begun(state uint64) int64 {
	if n := l.placed(state); n > 0 {
		return int64((n-1)*l.piece + 1)
	}
	return 0
}

// at returns a state's place.
func (o *orderer) at(state uint64) *place {
	if p, ok := o.known[state]; ok {
		return p
	}
	var touched uint64
	p := &place{rest: -1, last: -1}
	for k := range o.lots {
		if n := o.lots[k].begun(state); n > 0 {
			touched |= 1 << k
			p.hazard += n * o.lots[k].own
		}
	}
	p.site = o.siteOf(touched)
	p.hazard += p.site.shared
	o.known[state] = p
	return p
}

func (o *orderer) siteOf(touched uint64) *site {
	s, ok := o.sites[touched]
	if !ok {
		s = o.site(touched)
		o.sites[touched] = s
	}
	return s
}

func (o *orderer) site(touched uint64) *site {
	f, s := o.b.f, &site{}
	holders := newBitset(len(f.classes))
	for d := range f.classes {
		if f.classes[d].base == o.c.base {
			holders.add(int32(d))
		}
	}
	var shared bitset
	if o.c.base >= 0 {
		s.shared = f.items[o.c.base].own
		shared = f.items[o.c.base].shared
	}
	for ; touched != 0; touched &= touched - 1 {
		l := &o.lots[bits.TrailingZeros64(touched)]
		holders.and(l.holders)
		shared = union(shared, l.shared)
	}
	s.replicas = o.b.count(holders)
	s.holders, s.weight = holders, make([]int64, len(o.lots))
	s.hosts = f.price.hosts(s.replicas)
	s.crowd = o.crowd(holders)
	s.shared += bitset(nil).sumNew(shared, f.sharedHazard)
	return s
}

// share is the class's part of the cost of content of a lot on a chain.
func (o *orderer) share(k int, p *place, more, size, build, layer int64) Money {
	return o.shareAt(k, p.site, p.hazard+more, size, build, layer)
}

// shareAt is the same at a site.
func (o *orderer) shareAt(k int, p *site, hazard, size, build, layer int64) Money {
	if p.weight[k] == 0 {
		for _, d := range p.holders.members() {
			p.weight[k] += o.lots[k].weights[d]
		}
	}
	r := o.b.f.price.bytes(size, hazard, build, layer)
	return Money(scaleBy(int64(r.fixed()), o.lots[k].weights[o.self], p.weight[k])) +
		Money(scaleBy(int64(r.pull(p.hosts)), o.c.replicas, p.replicas))
}

// rest is the least share of the items that are not placed.
func (o *orderer) rest(state uint64) Money {
	p := o.at(state)
	if p.rest >= 0 {
		return p.rest
	}
	p.rest = o.schedules(state, p)
	if state == 0 || o.needy {
		v := o.each(state)
		o.needy = o.needy || 20*v > 19*p.rest
		p.rest = max(p.rest, v)
	}
	return p.rest
}

// each is the same with each lot as if it came next, after all that it needs.
func (o *orderer) each(state uint64) (sum Money) {
	for k := range o.lots {
		l := &o.lots[k]
		from := l.placed(state)
		if from == l.pieces || l.sizes[0]|l.builds[0] == 0 {
			continue
		}
		to := state + 1<<l.shift
		for _, n := range l.needs {
			if m := &o.lots[n.lot]; m.placed(to) < n.count {
				to = to&^m.mask | uint64(n.count)<<m.shift
			}
		}
		sum += o.pieces(k, o.at(to), from, l.pieces)
	}
	return sum
}

// pieces is the least share of some pieces of a lot when the first of them is on top of a chain.
func (o *orderer) pieces(k int, at *place, from, to int) (sum Money) {
	l := &o.lots[k]
	first := from * l.piece
	more := max(0, l.least-at.hazard)
	for n := first; n < min(to*l.piece, len(l.sizes)); n++ {
		sum += o.share(k, at, more+int64(n-first)*l.own, l.sizes[n], l.builds[n], 0)
	}
	return sum
}

// ready reports whether an item of a lot can come next.
func (o *orderer) ready(l *lot, state uint64) bool {
	if l.placed(state) == l.pieces {
		return false
	}
	for _, n := range l.needs {
		if o.lots[n.lot].placed(state) < n.count {
			return false
		}
	}
	return true
}

// spot is a spine on its way up: the items of its layers, and of the layer that is being filled.
type spot struct{ below, open uint64 }

type step struct {
	spot
	cost  Money // of the layers below
	least Money // of the whole spine
}

func (s *step) before(t *step) bool {
	return cmp.Or(cmp.Compare(s.least, t.least), cmp.Compare(t.below, s.below), cmp.Compare(t.open, s.open)) < 0
}

// order returns a lower bound for the spine. With a rent, items are in layers, each of which pays
// the rent. Without one (-1), each item is a layer and pays for nothing but itself. The search takes
// the step that promises least until it has a whole spine, or looked at so many steps: no spine
// costs less than the step that is next.
func (o *orderer) order(rent Money, steps int) (least Money) {
	o.rent = rent
	o.reached = map[spot]reached{{}: {}}
	o.end = spot{}
	heap := []step{{least: o.rest(0)}}
	reach := func(at spot, cost Money) {
		if r, ok := o.reached[at]; ok && r.cost <= cost {
			return
		}
		o.reached[at] = reached{cost, o.end}
		heap = push(heap, step{at, cost, max(least, cost+o.later(at))})
	}
	for len(heap) > 0 {
		s := heap[0]
		heap = pop(heap)
		if o.reached[s.spot].cost < s.cost {
			continue
		}
		least, o.end = s.least, s.spot
		state := s.below + s.open
		if state == o.all || steps == 0 {
			break
		}
		steps--
		for k := range o.lots {
			l := &o.lots[k]
			if !o.ready(l, state) {
				continue
			}
			one := uint64(1) << l.shift
			switch n := l.placed(state); {
			case rent < 0:
				reach(spot{below: state + one}, s.cost+o.pieces(k, o.at(state+one), n, n+1))
			case s.open == 0:
				reach(spot{open: one}, 0)
			default:
				reach(spot{state, one}, s.cost+o.layer(s.below, state))
				if s.open < one<<1 || s.open&^(l.mask|(one-1)) == 0 { // a layer's items come in the order of lots
					reach(spot{s.below, s.open + one}, s.cost)
				}
			}
		}
	}
	return least
}

// layer is the share of a layer on top of some state, with its rent.
func (o *orderer) layer(below, state uint64) Money {
	p, sum, layer := o.at(state), o.rent, o.b.f.price.w.Layer
	for k := range o.lots {
		l := &o.lots[k]
		var size, build int64
		for n := l.placed(below); n < l.placed(state); n++ {
			size, build = size+l.sizes[n], build+l.builds[n]
		}
		if size|build > 0 {
			sum += o.share(k, p, 0, size, build, layer)
			layer = 0
		}
	}
	return sum
}

// later is the least share of the open layer and everything that is to come: all of it in this
// layer, or some of it in another one.
func (o *orderer) later(at spot) Money {
	state := at.below + at.open
	if o.rent < 0 || state == o.all {
		if at.open == 0 {
			return o.rest(state)
		}
		return o.layer(at.below, state)
	}
	below := o.at(at.below)
	if below.last < 0 {
		below.last = o.layer(at.below, o.all) - o.rent
	}
	return min(below.last+o.rent, o.layer(at.below, state)+o.rent+o.rest(state))
}
