package images

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/registry"
)

// blame adds to the error of a build that the project's copies of images are damaged, if they are. An
// engine tells only that some content is not what a step expects, so they are read now.
func (in Input) blame(ctx context.Context, graphs []*llb.Graph, cause, told error) error {
	var step *engine.StepError
	var unavailable *engine.UnavailableError
	used := slices.ContainsFunc(graphs, func(g *llb.Graph) bool { return slices.Contains(g.Layouts, llb.VendoredLayout) })
	if !used || ctx.Err() != nil || errors.As(cause, &unavailable) || errors.As(cause, &step) && step.ExitCode != 0 ||
		registry.Validate(filepath.Join(in.Dir, filepath.FromSlash(llb.VendoredLayout))) == nil {
		return told
	}
	const what, help = "the project's copies of images in " + llb.VendoredLayout + " are damaged", "run `layc vendor --all` to restore them"
	var finding *StepError
	var unproven *UnprovenError
	switch {
	case errors.As(told, &finding):
		finding.Note(what).Hint(help)
		return told
	case errors.As(told, &unproven):
		for _, o := range unproven.Outcomes {
			for _, f := range o.Findings {
				f.Note(what).Hint(help)
			}
		}
		return told
	}
	return &engine.UnavailableError{What: what, Help: help, Err: cause}
}
