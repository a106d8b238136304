// Package load reads the modules of a program: the module that layc was
// pointed at and all that it imports, parsed, in dependency order.
//
// A module is a directory; its files are those that end in ".layer", in the
// order of their names. An import is "std/NAME" (embedded in layc) or a
// relative directory ("./web", "../shared"), which must lie within the
// project.
package load

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// MaxModules bounds the modules of one program, so that no import tree
// exhausts memory.
const MaxModules = 1000

// Input is where modules are read from.
type Input struct {
	Project fs.FS  // the project: the module that is compiled and its relative imports
	Dir     string // the module within Project, slash-separated; "." for its root
	Std     fs.FS  // the standard library: "std/java" is the directory java
}

// Module is one parsed module.
type Module struct {
	Path    string // "std/java", or the directory within the project ("." for its root)
	Name    string // the last element of Path, by which importers call it
	Std     bool
	Files   []*syntax.File
	Imports map[*syntax.Import]*Module // of all files; an import that failed is absent
}

// Dir is the module's directory within the project, to which its relative
// paths refer. A module of the standard library has none.
func (m *Module) Dir() (string, bool) { return m.Path, !m.Std }

// Program is a module and all that it imports.
type Program struct {
	Root    *Module
	Modules []*Module // imported modules before their importers; Root is last
	Std     []string  // names of the standard modules, imported or not, sorted
}

// Load reads and parses a program. The program is usable, as far as it could
// be read, even if there are errors; it is nil only when the root module has
// no file at all.
func Load(in Input) (*Program, diag.List) {
	l := &loader{in: in, modules: map[string]*Module{}}
	root := l.module(in.Dir, false, nil)
	if root == nil {
		if !l.list.HasErrors() {
			l.list.Errorf("E0100", source.Span{}, "no .layer file in this directory").
				Note("a module is a directory with files that end in .layer").
				Hint("go to the directory of your module, or name it with -C DIR")
		}
		return nil, l.list
	}
	return &Program{Root: root, Modules: l.done, Std: stdNames(in.Std)}, l.list
}

type loader struct {
	in      Input
	modules map[string]*Module
	active  []*active // the chain of imports that is being followed
	done    []*Module
	list    diag.List
}

// active is a module whose imports are being read, and the import that led
// on from it.
type active struct {
	module *Module
	via    *syntax.Import
}

// module returns the module in dir, or nil if it could not be read; imp is
// the import that asks for it, nil for the root.
func (l *loader) module(dir string, std bool, imp *syntax.Import) *Module {
	key := dir
	if std {
		key = "std/" + dir
	}
	if m, ok := l.modules[key]; ok {
		return m
	}
	if len(l.modules) >= MaxModules {
		l.list.Errorf("E0105", span(imp), "more than %d modules", MaxModules).
			Hint("join small modules: a module may have many files")
		return nil
	}
	m := &Module{Path: key, Name: path.Base(key), Std: std, Imports: map[*syntax.Import]*Module{}}
	l.modules[key] = m
	l.files(m, dir, imp)
	if len(m.Files) == 0 {
		delete(l.modules, key)
		return nil
	}
	a := &active{module: m}
	l.active = append(l.active, a)
	for _, f := range m.Files {
		for _, i := range f.Imports {
			a.via = i
			if to := l.resolve(m, dir, i); to != nil {
				m.Imports[i] = to
			}
		}
	}
	l.active = l.active[:len(l.active)-1]
	l.done = append(l.done, m)
	return m
}

// files parses the .layer files of a directory.
func (l *loader) files(m *Module, dir string, imp *syntax.Import) {
	fsys := l.in.Project
	if m.Std {
		fsys = l.in.Std
	}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil && imp == nil {
		l.list.Errorf("E0100", source.Span{}, "cannot read the directory: %s", reason(err)).
			Hint("name the directory of a module with -C DIR")
		return
	}
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".layer") {
			continue
		}
		name := path.Join(dir, e.Name())
		text, err := fs.ReadFile(fsys, name)
		if m.Std {
			name = "std/" + name
		}
		if err != nil {
			l.list.Errorf("E0101", source.Span{File: source.New(name, "")}, "cannot read %s: %s", name, reason(err))
			continue
		}
		f, found := syntax.Parse(source.New(name, string(text)))
		l.list = append(l.list, found...)
		m.Files = append(m.Files, f)
	}
}

// resolve returns the module that an import of module m, in dir, names.
func (l *loader) resolve(m *Module, dir string, i *syntax.Import) *Module {
	text, ok := i.Path.Literal()
	if !ok || text == "" {
		return nil // the parser has said so
	}
	if name, ok := strings.CutPrefix(text, "std/"); ok {
		return l.importStd(m, name, i)
	}
	if !strings.HasPrefix(text, "./") && !strings.HasPrefix(text, "../") {
		d := l.list.Errorf("E0102", i.Path.At, "cannot import %q", text).
			Note(`an import is "std/NAME" or a relative directory such as "./web"`)
		if _, err := fs.Stat(l.in.Std, path.Clean(text)); err == nil && fs.ValidPath(text) {
			d.Hint("write \"std/%s\" for the module of the standard library", text).Fix(i.Path.At, `"std/`+text+`"`)
		} else {
			d.Hint("write %q for the directory beside this module", "./"+text)
		}
		return nil
	}
	target := path.Join(dir, text)
	if m.Std || target == ".." || strings.HasPrefix(target, "../") {
		l.list.Errorf("E0103", i.Path.At, "%q is outside the project", text).
			Note("modules are imported from within the project's directory only").
			Hint("move the module into the project")
		return nil
	}
	return l.follow(target, false, i)
}

func (l *loader) importStd(m *Module, name string, i *syntax.Import) *Module {
	known := stdNames(l.in.Std)
	if !slices.Contains(known, name) {
		d := l.list.Errorf("E0102", i.Path.At, "the standard library has no module %q", name)
		if near := diag.Nearest(name, known); near != "" {
			d.Hint("did you mean \"std/%s\"?", near).Fix(i.Path.At, `"std/`+near+`"`)
		} else {
			d.Hint("it has %s", strings.Join(known, ", "))
		}
		return nil
	}
	return l.follow(name, true, i)
}

// follow imports a directory and reports a missing module or an import cycle.
func (l *loader) follow(dir string, std bool, i *syntax.Import) *Module {
	to := l.module(dir, std, i)
	if to == nil {
		l.list.Errorf("E0102", i.Path.At, "no module in %q", dir).
			Note("a module is a directory with files that end in .layer")
		return nil
	}
	at := slices.IndexFunc(l.active, func(a *active) bool { return a.module == to })
	if at < 0 {
		return to
	}
	d := l.list.Errorf("E0104", i.Path.At, "import cycle: %s", l.cycle(at)).
		Note("modules are evaluated after what they import, so imports cannot go round").
		Hint("move what both modules need into a third one")
	for _, a := range l.active[at:] {
		if a.via != i {
			d.See(a.via.At, "%s imports %s", a.module.Path, importPath(a.via))
		}
	}
	return nil
}

func (l *loader) cycle(at int) string {
	var names []string
	for _, a := range l.active[at:] {
		names = append(names, a.module.Path)
	}
	return strings.Join(append(names, names[0]), " → ")
}

func importPath(i *syntax.Import) string { s, _ := i.Path.Literal(); return s }

func stdNames(std fs.FS) []string {
	entries, _ := fs.ReadDir(std, ".")
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

func span(i *syntax.Import) source.Span {
	if i == nil {
		return source.Span{}
	}
	return i.At
}

// reason is the part of a file error that a person wants: not the operation,
// not the path again.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
