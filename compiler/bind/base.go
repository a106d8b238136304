package bind

import (
	"slices"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// declared adds to a system the links to directories and the modes that its component
// declares. Steps that would change the system are errors.
func (x *binder) declared(s *model.System, steps []model.Step) *model.System {
	out := *s
	out.Links = map[string]string{}
	for from, to := range s.Links {
		out.Links[from] = to
	}
	for _, step := range steps {
		switch step := step.(type) {
		case *model.Link:
			out.Links[step.Path] = step.Leads()
		case *model.Dir:
			if step.Times {
				x.Found.Errorf(diag.InvalidBase, step.Span, "`times` is not allowed in a base system").
					Note("it is about files that components place on the base").
					Hint("move the `dir` to a component that the apps use")
			}
			out.Dirs = slices.DeleteFunc(slices.Clone(out.Dirs), func(d model.Place) bool { return d.Path == step.Path })
			out.Dirs = append(out.Dirs, step.Place)
		default:
			x.stepInSystem(step.Where())
		}
	}
	return &out
}

func (x *binder) stepInSystem(at source.Span) {
	x.Found.Errorf(diag.InvalidBase, at, "only `dir` and `link` are allowed in a base system").
		Note("they describe what the system contains, and change nothing").
		Hint("move the step to a component that the apps use")
}
