package doc

import (
	_ "embed"
	"strings"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Clause is the documentation of a clause: a word of the language in the places where it has one
// meaning.
type Clause struct {
	Word    string   `json:"word"`
	In      string   `json:"in"`                // "component or app"
	Kind    string   `json:"kind"`              // "property", "step" or "configuration"
	Takes   string   `json:"takes"`             // the operands: see syntax.Operand
	Type    string   `json:"type,omitempty"`    // of each value
	Words   []string `json:"words,omitempty"`   // words that are values: monthly
	Periods []string `json:"periods,omitempty"` // a number of times per one of these is a value: 12/year
	Options []Option `json:"options"`
	Text    string   `json:"text"`    // what it does, in one line
	Example []string `json:"example"` // source text
}

// Option is the documentation of an option of a clause or of an item.
type Option struct {
	Word     string   `json:"word"`
	Takes    string   `json:"takes"`
	Type     string   `json:"type,omitempty"`
	Words    []string `json:"words,omitempty"`
	Required bool     `json:"required,omitempty"` // with Choice: one option of the choice is required
	Choice   string   `json:"choice,omitempty"`   // options of the same choice exclude each other
	Instead  bool     `json:"instead,omitempty"`  // replaces the clause's value
	After    string   `json:"after,omitempty"`    // requires this option
	Items    []Option `json:"items,omitempty"`    // its items
	Options  []Option `json:"options,omitempty"`  // of an item
	Text     string   `json:"text"`
}

// Clauses returns the documentation of all clauses in the order of their table.
func Clauses() []Clause {
	examples := examples()
	var all []Clause
	for _, f := range syntax.Forms() {
		key := f.Word
		if f.Word == "shell" && f.In == syntax.InUser {
			key = "user shell"
		}
		c := Clause{
			Word: f.Word, In: f.In.String(), Kind: f.Mood.String(), Takes: f.Takes.String(), Type: check.OperandType(key),
			Words: f.Words, Periods: f.Periods,
			Options: options(f.Word+" ", f.Options), Text: f.Doc,
		}
		for _, e := range examples {
			if e.word == f.Word && f.In&e.in != 0 {
				c.Example = append(c.Example, e.text)
			}
		}
		all = append(all, c)
	}
	return all
}

// options documents options. prefix and their words are the keys of their types.
func options(prefix string, forms []syntax.OptionForm) []Option {
	all := []Option{}
	for _, f := range forms {
		o := Option{
			Word: f.Word, Takes: f.Takes.String(), Type: check.OperandType(prefix + f.Word), Words: f.Words,
			Required: f.Required, Choice: f.Choice, Instead: f.Instead, After: f.After, Text: f.Doc,
		}
		for _, item := range f.Items {
			o.Items = append(o.Items, Option{
				Word: item.Word, Takes: item.Takes.String(), Type: check.OperandType(item.Word), Words: item.Words,
				Options: options(item.Word+" ", item.Options), Text: item.Doc,
			})
		}
		all = append(all, o)
	}
	return all
}

// examplesText is a module with every clause and all its options.
//
//go:embed clauses.layer
var examplesText string

// example is a clause of examplesText.
type example struct {
	word string
	in   syntax.Place
	text string
}

// examples returns the clauses of examplesText, in order.
func examples() []example {
	tree, _ := syntax.Parse(source.New("clauses.layer", examplesText))
	var all []example
	for _, d := range tree.Decls {
		var in syntax.Place
		var body *syntax.Block
		switch d := d.(type) {
		case *syntax.Fleet:
			in, body = syntax.InFleet, d.Body
		case *syntax.Component:
			in, body = syntax.InComponent, d.Body
		case *syntax.App:
			in, body = syntax.InApp, d.Body
		case *syntax.User:
			in, body = syntax.InUser, d.Body
		default:
			continue
		}
		for _, s := range body.Stmts {
			if c, ok := s.(*syntax.Clause); ok {
				all = append(all, example{c.Word.Name, in, strings.ReplaceAll(c.At.Text(), "\n    ", "\n")})
			}
		}
	}
	return all
}
