// Package load reads and parses the modules of a program in dependency order: the module that layc
// runs on, and everything that it imports.
//
// A module is a directory; its files are those that end in ".layer", sorted by name. An import is
// "std/NAME" (embedded in layc), a relative directory ("./web", "../shared") within the project or
// within the repository of the importing module, or a git repository at a version; see [Repository].
//
// Nothing is fetched here: the input has what the lock file pins, and the program lists the
// repositories that it needs.
package load

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Limits of a program, so that no import tree exhausts memory.
const (
	MaxModules      = 1000
	MaxRepositories = 100
	MaxText         = 8 << 20 // bytes of all its files; dense text takes 70 times as much to compile
)

// Input is where modules are read from.
type Input struct {
	Project fs.FS  // the project: the module that is compiled and its relative imports
	Dir     string // the module within Project, slash-separated; "." for its root
	Std     fs.FS  // the standard library: "std/java" is the directory java
	// Name is the name of the module's directory in errors; empty: "this directory".
	Name string
	// Modules are the repositories that the lock file pins.
	Modules map[Repository]Fetched
	// Before is an earlier program, or nil. Files with the same name and text are taken from it
	// instead of being parsed.
	Before *Program
}

// Module is one parsed module.
type Module struct {
	// Path is "std/java", the directory within the project ("." for its root), or the
	// repository's name and the directory within it, without the version:
	// "git.example.com/team/layers//java".
	Path    string
	Name    string // the last element of Path, its default name in importers
	Std     bool
	Git     Repository // zero: not from a repository
	Files   []*syntax.File
	Imports map[*syntax.Import]*Module // of all files; without failed imports
}

// Program is a module and everything that it imports.
type Program struct {
	Root    *Module
	Modules []*Module // imported modules before their importers; Root is last
	Std     []string  // names of the standard modules, imported or not, sorted
	// Repositories are all that its modules import, pinned or not, in the order of
	// discovery. Those that only unread repositories import are not known yet.
	Repositories []Repository

	parsed map[string]parsed // by the name of the file
}

// parsed is what the parser returns for a file.
type parsed struct {
	tree *syntax.File
	list diag.List
}

// Load reads and parses a program. Even if there are errors, the program is usable as far as it
// could be read. It is nil only if the root module has no files.
func Load(in Input) (*Program, diag.List) {
	l := &loader{in: in, modules: map[string]*Module{}, imported: map[string]imported{}, parsed: map[string]parsed{}}
	root := l.module(place{files: in.Project, dir: in.Dir}, nil)
	if root == nil {
		if !l.list.HasErrors() {
			l.noModule()
		}
		return nil, l.list
	}
	return &Program{Root: root, Modules: l.done, Std: stdNames(in.Std), Repositories: l.repositories, parsed: l.parsed}, l.list
}

// noModule reports that there is nothing to compile, and where modules may be.
func (l *loader) noModule() {
	d := l.list.Errorf(diag.NoModule, source.Span{}, "no .layer file in %s", cmp.Or(l.in.Name, "this directory")).
		Note("a module is a directory with .layer files")
	for _, dir := range modulesIn(l.in.Project, l.in.Dir) {
		d.Hint("run layc in the directory %s, or name it with -C", dir)
		return
	}
	if name := dockerfileIn(l.in.Project, l.in.Dir); name != "" {
		d.Hint("run `layc import -o .`, which translates %s, or `layc init`, which creates a new module", name)
		return
	}
	d.Hint("run layc in the directory of your module, or name it with -C DIR; `layc init` creates a new module")
}

// Projects are the names of compose files and bake files, in the order in which their tools look for them.
var Projects = []string{"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml", "docker-bake.hcl", "docker-bake.json"}

// dockerfileIn returns the name of a file of a directory that an import would translate; "" if there is
// none.
func dockerfileIn(files fs.FS, dir string) string {
	for _, name := range append([]string{"Dockerfile", "Containerfile"}, Projects...) {
		if info, err := fs.Stat(files, path.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			return name
		}
	}
	return ""
}

// modulesIn returns the names of the subdirectories of a directory that are modules.
func modulesIn(files fs.FS, dir string) []string {
	var names []string
	entries, _ := fs.ReadDir(files, dir)
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		if found, _ := fs.Glob(files, path.Join(dir, e.Name(), "*.layer")); len(found) > 0 {
			names = append(names, e.Name())
		}
	}
	return names
}

type loader struct {
	in      Input
	modules map[string]*Module
	active  []*active // the chain of imports being followed
	done    []*Module
	text    int // bytes read so far
	parsed  map[string]parsed
	list    diag.List

	repositories []Repository
	imported     map[string]imported // by name
}

// imported is a repository with the first import of it.
type imported struct {
	repository Repository
	at         source.Span
}

// place tells where a module is: a directory of a file system.
type place struct {
	files fs.FS
	dir   string // within files
	std   bool
	git   Repository // zero: the project or the standard library
}

// path returns the module's lasting name; see [Module.Path].
func (p place) path() string {
	switch {
	case p.std:
		return "std/" + p.dir
	case p.git == Repository{}:
		return p.dir
	case p.dir == ".":
		return p.git.Name()
	}
	return p.git.Name() + "//" + p.dir
}

// file returns the name of a file of the module in errors.
func (p place) file(name string) string {
	switch {
	case p.std:
		return "std/" + name
	case p.git == Repository{}:
		return name
	}
	return p.git.Name() + "@" + p.git.Version + "/" + name
}

// active is a module with imports that are being read, and the current import.
type active struct {
	module *Module
	via    *syntax.Import
}

// module returns the module at a place, or nil if it could not be read. imp is the import of it, nil
// for the root.
func (l *loader) module(at place, imp *syntax.Import) *Module {
	key := at.path()
	if m, ok := l.modules[key]; ok {
		return m
	}
	if len(l.modules) >= MaxModules {
		l.list.Errorf(diag.TooManyModules, span(imp), "more than %d modules", MaxModules).
			Hint("merge small modules; a module can have many files")
		return nil
	}
	m := &Module{Path: key, Name: path.Base(key), Std: at.std, Git: at.git, Imports: map[*syntax.Import]*Module{}}
	l.modules[key] = m
	l.files(m, at, imp)
	if len(m.Files) == 0 {
		delete(l.modules, key)
		return nil
	}
	a := &active{module: m}
	l.active = append(l.active, a)
	for _, f := range m.Files {
		for _, i := range f.Imports {
			a.via = i
			if to := l.resolve(at, i); to != nil {
				m.Imports[i] = to
			}
		}
	}
	l.active = l.active[:len(l.active)-1]
	l.done = append(l.done, m)
	return m
}

// files parses the .layer files of a directory.
func (l *loader) files(m *Module, at place, imp *syntax.Import) {
	entries, err := fs.ReadDir(at.files, at.dir)
	if err != nil && imp == nil {
		l.list.Errorf(diag.NoModule, source.Span{}, "cannot read %s: %s", cmp.Or(l.in.Name, "this directory"), reason(err)).
			Hint("name the directory of a module with -C DIR")
		return
	}
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".layer") {
			continue
		}
		inside := path.Join(at.dir, e.Name())
		name := at.file(inside)
		if info, err := fs.Stat(at.files, inside); err == nil && !info.Mode().IsRegular() { // reading a pipe would block forever
			l.list.Errorf(diag.UnreadableFile, source.Span{File: source.New(name, "")}, "cannot read %s: not a regular file", name).
				Hint("replace it with a text file, or rename it so that it does not end in .layer")
			continue
		}
		text, err := readFile(at.files, inside)
		if err != nil {
			l.list.Errorf(diag.UnreadableFile, source.Span{File: source.New(name, "")}, "cannot read %s: %s", name, reason(err)).
				Hint("%s", readable(name, err))
			continue
		}
		if l.text += len(text); l.text > MaxText && len(text) <= syntax.MaxSize {
			l.list.Errorf(diag.ProgramTooLarge, source.Span{File: source.New(name, "")}, "the program is larger than %d MiB", MaxText>>20).
				Note("the limit keeps an import from exhausting the machine").
				Hint("import fewer modules, or replace repetition with `for`")
			return
		}
		f := l.parse(name, text)
		l.list = append(l.list, f.list...)
		m.Files = append(m.Files, f.tree)
	}
}

// parse parses a file, unless the earlier program has it.
func (l *loader) parse(name string, text []byte) parsed {
	var f parsed
	if l.in.Before != nil {
		f = l.in.Before.parsed[name]
	}
	if f.tree == nil || f.tree.Source.Text() != string(text) {
		f.tree, f.list = syntax.Parse(source.New(name, string(text)))
	}
	l.parsed[name] = f
	return f
}

// readFile reads a file, or enough of it to show that it is too long.
func readFile(files fs.FS, name string) ([]byte, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, syntax.MaxSize+1))
}

// resolve returns the module that an import of the module at a place names.
func (l *loader) resolve(from place, i *syntax.Import) *Module {
	text, ok := i.Path.Literal()
	if !ok || text == "" {
		return nil // reported by the parser
	}
	if name, ok := strings.CutPrefix(text, "std/"); ok {
		return l.importStd(name, i)
	}
	if strings.HasPrefix(text, "git+") {
		return l.importGit(text, i)
	}
	if !strings.HasPrefix(text, "./") && !strings.HasPrefix(text, "../") {
		l.unknown(from, text, i)
		return nil
	}
	to := from
	to.dir = path.Join(from.dir, text)
	if from.std || to.dir == ".." || strings.HasPrefix(to.dir, "../") {
		d := l.list.Errorf(diag.ImportOutsideProject, i.Path.At, "%q is outside the project", text)
		if (from.git != Repository{}) {
			d.Message = fmt.Sprintf("%q is outside the repository", text)
		}
		d.Note("relative imports must stay inside the project or repository of their module").
			Hint("move the module into it, or import the module from a git repository")
		return nil
	}
	return l.follow(to, i)
}

// unknown reports an import in an unknown form.
func (l *loader) unknown(from place, text string, i *syntax.Import) {
	d := l.list.Errorf(diag.UnknownImport, i.Path.At, "cannot import %q", text).
		Note("expected `\"std/NAME\"`, a relative directory such as `\"./web\"`, or a git repository: `\"git+https://HOST/PATH//DIR@VERSION\"`")
	write := func(better, what string) {
		d.Hint("write `%q` for %s", better, what).Fix(i.Path.At, `"`+better+`"`)
	}
	std := stdNames(l.in.Std)
	near := diag.Nearest(strings.TrimPrefix(text, "st/"), std)
	switch beside := modulesIn(from.files, from.dir); {
	case slices.Contains(std, text):
		write("std/"+text, "the module of the standard library")
	case strings.Contains(text, "://") || scp().MatchString(text) || isHost(text):
		malformed(d, text, i)
	case strings.HasPrefix(text, "/"):
		d.Hint("write a path relative to this file, such as `\"../shared\"`")
	case slices.Contains(beside, text):
		write("./"+text, "the directory next to this file")
	case near != "":
		write("std/"+near, "the module of the standard library")
	default:
		d.Hint("write `%q` for the directory next to this file", "./"+text)
	}
}

// importGit follows an import of a repository, if it is pinned.
func (l *loader) importGit(text string, i *syntax.Import) *Module {
	r, dir, err := ParseGit(text)
	if err != nil {
		malformed(l.list.Errorf(diag.MalformedGitImport, i.Path.At, "cannot import %q: %s", text, err), text, i)
		return nil
	}
	before, met := l.imported[r.Name()]
	switch {
	case met && before.repository != r:
		differ, a, b := "versions", before.repository.Version, r.Version
		if a == b {
			differ, a, b = "addresses", before.repository.URL, r.URL
		}
		l.list.Errorf(diag.ConflictingVersions, i.Path.At, "two %s of %s: %s and %s", differ, r.Name(), a, b).
			See(before.at, "the other is imported here").
			Note("a program uses one version of each repository, so that equal names mean equal components").
			Hint("use the same version and address in all imports")
		return nil
	case !met && len(l.repositories) >= MaxRepositories:
		l.list.Errorf(diag.TooManyModules, i.Path.At, "more than %d repositories", MaxRepositories).
			Hint("merge small repositories; a repository can have many modules")
		return nil
	case !met:
		l.imported[r.Name()] = imported{r, i.Path.At}
		l.repositories = append(l.repositories, r)
	}
	fetched, pinned := l.in.Modules[r]
	switch {
	case met && (!pinned || fetched.Err != nil):
		return nil // reported at its first import
	case !pinned:
		l.list.Errorf(diag.UnpinnedImport, i.Path.At, "%s is not pinned", r).
			Note("the lock file pins the commit and the digest of each repository, so that it cannot change unnoticed").
			Hint("run `layc lock`")
		return nil
	case fetched.Err != nil:
		l.unusable(r, fetched.Err, i.Path.At)
		return nil
	}
	return l.follow(place{files: fetched.Files, dir: dir, git: r}, i)
}

// unusable reports why a repository has no files.
func (l *loader) unusable(r Repository, why error, at source.Span) {
	var down interface{ Unreachable() }
	var advised Advised
	code, message := diag.UnusableRepository, fmt.Sprintf("cannot use %s: %s", r, why)
	if errors.As(why, &down) {
		code, message = diag.DownloadFailed, fmt.Sprintf("cannot fetch %s", r)
	}
	d := l.list.Errorf(code, at, "%s", message)
	if errors.As(why, &advised) {
		note, help := advised.Advice()
		d.Note("%s", note).Hint("%s", help)
		return
	}
	d.Note("layc verifies a repository whenever it reads it").
		Hint("make the repository readable, or run `layc vendor` to keep a copy in the project")
}

func (l *loader) importStd(name string, i *syntax.Import) *Module {
	known := stdNames(l.in.Std)
	if !slices.Contains(known, name) {
		d := l.list.Errorf(diag.UnknownImport, i.Path.At, "unknown module %q in the standard library", name)
		if near := diag.Nearest(name, known); near != "" {
			d.Hint("did you mean `\"std/%s\"`?", near).Fix(i.Path.At, `"std/`+near+`"`)
		} else {
			d.Hint("its modules are %s", strings.Join(known, ", "))
		}
		return nil
	}
	return l.follow(place{files: l.in.Std, dir: name, std: true}, i)
}

// follow imports a directory, and reports a missing module or an import cycle.
func (l *loader) follow(target place, i *syntax.Import) *Module {
	before := len(l.list)
	to := l.module(target, i)
	if to == nil && len(l.list) > before {
		return nil // reported already
	}
	if to == nil {
		l.emptyModule(target, i)
		return nil
	}
	at := slices.IndexFunc(l.active, func(a *active) bool { return a.module == to })
	if at < 0 {
		return to
	}
	last := l.active[len(l.active)-1].module
	d := l.list.Errorf(diag.ImportCycle, i.Path.At, "import cycle: %s", l.cycle(at)).
		At("%s imports %s", last.Path, importPath(i)).
		Note("layc evaluates a module after its imports, so imports cannot form a cycle").
		Hint("move the shared declarations into a third module")
	for _, a := range l.active[at:] {
		if a.via != i {
			d.See(a.via.At, "%s imports %s", a.module.Path, importPath(a.via))
		}
	}
	return nil
}

// emptyModule reports an import of a directory without .layer files.
func (l *loader) emptyModule(target place, i *syntax.Import) {
	d := l.list.Errorf(diag.UnknownImport, i.Path.At, "no module in %q", target.path()).
		Note("a module is a directory with .layer files")
	written := importPath(i)
	parent, last := path.Split(strings.TrimRight(written, "/"))
	known := modulesIn(target.files, path.Dir(target.dir))
	near := diag.Nearest(last, known)
	switch {
	case target.std:
	case target.git != Repository{}:
		inRepository(d, target, i)
	case near != "":
		d.Hint("did you mean `%q`?", parent+near).Fix(i.Path.At, `"`+parent+near+`"`)
	case len(known) > 0:
		d.Hint("modules next to it: %s", strings.Join(known, ", "))
	default:
		d.Hint("create a file %s/%s.layer", target.path(), path.Base(target.dir))
	}
}

func (l *loader) cycle(at int) string {
	var names []string
	for _, a := range l.active[at:] {
		names = append(names, a.module.Path)
	}
	return strings.Join(append(names, names[0]), " → ")
}

// readable returns what to do about a file that cannot be read.
func readable(name string, err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "make it readable: chmod u+r " + name
	case errors.Is(err, fs.ErrNotExist):
		return "fix or remove the broken link"
	}
	return "fix or remove the file"
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

// reason returns the part of a file error that users need, without the operation and the path.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
