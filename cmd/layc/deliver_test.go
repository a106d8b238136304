package main

import (
	"strings"
	"testing"

	"github.com/layc-lang/layc/llb/registry"
)

// TestPushing checks the lines of a push: small amounts have none of their own.
func TestPushing(t *testing.T) {
	var out strings.Builder
	report := pushing(&out)
	for _, sent := range []int64{0, 32_000, 60_000_000, 80_000_000, 120_000_000} {
		report(registry.Progress{Total: 3, Sent: sent})
	}
	report(registry.Progress{What: "blob", Reference: "registry.example.com/app@sha256:00", Done: 1, Total: 3, Sent: 130_000_000})
	want := `pushed 0/3, 60MB sent
pushed 0/3, 120MB sent
pushed 1/3 blob registry.example.com/app@sha256:00
`
	if out.String() != want {
		t.Errorf("the lines are\n%swant\n%s", out.String(), want)
	}
}
