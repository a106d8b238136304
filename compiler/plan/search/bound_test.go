package search

import (
	"math/rand/v2"
	"testing"
)

// TestBoundIsBelowTheOptimum compares the bound with the cost of the cheapest plan, also when spines
// are searched in lots and when searches stop early.
func TestBoundIsBelowTheOptimum(t *testing.T) {
	n := uint64(seeds(4000, 1000, 400))
	tight := 0.0
	for seed := range n {
		p := tiny(seed + 50_000)
		f, err := newFleet(p, nil)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Solve(p, Options{Work: 20_000})
		if err != nil {
			t.Fatal(err)
		}
		best, _ := optimum(p, float64(s.Cost.Total())*1.000001)
		for _, set := range []struct{ singles, parts, steps, images int }{
			{singles, parts, 1000, 4000}, {0, parts, 1000, 30}, {0, 1, 1000, 10}, {0, 2, 1000, 3}, {2, 1, 20, 1}, {singles, parts, 2, 0}, {singles, parts, 0, 0},
		} {
			b := f.newBounder(s, 0)
			b.singles, b.parts, b.steps, b.images = set.singles, set.parts, set.steps, set.images
			bound := float64(b.all())
			if bound > best*1.000001 {
				t.Errorf("seed %d, %+v: bound %v above the optimum %v", seed, set, bound, best)
			}
			if set.steps == 1000 && set.singles > 0 {
				tight += bound / best
			}
		}
	}
	t.Logf("the bound is %.2f%% of the optimum", 100*tight/float64(n))
	if tight < 0.985*float64(n) {
		t.Errorf("the bound is too low")
	}
}

// TestGaps prints how far plans of fleets with 60 apps are above the bound, and holds the essay's
// numbers.
func TestGaps(t *testing.T) {
	for n, c := range []struct {
		shape
		most [2]float64 // percent, at 10 and 8 layers
	}{
		{shape{apps: 60, items: 40, bases: 2, perApp: 12, stacked: 30}, [2]float64{3, 5}},
		{shape{apps: 60, items: 40, bases: 2, perApp: 12, stacked: 50}, [2]float64{3, 4}},
		{shape{apps: 60, items: 40, bases: 2, perApp: 12, stacked: 80}, [2]float64{8, 9}},
		{shape{apps: 60, items: 80, bases: 2, perApp: 20, stacked: 40}, [2]float64{4, 5}},
		{shape{apps: 60, items: 30, bases: 1, perApp: 8, stacked: 60}, [2]float64{3, 3}},
		{shape{apps: 60, items: 100, bases: 2, perApp: 30, stacked: 40}, [2]float64{9, 10}},
		{shape{apps: 60, items: 200, bases: 3, perApp: 40, stacked: 30}, [2]float64{16, 16}},
		{shape{apps: 60, items: 60, bases: 1, perApp: 10, stacked: 20}, [2]float64{1, 3}},
	} {
		if testing.Short() && n%4 > 0 {
			continue
		}
		p := generate(rand.New(rand.NewPCG(uint64(n), 77)), c.shape)
		for k, limit := range []int{10, 8}[:seeds(2, 1, 1)] {
			p := withLimit(p, limit)
			s, err := Solve(p, Options{})
			if err != nil {
				t.Fatal(err)
			}
			bound := Bound(p, s, 0)
			gap := 100 * float64(s.Cost.Total()-bound) / float64(bound)
			items, stacked := 0, 0
			for _, app := range p.Apps {
				for _, i := range app.Items {
					if !p.Items[i].Base {
						items++
					}
					if p.Items[i].Stacked {
						stacked++
					}
				}
			}
			t.Logf("%.0f items per app (%.0f), %d layers: %.1f%%", float64(items)/60, float64(stacked)/60, limit, gap)
			if gap < 0 || gap > c.most[k] {
				t.Errorf("fleet %d at %d layers is %.1f%% above the bound, want at most %.0f%%", n, limit, gap, c.most[k])
			}
		}
	}
}

// TestWideGaps spends twenty seconds' work on the plan and on the bound of the widest fleet of
// TestGaps, as layc plan --plan-time does. Only make seeds runs it.
func TestWideGaps(t *testing.T) {
	wide := generate(rand.New(rand.NewPCG(6, 77)), shape{apps: 60, items: 200, bases: 3, perApp: 40, stacked: 30})
	for _, limit := range []int{8, 10}[:seeds(2, 0, 0)] {
		p, work := withLimit(wide, limit), int64(80_000_000)
		s, err := Solve(p, Options{Work: work})
		if err != nil {
			t.Fatal(err)
		}
		bound := Bound(p, s, work)
		gap := 100 * float64(s.Cost.Total()-bound) / float64(bound)
		t.Logf("%d layers: %.1f%%", limit, gap)
		if gap < 0 || gap > 10 {
			t.Errorf("the plan for %d layers is %.1f%% above the bound, want at most 10%%", limit, gap)
		}
	}
}
