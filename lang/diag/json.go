package diag

import (
	"encoding/json"
	"slices"

	"github.com/layc-lang/layc/lang/redact"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/visible"
)

// Findings as other programs read and write them.

type jsonDiagnostic struct {
	place
	Code     Code        `json:"code"`
	Severity string      `json:"severity"`
	Message  string      `json:"message"`
	Label    string      `json:"label,omitempty"`
	Labels   []jsonLabel `json:"labels,omitempty"`
	Notes    []string    `json:"notes,omitempty"`
	Help     []string    `json:"help,omitempty"`
	Edits    []jsonEdit  `json:"edits,omitempty"`
}

type jsonLabel struct {
	place
	Text string `json:"text"`
}

type jsonEdit struct {
	place
	New string `json:"new"`
}

// MarshalJSON writes a finding for other programs: severity, code, message and place, then labels, notes,
// help and edits unless they are empty. Lines and columns are 1-based, columns count bytes, ends are
// exclusive. Edits are left out if one has what output never has, a password or an invisible character.
func (d *Diagnostic) MarshalJSON() ([]byte, error) {
	out := jsonDiagnostic{newPlace(d.Span), d.Code, d.Severity.String(), d.Message, d.Label, nil, d.Notes, d.Help, nil}
	for _, l := range d.Labels {
		out.Labels = append(out.Labels, jsonLabel{newPlace(l.Span), l.Text})
	}
	altered := func(e Edit) bool {
		text, err := json.Marshal(e.New)
		return err != nil || visible.Text(redact.Text(string(text))) != string(text)
	}
	if !slices.ContainsFunc(d.Edits, altered) {
		for _, e := range d.Edits {
			out.Edits = append(out.Edits, jsonEdit{newPlace(e.Span), e.New})
		}
	}
	return json.Marshal(out)
}

// Read reads a finding that [Diagnostic.MarshalJSON] has written. file returns the files that it names,
// or nil for unknown ones: places in those are left out, and all edits if one of them is there.
func Read(text []byte, file func(name string) *source.File) (*Diagnostic, error) {
	var in jsonDiagnostic
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, err
	}
	d := &Diagnostic{Code: in.Code, Message: in.Message, Span: in.span(file), Label: in.Label, Notes: in.Notes, Help: in.Help}
	if in.Severity == Warning.String() {
		d.Severity = Warning
	}
	for _, l := range in.Labels {
		d.See(l.span(file), "%s", l.Text)
	}
	for _, e := range in.Edits {
		at := e.span(file)
		if at.IsZero() {
			d.Edits = nil
			break
		}
		d.Fix(at, e.New)
	}
	return d, nil
}

// place is a place in a file, or nothing.
type place struct {
	File      string `json:"file,omitempty"`
	Line      int    `json:"line,omitempty"`
	Column    int    `json:"column,omitempty"`
	EndLine   int    `json:"endLine,omitempty"`
	EndColumn int    `json:"endColumn,omitempty"`
}

func newPlace(at source.Span) place {
	if at.IsZero() {
		return place{}
	}
	start, end := at.Position(), at.File.Position(at.End)
	return place{at.File.Name(), start.Line, start.Column, end.Line, end.Column}
}

// span returns the place in its file; zero if there is none, or if the file is unknown.
func (p place) span(file func(string) *source.File) source.Span {
	f := file(p.File)
	if p == (place{}) || f == nil {
		return source.Span{}
	}
	start := f.Offset(p.Line, p.Column-1, false)
	return source.Span{File: f, Start: start, End: max(start, f.Offset(p.EndLine, p.EndColumn-1, false))}
}
