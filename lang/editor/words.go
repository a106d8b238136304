// Package editor makes what editors need to colour .layer files: the files below this directory
// that name clauses are made from the table of clauses, so that they never lack one.
//
// # How colouring without a parser works
//
// TextMate grammars, Vim's syntax files and Chroma's lexers are regular expressions with a stack.
// A word such as `to` is an option after an operand, and a name where a value is expected, so a list
// of words would colour both. These files therefore follow statements: the word at the start of a
// statement begins a clause, and the clause says which options may follow. An option follows
// something that ends an operand: a name, a number, a quote or a closing bracket. The word of a
// clause that takes an operand takes the space after it, so what follows begins a value. Inside
// brackets there are only expressions. A clause ends with its line, unless that ends in a
// comma or an operator.
//
// The text of `run` belongs to the shell, and is coloured by the shell's own rules. These rules must
// not look past the end of the text: an open quote in it would colour the rest of the file.
package editor

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/syntax"
)

// clause is a word that begins a clause, wherever it is allowed.
type clause struct {
	Word    string   `json:"word"`
	Takes   string   `json:"takes"`
	Options []option `json:"options"`
}

// option is an option of a clause, or an item of it, or an option of an item.
type option struct {
	Word    string   `json:"word"`
	Takes   string   `json:"takes"`
	Choice  string   `json:"choice,omitempty"`
	Instead bool     `json:"instead,omitempty"`
	Items   []option `json:"items,omitempty"`
	Options []option `json:"options,omitempty"`
}

// clauses returns the clauses of the table. Clauses with one word in several places are one.
func clauses() []clause {
	var all []clause
	for _, f := range syntax.Forms() {
		c := clause{f.Word, f.Takes.String(), options(f.Options)}
		i := slices.IndexFunc(all, func(o clause) bool { return o.Word == c.Word })
		if i < 0 {
			all = append(all, c)
			continue
		}
		if all[i].Takes != c.Takes {
			panic("the clauses `" + c.Word + "` take different operands")
		}
		for _, o := range c.Options {
			if !slices.ContainsFunc(all[i].Options, func(p option) bool { return p.Word == o.Word }) {
				all[i].Options = append(all[i].Options, o)
			}
		}
	}
	return all
}

func options(forms []syntax.OptionForm) []option {
	all := []option{}
	for _, f := range forms {
		all = append(all, option{f.Word, f.Takes.String(), f.Choice, f.Instead, options(f.Items), options(f.Options)})
	}
	return all
}

// treeSitter returns the clauses as clauses.json, for grammar.js.
func treeSitter() string {
	text, err := json.MarshalIndent(clauses(), "", "  ")
	if err != nil {
		panic(err) // structs of strings have JSON
	}
	return string(text) + "\n"
}

// Values returns the words that clauses and their options take as values, such as monthly.
func Values() []string {
	var words []string
	add := func(all []string) {
		for _, w := range all {
			if !slices.Contains(words, w) {
				words = append(words, w)
			}
		}
	}
	var each func([]syntax.OptionForm)
	each = func(options []syntax.OptionForm) {
		for _, o := range options {
			add(o.Words)
			each(o.Items)
			each(o.Options)
		}
	}
	for _, f := range syntax.Forms() {
		add(f.Words)
		each(f.Options)
	}
	return words
}

// or joins words to a regular expression.
func or(words []string) string { return strings.Join(words, "|") }

// Files returns the files that are made from the table of clauses, by their paths below this
// directory.
func Files() map[string]string {
	return map[string]string{
		"tree-sitter-layer/clauses.json":        treeSitter(),
		"vscode/syntaxes/layer.tmLanguage.json": textMate(),
		"chroma/layer.xml":                      chromaLexer(),
		"vim/syntax/layer.vim":                  vimSyntax(),
	}
}
