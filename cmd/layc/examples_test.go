package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestExamples checks that examples in the help can be pasted into a shell: the commands and
// flags exist, and explanations are comments.
func TestExamples(t *testing.T) {
	var out bytes.Buffer
	root := (&cli{out: &out, err: &out}).root()
	tried := 0
	for _, cmd := range append(root.Commands(), root) {
		for line := range strings.SplitSeq(pasteable(cmd.Example), "\n") {
			line, _, _ = strings.Cut(line, " # ")
			for _, part := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune("|&()<>", r) }) {
				words := strings.Fields(part)
				if len(words) < 2 || words[0] != "layc" || strings.HasPrefix(words[1], "-") {
					continue
				}
				tried++
				found, args, err := root.Find(words[1:])
				if err != nil || found == root {
					t.Errorf("%q: unknown command", part)
					continue
				}
				if err := found.ParseFlags(args); err != nil {
					t.Errorf("%q: %v", part, err)
				}
				if found.Args != nil {
					if err := found.Args(found, found.Flags().Args()); err != nil {
						t.Errorf("%q: %v", part, err)
					}
				}
			}
		}
	}
	if tried < 60 {
		t.Errorf("only %d examples", tried)
	}
}
