package workspace

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
	"github.com/layc-lang/layc/stdlib"
)

// Analysis is what the compiler says about a root for one state of its files. It computes each stage
// once, when it is first asked for. It is safe for concurrent use.
type Analysis struct {
	Root    string
	input   compiler.Input
	modules modules
	source  Source
	docs    map[string]*Document // open ones, by path
	only    *Document            // of a root that is a document
	std     bool                 // the root is the directory of the standard library
	opened  bool                 // a document is open in it
	ctx     context.Context
	cancel  context.CancelFunc

	checked, bound func() (*compiler.Output, diag.List)

	planning chan struct{} // held while a plan is searched, or read
	planned  bool
	plan     *compiler.Output

	program atomic.Pointer[load.Program]    // the newest one that is known, here or before
	known   atomic.Pointer[compiler.Output] // bound without errors
	places  map[*source.File]string         // once checked
}

// newAnalysis returns the analysis of a root of the current view. old is the one before it, or nil.
func newAnalysis(w *Workspace, root string, old *Analysis) *Analysis {
	a := &Analysis{Root: root, source: w.source, docs: w.view.paths, opened: slices.ContainsFunc(slices.Collect(maps.Keys(w.view.docs)), func(uri string) bool { return w.view.RootOf(uri) == root })}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	if old != nil {
		a.program.Store(old.program.Load())
	}
	var project fs.FS
	if d := w.view.docs[root]; d != nil && d.path == "" {
		a.only = d
		project = overlay{nothing{}, map[string]string{onlyName: d.Text}}
	} else if w.std() == root {
		a.std = true
		project = overlay{nothing{}, map[string]string{onlyName: allOfStd()}}
	} else {
		project = w.files(root)
		a.modules = w.repositories(root, project)
	}
	a.input = compiler.Input{
		Project: project, Dir: ".", Name: root, Modules: a.modules.fetched,
		Platform: w.source.Platform, Done: a.ctx.Done(),
	}
	a.checked, a.bound, a.planning = sync.OnceValues(a.check), sync.OnceValues(a.bind), make(chan struct{}, 1)
	return a
}

// onlyName is the name of the file in a root that is a document or the standard library.
const onlyName = "untitled.layer"

// allOfStd returns a file that imports all standard modules. An open file of the standard library is
// seen as others see it: in a program with all of the library. The errors of that program do not concern
// the library.
func allOfStd() string {
	text := ""
	dirs, _ := stdlib.FS.ReadDir(".") // embedded files can be read
	for _, d := range dirs {
		text += fmt.Sprintf("import \"std/%s\"\n", d.Name())
	}
	return text
}

// Superseded reports whether the workspace has a newer analysis of the root.
func (a *Analysis) Superseded() bool { return a.ctx.Err() != nil }

// Checked returns the checked program, and what was found up to then. Its program can be nil.
func (a *Analysis) Checked() (*compiler.Output, diag.List) { return a.checked() }

func (a *Analysis) check() (*compiler.Output, diag.List) {
	in := a.input
	in.Before = a.program.Load()
	out, list := compiler.Compile(in, compiler.Checked)
	a.locate(out.Program)
	a.program.Store(out.Program)
	if a.std {
		list = nil
	}
	return out, list
}

// Bound returns the program as far as it can be compiled without a plan, and all that was found. If
// the analysis is superseded meanwhile, the result means nothing.
func (a *Analysis) Bound() (*compiler.Output, diag.List) { return a.bound() }

func (a *Analysis) bind() (*compiler.Output, diag.List) {
	out, list := a.Checked()
	if out.Checked == nil || list.HasErrors() || a.std {
		return out, list
	}
	full := *out
	found := full.Proceed(a.input, compiler.Bound)
	if !found.HasErrors() && !a.Superseded() {
		a.known.Store(&full)
	}
	return &full, slices.Concat(list, found)
}

// Known returns the bound program if it is known already and has no errors, else nil.
func (a *Analysis) Known() *compiler.Output { return a.known.Load() }

// Planned returns the program with its plan; nil if it has errors, or if done is closed before there
// is a plan.
func (a *Analysis) Planned(done <-chan struct{}) *compiler.Output {
	select {
	case a.planning <- struct{}{}:
	case <-done:
		return nil
	}
	defer func() { <-a.planning }()
	if a.planned {
		return a.plan
	}
	out, list := a.Bound()
	if list.HasErrors() || out.Checked == nil || !out.HasApps() || a.Superseded() {
		return nil
	}
	full := *out
	full.Targets = nil
	for _, t := range out.Targets {
		own := *t
		full.Targets = append(full.Targets, &own)
	}
	ctx, cancel := context.WithCancel(a.ctx)
	defer cancel()
	go func() {
		select {
		case <-done:
			cancel()
		case <-ctx.Done():
		}
	}()
	in := a.input
	in.Done = ctx.Done()
	full.Proceed(in, compiler.Planned)
	if ctx.Err() != nil {
		return nil
	}
	if a.planned = true; full.Plan != nil {
		a.plan = &full
	}
	return a.plan
}

// Edited returns the program with other texts of some files of the project, compiled up to a stage, and
// what was found.
func (a *Analysis) Edited(texts map[string]string, to compiler.Stage) (*compiler.Output, diag.List) {
	in := a.input
	in.Project, in.Before = overlay{in.Project, texts}, a.program.Load()
	return compiler.Compile(in, to)
}

// locate records where the files of the program are.
func (a *Analysis) locate(p *load.Program) {
	a.places = map[*source.File]string{}
	if p == nil {
		return
	}
	for _, m := range p.Modules {
		for _, f := range m.Files {
			a.places[f.Source] = a.place(m, f.Source.Name())
		}
	}
}

// place returns the path of a module's file; "" if there is none.
func (a *Analysis) place(m *load.Module, name string) string {
	switch {
	case m.Std:
		if dir, err := a.source.Std(); err == nil {
			return path.Join(dir, strings.TrimPrefix(name, "std/"))
		}
	case m.Git != load.Repository{}:
		if a.modules.pins == nil {
			return ""
		}
		pin, ok := a.modules.pins.Module(m.Git.URL, m.Git.Version)
		if dir, found := a.source.Repository(a.Root, pin); ok && found {
			return path.Join(dir, strings.TrimPrefix(name, m.Git.Name()+"@"+m.Git.Version+"/"))
		}
	case a.only == nil && !a.std:
		return path.Join(a.Root, name)
	}
	return ""
}

// URI returns the URI of a file of the program; "" if there is none.
func (a *Analysis) URI(f *source.File) string {
	if a.only != nil && f.Name() == onlyName {
		return a.only.URI
	}
	name, known := a.places[f]
	if !known { // the lock file, or a file that cannot be read
		name = path.Join(a.Root, f.Name())
	}
	if name == "" {
		return ""
	}
	if d := a.docs[name]; d != nil {
		return d.URI
	}
	return URI(name)
}

// Version returns the version of an open document in this analysis.
func (a *Analysis) Version(uri string) (int, bool) {
	if a.only != nil {
		return a.only.Version, uri == a.only.URI
	}
	name, _ := Path(uri)
	if d := a.docs[name]; d != nil {
		return d.Version, true
	}
	return 0, false
}

// Editable reports whether a file is the project's own.
func (a *Analysis) Editable(f *source.File) bool {
	return slices.ContainsFunc(a.Own(), func(own *syntax.File) bool { return own.Source == f })
}

// File returns the module and the tree of a file of the program by its URI; nil if it has none.
func (a *Analysis) File(uri string) (*check.Module, *syntax.File) {
	out, _ := a.Checked()
	if out.Checked == nil {
		return nil, nil
	}
	name, isFile := Path(uri)
	for _, m := range out.Checked.Modules {
		for _, f := range m.Files {
			if at := a.URI(f.Source); at == uri || isFile && a.only == nil && a.places[f.Source] == name {
				return m, f
			}
		}
	}
	return nil, nil
}

// Own returns the files of the project, in order.
func (a *Analysis) Own() []*syntax.File {
	out, _ := a.Checked()
	if out.Program == nil || a.std {
		return nil
	}
	var all []*syntax.File
	for _, m := range slices.Backward(out.Program.Modules) {
		if !m.Std && (m.Git == load.Repository{}) {
			all = append(all, m.Files...)
		}
	}
	return all
}

// Lock returns the lock file; never nil.
func (a *Analysis) Lock() *lock.File { return cmp.Or(a.modules.pins, &lock.File{}) }

// Project returns the root's files as the editor has them.
func (a *Analysis) Project() fs.FS { return a.input.Project }
