package plan_test

import (
	"os"
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

// someLimits returns numbers of layers to plan for: all with LAYC_SEEDS=all, as make seeds does, else the
// first.
func someLimits(all ...int) []int {
	if os.Getenv("LAYC_SEEDS") == "all" {
		return all
	}
	return all[:1]
}

// TestExamplesAreNearTheBound holds the distance of the examples' plans from the lower bound.
func TestExamplesAreNearTheBound(t *testing.T) {
	for dir, most := range map[string]float64{"shop": 1, "tomcat": 2, "openliberty": 2, "fleet": 5, "postgres": 1, "jupyter": 10, "selenium": 8} {
		problem, _ := example(t, dir, plan.Options{Rebalance: true, Work: -1}).Problem()
		p := *problem
		p.Apps = slices.Clone(p.Apps)
		for _, limit := range someLimits(10, 8) {
			for a := range p.Apps {
				p.Apps[a].Limit, p.Apps[a].Own = limit, false
			}
			s, err := search.Solve(&p, search.Options{})
			if err != nil {
				t.Fatalf("%s: %v", dir, err)
			}
			cost, bound := s.Cost.Total(), search.Bound(&p, s, 0)
			gap := 100 * float64(cost-bound) / float64(bound)
			t.Logf("%s at %d layers: %.1f%%", dir, limit, gap)
			if gap < 0 || gap > most {
				t.Errorf("%s at %d layers: %.1f%% above the bound, want at most %.0f%%", dir, limit, gap, most)
			}
		}
	}
}

// TestLoweredLimits lowers the limit of the examples after they were planned. The plan costs no
// more than one that is made for the lower limit, both with the price of moving.
func TestLoweredLimits(t *testing.T) {
	for _, dir := range []string{"tomcat", "openliberty", "jupyter", "selenium"} {
		problem, _ := example(t, dir, plan.Options{Rebalance: true, Work: -1}).Problem()
		p := *problem
		p.Apps = slices.Clone(p.Apps)
		solve := func(limit int, previous *search.Solution) *search.Solution {
			for a := range p.Apps {
				p.Apps[a].Limit, p.Apps[a].Own = limit, false
			}
			s, err := search.Solve(&p, search.Options{Work: 200_000, Previous: previous})
			if err != nil {
				t.Fatalf("%s: %v", dir, err)
			}
			return s
		}
		before := solve(search.DefaultLimit, nil)
		for _, limit := range []int{8, 6, 4} {
			price := func(s *search.Solution) search.Money {
				return s.Cost.Total() + search.Moving(&p, before, s).Cost/search.DefaultPayback
			}
			anew, moved := price(solve(limit, nil)), price(solve(limit, before))
			// Each blob's price of moving is rounded down in the search.
			if moved > anew+1000 {
				t.Errorf("%s: moving to %d layers costs %d, with a new plan %d", dir, limit, moved, anew)
			}
		}
	}
}
