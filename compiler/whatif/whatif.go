// Package whatif answers questions about programs that are not as they are: what
// happens if a component changes or gets another argument, what has happened since
// an older version of the program, and what plan other limits of layers would give.
//
// It compiles and plans as often as an answer takes; the comparison of two plans is
// report's.
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

// Answer is what a change does on one platform.
type Answer struct {
	Platform model.Platform
	*report.Difference
	Touched []*model.Instance   // of [Touch], in the graph's order
	Assumed []report.Assumption // of [Override]
}

// Touch answers what a program's images do if the instances with these names change
// as they are; [report.Named] says which ones a name means. Errors are
// [*UnknownError] and [*NoContentError].
func Touch(out *compiler.Output, names []string) ([]Answer, error) {
	var answers []Answer
	for _, t := range out.Targets {
		var changed []*model.Instance
		for _, name := range names {
			found, err := named(t.Graph, name)
			if err != nil {
				return nil, err
			}
			changed = append(changed, found...)
		}
		touched := report.Touch(t.Graph, changed)
		if len(touched) == 0 {
			return nil, &NoContentError{names}
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
	return answers, nil
}

// Since answers what has changed from an older version of a program, on each
// platform that the program has now.
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

// Override answers what changes if the instance with a name gets another first
// argument. in is what out was compiled from. What the lock file does not pin then is
// assumed to be as large as what it replaces, and the plan stays close to the one of
// out. If findings have errors, there are no answers. Errors are [*UnknownError],
// [*AmbiguousError] and [*NoArgumentError].
func Override(in compiler.Input, out *compiler.Output, name, to string) ([]Answer, diag.List, error) {
	v, from, err := overridden(out, name, to)
	if err != nil {
		return nil, nil, err
	}
	in.Override = v
	pins, assumed := assume(in, out.Lock, from, to)
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

// assume pins what the overridden program refers to and the lock file lacks, as
// far as it can be guessed.
func assume(in compiler.Input, pins *lock.File, from, to string) (*lock.File, []report.Assumption) {
	var all []report.Assumption
	pins, _ = pin.Rounds(in, pins, func(out *compiler.Output, _ diag.List) (*lock.File, bool, error) {
		before := len(all)
		for _, t := range out.Targets {
			var made []report.Assumption
			pins, made = report.Assume(pins, t.Graph.Refs, from, to)
			all = append(all, made...)
		}
		return pins, len(all) > before, nil
	})
	return pins, all
}
