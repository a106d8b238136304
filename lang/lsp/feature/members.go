package feature

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
	"github.com/layc-lang/layc/stdlib"
)

// unimported proposes modules that the file does not import yet, with their import, and the components
// and slots of those.
func (x *completion) unimported() {
	known := map[string]bool{}
	for _, v := range x.Out.Checked.Visible(x.File.Source, x.Offset) {
		known[v.Name] = true
	}
	for _, m := range x.importable() {
		name := load.ImportName(m)
		if known[name] || !identifier(name) {
			continue
		}
		known[name] = true
		o := Proposal{Label: name, Kind: KindModule, Detail: "import " + strconv.Quote(m), Also: []Edit{x.Place.importEdit(m)}}
		fit := 3 // of a module whose name is a component comes first
		for _, member := range x.declared(m) {
			if member == name {
				fit = 5
				continue
			}
			qualified := o
			qualified.Label, qualified.Kind = name+"."+member, KindComponent
			x.add(4, qualified)
		}
		x.add(fit, o)
	}
}

// declared returns the public components and slots that a module declares, without checking it; none if
// it is in a repository.
func (x *completion) declared(module string) []string {
	files, dir := fs.FS(stdlib.FS), strings.TrimPrefix(module, "std/")
	if dir == module {
		own, ok := x.Module.Dir()
		if !ok || !strings.HasPrefix(module, ".") {
			return nil
		}
		files, dir = x.Analysis.Project(), path.Join(own, module)
	}
	var all []string
	names, _ := fs.Glob(files, path.Join(dir, "*.layer"))
	for _, n := range names {
		text, _ := fs.ReadFile(files, n)
		tree, _ := syntax.Parse(source.New(n, string(text)))
		for _, d := range tree.Decls {
			var name string
			switch d := d.(type) {
			case *syntax.Component:
				name = d.Name.Name
			case *syntax.Slot:
				name = d.Name.Name
			}
			if name != "" && name[0] != '_' {
				all = append(all, name)
			}
		}
	}
	return all
}

// qualified proposes the components or slots of an imported module.
func (x *completion) qualified(name string, m *check.Module, want string, fit int) {
	for _, member := range sortedNames(m.Scope) {
		o := m.Scope[member]
		if strings.HasPrefix(member, "_") || !fitsType(o, nil, want) && want != "" {
			continue
		}
		if _, component := o.(*check.Component); !component && want == "" {
			continue
		}
		p := x.proposal(name+"."+member, o)
		x.add(fit-1, p)
	}
}

func sortedNames(scope map[string]check.Object) []string {
	names := make([]string, 0, len(scope))
	for n := range scope {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// members proposes what can follow a dot.
func (x *completion) members() {
	o := x.objectOf(x.member)
	want := x.wanted()
	if o == nil && len(x.member) == 1 {
		x.membersToImport(x.of(x.member[0]), want)
		return
	}
	called := len(x.rest) > 0 && x.rest[0].Kind == syntax.LParen
	fit := func(o check.Object) int {
		f := 10
		if want != "" && fitsType(o, typeOf(o), want) {
			f += 20
		}
		if c, ok := o.(*check.Component); ok && called && len(c.Params) > 0 && x.suitsArguments(c) {
			f += 20
		}
		return f
	}
	switch o := o.(type) {
	case *check.Import:
		if o.Module == nil {
			return
		}
		for _, name := range sortedNames(o.Module.Scope) {
			if !strings.HasPrefix(name, "_") {
				x.add(fit(o.Module.Scope[name]), x.proposal(name, o.Module.Scope[name]))
			}
		}
	case *check.Predeclared:
		for _, m := range o.Members() {
			p := x.proposal(m.Name, m.Object)
			if m.Name == "packages" && len(x.rest) == 0 {
				p.Insert, p.Snippet = `packages("${1}")`, true
			}
			x.add(fit(m.Object), p)
		}
	default:
		if t := x.typeOfChain(x.member); t != nil {
			for _, f := range t.Fields {
				x.add(10, Proposal{Label: f.Name, Kind: KindValue, Detail: f.Type.String()})
			}
		}
	}
}

// membersToImport proposes the members of the modules that a name would mean if the file imported
// them, with their import.
func (x *completion) membersToImport(name, want string) {
	for _, m := range x.toImport(name) {
		for _, member := range sortedNames(m.module.Scope) {
			o := m.module.Scope[member]
			if strings.HasPrefix(member, "_") || want != "" && !fitsType(o, typeOf(o), want) {
				continue
			}
			p := x.proposal(member, o)
			p.Also = []Edit{m.edit}
			x.add(10, p)
		}
	}
}

// named is a module that a name would mean after an edit.
type named struct {
	module *check.Module
	edit   Edit
}

// toImport returns the modules that a name would mean if the file imported them.
func (p *Place) toImport(name string) []named {
	var all []named
	for _, path := range p.importable() {
		if load.ImportName(path) != name {
			continue
		}
		edit := p.importEdit(path)
		out, _ := p.Analysis.Edited(edited([]Edit{edit}), compiler.Checked)
		if i := importedAs(out.Checked, p.File.Source.Name(), name); i != nil && i.Module != nil {
			all = append(all, named{i.Module, edit})
		}
	}
	return all
}

// Member is a component or a slot of a module, by its qualified name, with the edits that name it.
type Member struct {
	Name  string
	Edits []Edit
}

// Members returns what the name of a module at a span can be qualified to, if the module does not
// declare what has its own name. The edits import the module if need be.
func Members(p *Place, at source.Span) []Member {
	name := at.Text()
	modules := p.toImport(name)
	if i := importedAs(p.Out.Checked, p.File.Source.Name(), name); i != nil {
		modules = []named{{module: i.Module}}
	}
	var all []Member
	for _, m := range modules {
		if m.module == nil || (&check.Import{Module: m.module}).Namesake() != nil {
			continue
		}
		for _, member := range sortedNames(m.module.Scope) {
			if strings.HasPrefix(member, "_") || !fitsType(m.module.Scope[member], nil, "component") {
				continue
			}
			edits := []Edit{{Span: at, New: name + "." + member}}
			if m.edit.New != "" {
				edits = append(edits, m.edit)
			}
			all = append(all, Member{name + "." + member, edits})
		}
	}
	return all
}

// importedAs returns what the file with a name imports under another name, or nil.
func importedAs(p *check.Program, file, name string) *check.Import {
	if p == nil {
		return nil
	}
	for _, m := range p.Modules {
		for _, f := range m.Files {
			if f.Source.Name() != file {
				continue
			}
			for _, v := range p.Visible(f.Source, 0) {
				if i, ok := v.Object.(*check.Import); ok && v.Name == name {
					return i
				}
			}
		}
	}
	return nil
}
