package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/search"
)

// Advice is a change that makes a fleet cost less.
type Advice struct {
	What  string
	Saves search.Money // per cycle
}

// adviceWork limits each search for advice, so all of them take about a second.
const adviceWork = plan.WorkPerSecond / 8

// Advise searches for plans with more layers, and with one component more that is portable. It
// compares them with an equally rough plan of the fleet, and returns those that save at least a
// hundredth, by what they save.
func Advise(p *plan.Plan) []Advice {
	n := numbersOf(p)
	cost := func(change func(*search.Problem)) search.Money {
		q := *n.Problem
		q.Items, q.Apps = slices.Clone(q.Items), slices.Clone(q.Apps)
		change(&q)
		s, err := search.Solve(&q, search.Options{Work: adviceWork})
		if err != nil {
			return n.Solution.Cost.Total()
		}
		return s.Cost.Total()
	}
	now := min(cost(func(*search.Problem) {}), n.Solution.Cost.Total())
	var list []Advice
	add := func(what string, change func(*search.Problem)) {
		if saves := now - cost(change); saves > now/100 && plan.PerYear(saves) >= Cent {
			list = append(list, Advice{what, saves})
		}
	}
	if limit := fleetLimit(n.Problem); limit > 0 {
		add(fmt.Sprintf("layers %d", limit+2), func(q *search.Problem) {
			for a := range q.Apps {
				if !q.Apps[a].Own {
					q.Apps[a].Limit = limit + 2
				}
			}
		})
	}
	for _, i := range stackedRuns(p, n) {
		add("owns in "+n.Items[i].Title, func(q *search.Problem) { q.Items[i].Stacked = false })
	}
	slices.SortStableFunc(list, func(a, b Advice) int { return cmp.Compare(b.Saves, a.Saves) })
	return list
}

// fleetLimit returns the limit that apps without their own have; 0 if all have their own.
func fleetLimit(p *search.Problem) int {
	for _, a := range p.Apps {
		if !a.Own {
			return cmp.Or(a.Limit, search.DefaultLimit)
		}
	}
	return 0
}

// stackedRuns returns the items of the stacked components with runs whose layers cost most, up to
// three of them. A component that installs packages can only be stacked.
func stackedRuns(p *plan.Plan, n numbers) []int {
	const most = 3
	share := map[int]search.Money{} // of the layers' costs, by size
	for _, l := range p.Layers {
		c := p.LayerCost(l).Total()
		for _, i := range n.Solution.Layers[l.Index()].Items {
			steps := n.Items[i].Steps
			if n.Problem.Items[i].Stacked && n.Items[i].Package == nil && model.Runs(steps) && !model.Installs(steps) {
				share[i] += search.Money(float64(c) * float64(n.Problem.Items[i].Size) / float64(max(1, l.Size.Bytes)))
			}
		}
	}
	var items []int
	for i := range n.Items {
		if share[i] > 0 {
			items = append(items, i)
		}
	}
	slices.SortStableFunc(items, func(a, b int) int { return cmp.Compare(share[b], share[a]) })
	return items[:min(most, len(items))]
}
