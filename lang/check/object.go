package check

import (
	"slices"

	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Object is the meaning of a name: *Import, *Component, *Slot, *User, *Let, *Param, *Var,
// *Predeclared.
type Object interface {
	Ident() syntax.Ident // its declaration; without a place if predeclared
}

// Import is an imported module with its name in the file.
type Import struct {
	Decl   *syntax.Import
	Module *Module // nil if it could not be loaded
}

// Component is a declared component.
type Component struct {
	Module *Module
	Decl   *syntax.Component
	Params []*Param
}

// Slot is a declared slot.
type Slot struct {
	Module *Module
	Decl   *syntax.Slot
}

// User is a declared user.
type User struct {
	Module *Module
	Decl   *syntax.User
}

// Let is a let of a module or of a block.
type Let struct {
	Decl  *syntax.Let
	Type  *Type // nil while unknown
	state int8
	scope *scope // for a block's let: the scope of its value
}

// Param is a parameter of a component, or of a module (Component is nil).
type Param struct {
	Decl      *syntax.Param
	Module    *Module
	Component *Component
	Type      *Type // nil while unknown
}

// Var is a variable of a generator.
type Var struct {
	Name syntax.Ident
	Type *Type
}

// Predeclared is a name that every module knows, or a member of such a name: "platform", "os",
// "platform.arch", "os.packages".
type Predeclared struct {
	Name string
	Type *Type // nil for names that are not values
}

// Ident returns the module's name in the file.
func (o *Import) Ident() syntax.Ident {
	if o.Decl.Alias != nil {
		return *o.Decl.Alias
	}
	name := ""
	if s, ok := o.Decl.Path.Literal(); ok {
		name = load.ImportName(s)
	}
	return syntax.Ident{Name: name, At: o.Decl.Path.At}
}

func (o *Component) Ident() syntax.Ident   { return o.Decl.Name }
func (o *Slot) Ident() syntax.Ident        { return o.Decl.Name }
func (o *User) Ident() syntax.Ident        { return o.Decl.Name }
func (o *Let) Ident() syntax.Ident         { return o.Decl.Name }
func (o *Param) Ident() syntax.Ident       { return o.Decl.Name }
func (o *Var) Ident() syntax.Ident         { return o.Name }
func (o *Predeclared) Ident() syntax.Ident { return syntax.Ident{Name: o.Name} }

// universe has the predeclared names and their members.
var universe = map[string]*Predeclared{
	"platform":         {Name: "platform"},
	"platform.os":      {Name: "platform.os", Type: stringType},
	"platform.arch":    {Name: "platform.arch", Type: stringType},
	"platform.variant": {Name: "platform.variant", Type: stringType},
	"os":               {Name: "os"},
	"os.packages":      {Name: "os.packages", Type: componentType},
}

// Scratch is the predeclared component of the empty base system.
var Scratch = &Component{Module: &Module{Module: &load.Module{}}, Decl: &syntax.Component{Name: syntax.Ident{Name: "scratch"}}}

// scope is one level of visible names.
type scope struct {
	outer *scope
	names map[string]Object
}

func (s *scope) lookup(name string) Object {
	for ; s != nil; s = s.outer {
		if o, ok := s.names[name]; ok {
			return o
		}
	}
	if o, ok := universe[name]; ok {
		return o
	}
	if name == Scratch.Decl.Name.Name {
		return Scratch
	}
	return nil
}

// visible returns all names that are visible in the scope, sorted.
func (s *scope) visible() []string {
	names := []string{"platform", "os", Scratch.Decl.Name.Name}
	for ; s != nil; s = s.outer {
		for n := range s.names {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}

// push opens the scope of a part of a file.
func (c *checker) push(at source.Span) {
	c.scope = &scope{outer: c.scope, names: map[string]Object{}}
	c.p.scopes[at.File] = append(c.p.scopes[at.File], scoped{at, c.scope})
}

func (c *checker) pop() { c.scope = c.scope.outer }
