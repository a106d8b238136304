package whatif

import (
	"cmp"
	"fmt"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/search"
)

// Choice is one of a fleet's possible plans.
type Choice struct {
	Name string // its limit of layers, or "as written" if the apps have several limits
	Plan *plan.Plan
}

// mostLayers is the highest limit that [Limits] plans for, unless the fleet has a higher one.
const mostLayers = 12

// Limits returns the plans of a fleet for common limits of layers, as far as they exist,
// and the index of the fleet's own plan among them. The own plan replaces the plan with
// the same limit, or is the first if its apps have several limits. Each search takes the given
// work, and ends with Done; see [plan.Options].
func Limits(t *compiler.Target, l *lock.File, o plan.Options) (choices []Choice, own int) {
	problem, _ := t.Plan.Problem()
	limit := ownLimit(problem)
	if limit == 0 {
		choices = append(choices, Choice{"as written", t.Plan})
	}
	o.Rebalance, o.Weights = true, problem.Weights
	if apps := len(t.Graph.Apps); o.Work == 0 && apps > 200 {
		o.Work = plan.WorkPerSecond / 4 // a rougher plan, since there are ten
	} else if o.Work == 0 && apps > 40 {
		o.Work = plan.WorkPerSecond / 2
	}
	for n := 1; n <= max(mostLayers, limit); n++ {
		if n == limit {
			own = len(choices)
			choices = append(choices, Choice{fmt.Sprint(n), t.Plan})
			continue
		}
		if p, list := plan.New(limited(t.Graph, n), l, o); p != nil && !list.HasErrors() {
			choices = append(choices, Choice{fmt.Sprint(n), p})
		}
	}
	return choices, own
}

// ownLimit returns the limit of all apps, or 0 if they have several.
func ownLimit(p *search.Problem) int {
	for _, a := range p.Apps {
		if a.Limit != p.Apps[0].Limit {
			return 0
		}
	}
	return cmp.Or(p.Apps[0].Limit, search.DefaultLimit)
}

// limited returns a graph with another limit for all its apps.
func limited(g *model.Graph, n int) *model.Graph {
	out := *g
	out.Fleet.Layers = n
	out.Apps = nil
	for _, a := range g.Apps {
		b := *a
		b.Layers = 0
		out.Apps = append(out.Apps, &b)
	}
	return &out
}
