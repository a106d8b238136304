package check_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/syntax"
)

// TestSpecTables checks that the spec's tables of clauses have each clause once, with the right
// places and options, and with the right number of declarations.
func TestSpecTables(t *testing.T) {
	text, err := os.ReadFile("../../spec.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "\n## Clauses\n")
	if !ok {
		t.Fatal("the spec has no section Clauses")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	rows := map[string][]string{} // cells by word and place
	for _, line := range strings.Split(section, "\n") {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) < 4 || !strings.HasPrefix(cells[0], " `") {
			continue
		}
		key := strings.Trim(cells[0], " `") + " in " + strings.TrimSpace(cells[1])
		if rows[key] != nil {
			t.Errorf("%s has two rows", key)
		}
		rows[key] = cells
	}
	code := regexp.MustCompile("`([a-z0-9]+)`")
	for _, f := range syntax.Forms() {
		key := f.Word + " in " + strings.ReplaceAll(f.In.String(), " or ", ", ")
		cells := rows[key]
		delete(rows, key)
		if cells == nil {
			t.Errorf("the spec has no row for %s", key)
			continue
		}
		var want []string
		for _, o := range f.Options {
			want = append(want, o.Word)
		}
		var got []string
		for _, m := range code.FindAllStringSubmatch(cells[2], -1) {
			if m[1] != "none" {
				got = append(got, m[1])
			}
		}
		if !sameWords(got, want) {
			t.Errorf("%s: the spec has the options %q, the table of clauses has %q", key, got, want)
		}
		if f.Mood == syntax.Property && len(cells) == 5 {
			single := strings.HasPrefix(strings.TrimSpace(cells[3]), "yes")
			if once := check.Once(f.Word, f.In == syntax.InUser); single != once {
				t.Errorf("%s: single is %v in the spec, %v in the checker", key, single, once)
			}
		}
	}
	for key := range rows {
		t.Errorf("the spec has a row for %s, which is not a clause", key)
	}
}

func sameWords(a, b []string) bool {
	has := map[string]int{}
	for _, w := range a {
		has[w]++
	}
	for _, w := range b {
		has[w]--
	}
	for _, n := range has {
		if n != 0 {
			return false
		}
	}
	return true
}
