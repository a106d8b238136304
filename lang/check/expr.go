package check

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/lazy"
	"github.com/layc-lang/layc/lang/syntax"
)

// expect checks an expression where a value of type want is expected. what describes the place for
// errors ("the owner of copy").
func (c *checker) expect(e syntax.Expr, want *Type, what string) {
	c.fits(e, c.value(e, want), want, what)
}

// fits reports a checked expression with a type t that does not fit.
func (c *checker) fits(e syntax.Expr, t, want *Type, what string) {
	if t.assignable(want) {
		return
	}
	d := c.list.Errorf(diag.WrongType, e.Span(), "%s must be %s, not %s", what, want.article(), t.article()).
		At("this is %s", t.article())
	if n, ok := unquoted(e, want); ok {
		d.Hint("remove the quotes: `%s`", n).Fix(e.Span(), n)
		return
	}
	if c.needsNoQuotes(d, e, want, what) {
		return
	}
	switch {
	case what == "`install`" && t == componentType:
		d.Hint("write only the names of packages: `install \"…\"`")
	case want.text() && t.scalar():
		d.Hint("write it as a string: `\"%s\"`", e.Span().Text()).Fix(e.Span(), `"`+e.Span().Text()+`"`)
	case want.Kind == List && t.assignable(want.Elem):
		d.Hint("write a list: `[%s]`", e.Span().Text()).Fix(e.Span(), "["+e.Span().Text()+"]")
	case want.Kind == List:
		d.Hint("write a list, such as `[\"…\", \"…\"]`")
	case want.Kind == Bool && isLiteral(e):
		d.Hint("write `true`, `false` or a comparison")
	case want.Kind == Bool && t.scalar():
		d.Hint("compare it with a value: `%s == …`", e.Span().Text())
	case t.Kind == List && t.Elem.assignable(want):
		oneOf(d, e)
	case want.Kind == Duration:
		d.Hint("write a number with a unit: `30s`, `5m`, `2h`")
	case want.Kind == Size:
		d.Hint("write a number with a unit: `500KB`, `29.8MB`, `1.2GB`")
	case want.Kind == Int && t.Kind == Size || want.Kind == Int && t.Kind == Duration:
		d.Hint("write a whole number without a unit, such as `4`")
	case want.Kind == Int:
		d.Hint("write a whole number, such as `4`")
	case want.Kind == Bool:
		d.Hint("write `true`, `false` or a condition")
	case want.Kind == Reference:
		d.Hint("write the name of a component, with its arguments if it has any: `tool(\"1.2\")`")
	case want.Kind == Map, want.Kind == Record:
		d.Hint("write a map, such as `{ name: \"value\" }`")
	default:
		d.Hint("write a string: `\"…\"`")
	}
}

func isLiteral(e syntax.Expr) bool {
	switch e.(type) {
	case *syntax.String, *syntax.Number:
		return true
	}
	return false
}

// oneOf adds the hint to write one value instead of a list.
func oneOf(d *diag.Diagnostic, e syntax.Expr) {
	l, literal := e.(*syntax.List)
	switch {
	case !literal:
		d.Hint("write one of its elements, such as `%s[0]`", e.Span().Text())
	case len(l.Items) == 1:
		one := l.Items[0].Span().Text()
		d.Hint("remove the brackets: `%s`", one).Fix(e.Span(), one)
	default:
		d.Hint("keep one element and remove the brackets")
	}
}

// number matches the literals of integers, durations and sizes.
var number = map[Kind]func() *regexp.Regexp{
	Int:      lazy.Regexp(`^(0|[1-9][0-9]{0,17})$`),
	Duration: lazy.Regexp(`^[0-9]+(\.[0-9]+)?(ms|s|m|h|d)$`),
	Size:     lazy.Regexp(`^[0-9]+(\.[0-9]+)?(B|KB|MB|GB|KiB|MiB|GiB)$`),
}

// unquoted returns the number of that type in a string.
func unquoted(e syntax.Expr, want *Type) (string, bool) {
	s, ok := e.(*syntax.String)
	form := number[want.Kind]
	if !ok || form == nil {
		return "", false
	}
	text, ok := s.Literal()
	return text, ok && form().MatchString(text)
}

// expr checks an expression, and records and returns its type.
func (c *checker) expr(e syntax.Expr) *Type {
	if c.quoteless[e] {
		return invalidType
	}
	t := c.exprType(e)
	c.p.Types[e] = t
	return t
}

func (c *checker) exprType(e syntax.Expr) *Type {
	switch e := e.(type) {
	case *syntax.String:
		for _, p := range e.Parts {
			if p.Expr != nil {
				c.inText(p.Expr)
			}
		}
		return stringType
	case *syntax.Number:
		return c.number(e)
	case *syntax.Bool:
		return boolType
	case *syntax.Name:
		return c.name(e)
	case *syntax.Select:
		return c.selectExpr(e)
	case *syntax.Call:
		return c.call(e)
	case *syntax.Index:
		return c.index(e)
	case *syntax.List:
		return c.listExpr(e)
	case *syntax.Map:
		return c.mapExpr(e)
	case *syntax.Paren:
		return c.expr(e.X)
	case *syntax.Unary:
		if e.Op == "!" {
			c.expect(e.X, boolType, "the operand of `!`")
			return boolType
		}
		t := c.expr(e.X)
		if c.fits(e.X, t, intType, "the operand of `-`"); !t.assignable(intType) {
			return invalidType
		}
		return intType
	case *syntax.Binary:
		return c.binary(e)
	case *syntax.IfExpr:
		c.expect(e.Cond, boolType, "the condition")
		return c.branches(c.expr(e.Then), e.Else)
	case *syntax.MatchExpr:
		return c.matchExpr(e)
	}
	return invalidType // BadExpr: reported by the parser
}

// inText checks an expression within "${…}".
func (c *checker) inText(e syntax.Expr) {
	if t := c.expr(e); !t.scalar() {
		c.notInText(e, t)
	}
}

func (c *checker) notInText(e syntax.Expr, t *Type) {
	d := c.list.Errorf(diag.WrongType, e.Span(), "%s cannot be part of a string", t.article()).
		Note("`${…}` takes strings, numbers, booleans, versions, paths, sizes and durations")
	if t.Kind == List {
		d.Hint("write one of its elements, such as `%s[0]`", e.Span().Text())
	}
}

func (c *checker) number(e *syntax.Number) *Type {
	switch e.Unit {
	case "":
		if strings.Contains(e.Text, ".") {
			return invalidType // reported by the parser
		}
		return intType
	case "ms", "s", "m", "h", "d":
		return durationType
	}
	if strings.HasPrefix(e.Unit, "/") {
		c.list.Errorf(diag.WrongType, e.At, "a rate is not allowed here").
			Note("only `changes` takes rates, such as `%s%s`", e.Text, e.Unit)
		return invalidType
	}
	return sizeType
}

func (c *checker) selectExpr(e *syntax.Select) *Type {
	if n, ok := e.X.(*syntax.Name); ok {
		switch o := c.scope.lookup(n.Name).(type) {
		case *Import:
			c.resolve(n)
			return c.member(e, o)
		case *Predeclared:
			c.resolve(n)
			if m := universe[o.Name+"."+e.Name.Name]; m != nil {
				c.p.Members[e] = m
				if m.Name == "os.packages" && c.calling != syntax.Expr(e) {
					c.list.Errorf(diag.WrongArguments, e.At, "missing package name in `os.packages`").
						Hint("write `os.packages(\"jq\", \"curl\")`")
				}
				return m.Type
			}
			d := c.list.Errorf(diag.UnknownName, e.Name.At, "`%s` has no member `%s`", o.Name, e.Name.Name)
			if near := diag.Nearest(e.Name.Name, members(o.Name)); near != "" {
				d.Hint("did you mean `%s`?", near).Fix(e.Name.At, near)
			} else {
				d.Hint("expected one of: %s", strings.Join(members(o.Name), ", "))
			}
			return invalidType
		}
	}
	t := c.expr(e.X)
	switch {
	case t.Kind == Invalid || e.Name.Name == "":
		return invalidType
	case t.Kind == Map && t.Fields == nil:
		return t.Elem
	case t.Kind == Map || t.Kind == Record:
		if f := t.field(e.Name.Name); f != nil {
			return f
		}
		key := fmt.Sprintf("%p.%s", t, e.Name.Name)
		if c.again(key, e.Name.At) {
			return invalidType
		}
		d := c.list.Errorf(diag.UnknownName, e.Name.At, "unknown key `%s` in this map", e.Name.Name)
		c.unknowns[key] = d
		if !c.searches() {
			d.Hint("write one of its keys")
			return invalidType
		}
		var names []string
		for _, f := range t.Fields {
			names = append(names, f.Name)
		}
		if near := diag.Nearest(e.Name.Name, names); near != "" {
			d.Hint("did you mean `%s`?", near).Fix(e.Name.At, near)
			return invalidType
		}
		const most = 20
		if len(names) > most {
			names = append(names[:most], "…")
		}
		d.Hint("expected one of: %s", strings.Join(names, ", "))
		return invalidType
	}
	d := c.list.Errorf(diag.UnknownName, e.Name.At, "%s has no member `%s`", t.article(), e.Name.Name).
		Note("only modules and maps have members")
	if n, ok := e.X.(*syntax.Name); ok && universe[n.Name+"."+e.Name.Name] != nil {
		d.See(c.scope.lookup(n.Name).Ident().At, "`%s` is declared here", n.Name).
			Note("the declaration hides the predeclared `%s.%s`", n.Name, e.Name.Name).
			Hint("give the declaration another name")
	}
	if t.text() {
		d.Hint("join strings with `+`, or insert a value with `${NAME}`")
	}
	return invalidType
}

// member resolves MODULE.NAME.
func (c *checker) member(e *syntax.Select, o *Import) *Type {
	if o.Module == nil || e.Name.Name == "" {
		return invalidType
	}
	m := o.Module.Scope[e.Name.Name]
	if m == nil {
		if o.Module.lost(e.Name.Name) {
			return invalidType
		}
		d := c.list.Errorf(diag.UnknownName, e.Name.At, "module %s does not declare `%s`", o.Module.Path, e.Name.Name)
		near := ""
		if c.searches() {
			near = diag.Nearest(e.Name.Name, slices.Sorted(maps.Keys(o.Module.Scope)))
		}
		if near != "" {
			d.Hint("did you mean `%s`?", near).Fix(e.Name.At, near)
		} else {
			d.Hint("run `layc doc %s` to list its declarations", o.Module.Path)
		}
		return invalidType
	}
	if strings.HasPrefix(e.Name.Name, "_") {
		c.list.Errorf(diag.PrivateName, e.Name.At, "`%s` is private to module %s", e.Name.Name, o.Module.Path).
			See(m.Ident().At, "declared here").
			Note("names that begin with `_` are private to their module").
			Hint("run `layc doc %s` to list its public declarations", o.Module.Path)
	}
	c.p.Members[e] = m
	return c.objectType(m, e.Name.At)
}

func (c *checker) index(e *syntax.Index) *Type {
	t := c.expr(e.X)
	switch t.Kind {
	case List:
		c.expect(e.I, intType, "a list index")
		return t.Elem
	case Map:
		c.expect(e.I, stringType, "a map key")
		return t.Elem
	case Record:
		c.expect(e.I, stringType, "a map key")
		return c.recordElem(e.X, t)
	}
	c.expr(e.I)
	if t.Kind != Invalid {
		c.list.Errorf(diag.WrongType, e.X.Span(), "%s has no elements", t.article()).Note("only lists and maps have elements")
	}
	return invalidType
}

func (c *checker) listExpr(e *syntax.List) *Type {
	elem := invalidType
	for _, x := range e.Items {
		t := c.expr(x)
		u := unify(elem, t)
		if u == nil {
			d := c.list.Errorf(diag.WrongType, x.Span(), "found %s in a list of %s", t.article(), elem).
				Note("all elements of a list have the type of the first element")
			if _, plain := x.(*syntax.Name); elem.text() && t.scalar() && !plain {
				d.Hint("write it as a string: `\"%s\"`", x.Span().Text()).Fix(x.Span(), `"`+x.Span().Text()+`"`)
			} else {
				d.Hint("give all elements the same type, or write a map: `{ a: 1, b: \"…\" }`")
			}
			return listOf(elem)
		}
		elem = u
	}
	return listOf(elem)
}

func (c *checker) mapExpr(e *syntax.Map) *Type {
	t := &Type{Kind: Map, Elem: invalidType, fields: map[string]*Type{}}
	for _, x := range e.Entries {
		key, literal := x.Key.Literal()
		if !literal {
			c.expr(x.Key)
		} else if t.field(key) != nil {
			c.list.Errorf(diag.DeclaredTwice, x.Key.At, "key `%s` is defined twice", key).Hint("remove one of them")
		}
		v := c.expr(x.Value)
		if literal {
			t.Fields = append(t.Fields, Field{key, v})
			if t.fields[key] == nil {
				t.fields[key] = v
			}
		}
		if t.Kind != Map {
			continue
		}
		if t.Elem = unify(t.Elem, v); t.Elem == nil {
			t.Kind = Record
		}
	}
	if t.Kind == Map && len(t.Fields) < len(e.Entries) {
		t.Fields, t.fields = nil, nil // some keys are only known during evaluation
	}
	return t
}

func (c *checker) binary(e *syntax.Binary) *Type {
	switch e.Op {
	case "||", "&&":
		c.expect(e.X, boolType, "the left side of "+e.Op)
		c.expect(e.Y, boolType, "the right side of "+e.Op)
		return boolType
	}
	x, y := c.expr(e.X), c.expr(e.Y)
	u := unify(x, y)
	if u == nil {
		d := c.list.Errorf(diag.WrongType, e.OpAt, "mismatched types: `%s` between %s and %s", e.Op, x.article(), y.article()).
			See(e.X.Span(), "%s", x.article()).See(e.Y.Span(), "%s", y.article())
		if n, ok := e.Y.(*syntax.Number); ok && x.text() {
			d.Hint("write it as a string: `\"%s\"`", n.At.Text()).Fix(n.At, `"`+n.At.Text()+`"`)
		} else {
			d.Hint("give both sides of `%s` the same type", e.Op)
		}
		return invalidType
	}
	ok := true
	result := u
	switch e.Op {
	case "==", "!=":
		ok, result = u.scalar() || u.Kind == List, boolType
	case "<", "<=", ">", ">=":
		ok, result = u.scalar() && u.Kind != Bool, boolType
	case "+":
		ok = u.Kind == Int || u.text() || u.Kind == List || u.Kind == Size || u.Kind == Duration || u.Kind == Invalid
	default:
		ok = u.Kind == Int || u.Kind == Invalid
	}
	if !ok {
		d := c.list.Errorf(diag.WrongType, e.OpAt, "cannot apply `%s` to %s", e.Op, u.article())
		if u.text() {
			d.Hint("join strings with `+`, or insert a value with `${NAME}`")
		}
	}
	return result
}

// branches checks the else of an if expression against its then.
func (c *checker) branches(then *Type, other syntax.Expr) *Type {
	t := c.expr(other)
	u := unify(then, t)
	if u == nil {
		c.list.Errorf(diag.WrongType, other.Span(), "mismatched types: %s here, %s in the other branch", t.article(), then.article()).
			Hint("give both branches the same type")
		return then
	}
	return u
}

func (c *checker) matchExpr(e *syntax.MatchExpr) *Type {
	subject := c.expr(e.Subject)
	result := invalidType
	for _, a := range e.Arms {
		for _, p := range a.Patterns {
			c.fitsSubject(p, subject, e.Subject)
		}
		t := c.expr(a.Value)
		u := unify(result, t)
		if u == nil {
			c.list.Errorf(diag.WrongType, a.Value.Span(), "mismatched types: %s here, %s in an arm above", t.article(), result.article()).
				Hint("give all arms the same type")
			continue
		}
		result = u
	}
	return result
}

// fitsSubject checks a pattern of a match against its subject.
func (c *checker) fitsSubject(p syntax.Expr, subject *Type, of syntax.Expr) {
	c.platformPattern(p, of)
	c.pattern = p
	defer func() { c.pattern = nil }()
	if t := c.expr(p); unify(t, subject) == nil {
		c.list.Errorf(diag.WrongType, p.Span(), "mismatched types: %s never equals %s", t.article(), subject.article()).
			Hint("write a pattern with the same type as the value after `match`")
	}
}

// platformPattern warns of the name of a system or an architecture that no platform has.
func (c *checker) platformPattern(p, of syntax.Expr) {
	member, ok := of.(*syntax.Select)
	if !ok {
		return
	}
	o, _ := c.p.Members[member].(*Predeclared)
	s, literal := p.(*syntax.String)
	if o == nil || !literal {
		return
	}
	known := map[string][]string{"platform.os": {"linux"}, "platform.arch": Architectures}[o.Name]
	text, ok := s.Literal()
	if !ok || known == nil || slices.Contains(known, text) {
		return
	}
	d := c.list.Warnf(diag.WrongType, s.At, "`%s` is never %q", o.Name, text)
	if near := cmp.Or(Architecture(text), diag.Nearest(text, known)); near != "" && slices.Contains(known, near) {
		d.Hint("did you mean `%q`?", near).Fix(s.At, `"`+near+`"`)
	} else {
		d.Hint("expected one of: %s", strings.Join(known, ", "))
	}
}
