package search

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// shape describes random fleets.
type shape struct {
	apps, items, bases int
	perApp             int // items that an app picks, without their needs
	stacked            int // percent
	limit              int
	alone              bool
	hosts              int64
}

// generate returns a random fleet. An item needs only items before it, so an app's ascending list
// is a written order.
func generate(r *rand.Rand, sh shape) *Problem {
	p := &Problem{Weights: DefaultWeights()}
	p.Weights.Hosts = sh.hosts
	source := func(hazard float64) int {
		p.Sources = append(p.Sources, Source{Name: fmt.Sprintf("s%04d", len(p.Sources)), Hazard: int64(hazard * HazardOne)})
		return len(p.Sources) - 1
	}
	rates := []float64{1.0 / 52, 1.0 / 13, 1.0 / 4.3, 1, 5}
	size := func() int64 { return int64(1) << (14 + r.IntN(13)) * int64(8+r.IntN(8)) / 8 }
	common := source(0.3)
	for i := range sh.bases {
		p.Items = append(p.Items, Item{Name: fmt.Sprintf("base%d", i), Size: 30 << 20, Base: true,
			Sources: []int{source(0.2)}, Build: 1000})
	}
	for i := range sh.items {
		it := Item{Name: fmt.Sprintf("i%04d", i), Size: size(), Sources: []int{source(rates[r.IntN(len(rates))])},
			Stacked: r.IntN(100) < sh.stacked, Build: int64(r.IntN(30_000))}
		if r.IntN(8) == 0 {
			it.Sources = append(it.Sources, common)
		}
		if !it.Stacked && r.IntN(2) == 0 {
			it.Build = 0
		}
		if i > 0 && r.IntN(3) == 0 {
			it.Needs = append(it.Needs, sh.bases+r.IntN(i))
		}
		if sh.alone && r.IntN(6) == 0 {
			it.Alone = it.Name
		}
		p.Items = append(p.Items, it)
	}
	var close func(set map[int]bool, i int)
	close = func(set map[int]bool, i int) {
		set[i] = true
		for _, n := range p.Items[i].Needs {
			close(set, n)
		}
	}
	var families [][]int // items that groups of apps have in common
	for range 1 + sh.apps/8 {
		families = append(families, r.Perm(sh.items)[:max(1, sh.perApp/2)])
	}
	for a := range sh.apps {
		set := map[int]bool{}
		if sh.bases > 0 {
			set[r.IntN(sh.bases)] = true
		}
		for _, i := range families[r.IntN(len(families))] {
			close(set, sh.bases+i)
		}
		for _, i := range r.Perm(sh.items)[:1+r.IntN(max(1, sh.perApp/2))] {
			close(set, sh.bases+i)
		}
		app := App{Name: fmt.Sprintf("app%04d", a), Replicas: 1 + r.IntN(20), Limit: sh.limit}
		for i := range set {
			app.Items = append(app.Items, i)
		}
		slices.Sort(app.Items)
		if r.IntN(4) > 0 {
			app.Delta = Delta{Size: size(), Sources: []int{source(rates[2+r.IntN(3)])}}
		}
		p.Apps = append(p.Apps, app)
	}
	return p
}
