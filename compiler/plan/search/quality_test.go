package search

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// tiny generates a fleet small enough for optimum.
func tiny(seed uint64) *Problem {
	r := rand.New(rand.NewPCG(seed, 2))
	for {
		sh := shape{apps: 2 + r.IntN(4), items: 4 + r.IntN(4), bases: r.IntN(3), stacked: r.IntN(101),
			limit: 3 + r.IntN(5), alone: r.IntN(5) == 0}
		if r.IntN(4) == 0 {
			sh.hosts = int64(5 + r.IntN(30))
		}
		sh.perApp = 2 + r.IntN(6)
		p := generate(r, sh)
		if _, err := Solve(p, Options{NoExact: true, Work: -1}); err == nil {
			return p
		}
	}
}

// TestQualityOnTinyFleets compares the heuristic, without the exact search, with the optimum, by
// the part of the cost that a plan can change.
func TestQualityOnTinyFleets(t *testing.T) {
	n := uint64(seeds(1200, 400, 200))
	var ratios []float64
	equal, within2 := 0, 0
	sum := 0.0
	for seed := range n {
		p := tiny(seed)
		s, err := Solve(p, Options{NoExact: true, Work: 100_000})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := Check(p, s); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		cost := float64(s.Cost.Total())
		best, fixed := optimum(p, cost)
		if best > cost*1.000001 {
			t.Fatalf("seed %d: optimum %v above a plan's cost %v", seed, best, cost)
		}
		if bound := float64(Bound(p, s, 0)); bound > best*1.000001 {
			t.Errorf("seed %d: bound %v above the optimum %v", seed, bound, best)
		}
		ratio := (cost - fixed) / (best - fixed)
		ratios = append(ratios, ratio)
		sum += ratio
		if ratio < 1.000001 {
			equal++
		} else if ratio > 1.02 {
			t.Logf("seed %d: %.3f of the optimum", seed, ratio)
		}
		if ratio <= 1.02 {
			within2++
		}
	}
	mean, worst := sum/float64(n), slices.Max(ratios)
	t.Logf("%d fleets: mean %.5f, worst %.3f, %.1f%% equal, %.1f%% within 2%%", n, mean, worst,
		100*float64(equal)/float64(n), 100*float64(within2)/float64(n))
	if mean > 1.003 || worst > 1.15 || float64(within2) < 0.98*float64(n) || math.IsNaN(mean) {
		t.Errorf("below the promised quality")
	}
}

// TestExactIsOptimal checks that a plan that is called exact in production is an optimum, and
// that most tiny fleets are solved exactly.
func TestExactIsOptimal(t *testing.T) {
	n := uint64(400)
	if testing.Short() {
		n = 100
	}
	proven := 0
	for seed := range n {
		p := tiny(seed + 10_000)
		s, err := Solve(p, Options{Work: 20_000})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := Check(p, s); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if !s.Exact {
			continue
		}
		proven++
		cost := float64(s.Cost.Total())
		if best, _ := optimum(p, cost); cost > best*1.000001 {
			t.Errorf("seed %d: called exact at %.4f of the optimum", seed, cost/best)
		}
	}
	t.Logf("%d of %d solved exactly", proven, n)
	if float64(proven) < 0.95*float64(n) {
		t.Errorf("too few")
	}
}
