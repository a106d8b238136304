package search

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// withLimit is the problem with another limit for the apps without a limit of their own.
func withLimit(p *Problem, limit int) *Problem {
	q := *p
	q.Apps = slices.Clone(p.Apps)
	for a := range q.Apps {
		if !q.Apps[a].Own {
			q.Apps[a].Limit = limit
		}
	}
	return &q
}

// costs returns what plans cost for limits up to 40, with the price of moving, and the first limit
// that the fleet fits.
func costs(t *testing.T, p *Problem, o Options) (first int, list []Money) {
	t.Helper()
	for limit := 1; limit <= 40; limit++ {
		q := withLimit(p, limit)
		s, err := Solve(q, o)
		var tooFew *LimitError
		if errors.As(err, &tooFew) && list == nil && tooFew.Least > limit {
			continue
		}
		if first == 0 {
			first = limit
		}
		if err != nil {
			t.Fatalf("limit %d: %v", limit, err)
		}
		if err := Check(q, s); err != nil {
			t.Fatalf("limit %d: %v", limit, err)
		}
		cost := s.Cost.Total()
		if o.Previous != nil {
			cost += s.Moved.Cost / DefaultPayback
		}
		list = append(list, cost)
	}
	return first, list
}

// bare removes the own steps of apps.
func bare(p *Problem) {
	for a := range p.Apps {
		p.Apps[a].Delta = Delta{}
	}
}

// A higher limit never makes a plan cost more.
func TestHigherLimitsCostNoMore(t *testing.T) {
	firsts := map[int]bool{} // limits that the fleets fit
	n := uint64(30)
	if testing.Short() {
		n = 8
	}
	for seed := range n {
		r := rand.New(rand.NewPCG(seed, 8))
		sh := shape{apps: 1 + r.IntN(16), items: 2 + r.IntN(24), bases: r.IntN(3), stacked: r.IntN(101), limit: 8}
		if seed%3 == 0 {
			sh.apps, sh.items = 1+r.IntN(4), 2+r.IntN(7) // some of them are solved exactly
		}
		sh.perApp = 1 + r.IntN(sh.items)
		p := generate(r, sh)
		if seed%4 == 1 {
			p.Apps[r.IntN(len(p.Apps))].Own = true
		}
		if seed%5 == 2 {
			bare(p)
		}
		first, list := costs(t, p, Options{Work: 30_000})
		firsts[first] = true
		for k := 1; k < len(list); k++ {
			if list[k] > list[k-1] {
				t.Errorf("seed %d: the plan for %d layers costs %d, for %d layers %d", seed, first+k-1, list[k-1], first+k, list[k])
			}
		}
	}
	for limit := 1; limit <= 3; limit++ {
		if !firsts[limit] {
			t.Errorf("no fleet fits %d layers, and not fewer", limit)
		}
	}
}

// With a previous plan that must change, a higher limit never makes the plan and the move to it
// cost more together.
func TestHigherLimitsMoveForNoMore(t *testing.T) {
	n := uint64(20)
	if testing.Short() {
		n = 5
	}
	for seed := range n {
		r := rand.New(rand.NewPCG(seed, 9))
		sh := shape{apps: 1 + r.IntN(12), items: 4 + r.IntN(20), bases: r.IntN(2), stacked: r.IntN(101), limit: 3 + r.IntN(10)}
		sh.perApp = 2 + r.IntN(sh.items)
		p := generate(r, sh)
		if seed%3 == 1 {
			bare(p)
		}
		previous, err := Solve(p, Options{Work: 30_000})
		if err != nil {
			t.Fatal(err)
		}
		// An app gets an item that it had not.
		app := &p.Apps[r.IntN(len(p.Apps))]
		p.Items = append(p.Items, Item{Name: "new", Size: 1 << 20, Stacked: seed%2 == 0, Sources: []int{0}})
		app.Items = append(slices.Clone(app.Items), len(p.Items)-1)
		first, list := costs(t, p, Options{Work: 30_000, Previous: previous})
		for k := 1; k < len(list); k++ {
			// Each blob's price of moving is rounded down in the search.
			if list[k] > list[k-1]+1000 {
				t.Errorf("seed %d: the plan for %d layers costs %d, for %d layers %d", seed, first+k-1, list[k-1], first+k, list[k])
			}
		}
	}
}
