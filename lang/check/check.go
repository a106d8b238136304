// Package check resolves the names of a program and checks its types. It writes its results into
// tables next to the tree, which it never changes.
//
// Every declaration of a module is visible in all files of the module, in any order; names that
// begin with "_" are visible only there. Imports belong to their file. Where a component is
// expected, a module's name means its declaration of the same name (`needs java` means java.java).
//
// Packages evaluate and bind find everything that depends on arguments, on platforms or on all apps
// together: conflicts in a closure, cycles of needs, ownership of paths.
package check

import (
	"slices"
	"sort"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Program is a checked program. Its tables have an entry for each node that could be checked.
type Program struct {
	Root       *Module
	Modules    []*Module // imported modules first
	Fleet      *syntax.Fleet
	Apps       []*syntax.App
	Components []*Component // of all modules, in order
	Objects    map[*syntax.Name]Object
	Members    map[*syntax.Select]Object // module members and fields of predeclared names
	Types      map[syntax.Expr]*Type
	// Mentions are the bindings that the script of a run mentions, sorted by name. They reach it
	// as shell variables.
	Mentions map[*syntax.Clause][]Object

	scopes map[*source.File][]scoped // outer ones first
}

// Module is a checked module.
type Module struct {
	*load.Module
	Scope map[string]Object // its declarations
}

// Check checks a loaded program. Even if there are errors, the result is usable as far as it goes.
func Check(in *load.Program) (*Program, diag.List) {
	c := &checker{
		p: &Program{
			Objects: map[*syntax.Name]Object{}, Members: map[*syntax.Select]Object{},
			Types: map[syntax.Expr]*Type{}, Mentions: map[*syntax.Clause][]Object{},
			scopes: map[*source.File][]scoped{},
		},
		modules: map[*load.Module]*Module{},
		scopes:  map[*source.File]*scope{},
		imports: map[*syntax.Import]*Import{},
		used:    map[Object]bool{},
		textual: map[syntax.Expr]bool{}, quoteless: map[syntax.Expr]bool{},
		std: in.Std,
	}
	for _, m := range in.Modules {
		c.declare(m)
	}
	c.p.Root = c.modules[in.Root]
	for _, m := range c.p.Modules {
		for _, f := range m.Files {
			c.fileScope(m, f)
		}
	}
	for _, m := range c.p.Modules {
		c.module, c.unknowns = m, map[string]*diag.Diagnostic{}
		for _, f := range m.Files {
			before := len(c.list)
			c.unused = nil
			c.file(f)
			c.list = append(c.list[:before], outside(f.Abandoned, c.list[before:])...)
			if !f.Damaged && !c.list[before:].HasErrors() {
				c.list = append(c.list, c.unused...)
			}
		}
	}
	return c.p, c.list
}

// outside returns the errors and warnings outside of what the parser abandoned and reported.
func outside(abandoned []source.Span, list diag.List) diag.List {
	var kept diag.List
	for _, d := range list {
		if !within(abandoned, d.Span) {
			kept = append(kept, d)
		}
	}
	return kept
}

// within reports whether a span begins in one of spans, which are sorted.
func within(spans []source.Span, at source.Span) bool {
	i := sort.Search(len(spans), func(i int) bool { return spans[i].End > at.Start })
	return i < len(spans) && spans[i].Start <= at.Start && spans[i].File == at.File
}

// abandoned reports whether the text at a place could not be read to its end.
func (c *checker) abandoned(at source.Span) bool {
	f := c.module.fileOf(at.File)
	return f != nil && within(f.Abandoned, at)
}

// checker checks one program. It has more than 60 methods because each kind of declaration, clause
// and expression has one, and all share the lookup of names.
type checker struct {
	p        *Program
	modules  map[*load.Module]*Module
	module   *Module // the module being checked
	scope    *scope  // the innermost scope
	user     bool    // in the block of a user
	scopes   map[*source.File]*scope
	imports  map[*syntax.Import]*Import
	used     map[Object]bool
	unknowns map[string]*diag.Diagnostic // unknown names of the module
	searched int                         // unknown names whose meaning was searched
	lets     []*Let                      // lets with values that are being checked
	textual  map[syntax.Expr]bool        // expressions where a string is expected and a name may be an unquoted string
	// quoteless are expressions that were reported as unquoted strings.
	quoteless map[syntax.Expr]bool
	calling   syntax.Expr // the function part of a call while it is resolved
	key       string      // the variable with the value that is being checked
	pattern   syntax.Expr // the pattern of a match that is being checked
	std       []string    // names of the standard modules
	list      diag.List
	unused    diag.List // unused names of the file; dropped if the file has errors, which may be the cause
}

// declare adds a module's declarations to its scope.
func (c *checker) declare(in *load.Module) {
	m := &Module{Module: in, Scope: map[string]Object{}}
	c.modules[in] = m
	c.p.Modules = append(c.p.Modules, m)
	for _, f := range m.Files {
		for _, d := range f.Decls {
			if o := c.object(m, d); o != nil {
				c.enter(m, o)
			}
		}
	}
}

// object returns the object that a declaration declares; nil for a fleet or an app, which have no
// name in the scope.
func (c *checker) object(m *Module, d syntax.Decl) Object {
	switch d := d.(type) {
	case *syntax.Component:
		o := &Component{Module: m, Decl: d}
		c.p.Components = append(c.p.Components, o)
		return o
	case *syntax.Slot:
		return &Slot{Module: m, Decl: d}
	case *syntax.User:
		return &User{Module: m, Decl: d}
	case *syntax.Let:
		return &Let{Decl: d}
	case *syntax.Param:
		return &Param{Decl: d, Module: m}
	}
	return nil
}

func (c *checker) enter(m *Module, o Object) {
	name := o.Ident()
	if name.Name == "" {
		return
	}
	if old, ok := m.Scope[name.Name]; ok {
		c.list.Errorf(diag.DeclaredTwice, name.At, "`%s` is defined twice in this module", name.Name).
			At("defined again here").See(old.Ident().At, "first defined here").
			Hint("rename or remove one of them")
		return
	}
	m.Scope[name.Name] = o
}

func (c *checker) file(f *syntax.File) {
	c.scope = c.fileScope(c.module, f)
	for _, d := range f.Decls {
		c.decl(d)
	}
	for _, i := range f.Imports {
		if o := c.imports[i]; o != nil && !c.used[o] {
			at := o.Decl.At
			d := c.unused.Warnf(diag.UnusedImport, at, "unused import: %s", o.Decl.Path.At.Text()).
				Hint("remove the import")
			if all, ok := f.Removal(o.Decl); ok {
				d.Fix(all, "")
			}
		}
	}
}

// fileScope returns the scope of a file's declarations: the module's declarations, then the file's
// imports.
func (c *checker) fileScope(m *Module, f *syntax.File) *scope {
	if s := c.scopes[f.Source]; s != nil {
		return s
	}
	imports := &scope{names: map[string]Object{}}
	s := &scope{outer: imports, names: m.Scope}
	c.scopes[f.Source] = s
	c.p.scopes[f.Source] = append(c.p.scopes[f.Source], scoped{source.Span{File: f.Source, End: len(f.Source.Text())}, s})
	for _, i := range f.Imports {
		c.imported(m, imports, i)
	}
	return s
}

// imported adds an import to its file's scope.
func (c *checker) imported(m *Module, into *scope, i *syntax.Import) {
	o := &Import{Decl: i, Module: c.modules[m.Imports[i]]}
	name := o.Ident()
	if !identifier(name.Name) && i.Alias == nil && o.Module != nil {
		alias := strings.Trim(strings.Map(func(r rune) rune {
			if r == '-' || r == '.' || r == '+' || r == '~' {
				return '_'
			}
			return r
		}, name.Name), "_")
		if !identifier(alias) {
			alias = "other"
		}
		c.list.Errorf(diag.InvalidName, i.Path.At, "not a valid name: `%s`", name.Name).
			Note("the name of an import is the last part of its path").
			Hint("choose a name: `import %s as %s`", i.Path.At.Text(), alias).Fix(after(i.Path.At), " as "+alias)
		c.used[o] = true
		return
	}
	if old, ok := into.names[name.Name]; ok {
		c.used[old] = true
		d := c.list.Errorf(diag.DeclaredTwice, i.At, "two imports in this file are named `%s`", name.Name).
			See(old.Ident().At, "first imported here")
		if all, ok := m.fileOf(i.At.File).Removal(i); ok && old.(*Import).Module == o.Module {
			d.Hint("remove one of them").Fix(all, "")
		} else {
			d.Hint("rename one of them: `import %s as other`", i.Path.At.Text())
		}
		return
	}
	if old, ok := m.Scope[name.Name]; ok {
		c.list.Errorf(diag.DeclaredTwice, i.At, "`%s` is both imported and declared in this module", name.Name).
			See(old.Ident().At, "declared here").
			Hint("rename the declaration or the import: `import %s as other`", i.Path.At.Text())
	}
	into.names[name.Name] = o
	if o.Module != nil {
		c.imports[i] = o
	}
}

// identifier reports whether a string is a valid identifier.
func identifier(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || i > 0 && c >= '0' && c <= '9') {
			return false
		}
	}
	return s != "" && !syntax.Reserved(s)
}

func (c *checker) decl(d syntax.Decl) {
	switch d := d.(type) {
	case *syntax.Let:
		if o, ok := c.module.Scope[d.Name.Name].(*Let); ok && o.Decl == d {
			c.letType(o)
		}
	case *syntax.Param:
		if o, ok := c.module.Scope[d.Name.Name].(*Param); ok && o.Decl == d {
			c.paramType(o)
		}
	case *syntax.Slot:
		if d.Default != nil {
			c.expect(d.Default, componentType, "the default of a slot")
		}
	case *syntax.User:
		c.user = true
		c.block(d.Body)
		c.user = false
	case *syntax.Fleet:
		c.fleet(d)
	case *syntax.Component:
		c.component(d)
	case *syntax.App:
		c.app(d)
	}
}

func (c *checker) fleet(d *syntax.Fleet) {
	if c.module != c.p.Root {
		c.list.Errorf(diag.MisplacedDeclaration, headSpan(d.At, "fleet"), "`fleet` in an imported module").
			Note("only the main module declares a fleet, which applies to all apps").
			Hint("move it to the main module, where you run layc")
		return
	}
	if c.p.Fleet != nil {
		c.list.Errorf(diag.MisplacedDeclaration, headSpan(d.At, "fleet"), "`fleet` is defined twice").
			See(headSpan(c.p.Fleet.At, "fleet"), "first defined here").
			Hint("move all clauses into one `fleet`")
		return
	}
	c.p.Fleet = d
	c.block(d.Body)
}

func (c *checker) component(d *syntax.Component) {
	c.push(d.At)
	defer c.pop()
	o, _ := c.module.Scope[d.Name.Name].(*Component)
	if o == nil || o.Decl != d {
		o = &Component{Module: c.module, Decl: d} // a duplicate name: checked on its own
	}
	for _, p := range c.params(o) {
		if old, ok := c.scope.names[p.Decl.Name.Name]; ok {
			c.list.Errorf(diag.DeclaredTwice, p.Decl.Name.At, "parameter `%s` is defined twice", p.Decl.Name.Name).
				See(old.Ident().At, "first defined here").Hint("rename one of them")
			continue
		}
		c.scope.names[p.Decl.Name.Name] = p
	}
	c.block(d.Body)
	for _, p := range o.Params {
		if !c.used[p] && p.Decl.Name.Name != "" {
			c.unused.Warnf(diag.UnusedParameter, p.Decl.Name.At, "unused parameter: `%s`", p.Decl.Name.Name).
				Note("`run` refers to it as `$%s`, other clauses as `%s` or `${%s}`", p.Decl.Name.Name, p.Decl.Name.Name, p.Decl.Name.Name).
				Hint("use it, or remove it here and wherever it is passed")
		}
	}
}

// fileOf returns the module's file with that source, or nil.
func (m *Module) fileOf(source *source.File) *syntax.File {
	for _, f := range m.Files {
		if f.Source == source {
			return f
		}
	}
	return nil
}

// lost reports whether an unreadable line may declare the name.
func (m *Module) lost(name string) bool {
	return slices.ContainsFunc(m.Files, func(f *syntax.File) bool { return f.Lost[name] })
}

// params returns a component's parameters with their types. Defaults are checked in the module's
// scope: a parameter does not see the others.
func (c *checker) params(o *Component) []*Param {
	if o.Params != nil || len(o.Decl.Params) == 0 {
		return o.Params
	}
	for _, d := range o.Decl.Params {
		o.Params = append(o.Params, &Param{Decl: d, Module: o.Module, Component: o})
	}
	outer := c.scope
	c.scope = c.scopes[o.Decl.At.File]
	for _, p := range o.Params {
		c.paramType(p)
	}
	c.scope = outer
	return o.Params
}

func (c *checker) app(d *syntax.App) {
	if c.module != c.p.Root {
		c.list.Errorf(diag.MisplacedDeclaration, headSpan(d.At, "app"), "`app` in an imported module").
			Note("only the main module declares apps").
			Hint("move it to the main module, where you run layc, or make it a component")
		return
	}
	c.p.Apps = append(c.p.Apps, d)
	c.push(d.At)
	defer c.pop()
	for _, g := range d.Generators {
		c.generator(g)
	}
	if d.Where != nil {
		c.expect(d.Where, boolType, "where")
	}
	c.expect(d.Name, stringType, "the app name")
	c.block(d.Body)
}

// generator checks `x in XS` and adds its variables to the scope.
func (c *checker) generator(g *syntax.Generator) {
	t := c.expr(g.In)
	elem := invalidType
	switch t.Kind {
	case Invalid:
	case List:
		elem = t.Elem
		if g.Key != nil {
			c.define(*g.Key, intType)
		}
	case Map, Record:
		elem = t.Elem
		if t.Kind == Record {
			elem = c.recordElem(g.In, t)
		}
		if g.Key == nil {
			c.list.Errorf(diag.NotIterable, g.In.Span(), "looping over a map needs a key and a value").
				Hint("write `%s, value in …`", g.Value.Name).Fix(after(g.Value.At), ", value")
		} else {
			c.define(*g.Key, stringType)
		}
	default:
		c.list.Errorf(diag.NotIterable, g.In.Span(), "cannot loop over %s", t.article()).
			Hint("write a list, such as `[%s]`, or a map after `in`", g.In.Span().Text())
	}
	if g.Key != nil && c.scope.names[g.Key.Name] == nil {
		c.define(*g.Key, invalidType)
	}
	c.define(g.Value, elem)
}

func (c *checker) recordElem(at syntax.Expr, t *Type) *Type {
	elem := invalidType
	for _, f := range t.Fields {
		u := unify(elem, f.Type)
		if u == nil {
			c.list.Errorf(diag.NotIterable, at.Span(), "cannot loop over a map with values of different types: `%s`", t).
				Hint("give all values of the map the same type")
			return invalidType
		}
		elem = u
	}
	return elem
}

// define adds a variable to the innermost scope.
func (c *checker) define(name syntax.Ident, t *Type) {
	if name.Name == "" {
		return
	}
	if old, ok := c.scope.names[name.Name]; ok {
		c.list.Errorf(diag.DeclaredTwice, name.At, "`%s` is defined twice here", name.Name).
			See(old.Ident().At, "first defined here").Hint("rename one of them")
		return
	}
	c.scope.names[name.Name] = &Var{Name: name, Type: t}
}

// after returns the empty span after another.
func after(at source.Span) source.Span {
	return source.Span{File: at.File, Start: at.End, End: at.End}
}

// headSpan returns the span of a declaration's keyword.
func headSpan(at source.Span, word string) source.Span {
	return source.Span{File: at.File, Start: at.Start, End: min(at.End, at.Start+len(word))}
}

// FleetOnly returns the program without its apps, to evaluate the fleet declaration before the rest.
func (p *Program) FleetOnly() *Program {
	only := *p
	only.Apps = nil
	return &only
}
