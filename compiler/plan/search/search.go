package search

// limit is the work that the options allow. By default it is half a second's for
// a hundred apps and four seconds' for a thousand; small fleets need far less.
func (f *fleet) limit(o Options) int64 {
	if o.Work != 0 {
		return o.Work
	}
	work := int64(3_500_000)
	for c := range f.classes {
		work += 200 * int64(len(f.classes[c].items))
	}
	return min(work, 12_000_000)
}

// Solve plans a fleet. The result depends on nothing but the arguments, and not
// on the order of what they list. It passes Check. An error is a *LimitError
// for the first app by name whose limit can't be kept, or says what the caller
// got wrong in the problem.
func Solve(p *Problem, o Options) (*Solution, error) {
	f, err := newFleet(p, o.Previous)
	if err != nil {
		return nil, err
	}
	var po *pool
	proven := false
	if o.Previous != nil {
		po = f.sticky(o)
	} else {
		po, proven = f.fresh(o)
	}
	s := po.solution()
	s.Work = po.work
	s.Exact = proven
	s.Cost = Evaluate(p, s)
	s.Bound = min(f.lowerBound(), s.Cost.Total())
	if proven {
		s.Bound = s.Cost.Total()
	}
	return s, nil
}

// fresh plans without a previous plan: the best start, polished, and for a tiny
// fleet proven to be a cheapest plan.
func (f *fleet) fresh(o Options) (*pool, bool) {
	po := newPool(f)
	var best [][]int32
	var least Money
	for _, t := range []*trie{f.topDown(), f.popular()} {
		start, work := f.fitted(t)
		po.work += work
		plans := make([][]int32, len(start))
		for c, layers := range start {
			if layers == nil {
				layers = f.tightest(&f.classes[c])
			}
			for _, l := range layers {
				plans[c] = append(plans[c], po.intern(l...))
			}
		}
		po.load(plans)
		if cost := po.cost; best == nil || cost < least {
			best, least = po.snapshot(), cost
		}
	}
	po.load(best)
	if o.Work < 0 {
		return po, false
	}
	q := newPolish(po, f.limit(o))
	q.run()
	if !o.NoExact && po.exactly() {
		return po, true
	}
	q.kicks(250)
	return po, false
}
