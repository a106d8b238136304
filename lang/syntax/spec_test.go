package syntax_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/exp/ebnf"

	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// fenced returns the contents of the spec's code blocks of that kind.
func fenced(t testing.TB, kind string) []string {
	text, err := os.ReadFile("../../spec.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, m := range regexp.MustCompile("(?s)\n```"+kind+"\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		blocks = append(blocks, m[1])
	}
	if len(blocks) == 0 {
		t.Fatalf("spec.md has no %s blocks", kind)
	}
	return blocks
}

func grammar(t testing.TB) ebnf.Grammar {
	text := strings.Join(fenced(t, "ebnf"), "\n")
	g, err := ebnf.Parse("spec.md", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestSpecGrammar(t *testing.T) {
	if err := ebnf.Verify(grammar(t), "File"); err != nil {
		t.Error(err)
	}
}

func TestSpecExamples(t *testing.T) {
	for _, text := range fenced(t, "layer") {
		if _, list := syntax.Parse(source.New("spec.md", text)); len(list) > 0 {
			t.Errorf("%s at %q in\n%s", list[0].Message, list[0].Span.Text(), text)
		}
	}
}

// TestSpecClauses checks that the spec's grammar and the table of clauses have the same words in
// all clauses and options.
func TestSpecClauses(t *testing.T) {
	g := grammar(t)
	places := map[string]syntax.Place{
		"FleetClause": syntax.InFleet, "ComponentClause": syntax.InComponent,
		"AppClause": syntax.InApp, "UserClause": syntax.InUser,
	}
	for name, place := range places {
		spec := map[string]bool{}
		for _, alternative := range alternatives(g, g[name].Expr) {
			words := tokensOf(g, alternative)
			f := syntax.FindForm(words[0], place)
			if f == nil {
				t.Errorf("%s has %s, but the table does not", name, words[0])
				continue
			}
			spec[words[0]] = true
			for _, w := range words[1:] {
				if !strings.ContainsAny(w, "=,") && !hasWord(f, w) {
					t.Errorf("%s: %s has %s, but the table does not", name, words[0], w)
				}
			}
			for _, o := range f.Options {
				if !strings.Contains(" "+strings.Join(tokensOf(g, g[name].Expr), " ")+" ", " "+o.Word+" ") {
					t.Errorf("%s: the table has %s %s, but the spec does not", name, f.Word, o.Word)
				}
			}
		}
		for _, f := range syntax.Forms() {
			if f.In&place != 0 && !spec[f.Word] {
				t.Errorf("%s has no %s, but the table does", name, f.Word)
			}
		}
	}
}

func hasWord(f *syntax.Form, word string) bool {
	for _, o := range f.Options {
		if o.Word == word {
			return true
		}
		for _, i := range o.Items {
			if i.Word == word {
				return true
			}
			for _, io := range i.Options {
				if io.Word == word {
					return true
				}
			}
		}
	}
	return false
}

// alternatives returns the alternatives of an expression. It replaces a name alone by its
// production.
func alternatives(g ebnf.Grammar, x ebnf.Expression) []ebnf.Expression {
	switch x := x.(type) {
	case ebnf.Alternative:
		var all []ebnf.Expression
		for _, a := range x {
			all = append(all, alternatives(g, a)...)
		}
		return all
	case *ebnf.Name:
		return alternatives(g, g[x.String].Expr)
	}
	return []ebnf.Expression{x}
}

// tokensOf returns the tokens of a clause in order, without tokens of expressions.
func tokensOf(g ebnf.Grammar, x ebnf.Expression) []string {
	var words []string
	switch x := x.(type) {
	case ebnf.Alternative:
		for _, y := range x {
			words = append(words, tokensOf(g, y)...)
		}
	case ebnf.Sequence:
		for _, y := range x {
			words = append(words, tokensOf(g, y)...)
		}
	case *ebnf.Group:
		return tokensOf(g, x.Body)
	case *ebnf.Option:
		return tokensOf(g, x.Body)
	case *ebnf.Repetition:
		return tokensOf(g, x.Body)
	case *ebnf.Token:
		return []string{x.String}
	case *ebnf.Name:
		if x.String != "Expression" && x.String != "Key" && x.String[0] >= 'A' && x.String[0] <= 'Z' {
			return tokensOf(g, g[x.String].Expr)
		}
	}
	return words
}

// TestSpecSentences generates sentences from the spec's grammar, which the parser must accept
// without errors.
func TestSpecSentences(t *testing.T) {
	g := grammar(t)
	count := 3000
	if testing.Short() {
		count = 300
	}
	for seed := range count {
		s := sentences{grammar: g, random: rand.New(rand.NewPCG(uint64(seed), 1)), heights: map[string]int{}}
		s.name("File")
		text := s.text.String()
		if tree, list := syntax.Parse(source.New("x.layer", text)); len(list) > 0 {
			at := list[0].Span.Position()
			t.Fatalf("seed %d: %d:%d: %s\n%s\n%s", seed, at.Line, at.Column, list[0].Message, text, syntax.Dump(tree))
		}
	}
}

// sentences generates random sentences of a grammar.
type sentences struct {
	grammar ebnf.Grammar
	random  *rand.Rand
	heights map[string]int // by production
	text    strings.Builder
	depth   int
	lexical bool
	inner   bool // in an interpolation, which has no strings and no line ends
}

// done reports whether the sentence is large enough to finish it in the simplest possible way.
func (s *sentences) done() bool { return s.depth > 60 || s.text.Len() > 1000 }

// height returns the depth of the simplest sentence of an expression in productions. It is
// infinite for productions that are being examined.
func (s *sentences) height(x ebnf.Expression) int {
	const endless = 1000
	least := 0
	switch x := x.(type) {
	case ebnf.Alternative:
		least = endless
		for _, y := range x {
			least = min(least, s.height(y))
		}
	case ebnf.Sequence:
		for _, y := range x {
			least = max(least, s.height(y))
		}
	case *ebnf.Group:
		return s.height(x.Body)
	case *ebnf.Name:
		if h, ok := s.heights[x.String]; ok {
			return h
		}
		s.heights[x.String] = endless
		h := 1 + s.height(s.grammar[x.String].Expr)
		if h < endless {
			s.heights[x.String] = h
		} else {
			delete(s.heights, x.String)
		}
		return h
	}
	return least
}

// samples replace names and productions without a body.
var samples = map[string][]string{
	"identifier": {"a", "b1", "_x", "Z", "to", "from", "text", "env", "user", "in", "as", "where", "image",
		"app", "component", "import", "needs", "none", "by", "strip", "secret", "copy", "ifs"},
	"code":             {"e9", "1F600", "0041"},
	"string_char":      {"a", " ", "#", "$", "'", "}", "é", "日", "\t"},
	"block_char":       {"a", " ", "#", "\n", "\n  ", "$ ", "}", "\" "},
	"shell_char":       {"a", " ", "$x", "${y}", "\\n", "\\\\", "#", "'"},
	"shell_block_char": {"a", "\n", "\n    ", "\" ", "${y}", "\\\"", "#"},
}

func (s *sentences) put(token string) {
	if !s.lexical && s.text.Len() > 0 {
		s.text.WriteByte(' ')
	}
	s.text.WriteString(token)
}

func (s *sentences) name(name string) {
	if list, ok := samples[name]; ok {
		s.put(list[s.random.IntN(len(list))])
		return
	}
	if s.inner {
		switch name {
		case "String", "BlockString":
			s.put("x")
			return
		case "Separator":
			s.put(",")
			return
		case "newline":
			return
		}
	}
	s.depth++
	defer func() { s.depth-- }()
	lexical, inner := s.lexical, s.inner
	if c := name[0]; c >= 'a' && c <= 'z' && !s.lexical {
		s.put("")
		s.lexical = true
	}
	if name == "Interpolation" {
		s.inner = true
	}
	s.expression(s.grammar[name].Expr)
	s.lexical, s.inner = lexical, inner
}

func (s *sentences) expression(x ebnf.Expression) {
	switch x := x.(type) {
	case ebnf.Alternative:
		i := s.random.IntN(len(x))
		if s.done() {
			for j := range x {
				if s.height(x[j]) < s.height(x[i]) {
					i = j
				}
			}
		}
		s.expression(x[i])
	case ebnf.Sequence:
		for _, y := range x {
			s.expression(y)
		}
	case *ebnf.Group:
		s.expression(x.Body)
	case *ebnf.Option:
		if !s.done() && s.random.IntN(2) == 0 {
			s.expression(x.Body)
		}
	case *ebnf.Repetition:
		for !s.done() && s.random.IntN(5) < 2 {
			s.expression(x.Body)
		}
	case *ebnf.Token:
		if !(s.inner && strings.Contains(x.String, "\n")) {
			s.put(x.String)
		}
	case *ebnf.Range:
		from, to := []rune(x.Begin.String)[0], []rune(x.End.String)[0]
		s.put(string(from + rune(s.random.IntN(int(to-from)+1))))
	case *ebnf.Name:
		s.name(x.String)
	default:
		panic(fmt.Sprintf("%T in the grammar", x))
	}
}
