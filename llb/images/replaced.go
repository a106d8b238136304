package images

import (
	"fmt"
	"path"
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
)

// What a layer replaces in the layers below, in terms of the steps that place it.

// replacement is what the helper prints of a tree that replaces a directory, or puts
// one in the place of something else.
type replacement struct {
	by    int    // the tree, as the helper counts
	at    string // the path
	was   string // "directory", or what else is there: "file", "link", "pipe", "device"
	leads string // where the link leads
	of    int    // the tree that has it; negative: the system that a tree is put into
}

// replacing reads what the helper printed; false if it is something else.
func replacing(step *engine.StepError) (r replacement, ok bool) {
	text, _ := said(step)
	n, _ := fmt.Sscanf(text, "replaced: %d %q %s %q %d", &r.by, &r.at, &r.was, &r.leads, &r.of)
	return r, n == 5
}

// replaced is the finding of an image whose layers do not keep what is below; nil if
// the proof failed for another reason.
func (v Outcome) replaced(step *engine.StepError) *diag.Diagnostic {
	r, ok := replacing(step)
	if !ok || max(r.by, r.of) >= len(v.Stack) || min(r.by, r.of) < 0 || v.Stack[r.by].Instance == nil {
		return nil
	}
	of := "a layer below"
	switch below := v.Stack[r.of]; {
	case below.Instance != nil:
		of = below.Instance.Title
	case below.System.Kind == plan.Base:
		of = below.System.Members[0].Title
	}
	return r.finding(v.Stack[r.by].Instance, of+v.where())
}

// replacesOther explains a step that adds portable components to a spine layer.
func replacesOther(step *engine.StepError, origin llb.Origin) *Finding {
	r, ok := replacing(step)
	if !ok || r.by < 0 || r.by >= len(origin.Members) {
		return nil
	}
	return &Finding{Diagnostic: r.finding(origin.Members[r.by], "a layer below")}
}

// finding tells of a replacement by an instance.
func (r replacement) finding(i *model.Instance, of string) *diag.Diagnostic {
	by, ok := llb.PlacingAt(i, r.at)
	if !ok {
		by.Span = i.Span
	}
	d := r.told(i, by, of)
	turn(d, i.Span, i.Asked)
	return d
}

// told tells of a replacement by a step of an instance.
func (r replacement) told(i *model.Instance, by llb.Placing, of string) *diag.Diagnostic {
	var list diag.List
	if r.was == "directory" {
		d := list.Errorf(diag.ReplacedKind, by.Span, "%s replaces the directory %s of %s", i.Title, r.at, of).
			Note("the layer would delete the directory and its contents")
		return d.Hint("%s", r.besideDirectory(by))
	}
	d := list.Errorf(diag.ReplacedKind, by.Span, "%s replaces the %s %s of %s with a directory", i.Title, r.was, r.at, of).
		Note("a directory of that name in a layer would delete the %s", r.was)
	if r.leads == "" {
		return d.Hint("write another path")
	}
	leads := r.leads
	if !path.IsAbs(leads) {
		leads = path.Join(path.Dir(r.at), leads)
	}
	if rest, ok := strings.CutPrefix(path.Clean(by.Path), r.at); ok {
		leads = path.Join(leads, rest)
	}
	return d.Hint("the link leads to %s; write the path there: `%q`", r.leads, leads)
}

// besideDirectory is what helps a step that would replace a directory.
func (r replacement) besideDirectory(by llb.Placing) string {
	exact := path.Clean(by.Path) == r.at && !by.Into()
	switch by.Step.(type) {
	case *model.Copy:
		if !exact {
			return "leave it out with `exclude`, or write another target"
		}
		return fmt.Sprintf("to copy into the directory, write a slash at the end of the target: `%q`", r.at+"/")
	case *model.Fetch:
		if !exact {
			return "the archive has something else there: unpack it at another path in a component of its own, and `copy` the rest `from` there"
		}
		return fmt.Sprintf("to put the file into the directory, write a slash at the end of the target: `%q`", r.at+"/")
	case *model.File:
		return fmt.Sprintf("write the path of a file, such as `%q`", path.Join(r.at, "NAME"))
	case *model.Link:
		return "write another path for the link"
	}
	return "write another path"
}
