package main

import (
	"path/filepath"
	"slices"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/picture"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/whatif"
)

// writePage writes the HTML page of a plan for the first platform with a chosen app, with the plans
// for other limits of layers. The search for each of them takes the given work.
func (c *cli) writePage(file string, out *compiler.Output, work int64, sets []map[string]bool) error {
	n := slices.IndexFunc(sets, func(set map[string]bool) bool { return len(set) > 0 })
	t, set := out.Targets[n], sets[n]
	plans, shown := whatif.Limits(t, out.Lock, plan.Options{Work: work})
	var choices []picture.Choice
	for _, p := range plans {
		choices = append(choices, picture.Choice{Name: p.Name, Plan: p.Plan.Only(set)})
	}
	text, err := picture.Page(c.title(t.Graph), choices, shown)
	if err != nil {
		return err
	}
	return replaceFile(file, []byte(text))
}

// title returns the fleet's name for people: its place in a registry, else its directory.
func (c *cli) title(g *model.Graph) string {
	if g.Fleet.Registry != "" {
		return g.Fleet.Registry
	}
	dir, err := filepath.Abs(c.dir)
	if err != nil {
		return c.dir
	}
	return filepath.Base(dir)
}
