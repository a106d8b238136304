package bind

import (
	"github.com/layc-lang/layc/compiler/evaluate"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
)

// involve turns around a finding about two instances, if they are foreign; see
// evaluate.Findings.Turn.
func (x *binder) involve(d *diag.Diagnostic, by, other *model.Instance) {
	used := func(i *model.Instance) string { return evaluate.Shortened(i.Title) + " is used here" }
	if other != nil && x.Foreign(other.Span) {
		d.See(x.of(other).asked, "%s", used(other))
	}
	if by == nil || !x.Foreign(d.Span) || x.of(by).asked.IsZero() {
		return
	}
	label := d.Label
	if label == "" {
		label = "here"
	}
	d.Labels = append([]diag.Label{{Span: d.Span, Text: label}}, d.Labels...)
	d.Span, d.Label = x.of(by).asked, used(by)
}
