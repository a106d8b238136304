package syntax_test

import (
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// TestOneMistake removes, doubles and damages each token of a file in turn. One mistake must
// cause one error in nearly all cases, and never many.
func TestOneMistake(t *testing.T) {
	archive, err := txtar.ParseFile(filepath.Join("../../testdata/format", "shop.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(archive.Files[1].Data)
	tree, list := syntax.Parse(source.New("shop.layer", text))
	if len(list) > 0 {
		t.Fatal(list[0].Message)
	}
	mistakes, more := 0, 0
	for _, token := range tree.Tokens {
		if token.Kind == syntax.EOF || token.Kind == syntax.Comment {
			continue
		}
		before, word, after := text[:token.Start], text[token.Start:token.End], text[token.End:]
		for _, spoilt := range []string{before + after, before + word + " " + word + after, before + "@@" + after} {
			_, list := syntax.Parse(source.New("shop.layer", spoilt))
			mistakes++
			if len(list) > 1 {
				more++
			}
			if len(list) > 2 {
				at := tree.Source.Position(int(token.Start))
				t.Errorf("%d findings for one mistake at %s, line %d", len(list), word, at.Line)
			}
			if msg := lossy(spoilt); msg != "" {
				t.Error(msg)
			}
		}
	}
	if more*100 > mistakes {
		t.Errorf("%d of %d mistakes cause more than one finding", more, mistakes)
	}
}

// TestEdits applies each suggested edit in all .layer sections in testdata: the error that
// suggested it must disappear, without a new one.
func TestEdits(t *testing.T) {
	made := 0
	for _, text := range seeds(t) {
		file := source.New("x.layer", text)
		_, before := syntax.Parse(file)
		for _, d := range before {
			if len(d.Edits) == 0 {
				continue
			}
			made++
			if overlap(d.Edits) {
				t.Errorf("edits for %q overlap: %+v", d.Message, d.Edits)
			}
			fixed := diag.Apply(file, d.Edits)
			if _, after := syntax.Parse(source.New("x.layer", fixed)); len(after) >= len(before) {
				t.Errorf("the edit for %q does not help:\n%s", d.Message, fixed)
			}
		}
	}
	if made < 10 {
		t.Errorf("only %d edits", made)
	}
}

func overlap(edits []diag.Edit) bool {
	for i, a := range edits {
		for _, b := range edits[:i] {
			if a.Span.Start < b.Span.End && b.Span.Start < a.Span.End {
				return true
			}
		}
	}
	return false
}

// TestArgumentNames reads the errors for a colon after something else than the name of a parameter.
func TestArgumentNames(t *testing.T) {
	for arguments, want := range map[string]string{
		`m.a: "x"`:         "expected the name of a parameter before `:`, found `m.a`",
		`m.a:"x"`:          "expected the name of a parameter before `:`, found `m.a`",
		`a: 1, lib.b.c: 2`: "expected the name of a parameter before `:`, found `lib.b.c`",
		`"a": "x"`:         "expected the name of a parameter before `:`, found `\"a\"`",
		"f(1,\n 2): 2":     "expected the name of a parameter before `:`, found `f(1, 2)`",
		`f(1): 2`:          "expected the name of a parameter before `:`, found `f(1)`",
		`m.a:x`:            "strings use double quotes",
		`team/app:v1`:      "strings use double quotes",
		`a: team/app:v1`:   "strings use double quotes",
	} {
		file := source.New("a.layer", "app a {\n    uses c("+arguments+")\n}\n")
		_, list := syntax.Parse(file)
		if len(list) != 1 || list[0].Message != want || overlap(list[0].Edits) {
			t.Errorf("%s: got %+v", arguments, list)
			continue
		}
		if fixed := diag.Apply(file, list[0].Edits); len(list[0].Edits) > 0 {
			if _, list := syntax.Parse(source.New("a.layer", fixed)); len(list) > 0 {
				t.Errorf("%s: the fix does not parse: %s", arguments, fixed)
			}
		}
	}
}
