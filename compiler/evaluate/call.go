package evaluate

import (
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/syntax"
)

func (x *Evaluator) call(e *syntax.Call, v *env) value {
	switch o := x.callee(e.Fun).(type) {
	case *check.Component:
		if args := x.arguments(e, o, v); args != nil {
			return &Ref{Component: o, Args: args, given: given(x, o, args), Span: e.At}
		}
	case *check.Predeclared:
		r := &Ref{Packages: []string{}, Span: e.At}
		for _, a := range e.Args {
			names, places := placed(x, a.Value, v)
			r.Packages, r.places = append(r.Packages, names...), append(r.places, places...)
		}
		return r
	}
	return nil
}

func (x *Evaluator) callee(fun syntax.Expr) check.Object {
	switch f := fun.(type) {
	case *syntax.Name:
		if i, ok := x.Program.Objects[f].(*check.Import); ok {
			return i.Namesake()
		}
		return x.Program.Objects[f]
	case *syntax.Select:
		return x.Program.Members[f]
	}
	return nil
}

// arguments returns a value for each parameter; nil if an argument has no value.
func (x *Evaluator) arguments(e *syntax.Call, o *check.Component, v *env) []value {
	args := make([]value, len(o.Params))
	for i, a := range e.Args {
		for k, p := range o.Params {
			if a.Name == nil && i == k || a.Name != nil && a.Name.Name == p.Decl.Name.Name {
				args[k] = x.convert(x.anchored(a.Value, v), p.Type, v.module)
			}
		}
	}
	return x.complete(args, o)
}

// complete fills in defaults. It returns nil if an argument without a default is missing,
// which the checker has reported for calls.
func (x *Evaluator) complete(args []value, o *check.Component) []value {
	for k, p := range o.Params {
		if args[k] == nil && p.Decl.Default != nil {
			args[k] = x.convert(x.anchored(p.Decl.Default, &env{module: o.Module}), p.Type, o.Module)
		}
		if args[k] == nil {
			return nil
		}
	}
	return x.overridden(args, o)
}
