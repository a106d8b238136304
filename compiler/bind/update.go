package bind

import (
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/evaluate"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
)

// updated gives an instance, which has its steps, the key of its component in the lock file, and
// the rate of change that the key implies.
func (x *binder) updated(i *model.Instance, b *block) {
	u := b.Update
	if u == nil {
		return
	}
	if !i.Rate.Set && i.RateWith == nil {
		i.Rate = u.Rate
	}
	ref := lock.UpdateRef{Component: i.Path, Every: u.Every, Names: i.Pinned()}
	runs := model.Runs(i.Steps)
	if !runs && len(ref.Names) == 0 {
		if !x.idle[u.Span] {
			x.idle[u.Span] = true
			x.Found.Warnf(diag.NothingToUpdate, u.Span, "%s has nothing to update", i.Title).
				Note("it has no `run`, and the program declares the checksums of all its downloads").
				Hint("remove `update`")
		}
		return
	}
	known := slices.ContainsFunc(x.Needed.Updates, func(o lock.UpdateRef) bool { return o.Component == i.Path })
	x.Needed.Updates = append(x.Needed.Updates, ref)
	key := x.Lock.UpdateKey(i.Path)
	if key == "" {
		if !known {
			x.Found.Errorf(diag.NotPinned, u.Span, "the update key of %s is not pinned", i.Path).
				Note("%s records the day of the last refresh, so a build does not depend on the time", lock.Name).
				Hint("run `%s`", x.LockCommand())
		}
		return
	}
	if runs {
		i.Env = append(slices.Clone(i.Env), model.EnvVar{Name: evaluate.UpdateVar, Value: key})
		slices.SortFunc(i.Env, func(a, b model.EnvVar) int { return strings.Compare(a.Name, b.Name) })
	}
}
