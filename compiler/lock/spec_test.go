package lock

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestSpec checks that the spec lists the facts of a lock file as the parser reads them, with a bar
// after the fields that identify a fact.
func TestSpec(t *testing.T) {
	text, err := os.ReadFile("../../spec.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "\n```lock\n")
	block, _, ok := strings.Cut(block, "```")
	if !ok {
		t.Fatal("the spec has no list of facts")
	}
	var want []string
	for _, f := range forms {
		fields := strings.Fields(f.text)
		if f.key < len(fields) {
			fields = slices.Insert(fields, f.key, "|")
		}
		want = append(want, strings.Join(fields, " "))
	}
	slices.Sort(want)
	if got := strings.TrimSpace(block); got != strings.Join(want, "\n") {
		t.Errorf("the spec has\n%s\n\nthe parser reads\n%s", got, strings.Join(want, "\n"))
	}
}
