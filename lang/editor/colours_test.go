package editor_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	chromalib "github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"

	"github.com/layc-lang/layc/lang/editor"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// disagreement compares a highlighter with layc: kindOf has the kind of each byte of the text. Space
// does not count. It returns "" if they agree.
func disagreement(text string, kindOf []editor.Kind) string {
	tree, _ := syntax.Parse(source.New("x.layer", text))
	for _, s := range editor.Spans(tree) {
		for i := s.Start; i < s.End; i++ {
			if c := text[i]; c == ' ' || c == '\t' || c == '\n' || c == '\r' || s.Kind == kindOf[i] {
				continue
			}
			line := strings.Count(text[:i], "\n") + 1
			return fmt.Sprintf("line %d: %q is a %s to layc, but %q is a %s:\n%s", line, text[s.Start:s.End], s.Kind, text[i:i+1], kindOf[i], text)
		}
	}
	return ""
}

// colours compares a highlighter with layc: for all texts, and for mutations of them. Expressions
// cannot tell everything that a parser can, so the highlighter may be wrong about a few mutations.
func colours(t *testing.T, kinds func(texts []string) [][]editor.Kind) {
	t.Helper()
	all := texts(t)
	for i, k := range kinds(all) {
		if d := disagreement(all[i], k); d != "" {
			t.Error(d)
		}
	}
	const count, few = 2000, 20
	all = mutations(t, count)
	var wrong []string
	for i, k := range kinds(all) {
		if d := disagreement(all[i], k); d != "" {
			wrong = append(wrong, d)
		}
	}
	if len(wrong) > few {
		t.Errorf("wrong about %d of %d mutations, such as\n%s", len(wrong), count, strings.Join(wrong[:few], "\n"))
	}
}

func TestChroma(t *testing.T) {
	l, err := chromalib.NewXMLLexer(os.DirFS("chroma"), "layer.xml")
	if err != nil {
		t.Fatal(err)
	}
	lexers.GlobalLexerRegistry.Register(l)
	colours(t, func(texts []string) [][]editor.Kind {
		var all [][]editor.Kind
		for _, text := range texts {
			it, err := l.Tokenise(&chromalib.TokeniseOptions{State: "root", EnsureLF: false}, text)
			if err != nil {
				t.Fatal(err)
			}
			shell := shellParts(text)
			var kinds []editor.Kind
			for _, tok := range it.Tokens() {
				k := chromaKind(tok.Type)
				for range len(tok.Value) {
					at := len(kinds)
					if at < len(shell) && shell[at] {
						kinds = append(kinds, editor.Shell)
						continue
					}
					kinds = append(kinds, k)
				}
			}
			all = append(all, kinds)
		}
		return all
	})
}

// shellParts reports the bytes of a text that belong to the shell. Chroma's tokens do not say which
// lexer has made them.
func shellParts(text string) []bool {
	tree, _ := syntax.Parse(source.New("x.layer", text))
	all := make([]bool, len(text))
	for _, s := range editor.Spans(tree) {
		for i := s.Start; i < s.End && s.Kind == editor.Shell; i++ {
			all[i] = true
		}
	}
	return all
}

func chromaKind(t chromalib.TokenType) editor.Kind {
	switch {
	case t == chromalib.NameConstant:
		return editor.Name
	case t == chromalib.LiteralStringInterpol:
		return editor.Mark
	case t.InCategory(chromalib.Comment):
		return editor.Comment
	case t.InCategory(chromalib.Keyword):
		return editor.Keyword
	case t.InCategory(chromalib.Name):
		return editor.Name
	case t.InSubCategory(chromalib.LiteralNumber):
		return editor.Number
	case t.InSubCategory(chromalib.LiteralString):
		return editor.String
	case t == chromalib.Operator, t == chromalib.Punctuation:
		return editor.Mark
	}
	return editor.Space // also errors: what they hide is not space
}
