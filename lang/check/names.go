package check

import (
	"maps"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// name resolves a bare name as a value.
func (c *checker) name(e *syntax.Name) *Type {
	o := c.resolve(e)
	if o == nil {
		return invalidType
	}
	return c.objectType(o, e.At)
}

// resolve finds the meaning of a name, records it, and marks it as used.
func (c *checker) resolve(e *syntax.Name) Object {
	if e.Name == "" {
		return nil
	}
	o := c.scope.lookup(e.Name)
	if o == nil {
		c.unknown(e)
		return nil
	}
	c.p.Objects[e] = o
	c.used[o] = true
	return o
}

// unknown reports an unknown name at its first place in the module, and adds further places to that
// error.
func (c *checker) unknown(e *syntax.Name) {
	if c.known(e) {
		return
	}
	if f := c.module.fileOf(e.At.File); f != nil && f.LostImport && slices.Contains(c.std, e.Name) {
		return
	}
	if c.again(e.Name, e.At) {
		return
	}
	d := c.list.Errorf(diag.UnknownName, e.At, "unknown name `%s`", e.Name)
	c.unknowns[e.Name] = d
	if !c.searches() {
		d.Hint(declareIt)
		return
	}
	if c.elsewhere(d, e.At, e.Name, c.textual[e]) {
		return
	}
	c.suggest(d, e.At, e.Name, c.scope.visible())
	if c.textual[e] && len(d.Edits) == 0 {
		d.Help = nil
		d.Hint("declare it, or write it in quotes if it is a string: `\"%s\"`", e.Name)
	}
}

const declareIt = "declare it, or import the module that declares it"

// searches reports whether to search for what an unknown name may mean. A search looks at all names of
// the module, so only the first errors have one: else many errors would take quadratic time.
func (c *checker) searches() bool {
	const most = 100
	c.searched++
	return c.searched <= most
}

// again reports whether an unknown name was already reported in the module, and adds the place to
// that error.
func (c *checker) again(name string, at source.Span) bool {
	const shown = 3
	d := c.unknowns[name]
	if d != nil && len(d.Labels) < shown && d.Span != at {
		d.See(at, "also used here")
	}
	return d != nil
}

// platformNames are the parts of the image's platform that Dockerfiles have as variables.
var platformNames = map[string]string{
	"TARGETOS": "platform.os", "TARGETARCH": "platform.arch", "TARGETVARIANT": "platform.variant",
}

// suggest adds "did you mean" for an unknown name, or the import that would declare it.
func (c *checker) suggest(d *diag.Diagnostic, at source.Span, name string, known []string) {
	if slices.Contains(c.std, name) {
		d.Hint("import it: `import \"std/%s\"`", name)
		if f := c.module.fileOf(at.File); f != nil {
			d.Fix(f.NewImport("std/" + name))
		}
		return
	}
	if part := platformNames[name]; part != "" {
		d.Hint("write `%s`: only runs have the variable $%s", part, name).Fix(at, part)
		return
	}
	if member := c.memberNamed(name); member != "" {
		d.Hint("did you mean `%s`?", member).Fix(at, member)
		return
	}
	if near := diag.Nearest(name, append(known, Dotted()...)); near != "" {
		d.Hint("did you mean `%s`?", near).Fix(at, near)
		return
	}
	d.Hint(declareIt)
}

// memberNamed finds a name in the file's imports: "java.jdk" for jdk.
func (c *checker) memberNamed(name string) string {
	var found []string
	for s := c.scope; s != nil; s = s.outer {
		for n, o := range s.names {
			if i, ok := o.(*Import); ok && i.Module != nil && !strings.HasPrefix(name, "_") && i.Module.Scope[name] != nil {
				found = append(found, n+"."+name)
			}
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

// Dotted returns the predeclared names that are members of others, such as os.packages, sorted.
func Dotted() []string {
	var all []string
	for n := range universe {
		if strings.Contains(n, ".") {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all
}

// objectType returns the type of a name as a value.
func (c *checker) objectType(o Object, at source.Span) *Type {
	switch o := o.(type) {
	case *Component, *Slot:
		return componentType
	case *Var:
		return o.Type
	case *Param:
		return c.paramType(o)
	case *Let:
		return c.letType(o)
	case *Predeclared:
		if o.Type != nil {
			return o.Type
		}
		c.list.Errorf(diag.NotAValue, at, "`%s` is not a value", o.Name).
			Hint("write one of its members, such as `%s.%s`", o.Name, members(o.Name)[0])
	case *User:
		return stringType
	case *Import:
		return c.namesake(o, at)
	}
	return invalidType
}

// members returns the members of a predeclared name.
func members(name string) []string {
	var all []string
	for n := range universe {
		if member, ok := strings.CutPrefix(n, name+"."); ok {
			all = append(all, member)
		}
	}
	slices.Sort(all)
	return all
}

// Namesake returns the declaration that a module's name stands for, or nil.
func (o *Import) Namesake() Object {
	if o.Module == nil {
		return nil
	}
	switch n := o.Module.Scope[o.Module.Name].(type) {
	case *Component, *Slot:
		return n
	}
	return nil
}

// namesake returns the type of a module's name as a value.
func (c *checker) namesake(o *Import, at source.Span) *Type {
	if o.Module == nil {
		return invalidType
	}
	if o.Namesake() != nil {
		return componentType
	}
	d := c.list.Errorf(diag.NotAValue, at, "`%s` is a module, not a value", o.Ident().Name).
		Note("the module does not declare a component or slot named `%s`", o.Module.Name)
	switch all := o.Module.instances(); {
	case len(all) == 1:
		member := o.Ident().Name + "." + all[0]
		d.Hint("write `%s`", member).Fix(at, member)
	case len(all) > 1:
		d.Hint("write one of its declarations, such as `%s.%s`", o.Ident().Name, all[0])
	default:
		d.Hint("run `layc doc %s` to list its declarations", o.Module.Path)
	}
	return invalidType
}

// instances returns the names of the module's public components and slots, sorted, components first.
func (m *Module) instances() []string {
	var components, slots []string
	for _, n := range slices.Sorted(maps.Keys(m.Scope)) {
		switch m.Scope[n].(type) {
		case *Component:
			components = append(components, n)
		case *Slot:
			slots = append(slots, n)
		}
	}
	return slices.DeleteFunc(append(components, slots...), func(n string) bool { return n[0] == '_' })
}
