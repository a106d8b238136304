package main

import (
	"cmp"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/component"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/picture"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/search"
)

// mostLayers is the highest limit that the page has a plan for, unless the fleet
// itself has more.
const mostLayers = 12

// writePage writes the HTML page of a plan: for its fleet's first platform, with
// the plans that other limits of layers would give.
func (c *cli) writePage(cmd *cobra.Command, file string, out *compiler.Output, apps []string) error {
	t := out.Targets[0]
	set, err := chosen(cmd, t.Graph, apps)
	if err != nil {
		return err
	}
	choices, shown := limits(t, out.Lock)
	for n := range choices {
		choices[n].Plan = choices[n].Plan.Only(set)
	}
	text, err := picture.Page(c.title(t.Graph), choices, shown)
	if err != nil {
		return err
	}
	return replaceFile(file, []byte(text))
}

// title is what people call the fleet: its place in a registry, else its
// directory.
func (c *cli) title(g *component.Graph) string {
	if g.Fleet.Registry != "" {
		return g.Fleet.Registry
	}
	dir, err := filepath.Abs(c.dir)
	if err != nil {
		return c.dir
	}
	return filepath.Base(dir)
}

// limits are the plans of a fleet for all apps with the same limit, as far as
// there are any, and where its own plan is among them: it takes the place of
// that with its limit, or is the first one if its apps have several limits.
func limits(t *compiler.Target, l *lock.File) ([]picture.Choice, int) {
	problem, _ := t.Plan.Problem()
	own := ownLimit(problem)
	var choices []picture.Choice
	shown := 0
	if own == 0 {
		choices = append(choices, picture.Choice{Name: "as written", Plan: t.Plan})
	}
	o := plan.Options{Rebalance: true, Weights: problem.Weights}
	if len(t.Graph.Apps) > 200 {
		o.Work = plan.WorkPerSecond / 2 // a rougher plan; there are ten of them
	}
	for n := 2; n <= max(mostLayers, own); n++ {
		if n == own {
			shown = len(choices)
			choices = append(choices, picture.Choice{Name: fmt.Sprint(n), Plan: t.Plan})
			continue
		}
		if p, list := plan.New(limited(t.Graph, n), l, o); !list.HasErrors() {
			choices = append(choices, picture.Choice{Name: fmt.Sprint(n), Plan: p})
		}
	}
	return choices, shown
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
func limited(g *component.Graph, n int) *component.Graph {
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
