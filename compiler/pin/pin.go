// Package pin makes the lock file of a program:
//
//	.layer → model.Graph → lock.Refs → lock.Resolver → lock.File
//	   └───────────────────────←───────────────────────────────┘
//
// A program is compiled with the pins that there are; what it then refers to and
// lacks is resolved; and since a pin may reveal further references, such as what an
// imported repository imports, both are repeated until nothing is missing.
//
// The package asks the outside world only through [lock.Resolver] and
// [Repositories], and reads and writes no file.
package pin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/bind"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/diag"
)

// Request describes what to pin. Input, Repositories and Resolver are required.
type Request struct {
	// Input is the program, without Modules and Lock. Its planning options apply to the recorded
	// plan.
	Input  compiler.Input
	Before *Before // the existing lock file; nil if there is none
	// Names are resolved again, as in [lock.Update]; they may also name git repositories.
	Names   []string
	Mirrors []string // archives with a given mirror
	// Built are images with measured sizes to record; nil for none.
	Built []plan.Built

	Repositories Repositories
	Resolver     lock.Resolver
	// Ready is called as soon as something must be resolved, before anything slow starts. Its
	// error ends the request. It may be nil.
	Ready func() error
	// Announce is called before anything slow, with a description. It may be nil.
	Announce func(text string)
}

// Result is a lock file, and its differences from the one before.
type Result struct {
	File    *lock.File
	Changed bool     // its text differs from the one before
	Dropped int      // number of pins that are no longer needed
	Due     []string // components that are due for an update, sorted
	// Repositories reports whether git repositories were newly pinned, or pinned again.
	Repositories bool
	// NoApps reports whether the module declares no app, such as a library. Components are
	// expanded only for apps, so their pins are unknown: git repositories are pinned, all other
	// pins stay, and no plan is recorded.
	NoApps bool
	// Plan is the recorded plan of all platforms; nil without apps.
	Plan *plan.Plan
}

// Program pins everything that a program refers to, and records its plan. There is no result if
// findings have errors, or after an error. Callers may want to rephrase these errors:
// [*UnknownNameError], [*UnknownArchiveError], [*NoAppsError], [*UnavailableError],
// [*plan.OtherImageError] and [plan.ErrNotBuilt].
func Program(ctx context.Context, r Request) (*Result, diag.List, error) {
	if r.Before == nil {
		r.Before = &Before{File: &lock.File{}}
	}
	if r.Announce == nil {
		r.Announce = func(string) {}
	}
	result, warnings, err := (&pinning{Request: r}).run(ctx)
	var list faults
	if errors.As(err, &list) {
		return nil, diag.List(list), nil
	}
	if err != nil {
		return nil, nil, err
	}
	return result, warnings, nil
}

// pinning is the state of a request.
type pinning struct {
	Request
	names  []string // names still to resolve again
	refs   lock.Refs
	noApps bool
	plan   *plan.Plan
}

func (p *pinning) run(ctx context.Context) (*Result, diag.List, error) {
	names := slices.Concat(p.Names, p.Before.disputed)
	repositories, err := pinRepositories(ctx, p.Input, p.Before.File, p.Repositories, names)
	if err != nil {
		return nil, nil, err
	}
	in, pins := p.Input, repositories.pins
	p.names, in.Modules = repositories.names, repositories.fetched
	in.Platforms = platforms(in, pins)
	pins, err = Rounds(in, pins, func(out *compiler.Output, list diag.List) (*lock.File, bool, error) {
		return p.round(ctx, out, list)
	})
	if err != nil {
		return nil, nil, err
	}
	var warnings diag.List
	if !p.noApps {
		if pins, warnings, err = p.record(in, pins); err != nil {
			return nil, nil, err
		}
	}
	return p.result(pins, repositories.fresh), warnings, nil
}

// maxRounds limits how often pins may reveal further references.
const maxRounds = 8

// Rounds compiles a program up to its graphs. It compiles again with the pins that step returns,
// as long as step wants that. It returns the last pins.
func Rounds(in compiler.Input, pins *lock.File, step func(*compiler.Output, diag.List) (next *lock.File, again bool, err error)) (*lock.File, error) {
	for range maxRounds {
		in.Lock = pins
		out, list := compiler.Compile(in, compiler.Bound)
		next, again, err := step(out, list)
		if err != nil {
			return nil, err
		}
		if pins = next; !again {
			break
		}
	}
	return pins, nil
}

// round resolves missing pins, given the program compiled with the previous round's pins.
// Findings that pins do not fix end the request.
func (p *pinning) round(ctx context.Context, out *compiler.Output, list diag.List) (*lock.File, bool, error) {
	missing := list.HasErrors()
	list = slices.DeleteFunc(list, func(d *diag.Diagnostic) bool { return d.Code == diag.NotPinned || d.Code == diag.ChecksumUnchanged })
	if list.HasErrors() {
		return nil, false, faults(list)
	}
	if err := CheckMirrors(out.Targets, p.Mirrors); err != nil {
		return nil, false, err
	}
	if !out.HasApps() {
		p.noApps = true
		return out.Lock, false, p.onlyRepositories()
	}
	p.refs = out.Refs()
	p.settle(out.Lock)
	again := missing || len(p.names) > 0
	if again && p.Ready != nil {
		if err := p.Ready(); err != nil {
			return nil, false, err
		}
	}
	next, err := lock.Update(ctx, out.Lock, p.refs, announcing{p.Resolver, p.Announce}, p.names...)
	if err != nil {
		return nil, false, p.explain(err, out)
	}
	p.names = nil
	return next, again, nil
}

// settle drops disputed names that are no longer needed, and announces the ones that are resolved
// again because of a merge.
func (p *pinning) settle(pins *lock.File) {
	unknown := pins.Unknown(p.refs, p.names...)
	p.names = slices.DeleteFunc(p.names, func(n string) bool {
		return slices.Contains(unknown, n) && slices.Contains(p.Before.disputed, n)
	})
	var again []string
	for _, n := range p.Before.disputed {
		if slices.Contains(p.names, n) {
			again = append(again, n)
		}
	}
	if len(again) > 0 {
		p.Announce(fmt.Sprintf("the sides of the merge pin %s differently: pinning again", strings.Join(again, ", ")))
	}
}

// onlyRepositories checks that a module without apps has no names left to resolve.
func (p *pinning) onlyRepositories() error {
	switch {
	case slices.ContainsFunc(p.names, func(n string) bool { return slices.Contains(p.Before.disputed, n) }):
		return faults(p.Before.conflicts)
	case len(p.names) > 0 && p.names[0] != lock.Everything:
		return &NoAppsError{p.names[0]}
	}
	return nil
}

// explain adds details from the program and its lock file to an error of [lock.Update].
func (p *pinning) explain(err error, out *compiler.Output) error {
	var other *lock.OtherFileError
	var unknown *lock.UnknownNameError
	var download *lock.UnservedError
	var bases lock.BaseErrors
	var packages *lock.UnresolvedError
	switch {
	case errors.As(err, &other):
		for _, t := range out.Targets {
			if found := bind.OtherFile(t.Graph, other); len(found) > 0 {
				return faults(found)
			}
		}
	case errors.As(err, &unknown):
		return newUnknownName(unknown, p.Before.File)
	case errors.As(err, &download):
		return unserved(download, out)
	case errors.As(err, &bases):
		return unusable(bases, out)
	case errors.As(err, &packages):
		if told := unindexed(packages, out); told != nil {
			return told
		}
	}
	return placed(err, out)
}

// record adds the plan to the lock file, with measured sizes if there are any. It drops sizes of
// instances that the program no longer has.
func (p *pinning) record(in compiler.Input, pins *lock.File) (*lock.File, diag.List, error) {
	in.Lock = pins
	out, list := compiler.Compile(in, compiler.Planned)
	list = slices.DeleteFunc(list, func(d *diag.Diagnostic) bool { return d.Code == diag.StalePlan })
	if list.HasErrors() {
		return nil, nil, faults(list)
	}
	p.plan = out.Plan
	var plans []*plan.Plan
	var graphs []*model.Graph
	for _, t := range out.Targets {
		plans, graphs = append(plans, t.Plan), append(graphs, t.Graph)
	}
	sizes := plan.Measures{}
	if p.Built != nil {
		var err error
		if sizes, err = plan.Measured(plans, p.Built); err != nil {
			return nil, nil, err
		}
	}
	return sizes.Sizes(plan.Record(pins, out.Plan), graphs), list, nil
}

func (p *pinning) result(pins *lock.File, repositories bool) *Result {
	r := &Result{
		File: pins, Plan: p.plan, Changed: !p.Before.is(pins), Dropped: dropped(p.Before.File, pins),
		Repositories: repositories, NoApps: p.noApps,
	}
	if !p.noApps {
		r.Due = due(pins, p.refs.Updates, p.Resolver.Now())
	}
	return r
}

// due returns the components that are due for an update.
func due(pins *lock.File, refs []lock.UpdateRef, now time.Time) []string {
	var names []string
	for _, ref := range refs {
		if pins.Due(ref, now) {
			names = append(names, ref.Component)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
