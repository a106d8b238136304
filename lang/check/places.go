package check

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// scoped is the part of a file in which a scope is the innermost one, except for its inner scopes.
type scoped struct {
	at    source.Span
	scope *scope
}

// scopeAt returns the innermost scope of a place; nil if the program does not have the file.
func (p *Program) scopeAt(file *source.File, offset int) *scope {
	var inner *scope
	for _, s := range p.scopes[file] {
		if s.at.Start <= offset && offset <= s.at.End {
			inner = s.scope
		}
	}
	return inner
}

// Visible is a name that is visible at a place, and its meaning.
type Visible struct {
	Name   string
	Object Object
}

// Visible returns the names that are visible at a place: inner ones first, and those of one scope
// sorted. It omits names that inner ones hide.
func (p *Program) Visible(file *source.File, offset int) []Visible {
	var all []Visible
	hidden := map[string]bool{}
	add := func(name string, o Object) {
		if name != "" && !hidden[name] {
			hidden[name] = true
			all = append(all, Visible{name, o})
		}
	}
	for s := p.scopeAt(file, offset); s != nil; s = s.outer {
		for _, name := range slices.Sorted(maps.Keys(s.names)) {
			add(name, s.names[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(universe)) {
		if !strings.Contains(name, ".") {
			add(name, universe[name])
		}
	}
	add(Scratch.Decl.Name.Name, Scratch)
	return all
}

// Members returns the names that can follow the dot after a predeclared name.
func (o *Predeclared) Members() []Visible {
	var all []Visible
	for _, name := range members(o.Name) {
		all = append(all, Visible{name, universe[o.Name+"."+name]})
	}
	return all
}

// Occurrence is a place where an object is declared or named.
type Occurrence struct {
	At       source.Span
	Object   Object
	Declares bool
	// Namesake is set if the place names an import, whose module's component or slot is the
	// object: `needs java` means java.java. The import has an occurrence of its own before this.
	Namesake bool
	// Shell is set for a variable in the script of a run.
	Shell bool
}

// Occurrences returns all places where objects are declared or named: file by file, in order.
func (p *Program) Occurrences() []Occurrence {
	var all []Occurrence
	for _, m := range p.Modules {
		for _, f := range m.Files {
			all = append(all, p.OccurrencesIn(f)...)
		}
	}
	return all
}

// OccurrencesIn returns the occurrences in one file, in order.
func (p *Program) OccurrencesIn(f *syntax.File) []Occurrence {
	var all []Occurrence
	add := func(o Occurrence) {
		if o.Object != nil && !o.At.IsZero() && o.At.File == f.Source && o.At.Start < o.At.End {
			all = append(all, o)
		}
	}
	for _, s := range p.scopes[f.Source] {
		for _, o := range s.scope.names {
			add(Occurrence{At: o.Ident().At, Object: o, Declares: true})
		}
		if s.scope.outer != nil && s.scope.outer.outer == nil { // the scope of a file, whose outer one has its imports
			for _, o := range s.scope.outer.names {
				add(Occurrence{At: o.Ident().At, Object: o, Declares: true})
			}
		}
	}
	qualifiers := map[*syntax.Name]bool{}
	visit := func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Name:
			o := p.Objects[n]
			add(Occurrence{At: n.At, Object: o})
			if i, ok := o.(*Import); ok && !qualifiers[n] {
				add(Occurrence{At: n.At, Object: i.Namesake(), Namesake: true})
			}
		case *syntax.Select:
			if x, ok := n.X.(*syntax.Name); ok && p.Objects[x] != nil {
				qualifiers[x] = true
			}
			if o := p.Members[n]; o != nil {
				add(Occurrence{At: n.Name.At, Object: o})
			}
		case *syntax.Call:
			o, _ := p.Callee(n.Fun).(*Component)
			for _, a := range n.Args {
				if o != nil && a.Name != nil {
					if param := o.Param(a.Name.Name); param != nil {
						add(Occurrence{At: a.Name.At, Object: param})
					}
				}
			}
		case *syntax.Clause:
			for _, o := range p.Mentions[n] {
				for _, at := range shellNames(n.Args[0].Span(), o.Ident().Name) {
					add(Occurrence{At: at, Object: o, Shell: true})
				}
			}
		}
		return true
	}
	for _, d := range f.Decls {
		syntax.Inspect(d, visit)
	}
	slices.SortStableFunc(all, func(a, b Occurrence) int {
		return cmp.Or(cmp.Compare(a.At.Start, b.At.Start), cmp.Compare(order(a), order(b)))
	})
	return slices.CompactFunc(all, func(a, b Occurrence) bool { return a == b })
}

func order(o Occurrence) int {
	if o.Namesake {
		return 1
	}
	return 0
}

// Callee returns what the function part of a call names, such as a component, or nil.
func (p *Program) Callee(fun syntax.Expr) Object {
	switch f := fun.(type) {
	case *syntax.Name:
		if i, ok := p.Objects[f].(*Import); ok {
			return i.Namesake()
		}
		return p.Objects[f]
	case *syntax.Select:
		return p.Members[f]
	}
	return nil
}

// Param returns the parameter with a name, or nil.
func (o *Component) Param(name string) *Param {
	for _, p := range o.Params {
		if p.Decl.Name.Name == name {
			return p
		}
	}
	return nil
}

// shellNames returns the places of $name and ${name in a text.
func shellNames(at source.Span, name string) []source.Span {
	var all []source.Span
	text := at.Text()
	for i := range len(text) {
		if text[i] != '$' {
			continue
		}
		start := i + 1
		if strings.HasPrefix(text[start:], "{") {
			start++
		}
		if shellName(text[start:]) == name {
			all = append(all, source.Span{File: at.File, Start: at.Start + start, End: at.Start + start + len(name)})
		}
	}
	return all
}
