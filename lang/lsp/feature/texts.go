package feature

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// text adds a string as a literal: with quotes, unless the cursor is between quotes.
func (x *completion) text(value string, fit int, kind Kind, detail string) {
	literal, ok := syntax.Quote(value)
	if !ok {
		return
	}
	if x.quoted {
		literal = literal[1 : len(literal)-1]
	}
	x.add(fit, Proposal{Label: literal, Kind: kind, Detail: detail})
}

// strings proposes strings: files, platforms, packages.
func (x *completion) strings(quoted bool) {
	if x.patterns() {
		return
	}
	if x.packagesCalled() {
		x.packages()
		return
	}
	if x.callee != nil && x.calledComponent() == nil || !x.value && !quoted {
		return
	}
	key := x.key()
	switch {
	case key == "platforms":
		for n, arch := range check.Architectures {
			x.text("linux/"+arch, 40-n, KindWord, "")
		}
	case (key == "copy" || key == "bind") && !x.hasWord("from") || key == "layout" || key == "repository key" || (x.callee != nil || x.place == 0) && x.wanted() == "path":
		x.files()
	case key == "user":
		x.text("root", 5, KindUser, "")
	}
}

// files proposes files of the module's directory: those first that no copy names yet, and that are
// where the neighbours of the clause take theirs from.
func (x *completion) files() {
	dir, ok := x.Module.Dir()
	if !ok {
		return
	}
	near := map[string]int{}
	named := map[string]bool{}
	for _, f := range x.Module.Files {
		for _, d := range f.Decls {
			inside := d.Span().Start <= x.Offset && x.Offset <= d.Span().End && f == x.File
			syntax.Inspect(d, func(n syntax.Node) bool {
				if s, ok := n.(*syntax.String); ok {
					if text, ok := s.Literal(); ok && text != "" && s.At != x.at {
						named[strings.TrimSuffix(text, "/")] = true
						switch {
						case inside:
							near[path.Dir(text)] = 20
						case f == x.File:
							near[path.Dir(text)] = max(10, near[path.Dir(text)])
						}
					}
				}
				return true
			})
		}
	}
	const mostVisited = 5000
	visited := 0
	_ = fs.WalkDir(x.Out.Files, dir, func(name string, d fs.DirEntry, err error) error {
		visited++
		rel := strings.TrimPrefix(name, dir+"/")
		switch {
		case visited > mostVisited:
			return fs.SkipAll
		case err != nil:
			return nil
		case d.IsDir() && name != dir && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return fs.SkipDir
		case name == dir || strings.HasSuffix(name, ".layer") || path.Base(name) == "layc.lock":
			return nil
		}
		fit := 60 - 2*strings.Count(rel, "/")
		for above := rel; above != "."; above = path.Dir(above) {
			if named[above] {
				fit -= 30
				break
			}
		}
		fit += near[path.Dir(rel)]
		for _, part := range strings.Split(x.name, "_") {
			if slices.ContainsFunc(strings.Split(rel, "/"), func(e string) bool { return strings.TrimSuffix(e, path.Ext(e)) == part }) {
				fit += 15
				break
			}
		}
		detail := ""
		if d.IsDir() {
			fit -= 5
			detail = "directory"
		}
		x.text(rel, fit, KindFile, detail)
		return nil
	})
}

// packagesCalled reports whether the cursor is in the arguments of os.packages.
func (x *completion) packagesCalled() bool {
	return len(x.callee) == 3 && x.of(x.callee[0]) == "os" && x.of(x.callee[2]) == "packages"
}

// packages proposes the packages that the lock file pins: those first that the program names.
func (x *completion) packages() {
	named := map[string]bool{}
	for _, m := range x.Out.Checked.Modules {
		for _, f := range m.Files {
			for _, d := range f.Decls {
				syntax.Inspect(d, func(n syntax.Node) bool {
					if call, ok := n.(*syntax.Call); ok {
						if o, ok := x.Out.Checked.Callee(call.Fun).(*check.Predeclared); ok && o.Name == "os.packages" {
							for _, a := range call.Args {
								if s, ok := a.Value.(*syntax.String); ok {
									text, _ := s.Literal()
									named[text] = true
								}
							}
						}
					}
					return true
				})
			}
		}
	}
	needed := map[string]bool{}
	lock := x.Analysis.Lock()
	for _, p := range lock.Packages {
		for _, n := range p.Needs {
			needed[n] = true
		}
	}
	for _, p := range lock.Packages {
		fit := 20
		switch {
		case named[p.Name]:
			fit = 40
		case !needed[p.Name]:
			fit = 30
		case p.Minimal:
			fit = 10
		}
		x.text(p.Name, fit, KindPackage, p.Version)
	}
}

// imports proposes modules: standard ones, directories of the project, and pinned repositories.
func (x *completion) imports(quotes bool) {
	x.quoted = !quotes
	taken := map[string]bool{}
	for _, i := range x.File.Imports {
		if text, ok := i.Path.Literal(); ok && !(i.Path.At.Start <= x.Offset && x.Offset <= i.Path.At.End) {
			taken[text] = true
		}
	}
	for n, name := range x.importable() {
		if !taken[name] {
			x.text(name, 100-n, KindModule, "")
		}
	}
}

// importable returns the paths of all modules that a file can import: directories of the project,
// pinned repositories, and standard ones.
func (p *Place) importable() []string {
	var all []string
	dir, ok := p.Module.Dir()
	if ok && (p.Module.Git == load.Repository{}) {
		for _, m := range moduleDirs(p.Analysis.Project(), dir) {
			all = append(all, "./"+m)
		}
		if up := path.Dir(dir); dir != "." {
			for _, m := range moduleDirs(p.Analysis.Project(), up) {
				if path.Join(up, m) != dir {
					all = append(all, "../"+m)
				}
			}
		}
	}
	for _, m := range p.Analysis.Lock().Modules {
		all = append(all, load.Repository{URL: m.URL, Version: m.Version}.String())
	}
	for _, name := range p.Out.Program.Std {
		all = append(all, "std/"+name)
	}
	return all
}

// importEdit returns the edit that imports a module.
func (p *Place) importEdit(module string) Edit {
	at, text := p.File.NewImport(module)
	return Edit{Span: at, New: text}
}

// MissingImports returns the imports that would give a meaning to the unknown name at a span, with
// their edits. It leaves out the standard modules, which the checker knows.
func MissingImports(p *Place, at source.Span) map[string]Edit {
	all := map[string]Edit{}
	for _, m := range p.importable() {
		if load.ImportName(m) == at.Text() && !strings.HasPrefix(m, "std/") {
			if e := p.importEdit(m); Explains(p, at, e) {
				all[m] = e
			}
		}
	}
	return all
}

// Explains reports whether an import, inserted above an unknown name, gives a meaning to it and to the
// member that follows it.
func Explains(p *Place, at source.Span, insert diag.Edit) bool {
	_, list := p.Analysis.Edited(map[string]string{at.File.Name(): diag.Apply(at.File, []diag.Edit{insert})}, compiler.Checked)
	start := at.Start + len(insert.New)
	end := start + len(at.Text()) + len(".")
	return !slices.ContainsFunc(list, func(d *diag.Diagnostic) bool {
		return (d.Code == diag.UnknownName || d.Code == diag.NotAValue) && d.Span.File.Name() == at.File.Name() && start <= d.Span.Start && d.Span.Start <= end
	})
}

// Takes reports whether the place of a name takes the value of another name, which edits write there.
func Takes(p *Place, at source.Span, name string, edits []Edit) bool {
	_, list := p.Analysis.Edited(edited(edits), compiler.Checked)
	start := at.Start
	for _, e := range edits {
		if e.Span.Start < at.Start {
			start += len(e.New) - (e.Span.End - e.Span.Start)
		}
	}
	return !slices.ContainsFunc(list, func(d *diag.Diagnostic) bool {
		return d.Code == diag.WrongType && d.Span.File.Name() == at.File.Name() && d.Span.Start <= start && start+len(name) <= d.Span.End
	})
}

// moduleDirs returns the modules in the directories beneath one, two levels deep.
func moduleDirs(files fs.FS, dir string) []string {
	var all []string
	for _, pattern := range []string{"*/*.layer", "*/*/*.layer"} {
		names, _ := fs.Glob(files, path.Join(dir, pattern))
		for _, n := range names {
			all = append(all, strings.TrimPrefix(path.Dir(n), strings.TrimPrefix(dir+"/", "./")))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func secretsOf(p *check.Program) []string {
	var all []string
	if p.Fleet == nil {
		return nil
	}
	syntax.Inspect(p.Fleet, func(n syntax.Node) bool {
		if s, ok := n.(*syntax.Clause); ok && s.Word.Name == "secret" && len(s.Args) == 1 {
			if name, ok := s.Args[0].(*syntax.Name); ok {
				all = append(all, name.Name)
			}
		}
		return true
	})
	return all
}
