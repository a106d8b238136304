package search

import (
	"fmt"
	"math/bits"
	"slices"
)

// row is a piece of a lot as the schedule of what is left sees it; see bound.go.
type row struct {
	lot         int
	after       int     // the row that it comes after; -1: none
	kids        []int32 // rows that come after it
	hazard      int64   // that it adds to what is below its first item
	stays       int64   // chance that this does not change
	size, build int64   // of its items
	// The same, with each item as if with what is below it in its piece.
	sizeThere, buildThere int64
}

// setRows lists the pieces of all lots, what is needed first.
func (o *orderer) setRows() {
	pr := o.b.f.price
	o.first = make([]int, len(o.lots))
	var deep []int64 // row → hazard of the chain of rows that it comes after, with itself
	for k := range o.lots {
		l := &o.lots[k]
		o.first[k] = len(o.rows)
		after := -1
		for _, n := range l.needs {
			if at := o.first[n.lot] + n.count - 1; after < 0 || deep[at] > deep[after] {
				after = at
			}
		}
		for n := range l.pieces {
			r := row{lot: k, after: after, hazard: l.own}
			if n > 0 {
				r.hazard *= int64(l.piece)
			}
			r.stays = one - pr.chance(r.hazard)
			for i := n * l.piece; i < min((n+1)*l.piece, len(l.sizes)); i++ {
				stays := one - pr.chance(int64(i-n*l.piece)*l.own)
				r.size, r.build = r.size+l.sizes[i], r.build+l.builds[i]
				r.sizeThere += scale(l.sizes[i], stays, 30)
				r.buildThere += scale(l.builds[i], stays, 30)
			}
			d := r.hazard
			if after >= 0 {
				d += deep[after]
				o.rows[after].kids = append(o.rows[after].kids, int32(len(o.rows)))
			}
			after = len(o.rows)
			o.rows, deep = append(o.rows, r), append(deep, d)
		}
	}
}

// future is a way in which a chain can lose classes that can have it.
type future struct {
	at    []*site // lot → the classes that can have the chain when its first item is there
	worth []worth // row
	order []int32 // rows: of those that can come next, the first one does
	rank  []int32 // row → its place there
}

// worth is a row's share of certain change, and how much less it is if its first item has no hazard.
type worth struct{ certain, saves Money }

// mostFutures is the largest number of futures of a chain that are told apart.
const mostFutures = 6

// crowd returns the site that stands for some classes, whatever they have in common.
func (o *orderer) crowd(holders bitset) *site {
	key := fmt.Sprint(holders)
	s, ok := o.crowds[key]
	if !ok {
		s = &site{holders: holders.copy(), weight: make([]int64, len(o.lots))}
		s.replicas = o.b.count(holders)
		s.hosts = o.b.f.price.hosts(s.replicas)
		o.crowds[key] = s
	}
	return s
}

// futuresOf returns the futures of chains that the classes of a crowd can have.
func (o *orderer) futuresOf(s *site) []*future {
	if s.futures == nil {
		for _, at := range o.losses(s) {
			s.futures = append(s.futures, o.future(at))
		}
	}
	return s.futures
}

// losses returns for all orders in which lots can first be there the sites where they are. It leaves
// out an order if another one is as good. If there are too many, it returns for each lot the site
// where it comes next, which is better than all.
func (o *orderer) losses(s *site) [][]*site {
	if s.losses != nil {
		return s.losses
	}
	now := make([]*site, len(o.lots)) // each lot as if it came next
	var next []*site
	for k := range o.lots {
		now[k] = s
		if !s.holders.within(o.lots[k].holders) {
			h := s.holders.copy()
			h.and(o.lots[k].holders)
			now[k] = o.crowd(h)
			if !slices.Contains(next, now[k]) {
				next = append(next, now[k])
			}
		}
	}
	for _, a := range next {
		if slices.ContainsFunc(next, func(b *site) bool { return a != b && a.holders.within(b.holders) }) {
			continue // that one may as well come before
		}
		for _, later := range o.losses(a) {
			at := slices.Clone(later)
			for k := range at {
				if now[k] == s {
					at[k] = s
				}
			}
			s.losses = append(s.losses, at)
		}
		if len(s.losses) > mostFutures {
			break
		}
	}
	if len(s.losses) == 0 || len(s.losses) > mostFutures {
		s.losses = [][]*site{now}
	}
	return s.losses
}

// task is a row, or several that follow one another, while the order is made.
type task struct {
	after         int
	hazard, saves int64 // of certain change, if it comes first
	ratio         int64 // of these to the chance of the hazard
}

// future finds the best order of all rows if each comes after one other row (Horn 1972): the row with
// the largest ratio follows the one that it comes after at once. That decides about rows that are
// left, too, since all that come after them are.
func (o *orderer) future(at []*site) *future {
	const never, always = 0, tableEnd * HazardOne
	pr := o.b.f.price
	f := &future{at: at, worth: make([]worth, len(o.rows)), rank: make([]int32, len(o.rows))}
	tasks := make([]task, len(o.rows))
	list := make([]int, len(o.rows)) // tasks that are left
	for n := range o.rows {
		r, w := &o.rows[n], &f.worth[n]
		if r.size|r.build != 0 {
			s := at[r.lot]
			w.certain = o.shareAt(r.lot, s, always, r.size, r.build, 0)
			w.saves = o.shareAt(r.lot, s, always, r.sizeThere, r.buildThere, 0) - o.shareAt(r.lot, s, never, r.sizeThere, r.buildThere, 0)
		}
		tasks[n] = task{after: r.after, hazard: r.hazard, saves: scale(int64(w.saves), r.stays, 30)}
		tasks[n].rate(pr)
		list[n] = n
	}
	for len(list) > 0 {
		best := 0
		for n := range list {
			if t, b := tasks[list[n]].ratio, tasks[list[best]].ratio; t > b || t == b && list[n] < list[best] {
				best = n
			}
		}
		n := list[best]
		list[best] = list[len(list)-1]
		list = list[:len(list)-1]
		f.rank[n] = int32(len(f.order))
		f.order = append(f.order, int32(n))
		t := &tasks[n]
		if t.after >= 0 {
			to := &tasks[t.after]
			to.saves += scale(t.saves, one-pr.chance(to.hazard), 30)
			to.hazard += t.hazard
			to.rate(pr)
		}
		for _, m := range list {
			if tasks[m].after == n {
				tasks[m].after = t.after
			}
		}
	}
	return f
}

func (t *task) rate(pr *pricer) {
	hi, lo := bits.Mul64(uint64(t.saves), one>>6)
	q, _ := bits.Div64(hi, lo, max(uint64(pr.chance(t.hazard)), 1))
	t.ratio = int64(q)
}

// schedules returns the least share of the rows that a state lacks, over all futures.
func (o *orderer) schedules(state uint64, p *place) Money {
	least := Money(maxMoney)
	for _, f := range o.futuresOf(p.crowd) {
		least = min(least, o.schedule(state, p.hazard, f))
	}
	return least
}

// schedule returns the share of the rows that a state lacks in their best order.
func (o *orderer) schedule(state uint64, hazard int64, f *future) (cost Money) {
	heap := o.heap[:0] // ranks of rows that can come next
	push := func(n int32) {
		heap = append(heap, f.rank[n])
		for k := len(heap) - 1; k > 0 && heap[k] < heap[(k-1)/2]; k = (k - 1) / 2 {
			heap[k], heap[(k-1)/2] = heap[(k-1)/2], heap[k]
		}
	}
	for k := range o.lots {
		l := &o.lots[k]
		if n := l.placed(state); n < l.pieces {
			at := o.first[k] + n
			if after := o.rows[at].after; after >= 0 {
				to := &o.lots[o.rows[after].lot]
				if after-o.first[o.rows[after].lot] >= to.placed(state) {
					continue
				}
			}
			push(int32(at))
		}
	}
	stays := one - o.b.f.price.chance(hazard)
	for len(heap) > 0 {
		n := f.order[heap[0]]
		last := len(heap) - 1
		heap[0] = heap[last]
		heap = heap[:last]
		for k := 0; ; {
			least := k
			for kid := 2*k + 1; kid <= 2*k+2 && kid < len(heap); kid++ {
				if heap[kid] < heap[least] {
					least = kid
				}
			}
			if least == k {
				break
			}
			heap[k], heap[least] = heap[least], heap[k]
			k = least
		}
		r, w := &o.rows[n], &f.worth[n]
		stays = stays * r.stays >> 30
		cost += w.certain - Money(scale(int64(w.saves), stays, 30))
		for _, kid := range r.kids {
			push(kid)
		}
	}
	o.heap = heap
	return max(cost, 0)
}
