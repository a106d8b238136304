package search

import (
	"math/rand/v2"
	"testing"
)

func TestSolveIsValid(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		sh := shape{apps: 1 + r.IntN(12), items: 2 + r.IntN(20), bases: r.IntN(3), stacked: r.IntN(101), limit: 3 + r.IntN(6), alone: seed%3 == 0}
		sh.perApp = 1 + r.IntN(sh.items)
		p := generate(r, sh)
		s, err := Solve(p, Options{})
		if err != nil {
			if _, ok := err.(*LimitError); !ok {
				t.Fatalf("seed %d: %v", seed, err)
			}
			continue
		}
		if err := Check(p, s); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}
