package diag

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEntries(t *testing.T) {
	entries := Entries()
	if !slices.IsSortedFunc(entries, func(a, b Entry) int { return strings.Compare(string(a.Code), string(b.Code)) }) {
		t.Error("codes are not sorted")
	}
	form := regexp.MustCompile(`^E\d{4}$`)
	seen := map[Code]bool{}
	for _, e := range entries {
		switch {
		case !form.MatchString(string(e.Code)):
			t.Errorf("%s is not a valid code", e.Code)
		case seen[e.Code]:
			t.Errorf("%s is defined twice", e.Code)
		case e.Title == "" || strings.TrimSpace(e.Doc) == "":
			t.Errorf("%s is not documented", e.Code)
		}
		seen[e.Code] = true
		for line := range strings.Lines(e.Doc) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
				t.Errorf("the documentation of %s has a line of %d columns", e.Code, n)
			}
		}
		for line := range strings.Lines(e.Example) {
			if text := strings.TrimSuffix(line, "\n"); strings.TrimRight(text, " ") != text {
				t.Errorf("the example of %s has spaces at a line's end: %q", e.Code, text)
			}
		}
	}
	if _, ok := Explain("E0001"); !ok {
		t.Error("Explain does not find E0001")
	}
	if _, ok := Explain("E9999"); ok {
		t.Error("Explain finds E9999")
	}
}
