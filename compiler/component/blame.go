package component

import (
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// Where findings point. When something is wrong in a component of the standard
// library or of a git repository, it is seldom that component that has to be
// changed, but what was given to it. So each reference remembers its origin,
// the line of the project by which the evaluation came to it, and a finding in
// foreign text is turned round: the origin becomes its place, and the foreign
// line a label.

// foreign reports whether a span lies in a module that is not the project's.
func (x *expander) foreign(at source.Span) bool {
	m := x.moduleOf[at.File]
	if m == nil {
		return false
	}
	_, own := m.Dir()
	return !own
}

// told is what a finding about a reference points at.
func (x *expander) told(span, origin source.Span) source.Span {
	if x.foreign(span) && !origin.IsZero() {
		return origin
	}
	return span
}

// turn turns the findings from number n on round, whose place is foreign.
func (x *expander) turn(n int, origin source.Span) {
	if origin.IsZero() {
		return
	}
	for _, d := range x.found[n:] {
		if d.Span.IsZero() || !x.foreign(d.Span) {
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

// involve turns a finding about what two instances do round, as far as they
// are foreign.
func (x *expander) involve(d *diag.Diagnostic, by, other *Instance) {
	used := func(i *Instance) string { return shortened(i.Title) + " is used here" }
	if other != nil && x.foreign(other.Span) {
		d.See(other.asked, "%s", used(other))
	}
	if by == nil || !x.foreign(d.Span) || by.asked.IsZero() {
		return
	}
	label := d.Label
	if label == "" {
		label = "here"
	}
	d.Labels = append([]diag.Label{{Span: d.Span, Text: label}}, d.Labels...)
	d.Span, d.Label = by.asked, used(by)
}

// repeats is a finding, and which other closures it holds for.
type repeats struct {
	finding *diag.Diagnostic
	others  []string
}

// once reports what is wrong with a closure, unless the same is reported of
// another one: then it notes that one mistake concerns both.
func (x *expander) once(what string, code diag.Code, at, other source.Span, report func() *diag.Diagnostic) {
	key := fmt.Sprintf("%s %p %d %p %d", code, at.File, at.Start, other.File, other.Start)
	if r := x.repeated[key]; r != nil {
		if !slices.Contains(r.others, what) {
			r.others = append(r.others, what)
		}
		return
	}
	x.repeated[key] = &repeats{finding: report()}
}

// onceAt reports what is wrong at a place, however often the place is evaluated.
func (x *expander) onceAt(code diag.Code, at source.Span, report func() *diag.Diagnostic) {
	key := fmt.Sprintf("%s %p %d", code, at.File, at.Start)
	if x.repeated[key] == nil {
		x.repeated[key] = &repeats{finding: report()}
	}
}

// noteRepeats adds to findings which other closures they hold for.
func (x *expander) noteRepeats() {
	const shown = 3
	for _, r := range x.repeated {
		switch n := len(r.others); {
		case n > shown+1:
			r.finding.Note("it is the same with %s and %d more", strings.Join(r.others[:shown], ", "), n-shown)
		case n > 0:
			r.finding.Note("it is the same with %s", strings.Join(r.others, ", "))
		}
	}
}

// shortened is a title that fits into a line.
func shortened(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return s
}

// label is a reference's title, for findings.
func (r *ref) label() string { return shortened(r.title()) }
