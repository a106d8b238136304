package check

import (
	"fmt"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/syntax"
	"github.com/layc-lang/layc/lang/term"
)

func (c *checker) call(e *syntax.Call) *Type {
	c.calling = e.Fun
	t := c.expr(e.Fun)
	c.calling = nil
	switch o := c.p.Callee(e.Fun).(type) {
	case *Component:
		c.arguments(e, o)
		return componentType
	case *Predeclared:
		if o.Name == "os.packages" {
			c.packageNames(e)
			return componentType
		}
	}
	for _, a := range e.Args {
		c.expr(a.Value)
	}
	if t.Kind != Invalid {
		d := c.list.Errorf(diag.WrongArguments, e.Fun.Span(), "`%s` does not take arguments", e.Fun.Span().Text())
		if slot, ok := c.p.Callee(e.Fun).(*Slot); ok {
			d.See(slot.Decl.Name.At, "declared as a slot here").
				Note("the app's `uses` chooses the component that fills the slot, and its arguments").
				Hint("write `%s`", e.Fun.Span().Text()).Fix(e.At, e.Fun.Span().Text())
		} else {
			d.Note("only components take arguments; a component that is a value already has its arguments")
		}
	}
	return invalidType
}

func (c *checker) packageNames(e *syntax.Call) {
	for _, a := range e.Args {
		if a.Name != nil {
			c.list.Errorf(diag.WrongArguments, a.Name.At, "`os.packages` does not take named arguments").
				Hint("write the package names only: `os.packages(\"jq\", \"curl\")`")
		}
		c.oneOrMore(a.Value, stringType, "a package name")
	}
	if len(e.Args) == 0 {
		c.list.Errorf(diag.WrongArguments, e.At, "missing package name in `os.packages`").
			Hint("write `os.packages(\"jq\", \"curl\")`")
	}
}

// oneOrMore expects a value of type want or a list of them.
func (c *checker) oneOrMore(e syntax.Expr, want *Type, what string) {
	t := c.value(e, want)
	if t.Kind == List && t.Elem.assignable(want) {
		return
	}
	c.fits(e, t, want, what)
}

// arguments checks a call's arguments against the component's parameters.
func (c *checker) arguments(e *syntax.Call, o *Component) {
	params := c.params(o)
	given := make([]*syntax.Arg, len(params))
	named, misplaced := false, false
	for i, a := range e.Args {
		at := i
		if a.Name != nil {
			named = true
			at = -1
			for k, p := range params {
				if p.Decl.Name.Name == a.Name.Name {
					at = k
				}
			}
			if at < 0 && o.Decl.Partial {
				c.expr(a.Value)
				continue
			}
			if at < 0 {
				c.unknownArgument(a, o)
				c.expr(a.Value)
				misplaced = true
				continue
			}
		} else if named {
			c.list.Errorf(diag.WrongArguments, a.At, "positional argument after a named argument").
				Hint("move it before the named arguments, or name it too")
			c.expr(a.Value)
			misplaced = true
			continue
		}
		if at >= len(params) && o.Decl.Partial {
			c.expr(a.Value)
			continue
		}
		if at >= len(params) {
			takes := "no arguments"
			if len(params) > 0 {
				takes = term.Count(len(params), "argument")
			}
			c.list.Errorf(diag.WrongArguments, a.At, "`%s` takes %s", o.Decl.Name.Name, takes).
				See(o.Decl.Name.At, "declared here").Hint("remove this one")
			c.expr(a.Value)
			continue
		}
		if given[at] != nil {
			c.list.Errorf(diag.WrongArguments, a.At, "argument `%s` is defined twice", params[at].Decl.Name.Name).
				See(given[at].At, "first defined here").Hint("keep one of them")
		}
		given[at] = a
		c.expect(a.Value, c.paramType(params[at]), "parameter "+params[at].Decl.Name.Name)
	}
	if misplaced {
		return // the missing argument may be one of the reported ones
	}
	var missing []string
	var d *diag.Diagnostic
	for i, p := range params {
		if given[i] != nil || p.Decl.Default != nil {
			continue
		}
		if d == nil {
			d = c.list.Errorf(diag.WrongArguments, e.At, "`%s` is missing the argument `%s`", o.Decl.Name.Name, p.Decl.Name.Name)
		} else {
			d.Message = fmt.Sprintf("`%s` is missing arguments", o.Decl.Name.Name)
		}
		d.See(p.Decl.At, "declared here, without a default")
		missing = append(missing, p.Decl.Name.Name+": …")
	}
	if d != nil {
		d.Hint("add `%s`", strings.Join(missing, ", "))
	}
}

func (c *checker) unknownArgument(a *syntax.Arg, o *Component) {
	d := c.list.Errorf(diag.WrongArguments, a.Name.At, "`%s` has no parameter `%s`", o.Decl.Name.Name, a.Name.Name).
		See(o.Decl.Name.At, "declared here")
	var names []string
	for _, p := range o.Params {
		names = append(names, p.Decl.Name.Name)
	}
	if near := diag.Nearest(a.Name.Name, names); near != "" {
		d.Hint("did you mean `%s`?", near).Fix(a.Name.At, near)
	} else if len(names) > 0 {
		d.Hint("its parameters are %s", strings.Join(names, ", "))
	}
}
