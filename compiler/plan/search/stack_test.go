package search

import (
	"errors"
	"testing"
)

// TestRestack rebuilds every plan of the suite from its stacks and expects the same plan.
func TestRestack(t *testing.T) {
	for seed := range uint64(60) {
		p := tiny(seed)
		s, err := Solve(p, Options{Work: 20_000, NoExact: true})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		again, err := Restack(p, s.Stacks())
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if again.Cost != s.Cost || len(again.Layers) != len(s.Layers) {
			t.Errorf("seed %d: %d layers for %v, the plan has %d for %v", seed, len(again.Layers), again.Cost, len(s.Layers), s.Cost)
		}
	}
}

func TestRestackErrors(t *testing.T) {
	p := &Problem{
		Items: []Item{{Name: "a", Size: 1, Stacked: true}, {Name: "b", Size: 1, Stacked: true, Needs: []int{0}}},
		Apps:  []App{{Name: "app", Items: []int{0, 1}, Limit: 1}},
	}
	if _, err := Restack(p, [][][]int{{{0, 1}}}); err != nil {
		t.Errorf("one layer: %v", err)
	}
	var limit *LimitError
	if _, err := Restack(p, [][][]int{{{0}, {1}}}); !errors.As(err, &limit) || limit.Least != 2 {
		t.Errorf("two layers: %v, want a limit of 2", err)
	}
	p.Apps[0].Limit = 2
	if _, err := Restack(p, [][][]int{{{1}, {0}}}); err == nil {
		t.Error("an item below what it needs passes")
	}
}
