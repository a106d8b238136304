package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
)

// full is a full disk.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// TestAnswersOnFullDisk checks that a failed write to standard output is an error of every
// command.
func TestAnswersOnFullDisk(t *testing.T) {
	for _, question := range []string{
		"explain", "explain E0001", "doc std", "doc clauses", "doc std/java", "version", "completion fish", "--help", "help check",
		"-C ../../testdata/shop check --json", "-C ../../testdata/shop plan", "-C ../../testdata/shop cost", "-C ../../testdata/shop graph",
	} {
		var problem bytes.Buffer
		c := &cli{out: full{}, err: &problem}
		code := c.run(context.Background(), strings.Fields(question))
		if code != exitUnavailable || !strings.Contains(problem.String(), "no space left") {
			t.Errorf("layc %s: exit code %d\n%s", question, code, &problem)
		}
	}
}
