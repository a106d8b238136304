package evaluate

import (
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/check"
)

// How components are shown. Their names and keys have all arguments. People see a name without the
// arguments at its end that are the defaults; the first argument stays, as it often is a version.
// Booleans after it have the names of their parameters, as nobody knows what a `false` is about.
// So equal names are shown alike, however they are written, and different ones differently.

// Given are the arguments that people see.
func (r *Ref) Given() []string {
	var out []string
	for n, a := range r.Args[:r.given] {
		text := rendered(a, (*Ref).shown)
		if _, is := a.(bool); is && n > 0 {
			text = r.Component.Params[n].Decl.Name.Name + ": " + text
		}
		out = append(out, text)
	}
	return out
}

// shown returns the reference as an argument that people see.
func (r *Ref) shown() string {
	if r.Component == nil || r.Args == nil || r.Component == check.Scratch {
		return r.Key()
	}
	return model.Name{Path: r.path(), Args: r.Given()}.String()
}

// given returns how many of a component's arguments people see.
func given(x *Evaluator, o *check.Component, args []value) int {
	n := len(args)
	if n < 2 {
		return n
	}
	if x.usual == nil {
		aside := newEvaluator(x.in, newFindings(x.Program))
		x.usual = &usual{aside, map[*check.Component][]string{}}
		aside.params, aside.usual = x.params, x.usual
	}
	for defaults := x.usual.of(o); n > 1 && defaults[n-1] != "" && defaults[n-1] == show(args[n-1]); n-- {
	}
	return n
}

// usual shows the defaults of components. An evaluator of its own evaluates them, since the program
// may never need them: their errors are not the program's.
type usual struct {
	aside *Evaluator
	known map[*check.Component][]string
}

// of returns the defaults by parameter; "" stands for no default, and for one without a value.
func (u *usual) of(o *check.Component) []string {
	if known, ok := u.known[o]; ok {
		return known
	}
	out := make([]string, len(o.Params))
	u.known[o] = out // a default may name the component itself
	for n, p := range o.Params {
		if p.Decl.Default == nil {
			continue
		}
		if v := u.aside.convert(u.aside.anchored(p.Decl.Default, &env{module: o.Module}), p.Type, o.Module); v != nil {
			out[n] = show(v)
		}
	}
	return out
}
