package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/syntax"
)

// Dump prints the results of the checker: each module's declarations with their types, and the
// bindings that each run mentions.
func Dump(p *Program) string {
	var b strings.Builder
	for _, m := range p.Modules {
		fmt.Fprintf(&b, "module %s\n", m.Path)
		var lines []string
		for _, o := range m.Scope {
			lines = append(lines, describe(o))
		}
		slices.Sort(lines)
		for _, l := range lines {
			fmt.Fprintf(&b, "  %s\n", l)
		}
	}
	for _, a := range p.Apps {
		fmt.Fprintf(&b, "app %s\n", a.Name.At.Text())
	}
	var runs []*syntax.Clause
	for c := range p.Mentions {
		runs = append(runs, c)
	}
	slices.SortFunc(runs, func(a, b *syntax.Clause) int { return a.At.Compare(b.At) })
	for _, c := range runs {
		var names []string
		for _, o := range p.Mentions[c] {
			names = append(names, o.Ident().Name)
		}
		at := c.At.Position()
		fmt.Fprintf(&b, "run at %s:%d mentions %s\n", c.At.File.Name(), at.Line, strings.Join(names, ", "))
	}
	return b.String()
}

func describe(o Object) string {
	name := o.Ident().Name
	switch o := o.(type) {
	case *Component:
		var params []string
		for _, p := range o.Params {
			s := p.Decl.Name.Name + ": " + typeName(p.Type)
			if p.Decl.Default != nil {
				s += " = " + p.Decl.Default.Span().Text()
			}
			params = append(params, s)
		}
		return fmt.Sprintf("component %s(%s)", name, strings.Join(params, ", "))
	case *Slot:
		return "slot " + name
	case *User:
		return "user " + name
	case *Let:
		return fmt.Sprintf("let %s: %s", name, typeName(o.Type))
	case *Param:
		return fmt.Sprintf("param %s: %s", name, typeName(o.Type))
	}
	return name
}

func typeName(t *Type) string {
	if t == nil {
		return "unknown"
	}
	return t.String()
}
