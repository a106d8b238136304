package search

// Solve plans a fleet. The result depends on nothing but the arguments, and not
// on the order of what they list. It passes Check. An error is a *LimitError
// for the first app by name whose limit can't be kept, or says what the caller
// got wrong in the problem.
func Solve(p *Problem, o Options) (*Solution, error) {
	f, err := newFleet(p, o.Previous)
	if err != nil {
		return nil, err
	}
	po := f.fresh(o)
	s := po.solution()
	s.Work = po.work
	s.Cost = Evaluate(p, s)
	s.Bound = min(LowerBound(p), s.Cost.Total())
	return s, nil
}

// fresh is the best of all starts, polished.
func (f *fleet) fresh(o Options) *pool {
	po := newPool(f)
	var best [][]int32
	var least Money
	consider := func(start [][][]int32) {
		plans := make([][]int32, len(start))
		for c := range start {
			layers := start[c]
			if layers == nil {
				layers = f.tightest(&f.classes[c])
			}
			for _, l := range layers {
				plans[c] = append(plans[c], po.intern(l...))
			}
		}
		po.load(plans)
		if cost := po.cost(); best == nil || cost < least {
			best, least = po.snapshot(), cost
		}
	}
	start, work := f.fitted(f.topDown(plain))
	po.work += work
	consider(start)
	start, work = f.fitted(f.popular())
	po.work += work
	consider(start)
	po.load(best)
	q := newPolish(po, po.work+20_000_000)
	q.run()
	q.kicks(20 + 2*len(f.classes))
	return po
}
