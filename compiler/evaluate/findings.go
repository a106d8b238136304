package evaluate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// Findings are what evaluating and binding report, and what both may spend.
type Findings struct {
	Found     diag.List
	moduleOf  map[*source.File]*check.Module
	repeated  map[string]*repeats
	Exhausted bool  // a limit is reached, which is reported
	enough    int   // findings up to that
	spent     int64 // of maxSpent
	held      int64 // of maxHeld
}

func newFindings(p *check.Program) *Findings {
	x := &Findings{moduleOf: map[*source.File]*check.Module{}, repeated: map[string]*repeats{}}
	for _, m := range p.Modules {
		for _, f := range m.Files {
			x.moduleOf[f.Source] = m
		}
	}
	return x
}

// Finish is all that was reported.
func (x *Findings) Finish() diag.List {
	x.noteRepeats()
	if x.Exhausted {
		x.Found = x.Found[:min(x.enough, len(x.Found))]
	}
	return x.Found
}

// Where findings point. When something is wrong in a component of the standard
// library or of a git repository, it is seldom that component that has to be
// changed, but what was given to it. So each reference remembers its origin,
// the line of the project by which the evaluation came to it, and a finding in
// foreign text is turned round: the origin becomes its place, and the foreign
// line a label.

// Foreign reports whether a span lies in a module that is not the project's.
func (x *Findings) Foreign(at source.Span) bool {
	m := x.moduleOf[at.File]
	if m == nil {
		return false
	}
	_, own := m.Dir()
	return !own
}

// Told is what a finding about a reference points at.
func (x *Findings) Told(span, origin source.Span) source.Span {
	if x.Foreign(span) && !origin.IsZero() {
		return origin
	}
	return span
}

// Turn turns the findings from number n on round, whose place is foreign.
func (x *Findings) Turn(n int, origin source.Span) {
	if origin.IsZero() {
		return
	}
	for _, d := range x.Found[n:] {
		if d.Span.IsZero() || !x.Foreign(d.Span) {
			continue
		}
		label := d.Label
		if label == "" {
			label = "found here"
		}
		d.Labels = append([]diag.Label{{Span: d.Span, Text: label}}, d.Labels...)
		d.Span, d.Label = origin, "used here"
		d.Edits = nil // foreign text is not the project's to edit
	}
}

// repeats is a finding, and which other closures it holds for.
type repeats struct {
	finding *diag.Diagnostic
	others  []string
}

// Once reports what is wrong with a closure, unless the same is reported of
// another one: then it notes that one mistake concerns both.
func (x *Findings) Once(what string, code diag.Code, at, other source.Span, report func() *diag.Diagnostic) {
	key := fmt.Sprintf("%s %p %d %p %d", code, at.File, at.Start, other.File, other.Start)
	if r := x.repeated[key]; r != nil {
		if !slices.Contains(r.others, what) {
			r.others = append(r.others, what)
		}
		return
	}
	x.repeated[key] = &repeats{finding: report()}
}

// OnceAt reports what is wrong at a place, however often the place is evaluated.
func (x *Findings) OnceAt(code diag.Code, at source.Span, report func() *diag.Diagnostic) {
	key := fmt.Sprintf("%s %p %d", code, at.File, at.Start)
	if x.repeated[key] == nil {
		x.repeated[key] = &repeats{finding: report()}
	}
}

// noteRepeats adds to findings which other closures they hold for.
func (x *Findings) noteRepeats() {
	const shown = 3
	for _, r := range x.repeated {
		switch n := len(r.others); {
		case n > shown+1:
			r.finding.Note("the same applies to %s and %d more", strings.Join(r.others[:shown], ", "), n-shown)
		case n > 0:
			r.finding.Note("the same applies to %s", strings.Join(r.others, ", "))
		}
	}
}

// Shortened is a title that fits into a line.
func Shortened(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return s
}

// Limits of evaluating and binding, so that no input exhausts memory or time. Each has a
// finding of its own; after the first that is reached no more is evaluated.
const (
	MaxApps  = 20_000
	maxSpent = 3_000_000 // evaluated expressions and statements
	maxHeld  = 256 << 20 // bytes of values and of what apps consist of, about
	maxTold  = 2000      // findings
)

// What things take, for maxHeld: more than their share of memory, since the
// stages that follow hold as much again.
const (
	heldValue = 16  // an element of a list
	heldEntry = 100 // an entry of a map
)

// Exhaust ends the evaluation with the finding that is reported next: what is
// found after that may be for want of values.
func (x *Findings) Exhaust() { x.Exhausted, x.enough = true, len(x.Found)+1 }

// Spend counts one unit of evaluation; false when a limit is reached.
func (x *Findings) Spend(at source.Span) bool {
	x.spent++
	if x.spent == maxSpent && !x.Exhausted {
		x.Exhaust()
		x.Found.Errorf(diag.TooMuchToEvaluate, at, "this program takes more than %d steps to evaluate", maxSpent).
			Note("nested loops and matrices multiply").Hint("shorten the lists that they iterate over")
	}
	if len(x.Found) >= maxTold && !x.Exhausted {
		x.Exhaust()
	}
	return !x.Exhausted
}

// Hold counts bytes that a program makes; false when a limit is reached.
func (x *Findings) Hold(bytes int, at source.Span) bool {
	x.held += int64(bytes)
	if x.held > maxHeld && !x.Exhausted {
		x.Exhaust()
		x.Found.Errorf(diag.FleetTooLarge, at, "the values of this program exceed %d MiB", maxHeld>>20).
			Note("each app of a matrix counts separately").
			Hint("put long content into files, copy directories instead of single files, or reduce the number of apps")
	}
	return !x.Exhausted
}
