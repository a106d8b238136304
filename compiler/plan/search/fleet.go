package search

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// fleet is a problem prepared for the search. Everything is sorted by name, needs are transitive,
// and apps that differ only in their delta are one class. Base and delta have fixed places in an
// image, so classes only have the items between them.
type fleet struct {
	p     *Problem
	price *pricer
	items []item
	// sharedHazard has the hazards of sources that several items have. The hazard of other
	// sources is part of their item's own hazard.
	sharedHazard []int64
	classes      []class
	top          int         // the fleet's limit; 0 if every app has its own
	previous     [][][]int32 // class → layers of the previous plan; nil without one
}

type item struct {
	index   int // in Problem.Items
	key     uint64
	size    int64
	build   int64
	own     int64  // hazard of sources that no other item has
	shared  bitset // the other sources; nil if none
	needs   bitset // transitive; must be below it if it is stacked; without bases
	depth   int    // length of its longest chain of needs
	stacked bool
	base    bool
	alone   int32 // index of its Alone value; 0 is ""
}

type class struct {
	base     int32   // -1: none
	items    []int32 // without the base, ascending
	set      bitset  // items as a set
	chain    bitset  // the stacked items and the portable ones that they need
	own      int     // the app's own limit; 0: the fleet's
	taken    int     // number of layers for base and delta
	least    int     // smallest possible room
	room     int     // maximal number of layers between base and delta at the current limit
	mixed    bool    // some stacked item needs a portable one
	ground   int32   // the pool's blob below the spine
	replicas int64
	apps     []int // in Problem.Apps, by name
}

// newFleet checks and sorts a problem. Errors are mistakes of the caller, not of the user: the
// compiler reports the user's errors before planning.
func newFleet(p *Problem, sticky *Solution) (*fleet, error) {
	if err := p.inRange(); err != nil {
		return nil, err
	}
	f := &fleet{p: p, price: newPricer(p.Weights)}
	order := make([]int, len(p.Items))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.Items[a].Name, p.Items[b].Name) })
	place := make([]int32, len(order)) // Problem.Items → f.items
	for i, o := range order {
		place[o] = int32(i)
		if i > 0 && p.Items[o].Name == p.Items[order[i-1]].Name {
			return nil, fmt.Errorf("item %s is defined twice", p.Items[o].Name)
		}
	}
	if err := f.addItems(order, place); err != nil {
		return nil, err
	}
	if err := f.addClasses(place, sticky); err != nil {
		return nil, err
	}
	if sticky != nil {
		f.addPrevious(place, sticky)
	}
	f.setLimit(f.top)
	return f, nil
}

func (f *fleet) addItems(order []int, place []int32) error {
	p := f.p
	users := make([]int, len(p.Sources))
	for _, it := range p.Items {
		for _, s := range it.Sources {
			if s < 0 || s >= len(users) || p.Sources[s].Hazard < 0 || p.Sources[s].Hazard > maxHazard {
				return fmt.Errorf("item %s: unknown source %d, or its hazard is out of range", it.Name, s)
			}
			users[s]++
		}
	}
	shared := make([]int32, len(users))
	for s := range users {
		shared[s] = -1
		if users[s] > 1 {
			shared[s] = int32(len(f.sharedHazard))
			f.sharedHazard = append(f.sharedHazard, p.Sources[s].Hazard)
		}
	}
	alone := map[string]int32{"": 0}
	f.items = make([]item, len(order))
	for i, o := range order {
		from := &p.Items[o]
		if from.Size < 0 || from.Size > maxSize || from.Build < 0 || from.Build > maxSize {
			return fmt.Errorf("item %s: its size or build time is out of range", from.Name)
		}
		it := &f.items[i]
		*it = item{index: o, key: mix(uint64(i) + 1), size: from.Size, build: from.Build, base: from.Base,
			stacked: from.Stacked && !from.Base}
		if _, ok := alone[from.Alone]; !ok {
			alone[from.Alone] = int32(len(alone))
		}
		it.alone = alone[from.Alone]
		seen := map[int]bool{}
		for _, s := range from.Sources {
			switch {
			case seen[s]:
			case shared[s] < 0:
				it.own += p.Sources[s].Hazard
			default:
				if it.shared == nil {
					it.shared = newBitset(len(f.sharedHazard))
				}
				it.shared.add(shared[s])
			}
			seen[s] = true
		}
		it.own = min(it.own, tableEnd*HazardOne)
	}
	const visiting = -1
	var close func(i int32) error
	close = func(i int32) error {
		it := &f.items[i]
		if it.depth == visiting {
			return fmt.Errorf("item %s needs itself", p.Items[it.index].Name)
		}
		if it.needs != nil {
			return nil
		}
		it.depth = visiting
		needs, depth := newBitset(len(f.items)), 0
		for _, o := range p.Items[it.index].Needs {
			if o < 0 || o >= len(place) {
				return fmt.Errorf("item %s: unknown need %d", p.Items[it.index].Name, o)
			}
			n := place[o]
			if err := close(n); err != nil {
				return err
			}
			if !f.items[n].base {
				needs.add(n)
				needs.or(f.items[n].needs)
				depth = max(depth, f.items[n].depth+1)
			}
		}
		it.needs, it.depth = needs, depth
		return nil
	}
	for i := range f.items {
		if err := close(int32(i)); err != nil {
			return err
		}
	}
	return nil
}

// Larger sizes, times and numbers of replicas are mistakes.
const (
	maxSize     = 1 << 44
	maxReplicas = 1 << 24
	maxHazard   = 1 << 48
)

// inRange makes sure that no sum of prices overflows. With each item in a layer of its own for
// each app, changing in every cycle, the cost must be less than 2^59.
func (p *Problem) inRange() error {
	w := p.Weights
	for _, v := range []int64{w.Store, w.Pull, w.Build, w.Retained, w.Replaced, w.Cold, w.Layer, w.Hosts} {
		if v < 0 || v > 1<<40 {
			return fmt.Errorf("weight %d is out of range", v)
		}
	}
	if w.Replaced > 1000 {
		return fmt.Errorf("weight replaced is out of range: %d of 1000 hosts", w.Replaced)
	}
	if w == (Weights{}) {
		w = DefaultWeights()
	}
	// An estimate; floating point only for its range.
	var sum float64
	count := func(size, build, replicas int64) {
		sum += float64(size)*float64(w.Store)/1000*float64(1+w.Retained) +
			float64(size+w.Layer)*float64(w.Pull)/1000*float64(replicas) +
			float64(build)*float64(w.Build)*(float64(w.Cold)/1000+1)
	}
	for _, app := range p.Apps {
		if app.Replicas > maxReplicas || app.Delta.Size < 0 || app.Delta.Size > maxSize || app.Delta.Build < 0 || app.Delta.Build > maxSize {
			return fmt.Errorf("app %s: its replicas or the size of its own files are out of range", app.Name)
		}
		count(app.Delta.Size, app.Delta.Build, app.replicas())
		for _, i := range app.Items {
			if i >= 0 && i < len(p.Items) {
				count(p.Items[i].Size, p.Items[i].Build, app.replicas())
			}
		}
	}
	if sum > 1<<59 {
		return fmt.Errorf("the cost of all images is out of range")
	}
	return nil
}

func (f *fleet) addClasses(place []int32, sticky *Solution) error {
	p := f.p
	order := make([]int, len(p.Apps))
	for a := range order {
		order[a] = a
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.Apps[a].Name, p.Apps[b].Name) })
	for a := range p.Apps {
		if !p.Apps[a].Own {
			f.top = max(f.top, p.Apps[a].limit())
		}
	}
	var tooFew limitErrors
	byKey := map[string]int{}
	for i, a := range order {
		app := &p.Apps[a]
		if i > 0 && app.Name == p.Apps[order[i-1]].Name {
			return fmt.Errorf("app %s is defined twice", app.Name)
		}
		c := class{base: -1, set: newBitset(len(f.items)), chain: newBitset(len(f.items))}
		for _, o := range app.Items {
			if o < 0 || o >= len(place) {
				return fmt.Errorf("app %s: unknown item %d", app.Name, o)
			}
			n := place[o]
			switch {
			case !f.items[n].base:
				c.set.add(n)
			case c.base >= 0 && c.base != n:
				return fmt.Errorf("app %s has two bases", app.Name)
			default:
				c.base = n
			}
		}
		c.items = c.set.members()
		for _, n := range c.items {
			it := &f.items[n]
			if !it.needs.within(c.set) {
				return fmt.Errorf("app %s: missing an item that %s needs", app.Name, p.Items[it.index].Name)
			}
			if it.stacked {
				c.chain.add(n)
				c.chain.or(it.needs)
			}
		}
		for _, n := range c.chain.members() {
			c.mixed = c.mixed || !f.items[n].stacked
		}
		for _, s := range app.Delta.Sources {
			if s < 0 || s >= len(p.Sources) {
				return fmt.Errorf("app %s: unknown source %d", app.Name, s)
			}
		}
		if c.base >= 0 {
			c.taken++
		}
		if !app.Delta.empty() {
			c.taken++
		}
		c.least = f.least(&c)
		tooFew.add(app, c.least+c.taken)
		if app.Own || app.limit() != f.top {
			c.own = app.limit()
		}
		// Classes are the same at every limit of the fleet.
		key := fmt.Sprint(c.base, c.taken, c.own, c.set)
		if sticky != nil {
			key += previousKey(sticky, a)
		}
		at, ok := byKey[key]
		if !ok {
			at = len(f.classes)
			byKey[key] = at
			f.classes = append(f.classes, c)
		}
		f.classes[at].apps = append(f.classes[at].apps, a)
		f.classes[at].replicas += app.replicas()
	}
	return tooFew.all()
}

// limitErrors finds the errors to report about limits: one about the app with the fleet's limit that
// needs most layers, since that many are enough for all of these; then those about apps with limits of
// their own.
type limitErrors struct {
	fleet *LimitError
	own   []*LimitError
}

func (e *limitErrors) add(app *App, least int) {
	if least <= app.limit() {
		return
	}
	found := &LimitError{App: app.Name, Limit: app.limit(), Least: least}
	switch {
	case app.Own:
		e.own = append(e.own, found)
	case e.fleet == nil || least > e.fleet.Least:
		e.fleet = found
	}
}

func (e *limitErrors) all() error {
	var all []error
	if e.fleet != nil {
		all = append(all, e.fleet)
	}
	for _, own := range e.own {
		all = append(all, own)
	}
	if len(all) == 1 {
		return all[0]
	}
	return errors.Join(all...)
}

// roomAt is the room of a class at a limit of the fleet.
func (c *class) roomAt(limit int) int {
	if c.own > 0 {
		limit = c.own
	}
	return min(max(limit-c.taken, c.least), len(c.items))
}

// setLimit sets the rooms of all classes.
func (f *fleet) setLimit(limit int) {
	for c := range f.classes {
		f.classes[c].room = f.classes[c].roomAt(limit)
	}
}

func (a *App) limit() int {
	if a.Limit == 0 {
		return DefaultLimit
	}
	return a.Limit
}

func (a *App) replicas() int64 { return int64(max(a.Replicas, 1)) }

// mix spreads a number over 64 bits (the finaliser of SplitMix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
