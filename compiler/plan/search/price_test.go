package search

import (
	"math"
	"testing"
)

func TestChanceIsExponential(t *testing.T) {
	pr := newPricer(DefaultWeights())
	last := int64(-1)
	for h := 0.0; h < 20; h += 0.00137 {
		got := pr.chance(int64(h * HazardOne))
		if want := (1 - math.Exp(-h)) * one; math.Abs(float64(got)-want) > 4 {
			t.Fatalf("hazard %v: got %d of 2^30, want %.1f", h, got, want)
		}
		if got < last {
			t.Fatalf("hazard %v: the chance falls from %d to %d", h, last, got)
		}
		last = got
	}
}

func TestHostsOfReplicas(t *testing.T) {
	for _, n := range []int64{0, 1, 2, 7, 1000} {
		w := DefaultWeights()
		w.Hosts = n
		pr := newPricer(w)
		for _, replicas := range []int64{0, 1, 2, 5, 100, 100_000} {
			want := float64(replicas)
			if n > 0 {
				want = float64(n) * (1 - math.Pow(1-1/float64(n), float64(replicas)))
			}
			if got := float64(pr.hosts(replicas)) / hostOne; math.Abs(got-want) > 0.002*(1+want/100) {
				t.Errorf("%d replicas on %d hosts: on %.4f, want %.4f", replicas, n, got, want)
			}
		}
	}
}

// One megabyte that changes every other cycle, on three hosts, calculated by hand.
func TestCostOfOneLayer(t *testing.T) {
	half := int64(math.Round(math.Ln2 * HazardOne))
	p := &Problem{
		Weights: Weights{Store: 1000, Pull: 2000, Build: 5, Retained: 2, Replaced: 100, Cold: 250, Layer: 24},
		Sources: []Source{{Name: "s", Hazard: half}},
		Items:   []Item{{Name: "i", Size: 1_000_000, Sources: []int{0}, Build: 1000, Stacked: true}},
		Apps:    []App{{Name: "a", Items: []int{0}, Replicas: 3}},
	}
	s, err := Solve(p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	// store 1e6·1·(1+2·½), pull 1000024·2·3·(1−0.9·½), build 1000·5·(¼+½)
	want := Cost{Store: 2_000_000, Pull: 3_300_079, Build: 3750}
	near := func(a, b Money) bool { return a-b < 4 && b-a < 4 }
	if got := s.Cost; !near(got.Store, want.Store) || !near(got.Pull, want.Pull) || !near(got.Build, want.Build) {
		t.Errorf("got %v, want %v", got, want)
	}
}
