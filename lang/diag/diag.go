// Package diag represents findings about source text, errors and warnings, as values. The terminal,
// --json, the editor server and `layc explain` display them.
//
// A stage collects findings in a [List] and continues as far as it can. Nothing in this package prints or
// stops anything.
package diag

import (
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/source"
)

// Severity is the severity of a finding. The zero value is Error.
type Severity uint8

const (
	Error   Severity = iota // planning is impossible
	Warning                 // the input is valid, but probably not intended
)

func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Code identifies a kind of finding for good, such as "E0123". The codes_*.go files list all codes with
// their documentation.
type Code string

// Diagnostic is one finding.
type Diagnostic struct {
	Code     Code
	Severity Severity
	Message  string      // one line, lower case, no full stop: the fault
	Span     source.Span // where; zero only if no file is concerned
	Label    string      // text at the underlined place; may be empty
	Labels   []Label     // related places ("first declared here")
	Notes    []string    // why
	Help     []string    // what to do next
	Edits    []Edit      // the fix, if it is certain
}

// Label is text at a related place.
type Label struct {
	Span source.Span
	Text string
}

// Edit replaces the text of a span. Edits of one diagnostic do not overlap.
type Edit struct {
	Span source.Span
	New  string
}

// List collects findings in the order of discovery. The zero value is an empty list.
type List []*Diagnostic

// Errorf adds an error and returns it, so that labels and help can follow.
func (l *List) Errorf(code Code, at source.Span, format string, args ...any) *Diagnostic {
	return l.add(code, Error, at, format, args)
}

// Warnf adds a warning and returns it.
func (l *List) Warnf(code Code, at source.Span, format string, args ...any) *Diagnostic {
	return l.add(code, Warning, at, format, args)
}

func (l *List) add(code Code, s Severity, at source.Span, format string, args []any) *Diagnostic {
	d := &Diagnostic{Code: code, Severity: s, Span: at, Message: fmt.Sprintf(format, args...)}
	*l = append(*l, d)
	return d
}

// At sets the text at the underlined place.
func (d *Diagnostic) At(format string, args ...any) *Diagnostic {
	d.Label = fmt.Sprintf(format, args...)
	return d
}

// See adds a related place.
func (d *Diagnostic) See(at source.Span, format string, args ...any) *Diagnostic {
	if !at.IsZero() {
		d.Labels = append(d.Labels, Label{at, fmt.Sprintf(format, args...)})
	}
	return d
}

// Note adds a reason.
func (d *Diagnostic) Note(format string, args ...any) *Diagnostic {
	d.Notes = append(d.Notes, fmt.Sprintf(format, args...))
	return d
}

// Hint adds a line that tells what to do next.
func (d *Diagnostic) Hint(format string, args ...any) *Diagnostic {
	d.Help = append(d.Help, fmt.Sprintf(format, args...))
	return d
}

// Fix adds an edit.
func (d *Diagnostic) Fix(at source.Span, text string) *Diagnostic {
	d.Edits = append(d.Edits, Edit{at, text})
	return d
}

// Turn turns a finding around that points at text which the project cannot edit: it points at the place of
// the project that led there, with a label, and the place where it pointed becomes the first of its labels,
// with the text found if it has none. It loses a fix of that text. Without a place to point at, nothing changes.
func (d *Diagnostic) Turn(at source.Span, found, label string) {
	if at.IsZero() {
		return
	}
	if d.Label != "" {
		found = d.Label
	}
	d.Labels = append([]Label{{Span: d.Span, Text: found}}, d.Labels...)
	if slices.ContainsFunc(d.Edits, func(e Edit) bool { return e.Span.File == d.Span.File }) {
		d.Edits = nil
	}
	d.Span, d.Label = at, label
}

// Files returns the files that a finding names.
func (d *Diagnostic) Files() []*source.File {
	var all []*source.File
	add := func(at source.Span) {
		if !at.IsZero() && !slices.Contains(all, at.File) {
			all = append(all, at.File)
		}
	}
	add(d.Span)
	for _, l := range d.Labels {
		add(l.Span)
	}
	for _, e := range d.Edits {
		add(e.Span)
	}
	return all
}

// HasErrors reports whether any finding is an error.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d *Diagnostic) bool { return d.Severity == Error })
}

// Sorted returns the findings by place, code and message, without duplicates.
func (l List) Sorted() List {
	s := slices.Clone(l)
	slices.SortStableFunc(s, compare)
	return slices.CompactFunc(s, func(a, b *Diagnostic) bool { return compare(a, b) == 0 })
}

func compare(a, b *Diagnostic) int {
	if c := a.Span.Compare(b.Span); c != 0 {
		return c
	}
	if c := strings.Compare(string(a.Code), string(b.Code)); c != 0 {
		return c
	}
	return strings.Compare(a.Message, b.Message)
}
