package search

import (
	"math/bits"
	"slices"
)

// waiting is a member without a place.
type waiting struct {
	options []option
	high    int     // number of spine layers
	harm    []Money // by level: what it does there and on the spine above
	wish    []Money // by level: what it saves there at most, by hazard
}

// wait lists the places that a member can have, and how much it wishes for each level: what it saves
// there if others do the harm, compared with its best place if nobody else does any.
func (m *imager) wait(x *image, i int) {
	w := &m.waiting[i]
	w.options = append(w.options[:0], m.places(x, i)...)
	w.high, w.harm, w.wish = len(x.spine), w.harm[:0], w.wish[:0]
	for k := range m.levels {
		l := &m.levels[k]
		w.harm = append(w.harm, Money(scale(int64(l.per), l.raised[i]-l.chance, 30)))
		w.wish = append(w.wish, maxMoney)
	}
	w.climb()
	least := Money(maxMoney)
	for n := range w.options {
		o := &w.options[n]
		least = min(least, o.cost+w.does(o))
		from, to := o.reach()
		for k := from; k < to; k++ {
			w.wish[k] = min(w.wish[k], o.cost)
		}
	}
	for k, v := range w.wish {
		if w.wish[k] = max(0, least-v); w.wish[k] > 0 {
			w.wish[k] /= Money(m.members[i].own>>16 + 1)
		}
	}
}

// reach returns the levels whose hazard a member raises at a place.
func (o *option) reach() (from, to int) {
	switch {
	case !o.loose:
		return int(o.at), int(o.known)
	case o.fresh:
		return 0, 0
	}
	return int(o.at), int(o.at) + 1
}

// climb adds to the harm at each level of the spine what it does above.
func (w *waiting) climb() {
	for k := w.high - 2; k >= 0; k-- {
		w.harm[k] += w.harm[k+1]
	}
}

// does is the harm that the member does at a place.
func (w *waiting) does(o *option) (harm Money) {
	from, to := o.reach()
	if from >= to {
		return 0
	}
	harm = w.harm[from]
	if !o.loose && to < w.high {
		harm -= w.harm[to]
	}
	return harm
}

// divide divides the harm at a level among the members that can do it: to each what it adds to the harm
// of all that wish for the level more. Hazard adds the less, the more there is, and classes that lose the
// layer count for the first who loses them. So the harm of any of them is at least the sum of their
// parts.
func (m *imager) divide(k int) {
	pr, l := m.b.f.price, &m.levels[k]
	m.keys = m.keys[:0]
	for _, i := range m.left {
		w := &m.waiting[i]
		if w.harm[k] = 0; w.wish[k] > 0 {
			m.keys = append(m.keys, -int64(w.wish[k])<<6|int64(i))
		}
	}
	slices.Sort(m.keys)
	hazard, chance := l.hazard, l.chance
	clear(m.gone)
	for _, key := range m.keys {
		i := int(key & (whole - 1))
		hazard += m.members[i].own
		q := pr.chance(hazard)
		harm := Money(scale(int64(l.per), q-chance, 30))
		chance = q
		loses := false
		for j, all := range l.who {
			lost := all &^ m.members[i].holders[j] &^ m.gone[j]
			loses = loses || lost != 0
			m.gone[j] |= lost
			m.who[j] = all &^ lost
		}
		if loses {
			harm += m.costOf(l, m.sharesOf(m.who)) - l.cost
		}
		m.waiting[i].harm[k] = harm
	}
}

// costOf is the cost of a level's members with some shares.
func (m *imager) costOf(l *level, p *shares) (sum Money) {
	for s := l.set; s != 0; s &= s - 1 {
		i := bits.TrailingZeros64(s)
		sum += p.low[i] + Money(scale(int64(p.per[i]), l.chance, 30))
	}
	return sum
}
