package diag

import (
	"encoding/json"

	"github.com/layc-lang/layc/lang/source"
)

// MarshalJSON writes a finding for other programs: severity, code, message and place, then labels, notes,
// help and edits unless they are empty. Lines and columns are 1-based, columns count bytes, ends are
// exclusive.
func (d *Diagnostic) MarshalJSON() ([]byte, error) {
	type label struct {
		*place
		Text string `json:"text"`
	}
	type edit struct {
		*place
		New string `json:"new"`
	}
	out := struct {
		*place
		Code     Code     `json:"code"`
		Severity string   `json:"severity"`
		Message  string   `json:"message"`
		Label    string   `json:"label,omitempty"`
		Labels   []label  `json:"labels,omitempty"`
		Notes    []string `json:"notes,omitempty"`
		Help     []string `json:"help,omitempty"`
		Edits    []edit   `json:"edits,omitempty"`
	}{newPlace(d.Span), d.Code, d.Severity.String(), d.Message, d.Label, nil, d.Notes, d.Help, nil}
	for _, l := range d.Labels {
		out.Labels = append(out.Labels, label{newPlace(l.Span), l.Text})
	}
	for _, e := range d.Edits {
		out.Edits = append(out.Edits, edit{newPlace(e.Span), e.New})
	}
	return json.Marshal(out)
}

type place struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"endLine"`
	EndColumn int    `json:"endColumn"`
}

func newPlace(at source.Span) *place {
	if at.IsZero() {
		return nil
	}
	start, end := at.Position(), at.File.Position(at.End)
	return &place{at.File.Name(), start.Line, start.Column, end.Line, end.Column}
}
