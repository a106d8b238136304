package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/doc"
	"github.com/layc-lang/layc/lang/editor"
	"github.com/layc-lang/layc/lang/redact"
	"github.com/layc-lang/layc/lang/term"
	"github.com/layc-lang/layc/lang/visible"
)

// docClauses prints the documentation of clauses: a list of all, or the page of one. A word with
// two meanings, such as `user`, has two pages.
func (c *cli) docClauses(word string, asJSON, asMarkdown bool) error {
	clauses := slices.DeleteFunc(doc.Clauses(), func(f doc.Clause) bool { return word != "" && f.Word != word })
	switch {
	case asJSON:
		return c.printJSON(clauses)
	case word == "" && asMarkdown:
		fmt.Fprint(c.out, "| clause | in | meaning | options |\n|---|---|---|---|\n")
		for _, f := range clauses {
			fmt.Fprintf(c.out, "| `%s` | %s | %s | %s |\n", f.Word, f.In, f.Text, strings.Join(optionWords(f.Options), ", "))
		}
	case word == "":
		for _, f := range clauses {
			term.Flow(c.out, fmt.Sprintf("%-12s  %-16s  ", f.Word, f.In), strings.Repeat(" ", 32), f.Text)
			printOptions(c.out, "  ", 32, f.Options)
		}
	default:
		return c.page(func(w io.Writer, source func(string) string) {
			for n, f := range clauses {
				if n > 0 {
					fmt.Fprintln(w)
				}
				if asMarkdown {
					clauseMarkdown(w, f)
				} else {
					clausePage(w, source, f)
				}
			}
		})
	}
	return nil
}

// page prints what a function writes. On a terminal, what goes through source is in colours, unless
// the text has something to hide or to make visible.
func (c *cli) page(write func(w io.Writer, source func(text string) string)) error {
	var plain strings.Builder
	write(&plain, func(text string) string { return text })
	if isTerminal(c.out) && visible.Text(redact.Text(plain.String())) == plain.String() {
		var coloured strings.Builder
		write(&coloured, editor.Coloured)
		return c.verbatim(coloured.String())
	}
	_, err := io.WriteString(c.out, plain.String())
	return err
}

// docWord prints everything about a word: as a declaration, a statement or a name that every
// module knows, and as a clause. JSON has the clauses if the word is one.
func (c *cli) docWord(word string, asJSON, asMarkdown bool) error {
	words := slices.DeleteFunc(doc.Words(), func(w doc.Word) bool { return w.Word != word })
	if asJSON && !isClause(word) {
		return c.printJSON(words)
	}
	if !asJSON {
		for _, w := range words {
			if asMarkdown {
				fmt.Fprintf(c.out, "# %s\n\n`%s`, %s. %s\n\n```layer\n%s\n```\n", w.Word, w.Word, w.Kind, w.Text, w.Example)
			} else {
				err := c.page(func(out io.Writer, source func(string) string) {
					fmt.Fprintf(out, "%s\n    %s\n\n", w.Word, w.Kind)
					term.Flow(out, "    ", "    ", w.Text)
					fmt.Fprintf(out, "\n    %s\n", strings.ReplaceAll(source(w.Example), "\n", "\n    "))
				})
				if err != nil {
					return err
				}
			}
			if isClause(word) {
				fmt.Fprintln(c.out)
			}
		}
		if !isClause(word) {
			return nil
		}
	}
	return c.docClauses(word, asJSON, asMarkdown)
}

// isClause reports whether word is a clause of the language.
func isClause(word string) bool {
	return slices.ContainsFunc(doc.Clauses(), func(f doc.Clause) bool { return f.Word == word })
}

// isWord reports whether the language has documentation for a word.
func isWord(word string) bool {
	return isClause(word) || slices.ContainsFunc(doc.Words(), func(w doc.Word) bool { return w.Word == word })
}

// words are what layc doc explains: the list of clauses, clauses, and words of the language.
func words() []string {
	all := []string{"clauses"}
	for _, f := range doc.Clauses() {
		all = append(all, f.Word)
	}
	for _, w := range doc.Words() {
		all = append(all, w.Word)
	}
	return all
}

// clausePage prints everything about one clause.
func clausePage(w io.Writer, source func(string) string, f doc.Clause) {
	fmt.Fprintf(w, "%s\n    %s, in the block of a %s\n\n", header(f.Word, f.Takes, f.Type), f.Kind, f.In)
	term.Flow(w, "    ", "    ", f.Text)
	for _, e := range f.Example {
		fmt.Fprintf(w, "\n    %s\n", strings.ReplaceAll(source(e), "\n", "\n    "))
	}
	if len(f.Options) > 0 {
		fmt.Fprint(w, "\nOptions:\n")
		printOptions(w, "    ", 28, f.Options)
	}
}

// printOptions prints options with their values, and their descriptions from a column on.
func printOptions(w io.Writer, indent string, column int, options []doc.Option) {
	for _, o := range options {
		head := fmt.Sprintf("%-*s", column, indent+header(o.Word, o.Takes, o.Type)+"  ")
		term.Flow(w, head, strings.Repeat(" ", column), o.Text+remark(o, options))
		printOptions(w, indent+"  ", column, o.Items)
		printOptions(w, indent+"  ", column, o.Options)
	}
}

// clauseMarkdown prints everything about one clause as Markdown.
func clauseMarkdown(w io.Writer, f doc.Clause) {
	fmt.Fprintf(w, "# %s\n\n`%s`, %s in the block of a %s: %s.\n", f.Word, header(f.Word, f.Takes, f.Type), f.Kind, f.In, f.Text)
	fmt.Fprintf(w, "\n```layer\n%s\n```\n", strings.Join(f.Example, "\n\n"))
	if len(f.Options) == 0 {
		return
	}
	fmt.Fprint(w, "\n| option | meaning |\n|---|---|\n")
	optionRows(w, "", f.Options)
}

func optionRows(w io.Writer, of string, options []doc.Option) {
	for _, o := range options {
		fmt.Fprintf(w, "| `%s` | %s |\n", of+header(o.Word, o.Takes, o.Type), o.Text+remark(o, options))
		optionRows(w, of+o.Word+" ", o.Items)
		optionRows(w, of+o.Word+" ", o.Options)
	}
}

// header returns a word with a sketch of its value: "copy PATH, …".
func header(word, takes, kind string) string {
	value := strings.ToUpper(kind)
	if strings.HasPrefix(kind, "list(") {
		value = "[STRING, …]"
	}
	if kind == "none" {
		value = kind // a reserved word
	}
	switch takes {
	case "nothing":
		return word
	case "value":
		return word + " " + value
	case "values":
		return word + " " + value + ", …"
	case "shell text":
		return word + " TEXT"
	case "items":
		return word + " ITEM, …"
	default: // "name", "key = value"
		return word + " " + strings.ToUpper(takes)
	}
}

// remark says where an option is allowed.
func remark(o doc.Option, siblings []doc.Option) string {
	var others []string
	for _, s := range siblings {
		if o.Choice != "" && s.Choice == o.Choice && s.Word != o.Word {
			others = append(others, s.Word)
		}
	}
	switch {
	case o.Required && len(others) > 0:
		return " (this, or " + strings.Join(others, " or ") + ")"
	case o.Required:
		return " (required)"
	case len(others) > 0:
		return " (not with " + strings.Join(others, ", ") + ")"
	case o.After != "":
		return " (only with " + o.After + ")"
	case o.Instead:
		return " (instead of a value)"
	}
	return ""
}

func optionWords(options []doc.Option) []string {
	var words []string
	for _, o := range options {
		words = append(words, o.Word)
	}
	return words
}
