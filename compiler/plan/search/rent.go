package search

// tenant bounds a class's part of the cost when each layer has a rent; see bound.go.
type tenant struct {
	b     *bounder
	c     *class
	o     *orderer // nil: none, or too large
	least Money    // of the spine without rent
	loose []load
	spine []Money // loose → least share in a layer of the spine
	// apart has for each width of portable layers, from wide to narrow, the least share of each
	// load in a layer that is at least as wide and less wide than the one before.
	widths []int64 // hazards
	apart  [][]Money
	layer  load
}

func (b *bounder) newTenant(self int, o *orderer, least Money, loose []load, layer load) *tenant {
	f, c := b.f, &b.f.classes[self]
	t := &tenant{b: b, c: c, o: o, least: least, loose: loose, layer: layer, spine: make([]Money, len(loose))}
	var total int64
	for k, l := range loose {
		total += l.hazard
		t.spine[k] = maxMoney
		for _, s := range c.items {
			if f.items[s].stacked {
				both := b.holders[l.item].copy()
				both.and(b.holders[s])
				h := b.onBase(c, s) - b.portableNeeds(s) + f.items[l.item].own
				t.spine[k] = min(t.spine[k], t.share(l.item, h, b.count(both)))
			}
		}
	}
	// How much of such a layer classes have in common with this one.
	common := make([]int64, len(f.classes))
	for wide, x := total, total; ; wide, x = x, x-x>>2 {
		if x < total>>10 {
			x = 0
		}
		clear(common)
		for _, l := range loose {
			if l.hazard <= wide {
				for _, d := range b.holders[l.item].members() {
					common[d] += l.hazard
				}
			}
		}
		shares := make([]Money, len(loose))
		for k, l := range loose {
			var replicas int64
			for _, d := range b.holders[l.item].members() {
				if common[d] >= min(x, common[self]) {
					replicas += f.classes[d].replicas
				}
			}
			shares[k] = t.share(l.item, max(x, f.items[l.item].own), replicas)
		}
		t.widths, t.apart = append(t.widths, wide), append(t.apart, shares)
		if x == 0 {
			return t
		}
	}
}

// share is the class's part of the cost of a portable item.
func (t *tenant) share(i int32, hazard, replicas int64) Money {
	pr := t.b.f.price
	r := pr.bytes(t.b.f.items[i].size, hazard, 0, 0)
	return Money(scaleBy(int64(r.total(pr.hosts(replicas))), t.c.replicas, replicas))
}

// at returns a lower bound when each layer has this rent, without the rents of all layers that the
// class has room for.
func (t *tenant) at(rent Money, steps int) (sum Money) {
	sum = t.least
	if t.o != nil && !t.o.lumped {
		sum = max(sum, t.o.order(rent, steps))
	}
	for k := range t.loose {
		sum += min(t.spine[k], t.aside(k, rent))
	}
	return sum - rent*Money(t.c.room)
}

// aside is the least share of a load in a portable layer, with its part of the rent.
func (t *tenant) aside(k int, rent Money) Money {
	least, l := Money(maxMoney), &t.loose[k]
	for n, wide := range t.widths {
		if wide < l.hazard {
			break
		}
		v := t.apart[n][k]
		if wide > 0 {
			v += Money(scaleBy(int64(rent+t.layer.low), l.hazard, wide))
		}
		least = min(least, v)
	}
	return least
}

// rents are tried, as parts of a known lower bound.
var rents = []Money{300, 150, 80, 50, 30, 15}

// most returns the highest of the bounds for different rents. They are concave in the rent.
func (t *tenant) most(known Money, steps int) Money {
	at := func(k int) Money { return t.at(known/rents[k], steps) }
	k := len(rents) / 2
	best := at(k)
	for _, by := range []int{-1, 1} {
		found := false
		for n := k + by; n >= 0 && n < len(rents); n += by {
			v := at(n)
			if v <= best {
				break
			}
			best, k, found = v, n, true
		}
		if found {
			break
		}
	}
	return best
}
