package search

import (
	"math/rand/v2"
	"testing"
)

func BenchmarkSolve(b *testing.B) {
	for _, bench := range []struct {
		name string
		shape
	}{
		{"100x100", shape{apps: 100, items: 100, bases: 2, perApp: 30, stacked: 40, limit: 8}},
		{"1000x500", shape{apps: 1000, items: 500, bases: 4, perApp: 40, stacked: 40, limit: 8}},
		{"1000x500dense", shape{apps: 1000, items: 500, bases: 4, perApp: 200, stacked: 70, limit: 8}},
	} {
		p := generate(rand.New(rand.NewPCG(1, 2)), bench.shape)
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				s, err := Solve(p, Options{})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(s.Cost.Total())/float64(max(Bound(p, s, 0), 1)), "cost/bound")
				b.ReportMetric(float64(s.Work)/1e6, "Mwork")
			}
		})
	}
}
