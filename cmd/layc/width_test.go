package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/layc-lang/layc/lang/term"
)

// TestWidth checks that the text output for the largest example fits a terminal.
func TestWidth(t *testing.T) {
	fleet, part := "../../testdata/fleet", "openssl"
	if testing.Short() {
		fleet, part = "../../testdata/shop", "jdk" // the same code, with shorter searches
	}
	for _, args := range [][]string{
		{"plan", "-C", fleet},
		{"cost", "-C", fleet},
		{"simulate", "-C", fleet},
		{"impact", "-C", fleet, part},
		{"explain-layer", "-C", fleet, part},
		{"doc", "-C", fleet},
		{"doc", "std"},
		{"doc", "clauses"},
	} {
		var out, problem bytes.Buffer
		c := &cli{out: &out, err: &problem, ready: readyFake, open: openFake}
		if code := c.run(context.Background(), args); code != exitOK {
			t.Errorf("layc %s: exit code %d\n%s", strings.Join(args, " "), code, &problem)
		}
		for _, line := range strings.Split(out.String(), "\n") {
			if term.Columns(line) > term.Width {
				t.Errorf("layc %s: %d columns: %s", strings.Join(args, " "), term.Columns(line), line)
			}
		}
	}
}
