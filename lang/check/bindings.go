package check

import (
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/syntax"
)

// letType returns the type of a let, and checks its value the first time.
func (c *checker) letType(o *Let) *Type {
	switch o.state {
	case letChecking:
		at := slices.Index(c.lets, o)
		d := c.list.Errorf(diag.RecursiveValue, o.Decl.Name.At, "`%s` depends on itself", o.Decl.Name.Name)
		for n, l := range c.lets[at:] {
			if n < 12 && l != o {
				d.See(l.Decl.Name.At, "`%s` refers to this", c.lets[at+n-1].Decl.Name.Name)
			}
		}
		d.
			Note("values cannot form a cycle").
			Hint("give one of them a value that does not refer to the others")
		o.Type, o.state = invalidType, letDone
	case letNew:
		o.state = letChecking
		outer := c.scope
		c.scope = o.scope
		if c.scope == nil {
			c.scope = c.scopes[o.Decl.At.File]
		}
		c.lets = append(c.lets, o)
		t := c.expr(o.Decl.Value)
		c.lets = c.lets[:len(c.lets)-1]
		c.scope = outer
		if c.abandoned(o.Decl.At) {
			t = invalidType
		}
		if o.state == letChecking {
			o.Type, o.state = t, letDone
		}
	}
	return o.Type
}

const (
	letNew int8 = iota
	letChecking
	letDone
)

// paramType returns the type of a parameter: its declared type, else its default's.
func (c *checker) paramType(p *Param) *Type {
	if p.Type != nil {
		return p.Type
	}
	p.Type = invalidType
	if p.Decl.Type != nil {
		p.Type = c.typeOf(p.Decl.Type)
	}
	if p.Decl.Default != nil {
		if p.Decl.Type == nil {
			p.Type = c.expr(p.Decl.Default)
		} else {
			c.expect(p.Decl.Default, p.Type, "parameter "+p.Decl.Name.Name)
		}
	} else if p.Decl.Type == nil && p.Decl.Name.Name != "" {
		c.list.Errorf(diag.UnknownType, p.Decl.Name.At, "missing type of parameter `%s`", p.Decl.Name.Name).
			Hint("add a type, such as `%s: string`, or a default value", p.Decl.Name.Name)
	}
	return p.Type
}

// typeHabits maps types of other languages to layc's.
var typeHabits = map[string]string{
	"str": "string", "text": "string", "integer": "int", "number": "int", "boolean": "bool",
	"file": "path", "dir": "path", "bytes": "size", "time": "duration", "array": "list", "dict": "map", "object": "map",
}

// typeOf resolves a written type.
func (c *checker) typeOf(t *syntax.Type) *Type {
	name := t.Name.Name
	if k := map[string]Kind{"list": List, "map": Map}[name]; k != Invalid {
		if len(t.Args) != 1 {
			elem := "string"
			if n := len(t.Args); n > 0 {
				elem = t.Args[n-1].At.Text()
			}
			c.list.Errorf(diag.UnknownType, t.At, "`%s` is missing its element type", name).
				Hint("write `%s(%s)`", name, elem).Fix(t.At, name+"("+elem+")")
			return &Type{Kind: k, Elem: invalidType}
		}
		return &Type{Kind: k, Elem: c.typeOf(t.Args[0])}
	}
	if b := basic[name]; b != nil {
		return b
	}
	if name == "" {
		return invalidType
	}
	d := c.list.Errorf(diag.UnknownType, t.Name.At, "unknown type `%s`", name)
	known := []string{"string", "int", "bool", "version", "path", "size", "duration", "list", "map", "component"}
	near := typeHabits[strings.ToLower(name)]
	if near == "" {
		near = diag.Nearest(name, known)
	}
	if near != "" {
		d.Hint("did you mean `%s`?", near).Fix(t.Name.At, near)
	} else {
		d.Hint("the types are %s", strings.Join(known, ", "))
	}
	return invalidType
}
