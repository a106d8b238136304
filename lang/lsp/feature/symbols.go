package feature

import (
	"strings"

	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Symbol is a declaration, or a step of one.
type Symbol struct {
	Name   string
	Detail string
	Kind   Kind
	At     source.Span
	NameAt source.Span
	Parts  []Symbol
}

// Symbols returns the declarations of a file, in order.
func Symbols(f *syntax.File) []Symbol {
	var all []Symbol
	for _, d := range f.Decls {
		s := Symbol{At: d.Span()}
		named := func(name syntax.Ident, kind Kind) {
			s.Name, s.NameAt, s.Kind = name.Name, name.At, kind
		}
		switch d := d.(type) {
		case *syntax.Component:
			named(d.Name, KindComponent)
			for _, p := range d.Params {
				if p.Name.Name != "" {
					s.Parts = append(s.Parts, Symbol{Name: p.Name.Name, Kind: KindParam, At: p.At, NameAt: p.Name.At})
				}
			}
			s.Parts = append(s.Parts, lets(d.Body)...)
		case *syntax.App:
			s.Name, s.NameAt, s.Kind = strings.Trim(d.Name.At.Text(), `"`), d.Name.At, KindApp
			var names []string
			for _, g := range d.Generators {
				if g.Key != nil {
					names = append(names, g.Key.Name)
				}
				names = append(names, g.Value.Name)
			}
			s.Detail = strings.Join(names, ", ")
			s.Parts = lets(d.Body)
		case *syntax.Fleet:
			s.Name, s.Kind = "fleet", KindFleet
			s.NameAt = source.Span{File: s.At.File, Start: s.At.Start, End: min(s.At.End, s.At.Start+len("fleet"))}
		case *syntax.Slot:
			named(d.Name, KindSlot)
		case *syntax.User:
			named(d.Name, KindUser)
		case *syntax.Let:
			named(d.Name, KindValue)
		case *syntax.Param:
			named(d.Name, KindParam)
		}
		if s.Name != "" && s.At.Start <= s.NameAt.Start && s.NameAt.End <= s.At.End {
			all = append(all, s)
		}
	}
	return all
}

func lets(b *syntax.Block) []Symbol {
	var all []Symbol
	if b == nil {
		return nil
	}
	for _, s := range b.Stmts {
		if l, ok := s.(*syntax.Let); ok && l.Name.Name != "" {
			all = append(all, Symbol{Name: l.Name.Name, Kind: KindValue, At: l.At, NameAt: l.Name.At})
		}
	}
	return all
}

// Fold is a range of lines, 1-based, that an editor can hide.
type Fold struct {
	First, Last int
	Kind        string // "", "comment", "imports"
}

// Folds returns the blocks, lists, long strings, comments and imports that take several lines.
func Folds(f *syntax.File) []Fold {
	var all []Fold
	add := func(at source.Span, kind string, keep int) {
		first, last := at.Position().Line, f.Source.Position(at.End).Line-keep
		if last > first {
			all = append(all, Fold{first, last, kind})
		}
	}
	if n := len(f.Imports); n > 1 {
		add(f.Imports[0].At.Cover(f.Imports[n-1].At), "imports", 0)
	}
	for i := 0; i < len(f.Tokens); i++ {
		if f.Tokens[i].Kind != syntax.Comment || !f.Tokens[i].Line {
			continue
		}
		first := i
		for i+1 < len(f.Tokens) && f.Tokens[i+1].Kind == syntax.Comment && f.Tokens[i+1].Line &&
			strings.Count(f.Source.Text()[f.Tokens[i].End:f.Tokens[i+1].Start], "\n") == 1 {
			i++
		}
		add(source.Span{File: f.Source, Start: int(f.Tokens[first].Start), End: int(f.Tokens[i].End)}, "comment", 0)
	}
	for _, d := range f.Decls {
		syntax.Inspect(d, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.Block, *syntax.List, *syntax.Map, *syntax.Call, *syntax.MatchExpr:
				add(n.Span(), "", 1)
			case *syntax.String:
				add(n.At, "", 1)
			}
			return true
		})
	}
	return all
}

// Selection returns the spans around a place, each one larger than the one before it.
func Selection(p *Place) []source.Span {
	all := []source.Span{}
	add := func(at source.Span) {
		if n := len(all); n == 0 || at.Start <= all[n-1].Start && all[n-1].End <= at.End && at != all[n-1] {
			all = append(all, at)
		}
	}
	for _, t := range p.File.Tokens {
		if int(t.Start) <= p.Offset && p.Offset <= int(t.End) && t.Kind != syntax.EOF {
			add(source.Span{File: p.File.Source, Start: int(t.Start), End: int(t.End)})
			break
		}
	}
	nodes := p.File.Enclosing(p.Offset)
	for i := len(nodes) - 1; i >= 0; i-- {
		add(nodes[i].Span())
	}
	add(source.Span{File: p.File.Source, End: len(p.File.Source.Text())})
	return all
}

// Help is the signature of the call at a place.
type Help struct {
	Label  string
	Doc    string
	Params [][2]int // of the label, in bytes
	Active int
}

// SignatureHelp returns the signature of the component that is called around a place, or nil.
func SignatureHelp(p *Place) *Help {
	c, ok := contextOf(p)
	if !ok || len(c.callee) == 0 {
		return nil
	}
	x := &completion{Place: p, context: c}
	if x.packagesCalled() {
		const head, params = "os.packages(", "name: string, …"
		return &Help{Label: head + params + ")", Doc: predeclared["os.packages"], Params: [][2]int{{len(head), len(head + params)}}}
	}
	o := x.calledComponent()
	if o == nil {
		return nil
	}
	h := &Help{Doc: o.Decl.Doc, Active: len(o.Params)}
	h.Label = o.Decl.Name.Name + "("
	for n, param := range o.Params {
		if n > 0 {
			h.Label += ", "
		}
		start := len(h.Label)
		h.Label += strings.TrimPrefix(Signature(param), "param ")
		h.Params = append(h.Params, [2]int{start, len(h.Label)})
		if name := param.Decl.Name.Name; name == c.arg || c.arg == "" && h.Active == len(o.Params) && !c.given(n, name) {
			h.Active = n
		}
	}
	h.Label += ")"
	return h
}
