// Package whatif answers hypothetical questions about programs: what happens if a component
// changes or gets another argument, what has changed since an older version of the program, and
// which plan other limits of layers would have.
//
// It compiles and plans as often as an answer needs; package report compares the plans.
package whatif

import (
	"slices"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/pin"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/report"
	"github.com/layc-lang/layc/lang/diag"
)

// Answer is the effect of a change on one platform.
type Answer struct {
	Platform model.Platform
	*report.Difference
	Touched []*model.Instance   // in the graph's order, for [Touch]
	Assumed []report.Assumption // for [Override]
}

// Named returns the instances with some names on each platform; [report.Named] defines which
// instances a name means. The error is an [*UnknownError].
func Named(out *compiler.Output, names []string) ([][]*model.Instance, error) {
	var all [][]*model.Instance
	for _, t := range out.Targets {
		var list []*model.Instance
		for _, name := range names {
			found, err := named(t.Graph, name)
			if err != nil {
				return nil, err
			}
			list = append(list, found...)
		}
		all = append(all, list)
	}
	return all, nil
}

// Touch returns the effect on a program's images if the content of instances changes, which are
// listed for each platform. A platform without an affected layer has no answer.
func Touch(out *compiler.Output, changed [][]*model.Instance) []Answer {
	var answers []Answer
	for n, t := range out.Targets {
		touched := report.Touch(t.Graph, changed[n])
		if len(touched) == 0 {
			continue
		}
		now := report.Side{Plan: t.Plan, Files: out.Files}
		then := now
		then.Touched = touched
		a := Answer{Platform: t.Platform, Difference: report.Compare(now, then)}
		for _, i := range t.Graph.Instances {
			if touched[i] {
				a.Touched = append(a.Touched, i)
			}
		}
		answers = append(answers, a)
	}
	return answers
}

// Since returns the changes since an older version of a program, on each platform of the current
// program.
func Since(old, now *compiler.Output) []Answer {
	var answers []Answer
	for _, t := range now.Targets {
		was := &plan.Plan{}
		for _, o := range old.Targets {
			if o.Platform == t.Platform {
				was = o.Plan
			}
		}
		answers = append(answers, Answer{Platform: t.Platform, Difference: report.Compare(
			report.Side{Plan: was, Files: old.Files},
			report.Side{Plan: t.Plan, Files: now.Files},
		)})
	}
	return answers
}

// Override returns the changes if the instance with a name gets another first argument. out must
// be compiled from in. Pins that are missing then are assumed to be as large as the ones that
// they replace, and the plan stays close to out's plan. If findings have errors, there are no
// answers. Errors are [*UnknownError], [*AmbiguousError] and [*NoArgumentError].
func Override(in compiler.Input, out *compiler.Output, name, to string) ([]Answer, diag.List, error) {
	v, from, err := overridden(out, name, to)
	if err != nil {
		return nil, nil, err
	}
	in.Override = v
	pins, assumed := assume(in, out, from, to)
	in.Lock = plan.Record(pins, out.Plan)
	then, list := compiler.Compile(in, compiler.Planned)
	list = slices.DeleteFunc(list, func(d *diag.Diagnostic) bool { return d.Code == diag.StalePlan })
	if list.HasErrors() {
		return nil, list, nil
	}
	var answers []Answer
	for n, t := range then.Targets {
		answers = append(answers, Answer{
			Platform: t.Platform, Assumed: assumed,
			Difference: report.Compare(
				report.Side{Plan: out.Targets[n].Plan, Files: then.Files},
				report.Side{Plan: t.Plan, Files: then.Files},
			),
		})
	}
	return answers, list, nil
}

// assume adds assumed pins for the overridden program where the lock file of the unchanged one has none.
func assume(in compiler.Input, unchanged *compiler.Output, from, to string) (*lock.File, []report.Assumption) {
	var all []report.Assumption
	pins := unchanged.Lock
	pins, _ = pin.Rounds(in, pins, func(out *compiler.Output, _ diag.List) (*lock.File, bool, error) {
		before := len(all)
		for n, t := range out.Targets {
			var made []report.Assumption
			pins, made = report.Assume(pins, unchanged.Targets[n].Graph.Refs, t.Graph.Refs, from, to)
			all = append(all, made...)
		}
		return pins, len(all) > before, nil
	})
	return pins, all
}
