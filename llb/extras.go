package llb

import (
	"strconv"

	"github.com/moby/buildkit/client/llb"

	"github.com/layc-lang/layc/compiler/model"
)

// extras is the content of a spine layer in addition to packages: users, and the content of
// portable instances that the plan puts into the same layer. The helper adds it in the execution
// that installs the packages, so that there is one layer.
type extras struct {
	accounts []*model.Account
	trees    []llb.State
	of       []*model.Instance // whose content the trees are
}

// placeDir is where the helper finds trees to place.
const placeDir = "/.layc/place/"

func (l *lowerer) extrasOf(members []*model.Instance) extras {
	var e extras
	for _, i := range members {
		switch {
		case i.Package != nil && i.Package.Account != nil:
			e.accounts = append(e.accounts, i.Package.Account)
		case i.Kind == model.Portable:
			e.trees, e.of = append(e.trees, l.content(i)), append(e.of, i)
		}
	}
	return e
}

// args returns the helper's arguments.
func (e extras) args() []string {
	var args []string
	for _, a := range e.accounts {
		args = append(args, "--", a.Name, strconv.Itoa(a.UID), strconv.Itoa(a.GID), a.Home, a.Shell)
		args = append(args, a.Groups...)
	}
	for n := range e.trees {
		args = append(args, "++", placeDir+strconv.Itoa(n))
	}
	return args
}

func (e extras) mounts() []llb.RunOption {
	var out []llb.RunOption
	for n, t := range e.trees {
		out = append(out, llb.AddMount(placeDir+strconv.Itoa(n), t, llb.Readonly, byDefinition))
	}
	return out
}
