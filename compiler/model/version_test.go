package model

import "testing"

// TestCompareVersions checks the order of versions in spec.md.
func TestCompareVersions(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"9", "17", -1},
		{"1.2", "1.10", -1},
		{"1.2", "1.2-rc1", -1},
		{"1.0", "1.00", 0},
		{"007", "7", 0},
		{"010", "9", 1},
		{"a1", "a01b", -1},
		{"x", "1", 1},
	} {
		if got := CompareVersions(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: %d, want %d", c.a, c.b, got, c.want)
		}
		if got := CompareVersions(c.b, c.a); got != -c.want {
			t.Errorf("%q and %q: %d, want %d", c.b, c.a, got, -c.want)
		}
	}
}
