package feature

import (
	"cmp"
	"slices"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// TokenKinds are the kinds of tokens by their number, with the names of the protocol.
var TokenKinds = []string{"keyword", "comment", "string", "number", "class", "interface", "variable", "parameter", "namespace", "property", "type"}

// Token is a piece of a line with a kind.
type Token struct {
	At   source.Span
	Kind int
}

// Tokens returns the tokens of a file, in order. No token crosses a line.
func Tokens(p *check.Program, f *syntax.File) []Token {
	kinds := map[int]int{}
	word := func(at source.Span, kind int) {
		if at.File == f.Source && at.Start < at.End {
			kinds[at.Start] = kind
		}
	}
	for _, d := range f.Decls {
		syntax.Inspect(d, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.Clause:
				word(n.Word.At, 0)
				if form := syntax.FindForm(n.Word.Name, syntax.InFleet|syntax.InComponent|syntax.InApp|syntax.InUser); form != nil {
					for _, a := range n.Args {
						if name, ok := a.(*syntax.Name); ok && p.Objects[name] == nil && slices.Contains(form.Words, name.Name) {
							word(name.At, 0)
						}
					}
				}
			case *syntax.Option:
				word(n.Word.At, 0)
			case *syntax.Type:
				word(n.Name.At, 10)
			case *syntax.Entry:
				word(n.Key.At, 9)
			case *syntax.Assign:
				word(n.Key.At, 9)
			}
			return true
		})
	}
	for _, o := range p.OccurrencesIn(f) {
		if i, ok := o.Object.(*check.Import); o.Shell || ok && o.Declares && i.Decl.Alias == nil {
			continue
		}
		if kind, ok := map[Kind]int{KindComponent: 4, KindSlot: 5, KindUser: 6, KindValue: 6, KindParam: 7, KindModule: 8}[kindOf(o.Object)]; ok {
			word(o.At, kind)
		}
	}
	var all []Token
	text := f.Source.Text()
	for _, t := range f.Tokens {
		kind := -1
		switch t.Kind {
		case syntax.Comment:
			kind = 1
		case syntax.Text, syntax.BlockText:
			kind = 2
		case syntax.Numeral:
			kind = 3
		case syntax.Word:
			if k, ok := kinds[int(t.Start)]; ok {
				kind = k
			} else if w := text[t.Start:t.End]; syntax.Reserved(w) || slices.Contains(declarations, w) || w == "in" || w == "where" || w == "as" {
				kind = 0
			}
		}
		if kind < 0 {
			continue
		}
		if k, ok := kinds[int(t.Start)]; ok && t.Kind == syntax.Text && k == 9 {
			kind = 9
		}
		for start := int(t.Start); start < int(t.End); {
			line := f.Source.Position(start).Line
			end := min(int(t.End), f.Source.LineStart(line)+len(f.Source.Line(line)))
			if start < end {
				all = append(all, Token{source.Span{File: f.Source, Start: start, End: end}, kind})
			}
			start = f.Source.LineStart(line + 1)
		}
	}
	slices.SortStableFunc(all, func(a, b Token) int { return cmp.Compare(a.At.Start, b.At.Start) })
	return all
}
