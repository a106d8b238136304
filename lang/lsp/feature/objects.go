package feature

import (
	"strings"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/doc"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

func kindOf(o check.Object) Kind {
	switch o := o.(type) {
	case *check.Component:
		return KindComponent
	case *check.Slot:
		return KindSlot
	case *check.User:
		return KindUser
	case *check.Param:
		return KindParam
	case *check.Import:
		return KindModule
	case *check.Predeclared:
		if o.Type == nil {
			return KindModule
		}
	}
	return KindValue
}

// Signature returns what an object is, on one line, as it would be declared.
func Signature(o check.Object) string {
	named := func(name string, t *check.Type) string {
		if t == nil || t.Kind == check.Invalid {
			return name
		}
		return name + ": " + t.String()
	}
	switch o := o.(type) {
	case *check.Component:
		if o.Decl.Params == nil {
			return "component " + o.Decl.Name.Name
		}
		var params []string
		for _, p := range o.Params {
			params = append(params, strings.TrimPrefix(Signature(p), "param "))
		}
		return "component " + o.Decl.Name.Name + "(" + strings.Join(params, ", ") + ")"
	case *check.Slot:
		text := "slot " + o.Decl.Name.Name
		if o.Decl.Default != nil {
			text += " = " + oneLine(o.Decl.Default)
		}
		return text
	case *check.User:
		return "user " + o.Decl.Name.Name
	case *check.Let:
		return named("let "+o.Decl.Name.Name, o.Type)
	case *check.Param:
		text := named("param "+o.Decl.Name.Name, o.Type)
		if o.Decl.Default != nil {
			text += " = " + oneLine(o.Decl.Default)
		}
		return text
	case *check.Var:
		return named(o.Name.Name, o.Type)
	case *check.Import:
		return "import " + o.Decl.Path.At.Text()
	case *check.Predeclared:
		return named(o.Name, o.Type)
	}
	return ""
}

func oneLine(e syntax.Expr) string { return strings.Join(strings.Fields(e.Span().Text()), " ") }

// declared returns the whole declaration of an object, and its documentation: the comment above it, or
// what an imported module is for.
func declared(o check.Object) (at source.Span, text string) {
	switch o := o.(type) {
	case *check.Component:
		return o.Decl.At, o.Decl.Doc
	case *check.Slot:
		return o.Decl.At, o.Decl.Doc
	case *check.User:
		return o.Decl.At, o.Decl.Doc
	case *check.Let:
		return o.Decl.At, o.Decl.Doc
	case *check.Param:
		return o.Decl.At, o.Decl.Doc
	case *check.Import:
		if o.Module != nil {
			text = doc.Text(o.Module.Module)
		}
		return o.Decl.At, text
	}
	return o.Ident().At, ""
}

func docOf(o check.Object) string {
	_, text := declared(o)
	return text
}

func declarationOf(o check.Object) source.Span {
	at, _ := declared(o)
	return at
}
