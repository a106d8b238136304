package plan_test

import (
	"slices"
	"testing"

	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/search"
)

// TestHigherLimitsCostNoMore plans the examples for limits from 3 to 40 layers.
func TestHigherLimitsCostNoMore(t *testing.T) {
	most := 40
	if testing.Short() {
		most = 12
	}
	for _, dir := range []string{"shop", "tomcat", "openliberty", "jupyter", "selenium", "fleet"} {
		problem, _ := example(t, dir, plan.Options{Rebalance: true, Work: -1}).Problem()
		p := *problem
		p.Apps = slices.Clone(p.Apps)
		var before search.Money
		for limit := 3; limit <= most; limit++ {
			for a := range p.Apps {
				p.Apps[a].Limit, p.Apps[a].Own = limit, false
			}
			s, err := search.Solve(&p, search.Options{Work: 50_000})
			if err != nil {
				t.Fatalf("%s: %v", dir, err)
			}
			if cost := s.Cost.Total(); limit > 3 && cost > before {
				t.Errorf("%s: the plan for %d layers costs %d, for %d layers %d", dir, limit-1, before, limit, cost)
			}
			before = s.Cost.Total()
		}
	}
}
