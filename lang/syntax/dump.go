package syntax

import (
	"strconv"
	"strings"
)

// Dump prints a tree as s-expressions, one declaration, statement or clause per line, for
// `layc dump --stage=syntax` and goldens. It omits positions and comments other than doc
// comments. Equal dumps mean equal trees.
func Dump(f *File) string {
	d := dumper{}
	for _, i := range f.Imports {
		d.line("(import ")
		d.expr(i.Path)
		if i.Alias != nil {
			d.put(" as ", i.Alias.Name)
		}
		d.put(")")
	}
	for _, decl := range f.Decls {
		d.decl(decl)
	}
	if d.b.Len() > 0 {
		d.put("\n")
	}
	return d.b.String()
}

type dumper struct {
	b     strings.Builder
	level int
}

func (d *dumper) put(parts ...string) {
	for _, s := range parts {
		d.b.WriteString(s)
	}
}

func (d *dumper) line(parts ...string) {
	if d.b.Len() > 0 {
		d.put("\n")
	}
	d.put(strings.Repeat("  ", d.level))
	d.put(parts...)
}

func (d *dumper) doc(doc string) {
	if doc != "" {
		d.put(" (doc ", strconv.Quote(doc), ")")
	}
}

func (d *dumper) decl(decl Decl) {
	switch n := decl.(type) {
	case *Let:
		d.let(n)
	case *Param:
		d.line("(param ")
		d.param(n)
		d.doc(n.Doc)
		d.put(")")
	case *Slot:
		d.line("(slot ", n.Name.Name)
		if n.Default != nil {
			d.put(" ")
			d.expr(n.Default)
		}
		d.doc(n.Doc)
		d.put(")")
	case *Fleet:
		d.line("(fleet")
		d.doc(n.Doc)
		d.body(n.Body)
	case *User:
		d.line("(user ", n.Name.Name)
		d.doc(n.Doc)
		d.body(n.Body)
	case *Component:
		d.line("(component ", n.Name.Name)
		if n.Params != nil {
			d.put(" (params")
			for _, p := range n.Params {
				d.put(" (")
				d.param(p)
				d.put(")")
			}
			d.put(")")
		}
		d.doc(n.Doc)
		d.body(n.Body)
	case *App:
		d.line("(app ")
		d.expr(n.Name)
		for _, g := range n.Generators {
			d.put(" ")
			d.generator(g)
		}
		if n.Where != nil {
			d.put(" (where ")
			d.expr(n.Where)
			d.put(")")
		}
		d.doc(n.Doc)
		d.body(n.Body)
	}
}

func (d *dumper) let(n *Let) {
	d.line("(let ", n.Name.Name, " ")
	d.expr(n.Value)
	d.doc(n.Doc)
	d.put(")")
}

func (d *dumper) param(n *Param) {
	d.put(n.Name.Name)
	if n.Type != nil {
		d.put(": ")
		d.typ(n.Type)
	}
	if n.Default != nil {
		d.put(" = ")
		d.expr(n.Default)
	}
}

func (d *dumper) typ(t *Type) {
	d.put(t.Name.Name)
	if len(t.Args) == 0 {
		return
	}
	for i, a := range t.Args {
		d.put([]string{"(", ", "}[min(i, 1)])
		d.typ(a)
	}
	d.put(")")
}

func (d *dumper) generator(g *Generator) {
	d.put("(for")
	if g.Key != nil {
		d.put(" ", g.Key.Name)
	}
	d.put(" ", g.Value.Name, " ")
	d.expr(g.In)
	d.put(")")
}

// body prints a block's statements and closes the parenthesis before it.
func (d *dumper) body(b *Block) {
	d.level++
	if b != nil {
		for _, s := range b.Stmts {
			d.stmt(s)
		}
	}
	d.level--
	d.put(")")
}

func (d *dumper) stmt(s Stmt) {
	switch n := s.(type) {
	case *Let:
		d.let(n)
	case *If:
		d.line("(if ")
		d.expr(n.Cond)
		d.body(n.Then)
		for n.Else != nil {
			more, ok := n.Else.(*If)
			if !ok {
				d.line("(else")
				d.body(n.Else.(*Else).Body)
				break
			}
			d.line("(else-if ")
			d.expr(more.Cond)
			d.body(more.Then)
			n = more
		}
	case *For:
		d.line("(each ")
		d.generator(n.Generator)
		d.body(n.Body)
	case *Match:
		d.line("(match ")
		d.expr(n.Subject)
		d.level++
		for _, a := range n.Arms {
			d.line("(")
			d.patterns(a)
			d.body(a.Body)
		}
		d.level--
		d.put(")")
	case *Clause:
		d.line("(", n.Word.Name)
		d.args(n.Args)
		d.assign(n.Assign)
		d.options(n.Options)
		d.put(")")
	}
}

func (d *dumper) patterns(a *Arm) {
	if len(a.Patterns) == 0 {
		d.put("else")
		return
	}
	d.put("case")
	d.args(a.Patterns)
}

func (d *dumper) args(xs []Expr) {
	for _, x := range xs {
		d.put(" ")
		d.expr(x)
	}
}

func (d *dumper) assign(a *Assign) {
	if a == nil {
		return
	}
	op := "="
	if a.Append {
		op = "+="
	}
	d.put(" (", op, " ")
	d.expr(a.Key)
	d.put(" ")
	d.expr(a.Value)
	d.put(")")
}

func (d *dumper) options(all []*Option) {
	for _, o := range all {
		d.put(" (", o.Word.Name)
		d.args(o.Args)
		d.assign(o.Assign)
		d.options(o.Items)
		d.options(o.Options)
		d.put(")")
	}
}

func (d *dumper) expr(x Expr) {
	switch n := x.(type) {
	case *Name:
		d.put(n.Name)
	case *Number:
		d.put(n.Text, n.Unit)
	case *Bool:
		d.put(strconv.FormatBool(n.Value))
	case *String:
		d.text(n)
	case *Select:
		d.put("(. ")
		d.expr(n.X)
		d.put(" ", n.Name.Name, ")")
	case *Call:
		d.put("(call ")
		d.expr(n.Fun)
		for _, a := range n.Args {
			d.put(" ")
			if a.Name != nil {
				d.put(a.Name.Name, ": ")
			}
			d.expr(a.Value)
		}
		d.put(")")
	case *Index:
		d.put("(index ")
		d.expr(n.X)
		d.put(" ")
		d.expr(n.I)
		d.put(")")
	case *List:
		d.put("[")
		for i, x := range n.Items {
			if i > 0 {
				d.put(" ")
			}
			d.expr(x)
		}
		d.put("]")
	case *Map:
		d.put("{")
		for i, e := range n.Entries {
			if i > 0 {
				d.put(" ")
			}
			d.expr(e.Key)
			d.put(": ")
			d.expr(e.Value)
		}
		d.put("}")
	case *Unary:
		d.put("(", n.Op, " ")
		d.expr(n.X)
		d.put(")")
	case *Binary:
		d.put("(", n.Op, " ")
		d.expr(n.X)
		d.put(" ")
		d.expr(n.Y)
		d.put(")")
	case *Paren:
		d.put("(paren ")
		d.expr(n.X)
		d.put(")")
	case *IfExpr:
		d.put("(if ")
		d.expr(n.Cond)
		d.put(" ")
		d.expr(n.Then)
		d.put(" ")
		d.expr(n.Else)
		d.put(")")
	case *MatchExpr:
		d.put("(match ")
		d.expr(n.Subject)
		for _, a := range n.Arms {
			d.put(" (")
			d.patterns(a)
			d.put(" ")
			d.expr(a.Value)
			d.put(")")
		}
		d.put(")")
	default:
		d.put("(bad)")
	}
}

// text prints a plain string as a Go literal, and a string with interpolation as the list of
// its parts.
func (d *dumper) text(n *String) {
	if s, ok := n.Literal(); ok {
		d.put(strconv.Quote(s))
		return
	}
	d.put("(text")
	for _, p := range n.Parts {
		d.put(" ")
		if p.Expr != nil {
			d.expr(p.Expr)
		} else {
			d.put(strconv.Quote(p.Text))
		}
	}
	d.put(")")
}
