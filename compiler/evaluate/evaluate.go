// Package evaluate evaluates a checked program for one platform: it turns the blocks of
// the fleet, of apps, and of components with given arguments into clauses and steps. It
// leaves everything that a block names as a reference: needed components, slots, users,
// and the stages that it copies `from`. Package bind binds these references, and requests
// the block of each component that it reaches.
//
// An [Evaluator] evaluates the fleet at once, and apps (app.go) and the blocks of
// components on request. block.go evaluates statements, expression.go and call.go
// expressions, and operand.go the operands of clauses.
// The clauses are in step.go, fetch.go, configured.go, system.go, update.go and user.go.
// tree.go and source.go handle files of the project, target.go checks paths in the image.
// findings.go has errors, warnings and limits; pins.go has what the lock file pins, and
// what it must pin.
//
// Everything here is a pure function of the program, the lock file, the platform, and the
// names of the files of the project and of repositories.
package evaluate

import (
	"io/fs"
	"slices"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Input is everything that an evaluation depends on.
type Input struct {
	Program  *check.Program
	Lock     *lock.File // never nil; the zero File pins nothing
	Platform model.Platform
	Asked    bool              // the platform was requested, not taken from the fleet
	Files    fs.FS             // names and sizes of the files of the project and of repositories
	Set      map[string]string // values of the module's parameters
	Override *Override         // nil: none
	Done     <-chan struct{}   // if not nil, closed when nobody needs the result any more
}

// Evaluator evaluates each declaration of a program once, on request.
type Evaluator struct {
	*Findings
	*pins
	*tree
	Program *check.Program
	Fleet   model.Fleet
	Base    *Ref // the fleet's; nil: none

	in       Input
	platform model.Platform
	set      map[string]string
	params   map[*check.Param]value // the values of Set
	override *Override

	lets     map[source.Span]value // of modules
	bodies   map[string]*Block     // by reference key
	numbers  map[string]int32      // by key of the reference
	defaults map[*check.Component]*Ref
	usual    *usual               // nil: not needed so far
	slots    map[*check.Slot]*Ref // defaults
	accounts map[*check.User]*User
	nameless map[*syntax.App]bool // matrices with a reported invalid name
	combined int                  // combinations in all matrices
	origin   source.Span          // of the block under evaluation

	absent     map[absent]*diag.Diagnostic // errors about unknown keys of maps
	secretUses []secretUse
}

type secretUse struct {
	name string
	span source.Span
}

// New returns an evaluator that has evaluated the fleet.
func New(in Input) *Evaluator {
	x := newEvaluator(in, newFindings(in.Program))
	x.readSettings()
	x.readFleet()
	return x
}

func newEvaluator(in Input, found *Findings) *Evaluator {
	found.done = in.Done
	return &Evaluator{
		Findings: found, pins: newPins(in, found), tree: newTree(in, found),
		Program: in.Program, in: in, platform: in.Platform, set: in.Set, override: in.Override,
		lets:     map[source.Span]value{},
		bodies:   map[string]*Block{},
		numbers:  map[string]int32{},
		defaults: map[*check.Component]*Ref{},
		slots:    map[*check.Slot]*Ref{},
		accounts: map[*check.User]*User{},
		nameless: map[*syntax.App]bool{},
		absent:   map[absent]*diag.Diagnostic{},
	}
}

// CheckSecrets reports secrets that runs use and the fleet does not declare.
func (x *Evaluator) CheckSecrets() {
	for _, u := range x.secretUses {
		if slices.Contains(x.Fleet.Secrets, u.name) {
			continue
		}
		d := x.Found.Errorf(diag.UnknownSecret, u.span, "unknown secret `%s`", u.name)
		if near := diag.Nearest(u.name, x.Fleet.Secrets); near != "" {
			d.Hint("did you mean `%s`?", near).Fix(u.span, near)
		} else {
			d.Hint("declare it in the fleet: `secret %s`", u.name)
		}
	}
}

func (x *Evaluator) readFleet() {
	if x.Program.Fleet == nil {
		return
	}
	b := &Block{module: x.Program.Root, Span: x.Program.Fleet.At}
	x.statements(x.Program.Fleet.Body, &env{module: x.Program.Root}, b)
	x.Base = b.Base
	slices.Sort(b.secrets)
	x.Fleet = model.Fleet{Identity: b.identity, Registry: b.registry, Naming: b.naming, NamingAt: b.namingAt, Layers: b.Layers, LayersAt: b.LayersAt, Platforms: b.platforms, Builder: b.builder, Secrets: slices.Compact(b.secrets)}
}

// Number returns the number of a reference. Equal references have the same number.
func (x *Evaluator) Number(r *Ref) int32 {
	if r.id == 0 {
		key := r.Key()
		r.id = x.numbers[key]
		if r.id == 0 {
			r.id = int32(len(x.numbers) + 1)
			x.numbers[key] = r.id
			x.Hold(3*len(key), r.Span)
		}
	}
	return r.id
}

// ByDefault returns a component with its defaults; nil if a parameter has none.
func (x *Evaluator) ByDefault(o *check.Component) *Ref {
	d := x.defaults[o]
	if d == nil {
		if args := x.complete(make([]value, len(o.Params)), o); args != nil {
			d = &Ref{Component: o, Args: args, given: given(x, o, args), Span: o.Decl.Name.At}
			x.Number(d)
			x.defaults[o] = d
		}
	}
	return d
}

// Block evaluates a component's block for given arguments, once.
func (x *Evaluator) Block(r *Ref) *Block {
	if r.body != nil {
		return r.body
	}
	key := r.Key()
	if b := x.bodies[key]; b != nil {
		r.body = b
		return b
	}
	b := &Block{module: r.Component.Module, Span: r.Component.Decl.Name.At, Number: len(x.bodies), Origin: r.Origin}
	x.bodies[key], r.body = b, b
	v := &env{module: b.module, values: map[source.Span]value{}}
	for i, p := range r.Component.Params {
		v.values[p.Decl.Name.At] = r.Args[i]
	}
	if r.Component == check.Scratch {
		system := scratchSystem
		b.System = &system
		return b
	}
	outer, found := x.origin, len(x.Found)
	x.origin = r.Origin
	x.statements(r.Component.Decl.Body, v, b)
	x.otherShell(b)
	namePlatforms(b, x.Fleet.Builder, x.platform)
	x.packagesOf(b)
	x.Turn(found, r.Origin)
	x.origin = outer
	return b
}

// SlotRef returns the default of a slot for a reference with the given origin; nil if it
// has no value.
func (x *Evaluator) SlotRef(s *check.Slot, origin source.Span) *Ref {
	outer := x.origin
	x.origin = origin
	refs := x.refs(s.Decl.Default, &env{module: s.Module})
	if x.origin = outer; len(refs) == 0 {
		return nil
	}
	return refs[0]
}

// SlotDefault returns the default of a slot; nil if it has none.
func (x *Evaluator) SlotDefault(s *check.Slot) *Ref {
	if s == nil || s.Decl.Default == nil {
		return nil
	}
	if d, ok := x.slots[s]; ok {
		return d
	}
	var d *Ref
	known := len(x.Found)
	if d = x.SlotRef(s, x.origin); d != nil && d.Slot == nil && d.Flexible() {
		d = x.ByDefault(d.Component)
	}
	x.Found = x.Found[:known] // reported where the default is needed
	x.slots[s] = d
	return d
}
