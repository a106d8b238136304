package evaluate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// Findings are the errors and warnings of evaluating and binding, and the resources that
// both may use.
type Findings struct {
	Found     diag.List
	moduleOf  map[*source.File]*check.Module
	repeated  map[string]*repeats
	Exhausted bool  // a limit was reached and reported
	enough    int   // number of findings to keep then
	spent     int64 // of maxSpent
	held      int64 // of maxHeld
	done      <-chan struct{}
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

// Finish returns all errors and warnings.
func (x *Findings) Finish() diag.List {
	x.noteRepeats()
	if x.Exhausted {
		x.Found = x.Found[:min(x.enough, len(x.Found))]
	}
	return x.Found
}

// Where errors point. If something fails in a component of the standard library or of a
// git repository, the mistake is usually in what the project gave to that component. So
// each reference remembers its origin, the line of the project that led to it. An error
// in foreign text is turned around: it points at the origin, and the foreign line becomes
// a label.

// Foreign reports whether a span is in a module outside of the project.
func (x *Findings) Foreign(at source.Span) bool {
	m := x.moduleOf[at.File]
	if m == nil {
		return false
	}
	_, own := m.Dir()
	return !own
}

// Told returns the place that an error about a reference points at.
func (x *Findings) Told(span, origin source.Span) source.Span {
	if x.Foreign(span) && !origin.IsZero() {
		return origin
	}
	return span
}

// Asked returns the origin of what is declared at a place in foreign text, and the zero place for other text.
func (x *Findings) Asked(declared, origin source.Span) source.Span {
	if x.Foreign(declared) {
		return origin
	}
	return source.Span{}
}

// Turn turns around the findings from number n on that point at foreign text.
func (x *Findings) Turn(n int, origin source.Span) {
	for _, d := range x.Found[n:] {
		if d.Span.IsZero() || !x.Foreign(d.Span) {
			continue
		}
		d.Turn(origin, "found here", "used here")
	}
}

// repeats is an error or a warning with the other closures that it applies to.
type repeats struct {
	finding *diag.Diagnostic
	others  []string
}

// Once reports a fault of a closure. If the same fault was reported for another closure,
// it only notes that it applies to both.
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

// OnceAt reports a fault at a place, however often that place is evaluated.
func (x *Findings) OnceAt(code diag.Code, at source.Span, report func() *diag.Diagnostic) {
	key := fmt.Sprintf("%s %p %d", code, at.File, at.Start)
	if x.repeated[key] == nil {
		x.repeated[key] = &repeats{finding: report()}
	}
}

// noteRepeats adds to each finding the other closures that it applies to.
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

// Shortened cuts a title so that it fits into a line.
func Shortened(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return s
}

// Limits of evaluating and binding, so that no input exhausts memory or time. Each limit
// has its own error; evaluation ends at the first one.
const (
	MaxApps  = 20_000
	maxSpent = 3_000_000 // evaluated expressions and statements
	maxHeld  = 256 << 20 // approximate bytes of values and of the parts of apps
	maxFound = 2000      // findings
)

// Costs for maxHeld. They exceed the memory that evaluation uses, because later stages
// need as much again.
const (
	heldValue = 16  // an element of a list
	heldEntry = 100 // an entry of a map
)

// Exhaust ends the evaluation after the next finding: later ones may only be
// consequences of missing values.
func (x *Findings) Exhaust() { x.Exhausted, x.enough = true, len(x.Found)+1 }

// Spend counts one unit of evaluation. It returns false when a limit is reached.
func (x *Findings) Spend(at source.Span) bool {
	if x.spent++; x.spent%1024 == 0 {
		select {
		case <-x.done:
			x.Exhausted = true
		default:
		}
	}
	if x.spent == maxSpent && !x.Exhausted {
		x.Exhaust()
		x.Found.Errorf(diag.TooMuchToEvaluate, at, "this program takes more than %d steps to evaluate", maxSpent).
			Note("nested loops and matrices multiply").Hint("shorten the lists that they iterate over")
	}
	if len(x.Found) >= maxFound && !x.Exhausted {
		x.Exhaust()
	}
	return !x.Exhausted
}

// Hold counts bytes that a program creates. It returns false when a limit is reached.
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
