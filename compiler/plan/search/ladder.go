package search

import "slices"

// A higher limit must not make a plan more expensive. A search that starts over for each limit
// breaks that now and then. So plans are found from high limits down, each from its predecessor with
// the cheapest layers merged, or from the fitted tries where those are cheaper: the fewer layers there
// may be, the better it is to know the plan with one more. No change may make a plan cheaper
// than its predecessor. That is rare, since the predecessor keeps more limits, and has more work.
//
// The limits come in groups: up to 10, up to 16, up to 25, up to 40 and so on. A group begins at its
// highest limit, whatever the fleet's limit is. So what is found for a limit does not depend
// on the fleet's. A plan for the highest limit of a lower group keeps the limit, too. The cheapest plan
// counts. The last group is the one after which no image would have more layers. Below 3 there is a
// group of its own, for fleets without base layers or own steps of apps.
//
// With a previous plan, the same holds for the cost together with the price of moving, but there
// the limits are done from low to high, each from the repaired plan or from the predecessor. A
// limit that is an app's own is the same throughout.

// lowestLimit is the smallest limit for images with a base layer and a delta.
const lowestLimit = 3

// lowest returns the smallest limit to plan for: the one that all apps with the fleet's limit fit, if
// that is below lowestLimit.
func (f *fleet) lowest() int {
	least := 1
	for c := range f.classes {
		if c := &f.classes[c]; c.own == 0 {
			least = max(least, c.taken+c.least)
		}
	}
	return min(least, lowestLimit, f.top)
}

// group returns the group of limits that begins at low.
func (f *fleet) group(low int) (high int) {
	if f.top == 0 {
		return low
	}
	if low < lowestLimit {
		return lowestLimit - 1
	}
	high = DefaultLimit
	for high < low {
		high = high * 8 / 5
	}
	return high
}

// large is the number of items, summed over classes, above which time matters more than the last
// few per mille of the cost.
const large = 10_000

// incidences returns the number of items, summed over classes.
func (f *fleet) incidences() (n int64) {
	for c := range f.classes {
		n += int64(len(f.classes[c].items))
	}
	return n
}

// work returns the amount of work for the highest limit of a group. Each other limit has a third of that. A
// fleet of sixty apps with thirty items each is planned for 10 layers in half a second. For a thousand
// apps, a fifth of a second gains 3 %, and ten more seconds gain another 3 %.
func (f *fleet) work(o Options) int64 {
	if o.Work != 0 {
		return o.Work
	}
	if n := f.incidences(); n <= large {
		return min(500_000+4_500*n, 6_000_000)
	} else {
		return 2_750_000 * large / n
	}
}

// fresh plans without a previous plan. It reports whether the plan is proven to be a cheapest one.
func (f *fleet) fresh(o Options) (*pool, bool) {
	d := f.newDescent(o)
	po := d.po
	tiny := f.tiny() && !o.NoExact && o.Work >= 0
	if tiny {
		if plan, proven := f.exactAt(f.top, o); proven {
			po.load(po.interned(plan))
			return po, true
		}
	}
	var best [][]int32
	var least Money
	consider := func(plan [][]int32) {
		if po.load(plan); best == nil || po.cost < least {
			best, least = plan, po.cost
		}
	}
	for low, high := f.lowest(), 0; ; low = high + 1 {
		high = f.group(low)
		plans := d.plans(min(high, f.top), high)
		consider(plans[0])
		for limit := low; tiny && limit <= min(high, f.top); limit++ {
			e, _ := f.exactAt(limit, o)
			consider(po.interned(e))
		}
		po.load(best)
		if high >= f.top || high >= lowestLimit && !po.full(high) || o.ended() {
			return po, false
		}
	}
}

// exactAt plans a tiny fleet for one limit, whatever the others are.
func (f *fleet) exactAt(limit int, o Options) (plan [][][]int32, proven bool) {
	d := f.newDescent(o)
	d.fit(limit, limit)
	f.setLimit(limit)
	d.start(false)
	d.polish(f.work(o))
	proven = d.po.exactly()
	return d.po.layers(), proven
}

// tiny reports whether the fleet may be small enough for an exhaustive search.
func (f *fleet) tiny() bool {
	return len(f.classes) <= exactClasses && !slices.ContainsFunc(f.classes, func(c class) bool { return len(c.items) > exactItems })
}

// descent finds the plans for a group of limits.
type descent struct {
	f     *fleet
	o     Options
	po    *pool
	q     *polish
	tries []chan start // by try; each delivers from the highest limit down
}

// start is a plan to polish: for each class its layers, nil if merges alone don't bring the class
// within its room.
type start struct {
	plan [][][]int32
	work int64 // that it took, after the one before
}

func (f *fleet) newDescent(o Options) *descent {
	po := newPool(f)
	return &descent{f: f, o: o, po: po, q: newPolish(po, 0, o)}
}

// plans returns plans for the limits from low to high. No one costs less than the next one.
func (d *descent) plans(low, high int) [][][]int32 {
	plans := make([][][]int32, high-low+1)
	work, spent := d.f.work(d.o), d.po.work
	d.fit(low, high)
	tooLarge := d.f.incidences() > large // merging for one class at a time takes long
	d.q.floor = 0
	for k := range plans {
		limit := high - k
		d.f.setLimit(limit)
		spent += d.start(k > 0 && !tooLarge && d.shrink())
		if d.o.Work >= 0 {
			if k > 0 {
				spent += work / 3
			} else {
				spent += work
			}
			d.polish(spent)
		}
		plans[limit-low], d.q.floor = d.po.snapshot(), d.po.cost
	}
	return plans
}

// fit begins to make the starts for the limits from low to high. While one is polished, the next
// ones are made.
func (d *descent) fit(low, high int) {
	f := d.f
	tries := []func() *trie{f.topDown, f.popular}
	if !slices.ContainsFunc(f.classes, func(c class) bool { return !c.chain.empty() }) {
		tries = tries[:1] // the order of spines makes no difference without spines
	}
	d.tries = nil
	for _, t := range tries {
		starts := make(chan start, high-low+1)
		d.tries = append(d.tries, starts)
		go func() { f.fitted(t(), high, low, starts, d.o) }()
	}
}

// shrink merges layers of the current plan until it is within the rooms. It reports whether that
// is possible.
func (d *descent) shrink() bool {
	for c := range d.f.classes {
		if len(d.po.plan[c]) <= d.f.classes[c].room {
			continue
		}
		plan := d.q.shrink(int32(c), d.po.plan[c])
		if plan == nil {
			return false
		}
		d.po.try(int32(c), plan)
		d.po.keep()
	}
	return true
}

// start loads the cheapest of the next starts and, if that is within the rooms, the current plan, but
// none below the floor. It returns the work that the starts took.
func (d *descent) start(current bool) (work int64) {
	po := d.po
	var best [][]int32
	var least Money
	consider := func() {
		if po.cost >= d.q.floor && (best == nil || po.cost < least) {
			best, least = po.snapshot(), po.cost
		}
	}
	if current {
		consider()
	}
	for _, t := range d.tries {
		next := <-t
		work += next.work
		po.load(po.interned(next.plan))
		consider()
	}
	if best == nil { // an order of fewest layers costs more than any polished plan
		best = po.interned(make([][][]int32, len(d.f.classes)))
	}
	po.load(best)
	po.work += work
	return work
}

// polish improves the current plan until so much work is spent.
func (d *descent) polish(work int64) {
	d.q.limit = work
	for c := range d.q.next {
		d.q.next[c] = true
	}
	d.q.run()
	d.q.kicks(250)
}

// full reports whether an image would have room for more layers above a limit.
func (po *pool) full(limit int) bool {
	for c := range po.f.classes {
		cl := &po.f.classes[c]
		if len(po.plan[c]) >= cl.roomAt(limit) && cl.roomAt(limit) < cl.roomAt(limit+1) {
			return true
		}
	}
	return false
}

// interned returns a plan of lists of items as sets. Classes without a plan get the tightest one.
func (po *pool) interned(layers [][][]int32) [][]int32 {
	plans := make([][]int32, len(layers))
	for c, list := range layers {
		if list == nil {
			list = po.f.tightest(&po.f.classes[c])
		}
		for _, l := range list {
			plans[c] = append(plans[c], po.intern(l...))
		}
	}
	return plans
}

// layers returns the plan as lists of items.
func (po *pool) layers() [][][]int32 {
	list := make([][][]int32, len(po.plan))
	for c, plan := range po.plan {
		list[c] = [][]int32{}
		for _, s := range plan {
			list[c] = append(list[c], po.sets[s].items)
		}
	}
	return list
}
