package feature

import (
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/format"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Format returns the edits that bring a file into its canonical form: nothing for a file with errors.
// If within is not zero, only declarations that touch it are changed.
func Format(f *syntax.File, within source.Span) []Edit {
	if f.Damaged {
		return nil
	}
	text, list := format.Source(f.Source)
	if list.HasErrors() || text == f.Source.Text() {
		return nil
	}
	if within.IsZero() {
		return changed(source.Span{File: f.Source, End: len(f.Source.Text())}, text)
	}
	// Formatting keeps the order of declarations.
	tree, list := syntax.Parse(source.New(f.Source.Name(), text))
	if list.HasErrors() || len(tree.Decls) != len(f.Decls) {
		return nil
	}
	var edits []Edit
	for i, d := range f.Decls {
		at := d.Span()
		if at.Start <= within.End && within.Start <= at.End {
			edits = append(edits, changed(at, tree.Decls[i].Span().Text())...)
		}
	}
	return edits
}

// changed returns the edit that replaces the lines of a span that differ from a new text.
func changed(at source.Span, text string) []Edit {
	old, now := strings.SplitAfter(at.Text(), "\n"), strings.SplitAfter(text, "\n")
	start, end := at.Start, at.End
	for len(old) > 0 && len(now) > 0 && old[0] == now[0] {
		start += len(old[0])
		old, now = old[1:], now[1:]
	}
	for len(old) > 0 && len(now) > 0 && old[len(old)-1] == now[len(now)-1] {
		end -= len(old[len(old)-1])
		old, now = old[:len(old)-1], now[:len(now)-1]
	}
	if len(old) == 0 && len(now) == 0 {
		return nil
	}
	return []Edit{{source.Span{File: at.File, Start: start, End: end}, strings.Join(now, "")}}
}

// OnType returns the edits after a typed line end, which indent the new line, or after a closing brace,
// which format the declaration.
func OnType(p *Place, typed string) []Edit {
	file := p.File.Source
	if typed == "}" {
		return Format(p.File, source.Span{File: file, Start: p.Offset, End: p.Offset})
	}
	line := file.LineStart(file.Position(p.Offset).Line)
	rest := strings.TrimLeft(file.Text()[line:], " \t")
	space := len(file.Text()) - line - len(rest)
	if slices.ContainsFunc(p.File.Tokens, func(t syntax.Token) bool {
		return t.Kind == syntax.BlockText && int(t.Start) < line && line < int(t.End)
	}) {
		return nil
	}
	depth := 0
	for _, t := range p.File.Tokens {
		if int(t.Start) >= line {
			if t.Kind == syntax.RBrace || t.Kind == syntax.RParen || t.Kind == syntax.RBracket {
				depth--
			}
			break
		}
		switch t.Kind {
		case syntax.LBrace, syntax.LParen, syntax.LBracket:
			depth++
		case syntax.RBrace, syntax.RParen, syntax.RBracket:
			depth = max(0, depth-1)
		}
	}
	if want := strings.Repeat("    ", max(0, depth)); want != file.Text()[line:line+space] {
		return []Edit{{source.Span{File: file, Start: line, End: line + space}, want}}
	}
	return nil
}
