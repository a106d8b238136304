package model

import (
	"slices"
	"testing"
)

// TestCalledWithNames checks that people may call an instance with the names of its arguments, as it is
// shown, and without.
func TestCalledWithNames(t *testing.T) {
	i := &Instance{
		ID: `std/x.tool("a: true", true, 8)`, Title: `tool("a: true", fast: true)`,
		Name: Name{Path: "std/x.tool", Args: []string{`"a: true"`, "true", "8"}}, Given: []string{`"a: true"`, "fast: true"},
	}
	for _, name := range []string{
		`std/x.tool("a: true", true, 8)`, `tool("a: true", fast: true)`, `tool(a: true, fast: true)`, `tool("a: true", true)`, `tool(a: true, true)`, "x.tool", "tool",
	} {
		if !slices.Contains(i.Called(), name) {
			t.Errorf("%s is none of %q", name, i.Called())
		}
	}
}
