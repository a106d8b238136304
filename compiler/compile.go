// Package compiler is the pipeline from .layer files to BuildKit definitions:
//
//	.layer → source.File → syntax.File → load.Program → check.Program
//	       → model.Graph → plan.Plan → llb.Graph
//	                lock.File ──┘
//
// Each stage is a package with its own values, and never changes the values of an earlier
// stage. Everything is a pure function of [Input]: the project's files, the lock file, the
// platforms and the options. Package pin makes the lock file. Everything that reads the
// network or runs something is elsewhere: images.Build in llb/images continues from plans to
// definitions and images.
package compiler

import (
	"errors"
	"io/fs"
	"path"
	"slices"

	"github.com/layc-lang/layc/compiler/bind"
	"github.com/layc-lang/layc/compiler/evaluate"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/stdlib"
)

// Input is everything that a compilation depends on.
type Input struct {
	Project fs.FS  // the project's files
	Dir     string // the module within it
	Name    string // the module's directory in errors; see [load.Input]
	// Modules are the git repositories that the lock file pins.
	Modules  map[load.Repository]load.Fetched
	Platform model.Platform // the target, unless the fleet names platforms
	// Platforms, if any, replace the platforms that the fleet names.
	Platforms []model.Platform
	Set       map[string]string  // values of the module's parameters
	Lock      *lock.File         // nil: the module's lock file
	Override  *evaluate.Override // nil: none
	Plan      plan.Options
	Before    *load.Program // an earlier program with texts that may be the same; nil: none
	// Done, if not nil, is closed when nobody needs the result any more. Then the compilation
	// ends soon, with a result that means nothing.
	Done <-chan struct{}
}

// Output has the value of each stage that the compilation reached.
type Output struct {
	Program *load.Program
	Checked *check.Program
	Lock    *lock.File
	Files   fs.FS     // files of the project and of repositories: load.Program.Tree
	Targets []*Target // one for each platform
	// Plan is the plan for all platforms together, which the lock file records. A
	// target's Plan is its part for that platform.
	Plan *plan.Plan
}

// Target is the fleet on one platform.
type Target struct {
	Platform model.Platform
	Graph    *model.Graph
	Plan     *plan.Plan // nil if there are errors
}

// Stage is a point at which a compilation stops.
type Stage int

// The stages, in order.
const (
	Checked Stage = iota
	Bound
	Planned
)

// Compile compiles a module up to a stage, and stops earlier at errors. It omits warnings
// about files of imported repositories, which concern the authors of these.
func Compile(in Input, until Stage) (*Output, diag.List) {
	out, list := checked(in)
	if until > Checked && out.Checked != nil && !list.HasErrors() {
		list = append(list, out.proceed(in, until)...)
	}
	return out, out.concerning(list)
}

// Proceed continues a compilation that reached Checked or Bound without errors, with the same
// input. It returns what it finds, without what was found before.
func (o *Output) Proceed(in Input, until Stage) diag.List { return o.concerning(o.proceed(in, until)) }

// concerning returns a list without warnings about files of repositories.
func (o *Output) concerning(list diag.List) diag.List {
	if o.Program == nil {
		return list
	}
	foreign := map[*source.File]bool{}
	for _, m := range o.Program.Modules {
		for _, f := range m.Files {
			foreign[f.Source] = m.Git != load.Repository{}
		}
	}
	return slices.DeleteFunc(list, func(d *diag.Diagnostic) bool { return d.Severity == diag.Warning && foreign[d.Span.File] })
}

// checked compiles a module up to Checked.
func checked(in Input) (*Output, diag.List) {
	out := &Output{}
	var list diag.List
	out.Program, list = Load(in)
	if out.Program == nil {
		return out, list
	}
	list = unpinnedBy(in, list)
	out.Files = out.Program.Tree(load.Input{Project: in.Project, Modules: in.Modules})
	var found diag.List
	out.Checked, found = check.Check(out.Program)
	list = append(list, found...)
	if list.HasErrors() {
		alone := evaluate.Input{Program: out.Checked, Lock: &lock.File{}, Platform: in.Platform, Files: out.Files}
		list = append(list, evaluate.Literals(alone, list)...)
	}
	return out, list
}

func (o *Output) proceed(in Input, until Stage) diag.List {
	var list diag.List
	if o.Targets == nil {
		list = o.bind(in)
	}
	if until == Planned && !list.HasErrors() {
		list = append(list, o.plan(in)...)
	}
	return list
}

func (o *Output) bind(in Input) (list diag.List) {
	var found diag.List
	o.Lock, found = readLock(in)
	if list = append(list, found...); list.HasErrors() {
		return list
	}
	for _, p := range in.platforms(o, &list) {
		t := &Target{Platform: p}
		t.Graph, found = bind.Bind(evaluate.Input{
			Program: o.Checked, Lock: o.Lock, Platform: p, Asked: len(in.Platforms) > 0,
			Files: o.Files, Set: in.Set, Override: in.Override, Done: in.Done,
		})
		list = append(append(list, found...), o.incomplete(t)...)
		o.Targets = append(o.Targets, t)
	}
	return list
}

func (o *Output) plan(in Input) (found diag.List) {
	var graphs []*model.Graph
	for _, t := range o.Targets {
		graphs = append(graphs, t.Graph)
	}
	var plans []*plan.Plan
	options := in.Plan
	options.Done = in.Done
	o.Plan, plans, found = plan.Joint(graphs, o.Lock, options)
	for n, p := range plans {
		o.Targets[n].Plan = p
	}
	return found
}

// Load is only the first stage: it reads the modules of a program.
func Load(in Input) (*load.Program, diag.List) {
	return load.Load(load.Input{Project: in.Project, Dir: in.Dir, Std: stdlib.FS, Name: in.Name, Modules: in.Modules, Before: in.Before})
}

// HasApps reports whether the module declares an app. Without one there is nothing to plan.
func (o *Output) HasApps() bool {
	return slices.ContainsFunc(o.Targets, func(t *Target) bool { return len(t.Graph.Apps) > 0 })
}

// Refs returns what the program refers to on all platforms together.
func (o *Output) Refs() lock.Refs {
	var all []lock.Refs
	for _, t := range o.Targets {
		all = append(all, t.Graph.Refs)
	}
	return lock.JoinRefs(all...)
}

// unpinnedBy replaces errors about imports that are not pinned with the errors of the lock file:
// an unreadable lock file pins nothing.
func unpinnedBy(in Input, list diag.List) diag.List {
	unpinned := func(d *diag.Diagnostic) bool { return d.Code == diag.UnpinnedImport }
	if !slices.ContainsFunc(list, unpinned) {
		return list
	}
	if _, found := readLock(in); len(found) > 0 {
		return append(found, slices.DeleteFunc(list, unpinned)...)
	}
	return list
}

// UnreadLock returns the error for a lock file that cannot be read.
func UnreadLock(name string, cause error) diag.List {
	var list diag.List
	d := list.Errorf(diag.InvalidLockFile, source.Span{}, "cannot read %s: %s", name, cause)
	if errors.Is(cause, fs.ErrPermission) {
		d.Hint("make it readable: `chmod u+r %s`", name)
	} else {
		d.Hint("remove it and run `layc lock`, which pins everything again")
	}
	return list
}

// readLock reads the module's lock file. A module without one has no pins.
func readLock(in Input) (*lock.File, diag.List) {
	if in.Lock != nil {
		return in.Lock, nil
	}
	name := path.Join(in.Dir, lock.Name)
	text, err := fs.ReadFile(in.Project, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &lock.File{}, nil
	case err != nil:
		var file *fs.PathError
		if errors.As(err, &file) {
			err = file.Err
		}
		return &lock.File{}, UnreadLock(name, err)
	}
	f, err := lock.Parse(name, text)
	if err != nil {
		return &lock.File{}, LockFindings(name, text, err)
	}
	return f, nil
}
