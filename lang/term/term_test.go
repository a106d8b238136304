package term_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/layc-lang/layc/lang/term"
)

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"layer", 5, "layer"},
		{"layers", 5, "laye…"},
		{"", 0, ""},
		{"日本語", 6, "日本語"},
		{"日本語", 5, "日本…"},
		{"日本語", 4, "日…"},                          // no half characters
		{"e\u0301te\u0301", 3, "e\u0301te\u0301"}, // combining accents have no columns
		{"layer", 1, "…"},
	} {
		got := term.Cut(c.text, c.n)
		if got != c.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", c.text, c.n, got, c.want)
		}
		if n := term.Columns(got); n > c.n {
			t.Errorf("Cut(%q, %d) has %d columns", c.text, c.n, n)
		}
	}
}

func TestTable(t *testing.T) {
	table := term.Table{Right: []int{1}, Stretch: 0}
	table.Row("日本", "1")
	table.Row("a", "200")
	table.Row(strings.Repeat("x", 100), "3")
	table.Note("a note")
	var b strings.Builder
	table.Print(&b)
	want := []string{
		"日本" + strings.Repeat(" ", 71) + "  " + "  1",
		"a" + strings.Repeat(" ", 74) + "  " + "200",
		strings.Repeat("x", 74) + "…" + "  " + "  3",
		"    a note",
	}
	if got := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n"); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 layers", 1: "1 layer", 2: "2 layers"} {
		if got := term.Count(n, "layer"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	got := term.Wrap("write `layc lock` again", 12)
	if want := []string{"write `layc lock`", "again"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestCutAmong cuts names where they differ.
func TestCutAmong(t *testing.T) {
	names := []string{"payments-backend-service-eu", "payments-backend-service-us", "payments-backend-service-us-west", "payments-frontend-long-name-x", "short"}
	for columns, want := range map[int][]string{
		40: names,
		20: {"payme…end-service-eu", "payme…end-service-us", "payme…ervice-us-west", "payments-frontend-l…", "short"},
		12: {"pay…rvice-eu", "pay…rvice-us", "pay…-us-west", "payments-fr…", "short"},
		8:  {"payment…", "payment…", "payment…", "payment…", "short"},
	} {
		for n, name := range names {
			got := term.CutAmong(name, columns, names)
			if term.Columns(got) > columns || got != want[n] {
				t.Errorf("%s in %d columns: got %q, want %q", name, columns, got, want[n])
			}
		}
	}
}

// TestEnd finds what names have in common at their ends, and prints it once.
func TestEnd(t *testing.T) {
	for _, c := range []struct {
		texts []string
		want  string
	}{
		{[]string{"pay-prod-eu.example.com", "shop-prod-eu.example.com"}, "-prod-eu.example.com"},
		{[]string{"payments.example.com", "pay.example.com"}, ".example.com"},
		{[]string{"a.example.com", ".example.com"}, ""},
		{[]string{"pay-eu", "shop-eu"}, ""},
		{[]string{"pay.example.com"}, ""},
		{[]string{"one", "two"}, ""},
		{nil, ""},
	} {
		if got := term.End(c.texts); got != c.want {
			t.Errorf("End(%q) = %q, want %q", c.texts, got, c.want)
		}
	}
	var out strings.Builder
	table := &term.Table{Right: []int{1}}
	table.Row("apps", "size")
	long := strings.Repeat("-production", 8)
	table.Row("payments"+long, "1")
	table.Row("customers"+long, "22")
	table.Note("all are small")
	table.Print(&out)
	const want = "apps        size\npayments…      1\ncustomers…    22\n    all are small\n    … stands for -production-production"
	if got := out.String(); !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestMore checks one thing, several, and a plural that is not the singular with an s.
func TestMore(t *testing.T) {
	for n, want := range map[int]string{1: "1 more kind of app", 2: "2 more kinds of apps"} {
		if got := term.More(n, "kind of app", "kinds of apps"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
