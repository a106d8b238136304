package evaluate

import (
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/syntax"
)

// where is the condition of a matrix during the iteration over its combinations. It notes
// which literals its comparisons ever matched, and counts all combinations and those that
// are left.
type where struct {
	cond         syntax.Expr // nil: excludes nothing
	written      []comparison
	combinations int
	left         int
}

// comparison is `X == VALUE` or `X != VALUE` with a literal value, and a variable or a
// member of one as X.
type comparison struct {
	variable, value syntax.Expr
	met             bool // the two were equal at least once, or one is unknown
}

func newWhere(d *syntax.App) *where {
	w := &where{cond: d.Where}
	if d.Where == nil {
		return w
	}
	syntax.Inspect(d.Where, func(n syntax.Node) bool {
		b, ok := n.(*syntax.Binary)
		if !ok || b.Op != "==" && b.Op != "!=" {
			return true
		}
		switch {
		case isVariable(b.X) && isLiteral(b.Y):
			w.written = append(w.written, comparison{variable: b.X, value: b.Y})
		case isVariable(b.Y) && isLiteral(b.X):
			w.written = append(w.written, comparison{variable: b.Y, value: b.X})
		}
		return true
	})
	return w
}

func isVariable(e syntax.Expr) bool {
	switch e := e.(type) {
	case *syntax.Name:
		return true
	case *syntax.Select:
		return isVariable(e.X)
	}
	return false
}

func isLiteral(e syntax.Expr) bool {
	switch e := e.(type) {
	case *syntax.String:
		_, ok := e.Literal()
		return ok
	case *syntax.Number:
		return true
	}
	return false
}

// allows reports whether a combination has an app.
func (w *where) allows(x *Evaluator, v *env) bool {
	if w.cond == nil {
		return true
	}
	w.combinations++
	for n := range w.written {
		c := &w.written[n]
		if c.met {
			continue
		}
		found := len(x.Found)
		is := x.eval(c.variable, v)
		x.Found = x.Found[:found] // the condition itself may not evaluate it
		c.met = is == nil || x.equal(is, x.eval(c.value, v), c.value.Span())
	}
	if x.eval(w.cond, v) != true {
		return false
	}
	w.left++
	return true
}

// idle warns of literals that no combination matches; if there are none, of a condition
// that excludes everything. It ignores values that depend on the platform or on parameters,
// since another compilation may match them. It also ignores rules that compare the matrix
// with itself, or by order: they may concern future values.
func (w *where) idle(x *Evaluator, d *syntax.App) {
	if w.combinations == 0 || x.Exhausted || !x.fixed(d) {
		return
	}
	warned := false
	for _, c := range w.written {
		if c.met || !x.decides(c.variable) {
			continue
		}
		warned = true
		x.Found.Warnf(diag.NeverMatches, c.value.Span(), "`%s` is never %s", c.variable.Span().Text(), c.value.Span().Text()).
			See(c.variable.Span(), "no combination of the `for` values has it").
			Note("so the comparison excludes nothing, or everything").
			Hint("write a value that occurs, or remove the comparison")
	}
	if !warned && w.left == 0 && x.decides(d.Where) {
		x.Found.Warnf(diag.NeverMatches, d.Where.Span(), "this condition excludes all apps").
			Note("it is false for all combinations of the `for` values").
			Hint("compare with a value that occurs")
	}
}

// fixed reports whether a matrix has the same values in each compilation of the program:
// they depend on neither the platform nor parameters.
func (x *Evaluator) fixed(d *syntax.App) bool {
	lets := map[*check.Let]bool{}
	for _, g := range d.Generators {
		if _, fixed := x.depends(g.In, lets); !fixed {
			return false
		}
	}
	return true
}

// decides reports whether a condition depends on variables of a matrix, and is the same in
// each compilation of the program.
func (x *Evaluator) decides(e syntax.Expr) bool {
	variable, fixed := x.depends(e, map[*check.Let]bool{})
	return variable && fixed
}

// depends reports whether a value depends on variables, and whether it is fixed: it depends
// on neither the platform nor parameters. lets caches which lets are fixed.
func (x *Evaluator) depends(e syntax.Expr, lets map[*check.Let]bool) (variable, fixed bool) {
	fixed = true
	syntax.Inspect(e, func(n syntax.Node) bool {
		name, ok := n.(*syntax.Name)
		if !ok {
			return fixed
		}
		switch o := x.Program.Objects[name].(type) {
		case *check.Var:
			variable = true
		case *check.Let:
			if _, known := lets[o]; !known {
				_, lets[o] = x.depends(o.Decl.Value, lets)
			}
			fixed = fixed && lets[o]
		default:
			fixed = false
		}
		return fixed
	})
	return variable, fixed
}
