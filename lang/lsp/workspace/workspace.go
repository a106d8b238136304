// Package workspace knows the documents that an editor has open, the modules that they are in, and
// what the compiler says about these.
//
// A [Workspace] changes, and belongs to one goroutine. A [View] is its state at one time and never
// changes, so a request is answered from the texts that it was made for. A view has an [Analysis] for
// each root: a directory with a module that layc would be run on, or a document that is not a file.
// Roots have open documents, or are in the folders that the editor has open.
//
// The standard library is one root. Any other directory's root is the topmost module above it that
// imports it, directly or not, within the folders that the editor has open; without one, it is its own
// root.
package workspace

import (
	"context"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/load"
)

// Source is where a workspace finds what is not open.
type Source struct {
	// Files returns the files of a directory.
	Files func(dir string) fs.FS
	// Modules returns the repositories that a lock file of a directory pins, without the network.
	Modules func(ctx context.Context, dir string, pins *lock.File) map[load.Repository]load.Fetched
	// Repository returns the directory with the files of a pinned repository.
	Repository func(dir string, pin lock.Module) (string, bool)
	// Std returns a directory with the files of the standard library.
	Std      func() (string, error)
	Platform model.Platform // where the fleet names none
}

// Document is an open document.
type Document struct {
	URI     string
	Version int
	Text    string
	path    string // "" if it is not a file
}

// Workspace is the state of an editor. The zero value is not usable; see [New].
type Workspace struct {
	source  Source
	folders []string
	view    *View
	found   []string // directories with modules, by Scan
	modules map[string]modules
	reached map[string]map[string]bool // see imports; by directory, until a file in it changes
	edited  map[string]bool            // paths of documents that have changed since the roots were found
}

// modules are the repositories of a root, for one text of its lock file.
type modules struct {
	text    string
	pins    *lock.File
	fetched map[load.Repository]load.Fetched
}

// View is the state of a workspace at one time.
type View struct {
	docs     map[string]*Document // by URI
	paths    map[string]*Document // by path
	roots    map[string]string    // by directory; documents that are not files are their own roots
	analyses map[string]*Analysis // by root
}

// New returns a workspace without documents.
func New(source Source, folders []string) *Workspace {
	w := &Workspace{
		source: source, folders: folders, modules: map[string]modules{}, reached: map[string]map[string]bool{}, edited: map[string]bool{},
		view: &View{docs: map[string]*Document{}, paths: map[string]*Document{}, roots: map[string]string{}, analyses: map[string]*Analysis{}},
	}
	return w
}

// View returns the current state.
func (w *Workspace) View() *View { return w.view }

// SetFolders replaces the directories that the editor has open.
func (w *Workspace) SetFolders(folders []string) { w.folders = folders }

// End ends all analyses, when nobody needs them any more.
func (w *Workspace) End() {
	for _, a := range w.view.analyses {
		a.cancel()
	}
}

// Folders returns the directories that the editor has open.
func (w *Workspace) Folders() []string { return w.folders }

// Open adds a document, or replaces it.
func (w *Workspace) Open(d Document) {
	d.path, _ = Path(d.URI)
	w.put(&d)
	w.forget(d.path)
	w.refresh(w.above(d.path)...)
}

// Change replaces the text of an open document, and analyses all roots that may have its file. Modules
// stay in their roots until [Workspace.Reached] or [Workspace.Refresh].
func (w *Workspace) Change(uri string, version int, text string) {
	old := w.view.docs[uri]
	if old == nil {
		return
	}
	w.put(&Document{URI: uri, Version: version, Text: text, path: old.path})
	w.view.analyses = maps.Clone(w.view.analyses)
	if old.path == "" {
		w.analyse(uri)
		return
	}
	w.edited[old.path] = true
	for _, root := range w.above(old.path) {
		w.analyse(root)
	}
}

// above returns the roots that may have a file: those that it is in, for modules import only what is in
// their root.
func (w *Workspace) above(file string) []string {
	return slices.DeleteFunc(w.view.Roots(), func(root string) bool { return !within(file, root) })
}

// Reached takes note of the modules that a checked analysis has. Modules that it has no longer get
// another root, and those that are new in it may get this one.
func (w *Workspace) Reached(a *Analysis) {
	program := a.program.Load()
	if w.view.analyses[a.Root] != a || a.only != nil || a.std || program == nil {
		return
	}
	now := ownDirs(a.Root, program)
	if maps.Equal(now, w.reached[a.Root]) {
		return
	}
	w.forget(slices.Collect(maps.Keys(w.edited))...)
	clear(w.edited)
	w.reached[a.Root] = now
	if !maps.Equal(w.findRoots(), w.view.roots) {
		w.copy()
		w.refresh()
	}
}

// Close removes a document. Its file counts again.
func (w *Workspace) Close(uri string) {
	d := w.view.docs[uri]
	if d == nil {
		return
	}
	v := w.copy()
	delete(v.docs, uri)
	if v.paths[d.path] == d {
		delete(v.paths, d.path)
	}
	for _, other := range v.Spellings(uri) {
		v.paths[d.path] = other
	}
	w.forget(d.path)
	w.refresh(w.above(d.path)...)
}

// put replaces a document in a new view.
func (w *Workspace) put(d *Document) {
	v := w.copy()
	v.docs[d.URI] = d
	if d.path != "" {
		v.paths[d.path] = d
	}
}

func (w *Workspace) copy() *View {
	v := *w.view
	v.docs, v.paths = maps.Clone(v.docs), maps.Clone(v.paths)
	w.view = &v
	return w.view
}

// Found replaces the directories with modules that are analysed without an open document.
func (w *Workspace) Found(dirs []string) {
	w.copy()
	w.found = dirs
	w.refresh()
}

// Refresh takes note that files have changed on the disk, or documents have been saved: it finds the roots
// of all documents again, and analyses the roots that have one of the files. Without files, it
// analyses all.
func (w *Workspace) Refresh(files ...string) {
	w.copy()
	if len(files) == 0 {
		clear(w.reached)
		w.refresh(slices.Collect(maps.Keys(w.view.analyses))...)
		return
	}
	var changed []string
	for root := range w.view.analyses {
		if slices.ContainsFunc(files, func(f string) bool { return within(f, root) }) {
			changed = append(changed, root)
		}
	}
	w.forget(files...)
	w.refresh(changed...)
}

// forget drops what is known about the imports of the directories with files.
func (w *Workspace) forget(files ...string) {
	maps.DeleteFunc(w.reached, func(dir string, _ map[string]bool) bool {
		return slices.ContainsFunc(files, func(f string) bool { return within(f, dir) })
	})
}

// refresh finds the roots, and analyses changed ones, those with open documents, and those that are new.
// It completes a copy of the view.
func (w *Workspace) refresh(changed ...string) {
	v := w.view
	v.roots = w.findRoots()
	before := v.analyses
	v.analyses = map[string]*Analysis{}
	for uri := range v.docs {
		root := v.RootOf(uri)
		if v.analyses[root] == nil {
			v.analyses[root] = before[root]
			w.analyse(root)
		}
	}
	for _, dir := range w.found {
		root := v.roots[dir]
		if v.analyses[root] != nil {
			continue
		}
		if v.analyses[root] = before[root]; before[root] == nil || before[root].opened || slices.Contains(changed, root) {
			w.analyse(root)
		}
	}
	for root, a := range before {
		if v.analyses[root] == nil {
			a.cancel()
		}
	}
	maps.DeleteFunc(w.modules, func(root string, _ modules) bool { return v.analyses[root] == nil })
}

// findRoots returns the roots of the directories with documents, and of those that were found.
func (w *Workspace) findRoots() map[string]string {
	roots := map[string]string{}
	for p := range w.view.paths {
		roots[path.Dir(p)] = ""
	}
	for _, dir := range w.found {
		roots[dir] = ""
	}
	for dir := range roots {
		roots[dir] = w.root(dir)
	}
	return roots
}

// analyse replaces the analysis of a root of the current view.
func (w *Workspace) analyse(root string) {
	old := w.view.analyses[root]
	if old != nil {
		old.cancel()
	}
	w.view.analyses[root] = newAnalysis(w, root, old)
}

// std returns the directory with the files of the standard library, or "".
func (w *Workspace) std() string {
	dir, err := w.source.Std()
	if err != nil {
		return ""
	}
	return dir
}

// root returns the root of a directory.
func (w *Workspace) root(dir string) string {
	if std := w.std(); std != "" && within(dir, std) {
		return std
	}
	top := ""
	for _, f := range w.folders {
		if within(dir, f) && len(f) > len(top) {
			top = f
		}
	}
	if top == "" {
		top = dir
		const most = 4
		for range most {
			if up := path.Dir(top); up != "/" {
				top = up
			}
		}
	}
	for _, above := range between(top, dir) {
		if w.reached[above] == nil {
			w.reached[above] = w.imports(above)
		}
		if w.reached[above][dir] {
			return above
		}
	}
	return dir
}

// imports returns the directories of the modules that a directory's module imports, directly or not.
func (w *Workspace) imports(dir string) map[string]bool {
	project := w.files(dir)
	if names, _ := fs.Glob(project, "*.layer"); len(names) == 0 {
		return map[string]bool{}
	}
	program, _ := compiler.Load(compiler.Input{Project: project, Dir: "."})
	return ownDirs(dir, program)
}

// ownDirs returns the directories beneath a directory with the modules of its program, which may be nil.
func ownDirs(dir string, program *load.Program) map[string]bool {
	all := map[string]bool{}
	if program == nil {
		return all
	}
	for _, m := range program.Modules {
		if own := path.Join(dir, m.Path); !m.Std && (m.Git == load.Repository{}) && own != dir {
			all[own] = true
		}
	}
	return all
}

// between returns the directories from top to above dir.
func between(top, dir string) []string {
	var all []string
	for d := dir; d != top && d != "/"; {
		d = path.Dir(d)
		all = append(all, d)
	}
	slices.Reverse(all)
	return all
}

func within(name, dir string) bool {
	return name == dir || dir == "/" || strings.HasPrefix(name, dir+"/")
}

// files returns the files of a directory as the editor has them.
func (w *Workspace) files(dir string) fs.FS {
	texts := map[string]string{}
	for p, d := range w.view.paths {
		if p != dir && within(p, dir) {
			texts[strings.TrimPrefix(strings.TrimPrefix(p, dir), "/")] = d.Text
		}
	}
	return overlay{w.source.Files(dir), texts}
}

// repositories returns the repositories that a root's lock file pins.
func (w *Workspace) repositories(root string, project fs.FS) modules {
	text, err := fs.ReadFile(project, lock.Name)
	if err != nil {
		return modules{}
	}
	known, ok := w.modules[root]
	if ok && known.text == string(text) {
		return known
	}
	m := modules{text: string(text)}
	if m.pins, err = lock.Parse(lock.Name, text); err == nil && len(m.pins.Modules) > 0 && w.source.Modules != nil {
		m.fetched = w.source.Modules(context.Background(), root, m.pins)
	}
	w.modules[root] = m
	return m
}

// Spellings returns the open documents of a URI's file: an editor can open it by several URIs. They are
// sorted.
func (v *View) Spellings(uri string) []*Document {
	var all []*Document
	for other, d := range v.docs {
		if Canonical(other) == Canonical(uri) {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b *Document) int { return strings.Compare(a.URI, b.URI) })
	return all
}

// Newest returns the open document of a URI's file that was changed or opened last, or nil.
func (v *View) Newest(uri string) *Document {
	if name, ok := Path(uri); ok {
		return v.paths[name]
	}
	return v.docs[uri]
}

// HasModules reports whether there are modules in a directory, or in those beneath it.
func (v *View) HasModules(dir string) bool {
	for d := range v.roots {
		if within(d, dir) {
			return true
		}
	}
	return false
}

// Document returns an open document, or nil.
func (v *View) Document(uri string) *Document { return v.docs[uri] }

// Roots returns all roots, sorted.
func (v *View) Roots() []string { return slices.Sorted(maps.Keys(v.analyses)) }

// RootOf returns the root of an open document.
func (v *View) RootOf(uri string) string {
	d := v.docs[uri]
	switch {
	case d == nil:
		return ""
	case d.path == "":
		return uri
	}
	return v.roots[path.Dir(d.path)]
}

// Analysis returns the analysis of a root, or nil.
func (v *View) Analysis(root string) *Analysis { return v.analyses[root] }

// Of returns the analysis of an open document, or nil.
func (v *View) Of(uri string) *Analysis { return v.analyses[v.RootOf(uri)] }
