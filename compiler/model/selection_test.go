package model

import "testing"

// TestDigest checks that different selections have different digests: builds use the
// digest to distinguish the trees that they send to the engine.
func TestDigest(t *testing.T) {
	seen := map[string]int{}
	for n, s := range []Selection{
		{},
		{Sources: []Source{{Path: "a"}}},
		{Sources: []Source{{Path: "a", Contents: true}}},
		{Sources: []Source{{Path: "a", Pattern: true}}},
		{Sources: []Source{{Path: "a"}}, Include: []string{"x"}},
		{Sources: []Source{{Path: "a"}}, Exclude: []string{"x"}},
		{Sources: []Source{{Path: "a"}}, Ignore: []string{"x"}},
		{Sources: []Source{{Path: "a"}}, Mounts: []string{"x"}},
		{Sources: []Source{{Path: "a"}}, Links: "x"},
	} {
		if other, ok := seen[s.Digest()]; ok {
			t.Errorf("selections %d and %d have the same digest", other, n)
		}
		seen[s.Digest()] = n
	}
}
