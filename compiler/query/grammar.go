package query

import (
	"sync"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/layc-lang/layc/compiler/model"
)

// The types below are the grammar. docs/query.md shows it as EBNF, which Grammar
// makes of them.

type query struct {
	place
	Terms []*term `parser:"@@ ( 'or' @@ )*"`
}

type term struct {
	place
	First *factor `parser:"@@"`
	Rest  []*link `parser:"@@*"`
}

type link struct {
	Op     string  `parser:"@( 'and' | 'except' )"`
	Factor *factor `parser:"@@"`
}

type factor struct {
	place
	Not  *factor `parser:"  'not' @@"`
	Test *test   `parser:"| @@"`
}

type test struct {
	place
	Alone  *condition `parser:"  @@"`
	Set    *set       `parser:"| @@"`
	With   *condition `parser:"  ( @@"`
	Bounds *bounds    `parser:"  | @@ )?"`
}

type set struct {
	place
	All       string     `parser:"  @( 'apps' | 'components' | 'packages' | 'layers' )"`
	Named     *named     `parser:"| @@"`
	Inner     *query     `parser:"| '(' @@ ')'"`
	Reference *reference `parser:"| @@"`
}

type named struct {
	Kind     string    `parser:"@( 'app' | 'component' | 'package' | 'layer' )"`
	Patterns []*quoted `parser:"'(' @@ ( ',' @@ )* ')'"`
}

type condition struct {
	place
	Relation   *relation   `parser:"  @@"`
	Comparison *comparison `parser:"| @@"`
	Flag       string      `parser:"| @( 'base' | 'stacked' | 'portable' | 'empty' | 'spine' | 'delta' | 'published' )"`
}

type relation struct {
	Verb string `parser:"@( 'uses' | 'needs' | 'has' | 'in' | 'depends' 'on' )"`
	Of   *test  `parser:"@@"`
}

type comparison struct {
	What   string  `parser:"@( 'version' | 'size' | 'changes' | 'tag' | 'platform' | 'distribution' | 'replicas' | 'apps' | 'components' | 'packages' | 'layers' )"`
	Bounds *bounds `parser:"@@"`
}

type bounds struct {
	place
	Op    string `parser:"@Operator"`
	Value *value `parser:"@@"`
}

type value struct {
	place
	Text   *string `parser:"  @String"`
	Number *string `parser:"| @Number"`
	Word   *string `parser:"| @Name"`
}

type quoted struct {
	place
	Text string `parser:"@String"`
}

// place is where a part of the grammar is in the text.
type place struct{ Pos, EndPos lexer.Position }

// reference is the name of an app, a component, a package or a layer, without
// quotes: jdk, java.jdk("17"), shop-*. [model.ParseName] reads it, as it reads all
// names of components that people write.
type reference struct {
	place
	text string
	name model.Name
}

// Parse takes the tokens of a name, and of the arguments that follow it directly.
func (r *reference) Parse(lex *lexer.PeekingLexer) error {
	first := lex.Peek()
	if first.Type != nameToken() && first.Type != numberToken() || reserved[first.Value] {
		return participle.NextMatch
	}
	lex.Next()
	r.Pos, r.text = first.Pos, first.Value
	end := first.Pos.Offset + len(first.Value)
	for depth := 0; ; {
		t := lex.Peek()
		switch {
		case t.EOF() && depth > 0:
			return &participle.UnexpectedTokenError{Unexpected: *t, Expect: "`)`"}
		case depth == 0 && (t.Value != "(" || t.Pos.Offset != end || end != first.Pos.Offset+len(first.Value)):
			r.EndPos = first.Pos
			r.EndPos.Offset = end
			r.name = model.ParseName(r.text)
			return nil
		case t.Value == "(":
			depth++
		case t.Value == ")":
			depth--
		}
		for range t.Pos.Offset - end {
			r.text += " "
		}
		r.text += t.Value
		end = t.Pos.Offset + len(t.Value)
		lex.Next()
	}
}

// tokens are what an expression consists of. No text is without a token, so what
// is not allowed is found by the parser, or before.
var tokens = sync.OnceValue(func() *lexer.StatefulDefinition {
	return lexer.MustSimple([]lexer.SimpleRule{
		{Name: "Space", Pattern: `\s+`},
		{Name: "String", Pattern: `"(?:\\.|[^"\\])*"`},
		{Name: "Number", Pattern: `[0-9][0-9A-Za-z._~+-]*(?:/[a-z]+)?`},
		{Name: "Name", Pattern: `[\pL_@*?][\pL\pN_@*?]*(?:[./:+-]+[\pL\pN_@*?]+)*`},
		{Name: "Operator", Pattern: `==|!=|<=|>=|<|>`},
		{Name: "Other", Pattern: `(?s).`},
	})
})

// kind is the type of the tokens with a name.
func kind(name string) lexer.TokenType { return tokens().Symbols()[name] }

func stringToken() lexer.TokenType { return kind("String") }
func numberToken() lexer.TokenType { return kind("Number") }
func nameToken() lexer.TokenType   { return kind("Name") }

// parser needs one token to tell two alternatives apart, so it takes linear time.
// Most commands parse no expression, and to make it takes milliseconds.
var parser = sync.OnceValue(func() *participle.Parser[query] {
	return participle.MustBuild[query](participle.Lexer(tokens()), participle.Elide("Space"))
})

// Grammar is the grammar as EBNF, in participle's form: `?` is an option, `*` zero
// or more times. A name in lower case is a token.
func Grammar() string { return parser().String() }
