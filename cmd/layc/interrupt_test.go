package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// TestInterrupt checks that an interrupted command ends at once while it computes.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var problem bytes.Buffer
	c := &cli{out: new(bytes.Buffer), err: &problem, ready: readyFake, open: openFake}
	code := c.run(ctx, []string{"simulate", "-C", "../../testdata/fleet", "--years", "100"})
	if code != exitInterrupted || !strings.Contains(problem.String(), "interrupted") {
		t.Errorf("exit code %d, want %d\n%s", code, exitInterrupted, &problem)
	}
}
