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
	if other != nil {
		d.See(other.Asked, "%s", used(other))
	}
	if by != nil && x.Foreign(d.Span) {
		d.Turn(by.Asked, "here", used(by))
	}
}
