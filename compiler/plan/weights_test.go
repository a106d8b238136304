package plan

import (
	"math"
	"testing"

	"github.com/layc-lang/layc/compiler/plan/search"
)

// TestWeights sets weights in the units that people use.
func TestWeights(t *testing.T) {
	byName := map[string]Weight{}
	for _, w := range Weights {
		byName[w.Name] = w
	}
	for name, want := range map[string]struct {
		set      float64
		weights  search.Weights
		standard string
	}{
		"store":    {0.1, search.Weights{Store: 23_077}, "0.1"},
		"pull":     {0.09, search.Weights{Pull: 90_000}, "0.02"},
		"build":    {0.006, search.Weights{Build: 100_000}, "0.008"},
		"retained": {3, search.Weights{Retained: 3}, "4"},
		"replaced": {0.5, search.Weights{Replaced: 500}, "0.1"},
		"cold":     {0, search.Weights{}, "0.1"},
		"layer":    {1000, search.Weights{Layer: 1000}, "262144"},
		"hosts":    {7.4, search.Weights{Hosts: 7}, "0"},
	} {
		var got search.Weights
		if ok := byName[name].Set(&got, want.set); !ok || got != want.weights {
			t.Errorf("%s=%g: %v, %+v", name, want.set, ok, got)
		}
		if got := byName[name].Default(); got != want.standard {
			t.Errorf("default of %s is %s, want %s", name, got, want.standard)
		}
		for _, n := range []float64{-1, 1e13, math.Inf(1), math.NaN()} {
			if got := (search.Weights{}); byName[name].Set(&got, n) || got != (search.Weights{}) {
				t.Errorf("%s=%g: set to %+v", name, n, got)
			}
		}
	}
}

func TestPerYear(t *testing.T) {
	if got := PerYear(search.Money(1e12)); got != 52 {
		t.Errorf("a dollar a week is %g a year", got)
	}
}
