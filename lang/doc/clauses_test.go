package doc_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/doc"
	"github.com/layc-lang/layc/lang/format"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
	"github.com/layc-lang/layc/stdlib"
)

// TestClauseExamples checks that the examples of clauses are valid, formatted, and fit on a terminal.
func TestClauseExamples(t *testing.T) {
	text, err := os.ReadFile("clauses.layer")
	if err != nil {
		t.Fatal(err)
	}
	program, list := load.Load(load.Input{Project: fstest.MapFS{"clauses.layer": {Data: text}}, Dir: ".", Std: stdlib.FS})
	_, more := check.Check(program)
	for _, d := range append(list, more...) {
		t.Errorf("%s: %s, at %q", d.Code, d.Message, d.Span.Text())
	}
	tree, _ := syntax.Parse(source.New("clauses.layer", string(text)))
	if got := format.File(tree); got != string(text) {
		t.Errorf("layc fmt writes\n%s", got)
	}
	for line := range strings.Lines(string(text)) {
		if n := utf8.RuneCountInString(line) - 1; n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// TestClauses checks that each clause has an example, all options appear in examples, and the
// operands are documented.
func TestClauses(t *testing.T) {
	for _, c := range doc.Clauses() {
		words := strings.FieldsFunc(strings.Join(c.Example, "\n"), func(r rune) bool { return strings.ContainsRune(" \n,", r) })
		if !slices.Contains(words, c.Word) {
			t.Errorf("%s (%s) has no example", c.Word, c.In)
		}
		typed(t, c.Word, c.Takes, c.Type)
		options(t, c.Word, words, c.Options)
	}
}

func options(t *testing.T, of string, words []string, all []doc.Option) {
	for _, o := range all {
		name := of + " " + o.Word
		if !slices.Contains(words, o.Word) {
			t.Errorf("%s has no example", name)
		}
		typed(t, name, o.Takes, o.Type)
		options(t, name, words, o.Items)
		options(t, name, words, o.Options)
	}
}

// typed checks that everything with values has a type.
func typed(t *testing.T, name, takes, kind string) {
	if values := takes == "value" || takes == "values"; values != (kind != "") && takes != "shell text" {
		t.Errorf("%s takes %q with the type %q", name, takes, kind)
	}
}
