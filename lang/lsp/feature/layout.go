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
		return format.Changed(source.Span{File: f.Source, End: len(f.Source.Text())}, text)
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
			edits = append(edits, format.Changed(at, tree.Decls[i].Span().Text())...)
		}
	}
	return edits
}

// OnType returns the edits after a typed line end, which indent the new line, or after a closing brace,
// which format the declaration.
func OnType(p *Place, typed string) []Edit {
	file := p.File.Source
	if typed == "}" {
		return Format(p.File, source.Span{File: file, Start: p.Offset, End: p.Offset})
	}
	number := file.Position(p.Offset).Line
	line := file.LineStart(number)
	end := line + len(file.Line(number))
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
			closes := t.Kind == syntax.RBrace || t.Kind == syntax.RParen || t.Kind == syntax.RBracket
			if closes && int(t.Start) < end {
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
		return []Edit{{Span: source.Span{File: file, Start: line, End: line + space}, New: want}}
	}
	return nil
}
