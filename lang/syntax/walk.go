package syntax

// Inspect calls f for n and, if f returns true, for the parts of n in the order of the text. It
// visits names that refer to something, but no identifiers.
func Inspect(n Node, f func(Node) bool) {
	if !f(n) {
		return
	}
	expr := func(x Expr) {
		if x != nil {
			Inspect(x, f)
		}
	}
	exprs := func(xs []Expr) {
		for _, x := range xs {
			Inspect(x, f)
		}
	}
	text := func(s *String) {
		if s != nil {
			Inspect(s, f)
		}
	}
	block := func(b *Block) {
		if b != nil {
			Inspect(b, f)
		}
	}
	generator := func(g *Generator) { Inspect(g, f) }
	assign := func(a *Assign) {
		if a != nil {
			Inspect(a, f)
		}
	}
	options := func(all []*Option) {
		for _, o := range all {
			Inspect(o, f)
		}
	}
	arms := func(all []*Arm) {
		for _, a := range all {
			Inspect(a, f)
		}
	}
	switch n := n.(type) {
	case *Import:
		text(n.Path)
	case *Let:
		expr(n.Value)
	case *Param:
		if n.Type != nil {
			Inspect(n.Type, f)
		}
		expr(n.Default)
	case *Type:
		for _, t := range n.Args {
			Inspect(t, f)
		}
	case *Fleet:
		block(n.Body)
	case *Component:
		for _, p := range n.Params {
			Inspect(p, f)
		}
		block(n.Body)
	case *App:
		text(n.Name)
		for _, g := range n.Generators {
			generator(g)
		}
		expr(n.Where)
		block(n.Body)
	case *Generator:
		expr(n.In)
	case *Slot:
		expr(n.Default)
	case *User:
		block(n.Body)
	case *Block:
		for _, s := range n.Stmts {
			Inspect(s, f)
		}
	case *Clause:
		exprs(n.Args)
		assign(n.Assign)
		options(n.Options)
	case *Assign:
		text(n.Key)
		expr(n.Value)
	case *Option:
		exprs(n.Args)
		assign(n.Assign)
		options(n.Items)
		options(n.Options)
	case *If:
		expr(n.Cond)
		block(n.Then)
		if n.Else != nil {
			Inspect(n.Else, f)
		}
	case *Else:
		block(n.Body)
	case *For:
		generator(n.Generator)
		block(n.Body)
	case *Match:
		expr(n.Subject)
		arms(n.Arms)
	case *Arm:
		exprs(n.Patterns)
		block(n.Body)
		expr(n.Value)
	case *Select:
		expr(n.X)
	case *Call:
		expr(n.Fun)
		for _, a := range n.Args {
			Inspect(a, f)
		}
	case *Arg:
		expr(n.Value)
	case *Index:
		expr(n.X)
		expr(n.I)
	case *String:
		for _, p := range n.Parts {
			expr(p.Expr)
		}
	case *List:
		exprs(n.Items)
	case *Map:
		for _, e := range n.Entries {
			Inspect(e, f)
		}
	case *Entry:
		text(n.Key)
		expr(n.Value)
	case *Unary:
		expr(n.X)
	case *Binary:
		expr(n.X)
		expr(n.Y)
	case *Paren:
		expr(n.X)
	case *IfExpr:
		expr(n.Cond)
		expr(n.Then)
		expr(n.Else)
	case *MatchExpr:
		expr(n.Subject)
		arms(n.Arms)
	}
}

// Enclosing returns the nodes of a file that contain an offset, each after the one that contains it. A
// node contains the offset of its end.
func (f *File) Enclosing(offset int) []Node {
	var all []Node
	visit := func(n Node) bool {
		at := n.Span()
		if at.IsZero() || offset < at.Start || at.End < offset {
			return false
		}
		all = append(all, n)
		return true
	}
	for _, i := range f.Imports {
		Inspect(i, visit)
	}
	for _, d := range f.Decls {
		Inspect(d, visit)
	}
	// Where two nodes meet, the offset belongs to the second one.
	kept := all[:0]
	for _, n := range all {
		for len(kept) > 0 && !contains(kept[len(kept)-1], n) {
			kept = kept[:len(kept)-1]
		}
		kept = append(kept, n)
	}
	return kept
}

func contains(outer, inner Node) bool {
	a, b := outer.Span(), inner.Span()
	return a.Start <= b.Start && b.End <= a.End
}
