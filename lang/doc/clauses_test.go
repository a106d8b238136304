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

// TestExamples checks that the examples are valid, formatted, and fit on a terminal.
func TestExamples(t *testing.T) {
	for _, name := range []string{"clauses.layer", "words.layer"} {
		t.Run(name, func(t *testing.T) { examples(t, name) })
	}
}

func examples(t *testing.T, name string) {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	project := fstest.MapFS{name: {Data: text}, "web/web.layer": {Data: []byte("component web {}\n")}}
	program, list := load.Load(load.Input{Project: project, Dir: ".", Std: stdlib.FS})
	_, more := check.Check(program)
	for _, d := range append(list, more...) {
		t.Errorf("%s: %s, at %q", d.Code, d.Message, d.Span.Text())
	}
	tree, _ := syntax.Parse(source.New(name, string(text)))
	if got := format.File(tree); got != string(text) {
		t.Errorf("layc fmt writes\n%s", got)
	}
	for line := range strings.Lines(string(text)) {
		if n := utf8.RuneCountInString(line) - 1; n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// TestWords checks that all declarations, and all names that every module knows, are documented.
func TestWords(t *testing.T) {
	known := map[string]bool{}
	for _, w := range doc.Words() {
		if w.Kind == "" || w.Text == "" || w.Example == "" {
			t.Errorf("%q is not complete", w)
		}
		known[w.Word] = true
	}
	for _, word := range slices.Concat(syntax.Declarations(), check.Dotted(), []string{check.Scratch.Decl.Name.Name}) {
		if !known[word] {
			t.Errorf("%s is not documented", word)
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

// TestValues checks that the checker takes the words and the periods that the documentation has.
func TestValues(t *testing.T) {
	tried := 0
	try := func(statement string) {
		tried++
		project := fstest.MapFS{"a.layer": {Data: []byte("component c {\n    " + statement + "\n}\n")}}
		program, list := load.Load(load.Input{Project: project, Dir: ".", Std: stdlib.FS})
		_, more := check.Check(program)
		for _, d := range append(list, more...) {
			t.Errorf("%s: %s", statement, d.Message)
		}
	}
	for _, c := range doc.Clauses() {
		for _, w := range c.Words {
			try(c.Word + " " + w)
		}
		for _, p := range c.Periods {
			try(c.Word + " 2/" + p)
		}
		for _, o := range c.Options {
			for _, i := range o.Items {
				for _, w := range i.Words {
					try(c.Word + ` "true" ` + o.Word + " " + i.Word + " " + w)
				}
			}
		}
	}
	if tried < 20 {
		t.Errorf("only %d values", tried)
	}
}
