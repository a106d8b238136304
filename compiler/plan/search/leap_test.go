package search

import (
	"math/rand/v2"
	"testing"
)

// TestLeaps makes leaps where no small change saves money any more.
func TestLeaps(t *testing.T) {
	var before, after Money
	for seed := range uint64(6) {
		sh := shape{apps: 40, items: 30 + 10*int(seed), bases: 2, perApp: 12, stacked: 30 + 10*int(seed), limit: 8}
		p := generate(rand.New(rand.NewPCG(seed, 12)), sh)
		f, err := newFleet(p, nil)
		if err != nil {
			t.Fatal(err)
		}
		d := f.newDescent(Options{})
		d.fit(sh.limit, sh.limit)
		d.start(false)
		d.q.limit = 1 << 40
		d.q.rounds()
		polished := d.po.cost
		d.q.limit = d.po.work + 1_000_000
		d.q.leaps()
		if d.po.cost > polished {
			t.Errorf("seed %d: the plan cost %d, after leaps %d", seed, polished, d.po.cost)
		}
		before += polished
		after += d.po.cost
		if err := Check(p, d.po.solution()); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
	saved := 100 * float64(before-after) / float64(before)
	t.Logf("leaps save %.1f%%", saved)
	if saved < 2 {
		t.Errorf("leaps save %.1f%%, want at least 2%%", saved)
	}
}
