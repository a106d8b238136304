package search

import (
	"cmp"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// The lower bound. Take any plan and look at one item. The blobs that hold it have at least the
// hazard of the item itself and, if it is stacked, of its base and all its needs. Their replicas
// add up to the replicas of all apps that have the item. ω is concave with ω(0) = 0, so many
// blobs pull at least as much as one for all. So each item costs at least as much as in one blob
// of its own: the simple bound.
//
// Divide the cost of each blob among the classes that have it: pulls by replicas, the rest by
// weights. A class of replicas φ pays at least φ·ω(Φ)/Φ pulls if classes with replicas Φ ≥ φ could
// have the blob, and its weight's part of all their weights. So each class can be bounded by itself:
// its best image, if all others that could have one of its blobs had it. Assign every source to one
// item that has it. The hazards of the items in a layer then add up to no more than the layer's.
//
// A spine is a schedule: items come one after the other, take their hazard as time, and pay for
// the chance 1 − e^−H at their end. Its best order is known (Rothkopf 1966): of two rows of items,
// the one with the larger V/(1 − e^−h) comes first, where h is the hazard of the row and V what it
// saves of certain change when it comes first. That holds if each item must come after one other
// item, too (Horn 1972), so each item keeps the need with most hazard.
//
// That leaves out copies: a blob of a spine can only belong to classes that have all items below
// it, too. So the order decides what is shared, and its best choice is a shortest path through the
// sets of items that can be at the bottom (order.go). From set to set, an item costs its share among
// the classes that have all of the set. The search always continues from the set that promises
// least (A*). If it stops early, what it would look at next is a bound.
//
// What a set promises is the schedule of all items that are left (schedule.go). Each counts with the
// classes that can have it when the first of its kind is there, the kind being the classes that have
// an item. Which kind comes first decides what the others lose: with R below, images without R can't
// have science, and the other way round. So each such order of kinds is a future with a schedule of
// its own, and the cheapest one counts. Orders are left out in which a kind comes after one with
// fewer classes, since it may as well come before. Where the schedule says little, because items
// have many needs, each item is also priced as if it came next, after all its needs.
//
// In a large spine, items with the same classes and hazard are a lot, except for those with the worst
// needs: only their number counts, and the largest comes first. A lot comes in pieces. A piece pays
// for what is below its first item, and others pay for all of its items only when the next piece has
// begun. Any real order costs at least that.
//
// Any weights are right, and those are best that let the classes which have a blob in their best
// spines pay for all of it. Weights start with the replicas. The plan shows who has no blob in common
// with others that could: these pay more, as much as raises the bound (lean.go). Where no spine is
// searched in lots, weights also grow in a few rounds where less than a blob's cost is paid
// (balance.go).
//
// With a limit, items must share layers. Fix the hazards of the layers: they are bins with that
// capacity. Dividing items among bins is a transport problem. If items may be cut, it is solved by
// putting the items with most to lose per hazard into the cleanest bins. So in the cheapest
// relaxation the bins cut the list of items, sorted this way, into as many stretches as there are
// layers, and dynamic programming finds the cheapest cuts. A piece of the list at a cut costs
// nothing. For the spine the same holds with the hazards of all stretches below added.
//
// A layer is on the spine or it is not. If k layers are, the stacked items have k bins. The
// portable items have the others and the spine. No layer of the spine has less hazard than its
// cleanest item on the base, nor, with a portable item, than the cleanest of both: the hazard of a
// portable need counts once. The cheapest k counts. Deltas and bases are exact.
//
// Stretches leave out that a layer of many items is shared by few classes. Let each layer pay a rent
// (Lagrange), and take off the rents for all layers that there may be: any rent gives a bound
// (rent.go). The spine then is a shortest path through sets of items and open layers. The items of a
// portable layer divide its rent by hazard. An item in a layer of hazard x pays its part of the
// rent, the chance of x, and a share among the classes whose common items have hazard x, or it joins
// the spine with some stacked item. The x that is best for the item counts.
//
// A class with few items is also searched as a whole (image.go). Items get their places one by one, the
// important ones first: in a layer that is there or in a new one. Layers can only get more hazard, and
// can only lose classes. So the items in their places cost at least what they cost now. Each other item
// costs at least its share in the place that is best for it, and its part of the harm that all who
// come there do to the layers there and above: with their hazard, and by the classes that lose the layer
// because they lack the item. The chance is concave, so the harm of several hazards is at least the sum
// of what each would add to the harm of all before it. A share is convex in the classes that are lost, so
// the same holds if a class counts only for the first item that loses it. Any order will do. The best one
// begins with the items that wish for the layer most: if those do no harm, too many seem to come
// (harm.go). What comes into new layers may also pay its part of their rent, as above. A* again: what the
// next image promises is a bound. The classes whose bounds rise most have most steps.
//
// On testdata's fleets, plans for 8 or 10 layers are at most 6.4 % above the bound, except for jupyter
// with 9.9 and 7.1 %. Its images have up to 300 packages, which are too many for a search as a whole:
// their spines get more steps instead. TestGaps has random fleets of 60 apps:
//
//	items per app (stacked)   at 8 layers   at 10   at 40
//	 9 (2)                        2 %         0 %      0 %
//	 7 (5)                        2 %         2 %      2 %
//	11 (4)                        4 %         2 %      1 %
//	11 (4)                        3 %         2 %      2 %
//	20 (7)                        5 %         4 %      2 %
//	12 (10)                       8 %         8 %      8 %
//	30 (7)                       10 %         8 %      4 %
//	42 (8)                       15 %        16 %      5 %
//
// What is above 8 % has three reasons. Some of it is the plan's: 2 to 3 % of the cost in the last three
// rows (leap.go). In the row with 12 (10), ten items that apps pick by chance must be in one
// order, and the bound lets each app choose as if all others followed: for most classes the search ends
// with their best image, and that is what these cost. In the last row, no search ends. Annealing finds
// images of all classes that cost 6 and 7 % less than the plan, at the same shares, so no search shows
// more. The other 9 % are the searches': each time that the steps double, the bound gains 2 %. Other
// fleets of this kind have 8 to 19 %, those with 36 (8) have 7 to 10 %, with 42 (5) 12 to 15 %, and with
// 50 (10) 12 to 26 %.
//
// More steps for the bound of the same plan do not pay: 10 % takes 12 and 40 times as many. A plan that is
// given more work gets a better bound, too (imagesWork): with 20 seconds, it is 8 % above (TestWideGaps).
//
// These did not raise the last row more than as many steps for the same time: prices for all items that
// are left, from a linear program or by subgradients (one image then promises 5 to 15 % more, for 20
// to 50 times the work); images divided by the hazard of a layer; strong branching.

// Bound returns a lower bound for the cost of all plans of the fleet, given one of them. It is 0
// if the problem is not valid. More work than the default of Options.Work raises the bounds of images.
func Bound(p *Problem, s *Solution, work int64) Money {
	if s.Exact {
		return s.Cost.Total()
	}
	f, err := newFleet(p, nil)
	if err != nil {
		return 0
	}
	return f.newBounder(s, work).all()
}

// all returns the lower bound of the fleet.
func (b *bounder) all() Money {
	f := b.f
	b.balance()
	sum := f.given()
	parts, searches := make([]Money, len(f.classes)), make([]*imager, len(f.classes))
	b.each(func(c int) { parts[c], searches[c] = b.relaxed(c) })
	b.search(parts, searches)
	for _, v := range parts {
		sum += v
	}
	return sum - sum/100_000 - 1 // the exponential table is right to a billionth
}

// search raises the bounds of classes by searches. Half of the steps are divided equally, the others by
// how much the last steps raised a bound.
func (b *bounder) search(parts []Money, searches []*imager) {
	const equal, rounds = 2, 4
	left, raised := int64(b.images*len(parts)), make([]int64, len(parts))
	for round := range rounds {
		var all int64
		for c, m := range searches {
			if m != nil {
				all += raised[c] + 1
			}
		}
		var used atomic.Int64
		b.each(func(c int) {
			m := searches[c]
			if m == nil {
				return
			}
			mine := b.images / (2 * equal)
			if round >= equal {
				mine = int(min(scaleBy(left, raised[c]+1, all), int64(atMost*b.images)))
			}
			least, rest := m.search(mine)
			used.Add(int64(mine - rest))
			raised[c] = int64(max(least-parts[c], 0))
			parts[c] = max(parts[c], least)
			if m.forget(); m.ended() || round == rounds-1 {
				searches[c] = nil
			}
		})
		left -= used.Load()
	}
}

// each calls a function for each class with items, on all cores.
func (b *bounder) each(do func(class int)) {
	var all sync.WaitGroup
	var next atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for c := int(next.Add(1)) - 1; c < len(b.f.classes); c = int(next.Add(1)) - 1 {
				if len(b.f.classes[c].items) > 0 {
					do(c)
				}
			}
		})
	}
	all.Wait()
}

// given is the cost that no plan changes: bases, deltas, and the recipes of portable items.
func (f *fleet) given() (sum Money) {
	p := f.p
	bases := map[int32]int64{}
	used := newBitset(len(f.items))
	for c := range f.classes {
		cl := &f.classes[c]
		used.or(cl.set)
		if cl.base >= 0 {
			bases[cl.base] += cl.replicas
		}
		for _, a := range cl.apps {
			if d := p.Apps[a].Delta; !d.empty() {
				sum += f.price.blob(d.Size, p.hazard(d.Sources), d.Build).total(f.price.hosts(p.Apps[a].replicas()))
			}
		}
	}
	for i, replicas := range bases {
		it := &f.items[i]
		sum += f.price.blob(it.size, f.hazard(i), it.build).total(f.price.hosts(replicas))
	}
	for _, i := range used.members() {
		if it := &f.items[i]; !it.stacked {
			sum += f.price.blob(0, f.hazard(i), it.build).build
		}
	}
	return sum
}

// steps is about the number of steps of the searches for the best spines of all classes that are
// searched as a whole, too.
const steps = 15_000

// images is about the number of steps of the searches for the best images of all classes. One class has at
// most so many times its part in each round.
// That takes about as long as imagesWork of Options.Work; with n times as much work, there are n times as
// many steps.
const (
	images     = 80_000
	atMost     = 8
	imagesWork = 8_000_000
)

type bounder struct {
	f        *fleet
	plan     *Solution
	least    []int64  // item → hazard of any blob that holds it
	replicas []int64  // item → of the apps that have it
	everyone int64    // replicas of all apps
	holders  []bitset // item → classes that have it
	weights  [][]int64
	payers   map[int32][]payers // base → item
	group    []int32            // item → the first of the items that have its weights
	grouped  bool               // some of these are not alone
	singles  int                // a spine of more items is searched in lots
	parts    int                // pieces of a lot, at most
	steps    int                // of a search for the best order of a spine
	images   int                // of a search for the best image
}

func (f *fleet) newBounder(s *Solution, work int64) *bounder {
	searches := int(max(1, work/imagesWork))
	b := &bounder{f: f, plan: s, least: make([]int64, len(f.items)), replicas: make([]int64, len(f.items)),
		holders: make([]bitset, len(f.items)), singles: singles, parts: parts, steps: max(20, min(1000, steps/max(1, len(f.classes)))), images: searches * min(4000, images/max(1, len(f.classes)))}
	for i := range f.items {
		it := &f.items[i]
		b.least[i] = f.hazard(int32(i))
		if it.stacked {
			own, shared := it.own, it.shared
			for _, n := range it.needs.members() {
				own += f.items[n].own
				shared = union(shared, f.items[n].shared)
			}
			b.least[i] = own + bitset(nil).sumNew(shared, f.sharedHazard)
		}
	}
	for i := range b.holders {
		b.holders[i] = newBitset(len(f.classes))
	}
	for c := range f.classes {
		b.everyone += f.classes[c].replicas
		for _, i := range f.classes[c].items {
			b.holders[i].add(int32(c))
			b.replicas[i] += f.classes[c].replicas
		}
	}
	b.weights = make([][]int64, len(f.items))
	for i := range b.weights {
		b.weights[i] = make([]int64, len(f.classes))
		for _, c := range b.holders[i].members() {
			b.weights[i][c] = f.classes[c].replicas << 12
		}
	}
	b.addUp()
	return b
}

// count adds up the replicas of classes.
func (b *bounder) count(classes bitset) (sum int64) {
	for k, w := range classes {
		for ; w != 0; w &= w - 1 {
			sum += b.f.classes[k*64+bits.TrailingZeros64(w)].replicas
		}
	}
	return sum
}

// payers are the classes on one base that have a stacked item.
type payers struct{ weight, replicas int64 }

// addUp adds up the payers by base. It follows a change of the weights.
func (b *bounder) addUp() {
	b.payers = map[int32][]payers{}
	for c := range b.f.classes {
		cl := &b.f.classes[c]
		list := b.payers[cl.base]
		if list == nil {
			list = make([]payers, len(b.f.items))
			b.payers[cl.base] = list
		}
		for _, i := range cl.items {
			list[i].weight += b.weights[i][c]
			list[i].replicas += cl.replicas
		}
	}
}

// share is a class's part of the cost of an item in a blob of this hazard, without the fixed cost
// of layers.
func (b *bounder) share(self int, i int32, hazard int64) Money {
	f, it, c := b.f, &b.f.items[i], &b.f.classes[self]
	if !it.stacked {
		r := f.price.bytes(it.size, hazard, 0, 0)
		return Money(scaleBy(int64(r.total(f.price.hosts(b.replicas[i]))), c.replicas, b.replicas[i]))
	}
	r, all := f.price.bytes(it.size, hazard, it.build, 0), b.payers[c.base][i]
	return Money(scaleBy(int64(r.fixed()), b.weights[i][self], all.weight)) +
		Money(scaleBy(int64(r.pull(f.price.hosts(all.replicas))), c.replicas, all.replicas))
}

// load is an item as one class sees it.
type load struct {
	item     int32
	hazard   int64 // of the sources that are assigned to it
	low, per Money // what it costs at no hazard, and what certain change adds
}

// at returns the cost of a load in a layer of some hazard.
func (l *load) at(pr *pricer, hazard int64) Money {
	return l.low + Money(scale(int64(l.per), pr.chance(hazard), 30))
}

// relaxed returns a lower bound for one class from its spine and its portable layers by themselves, and
// the search for its best image as a whole, which is nil if the class has too many items.
func (b *bounder) relaxed(self int) (Money, *imager) {
	c := &b.f.classes[self]
	pr := b.f.price
	var ground int64 // hazard that the spine stands on
	assigned := newBitset(len(b.f.sharedHazard))
	if c.base >= 0 {
		ground = b.f.hazard(c.base)
		if shared := b.f.items[c.base].shared; shared != nil {
			assigned.or(shared)
		}
	}
	layer := b.layer(c)
	spine := b.loads(self, assigned, func(it *item) bool { return it.stacked })
	loose := b.loads(self, newBitset(len(b.f.sharedHazard)), func(it *item) bool { return !it.stacked })
	var simple, simpleLoose Money
	clean, bare, cleanest := int64(maxMoney), int64(maxMoney), int64(maxMoney)
	for _, l := range spine {
		h := b.onBase(c, l.item)
		simple += b.share(self, l.item, h)
		clean, bare = min(clean, h), min(bare, h-b.portableNeeds(l.item))
	}
	for _, l := range loose {
		simpleLoose += l.at(pr, b.least[l.item])
		cleanest = min(cleanest, b.f.items[l.item].own)
	}
	if len(spine) == 0 {
		t := b.stretch(loose, c.room, -1, layer)
		return max(simpleLoose+layer.low, t.most(c.room)), b.newImager(self, layer)
	}
	if len(spine) <= 2000 { // it takes the square of the time
		simple = max(simple, b.schedule(c, spine, ground))
	}
	simple += layer.at(pr, clean)
	simpleLoose = max(simpleLoose, b.stretch(loose, c.room, -1, load{}).most(c.room))
	onSpine, apart := b.stretch(spine, c.room, ground, layer), b.stretch(loose, c.room-1, -1, layer)
	o := b.newOrderer(self)
	if o != nil {
		steps := b.steps
		if len(c.items) > whole { // nothing else will know what this class has in common with others
			steps *= 6
		}
		simple = max(simple, o.order(-1, steps)+layer.at(pr, clean))
	}
	least := Money(maxMoney)
	for k := 1; k <= c.room; k++ {
		rest := apart.spill(c.room-k, pr.chance(max(clean, bare+cleanest)))
		least = min(least, max(simple, onSpine.most(k))+max(simpleLoose, rest))
	}
	t := b.newTenant(self, o, simple-layer.at(pr, clean), loose, layer)
	least = max(least, t.most(least, b.steps))
	m := b.newImager(self, layer)
	if m != nil {
		m.offer(t, least)
	}
	return least, m
}

// layer returns a class's part of the fixed cost of one layer.
func (b *bounder) layer(c *class) load {
	cost := func(hazard int64) Money {
		r := b.f.price.blob(0, hazard, 0)
		return Money(scaleBy(int64(r.pull(b.f.price.hosts(b.everyone))), c.replicas, b.everyone))
	}
	low := cost(0)
	return load{low: low, per: cost(tableEnd*HazardOne) - low}
}

// loads returns the class's items of one kind. Sources that are assigned already don't count.
func (b *bounder) loads(self int, assigned bitset, kind func(it *item) bool) []load {
	var list []load
	for _, i := range b.f.classes[self].items {
		it := &b.f.items[i]
		if !kind(it) {
			continue
		}
		l := load{item: i, hazard: it.own, low: b.share(self, i, 0)}
		if it.shared != nil {
			l.hazard += assigned.sumNew(it.shared, b.f.sharedHazard)
			assigned.or(it.shared)
		}
		l.per = b.share(self, i, tableEnd*HazardOne) - l.low
		list = append(list, l)
	}
	return list
}

// onBase returns the least hazard of a stacked item for a class with a base.
func (b *bounder) onBase(c *class, i int32) int64 {
	if c.base < 0 {
		return b.least[i]
	}
	it, base := &b.f.items[i], &b.f.items[c.base]
	shared := it.shared
	for _, n := range it.needs.members() {
		shared = union(shared, b.f.items[n].shared)
	}
	return b.least[i] + base.own + shared.sumNew(base.shared, b.f.sharedHazard)
}

// portableNeeds returns the hazard that only the portable needs of a stacked item have.
func (b *bounder) portableNeeds(i int32) (hazard int64) {
	for _, n := range b.f.items[i].needs.members() {
		if it := &b.f.items[n]; !it.stacked {
			hazard += it.own
		}
	}
	return hazard
}

// schedule returns the least cost of a spine without a limit.
func (b *bounder) schedule(c *class, spine []load, ground int64) (cost Money) {
	pr := b.f.price
	type row struct {
		after  int32 // the row that it comes after; -1: none, or that one is placed
		hazard int64
		saves  int64 // of certain change, if the row comes first
		merged bool  // into another row, or placed
	}
	rows := make([]row, 0, len(spine))
	at := map[int32]int32{}
	for _, l := range spine {
		at[l.item] = int32(len(rows))
		cost += l.low + l.per
		rows = append(rows, row{hazard: l.hazard, saves: scale(int64(l.per), one-pr.chance(l.hazard), 30)})
	}
	for k, l := range spine {
		rows[k].after = -1
		deepest := int64(-1)
		for _, n := range b.f.items[l.item].needs.members() {
			if o, ok := at[n]; ok && b.least[n] > deepest {
				rows[k].after, deepest = o, b.least[n]
			}
		}
	}
	for range rows {
		best := -1
		var bestSaves, bestChance uint64
		for k := range rows {
			if rows[k].merged {
				continue
			}
			saves, chance := uint64(rows[k].saves)+1, uint64(pr.chance(rows[k].hazard))+1
			h1, l1 := bits.Mul64(saves, bestChance)
			h2, l2 := bits.Mul64(bestSaves, chance)
			if best < 0 || h1 > h2 || h1 == h2 && l1 > l2 {
				best, bestSaves, bestChance = k, saves, chance
			}
		}
		r := &rows[best]
		r.merged = true
		next := r.after
		if next < 0 {
			cost -= Money(scale(r.saves, one-pr.chance(ground), 30))
			ground += r.hazard
		} else {
			to := &rows[next]
			to.saves += scale(r.saves, one-pr.chance(to.hazard), 30)
			to.hazard += r.hazard
		}
		for k := range rows {
			if rows[k].after == int32(best) {
				rows[k].after = next
			}
		}
	}
	return cost
}

// stretches has the least costs of loads that layers cut into stretches.
type stretches struct {
	low    Money
	per    []Money   // of the pieces before one
	cost   [][]Money // layers → of the pieces before, the one there cut or not
	pieces int
}

// pieces is about how many pieces the loads of a class are cut into.
const pieces = 160

// stretch cuts loads into at most room layers: of a spine that stands on the hazard of the ground,
// or portable layers if that is negative.
func (b *bounder) stretch(list []load, room int, ground int64, layer load) *stretches {
	pr := b.f.price
	slices.SortStableFunc(list, func(x, y load) int {
		return cmp.Compare(int64(y.per)/(y.hazard>>20+1), int64(x.per)/(x.hazard>>20+1))
	})
	t := &stretches{per: []Money{0}}
	hazard := []int64{0}
	each := max(1, len(list)/pieces) // loads a piece, if there are so many
	cut := max(1, min(8, pieces/max(1, len(list))))
	for from := 0; from < len(list); from += each {
		var sum load
		for _, l := range list[from:min(from+each, len(list))] {
			sum.hazard, sum.low, sum.per = sum.hazard+l.hazard, sum.low+l.low, sum.per+l.per
		}
		t.low += sum.low
		for range cut {
			hazard = append(hazard, hazard[t.pieces]+sum.hazard/int64(cut))
			t.per = append(t.per, t.per[t.pieces]+sum.per/Money(cut))
			t.pieces++
		}
	}
	none := make([]Money, t.pieces+1)
	for x := range none[1:] {
		none[x+1] = maxMoney
	}
	t.cost = [][]Money{none}
	for k := range max(room, 0) {
		before, next := t.cost[k], make([]Money, t.pieces+1)
		for y := range next {
			next[y] = before[y] // a layer less
			for x := range y {
				if before[x] >= next[y] {
					continue
				}
				from := t.whole(x)
				if from > y {
					from = y
				}
				h := hazard[y] - hazard[from]
				if ground >= 0 {
					h = ground + hazard[y]
				}
				q := pr.chance(h)
				v := before[x] + Money(scale(int64(t.per[y]-t.per[from]+layer.per), q, 30)) + layer.low
				next[y] = min(next[y], v)
			}
		}
		t.cost = append(t.cost, next)
	}
	return t
}

// whole returns the first piece from x on that no cut goes through.
func (t *stretches) whole(x int) int {
	if x > 0 && x < t.pieces {
		return x + 1
	}
	return x
}

// most returns the least cost in at most room layers.
func (t *stretches) most(room int) Money { return t.low + t.cost[room][t.pieces] }

// spill returns the same if loads may also be where the chance is the given one.
func (t *stretches) spill(room int, chance int64) Money {
	least := Money(maxMoney)
	for x, v := range t.cost[room] {
		if v < maxMoney {
			least = min(least, v+Money(scale(int64(t.per[t.pieces]-t.per[t.whole(x)]), chance, 30)))
		}
	}
	return t.low + least
}
