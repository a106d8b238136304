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

// Choice is one of the plans that a fleet may have.
type Choice struct {
	Name string // its limit of layers, or "as written" if its apps have several
	Plan *plan.Plan
}

// mostLayers is the highest limit that [Limits] plans for, unless the fleet itself
// has more.
const mostLayers = 12

// Limits are the plans of a fleet that limits of layers from 2 on would give, if all
// apps had the same, as far as there are any; and where its own plan is among them: it
// takes the place of the plan with its limit, or is the first if its apps have several
// limits.
func Limits(t *compiler.Target, l *lock.File) (choices []Choice, own int) {
	problem, _ := t.Plan.Problem()
	limit := ownLimit(problem)
	if limit == 0 {
		choices = append(choices, Choice{"as written", t.Plan})
	}
	o := plan.Options{Rebalance: true, Weights: problem.Weights}
	if len(t.Graph.Apps) > 200 {
		o.Work = plan.WorkPerSecond / 2 // a rougher plan; there are ten of them
	}
	for n := 2; n <= max(mostLayers, limit); n++ {
		if n == limit {
			own = len(choices)
			choices = append(choices, Choice{fmt.Sprint(n), t.Plan})
			continue
		}
		if p, list := plan.New(limited(t.Graph, n), l, o); !list.HasErrors() {
			choices = append(choices, Choice{fmt.Sprint(n), p})
		}
	}
	return choices, own
}

// ownLimit is the limit of all apps, or 0 if they have several.
func ownLimit(p *search.Problem) int {
	for _, a := range p.Apps {
		if a.Limit != p.Apps[0].Limit {
			return 0
		}
	}
	return cmp.Or(p.Apps[0].Limit, search.DefaultLimit)
}

// limited is a graph with another limit for all its apps.
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
