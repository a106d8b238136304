package bind

import (
	"github.com/layc-lang/layc/compiler/model"
)

// Costs for the limit that package evaluate enforces.
const (
	heldMember  = 24  // an instance in an app
	heldSetting = 32  // a variable or label of an app
	heldChoice  = 16  // a choice that an instance depends on
	heldClaim   = 150 // a path that an instance writes
)

// holdApp counts the parts of an app.
func (x *binder) holdApp(a *model.App) {
	bytes := heldMember * len(a.Closure)
	for _, list := range [][]model.EnvVar{a.Config.Env, a.Config.Labels} {
		bytes += heldSetting * len(list)
	}
	for _, e := range a.Config.Env {
		if len(e.Value) > 1000 { // joined from what its components append
			bytes += len(e.Value)
		}
	}
	x.Hold(bytes, a.Span)
}

// holdInstance counts the text of a new instance, and what its runs are built on.
func (x *binder) holdInstance(i *model.Instance, of *made) {
	bytes := len(i.ID) + heldMember*(len(i.Root)+len(i.Needs)) + heldChoice*len(of.choices)
	for _, s := range i.Steps {
		bytes += s.TextLength()
	}
	for _, e := range i.Env {
		bytes += heldSetting + len(e.Value)
	}
	x.Hold(bytes, i.Span)
}
