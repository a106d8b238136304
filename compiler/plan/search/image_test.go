package search

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestImagesCostNoLessThanTheirParts completes images at random. None costs less than what was promised
// when some of its members had places.
func TestImagesCostNoLessThanTheirParts(t *testing.T) {
	offers, cases := 0, 0
	for seed := range uint64(seeds(60, 20, 8)) {
		r := rand.New(rand.NewPCG(seed, 31))
		sh := shape{apps: 12, items: 30 + r.IntN(40), bases: 1, perApp: 8 + r.IntN(14), stacked: 20 + r.IntN(60), limit: 5 + r.IntN(6)}
		if seed%4 == 1 {
			sh.hosts = 30
		}
		f, err := newFleet(generate(r, sh), nil)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Solve(f.p, Options{Work: 20_000})
		if err != nil {
			t.Fatal(err)
		}
		b := f.newBounder(s, 0)
		b.balance()
		for c := range f.classes {
			_, m := b.relaxed(c)
			if m == nil {
				continue
			}
			for n := range 20 {
				x := &image{}
				var promised []Money
				for m.bound(x); x.next >= 0 && len(x.options) > 0; m.bound(x) {
					promised = append(promised, x.least)
					best := x.options[r.IntN(len(x.options))]
					for _, o := range x.options {
						if r.IntN(20) > n && o.cost < best.cost {
							best = o
						}
					}
					promised = append(promised, x.rest+best.cost)
					x = x.put(x.next, best)
				}
				if x.next >= 0 {
					continue // there is no layer left for a stacked member
				}
				if slices.ContainsFunc(x.spine, func(set uint64) bool { return set&m.stacked == 0 }) {
					continue // the search may leave such a layer, which would be a portable one
				}
				for k, v := range promised {
					cases++
					if v > x.least+x.least/1_000_000+1000 {
						t.Fatalf("seed %d, class %d: an image costs %d, but %d was promised at step %d", seed, c, x.least, v, k)
					}
				}
			}
			offers += len(m.offers)
		}
	}
	if offers == 0 || cases < 1000 {
		t.Errorf("%d offers and %d cases are too few", offers, cases)
	}
}
