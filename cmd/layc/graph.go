package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/picture"
	"github.com/layc-lang/layc/compiler/plan"
)

func (c *cli) graphCommand() *cobra.Command {
	var p program
	var chosen selection
	var format string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "graph [APP… | --select EXPR]",
		Short: "Draw the layers and images",
		Long: `graph draws the plan from the bases to the apps. Apps that share all layers but
their own are one box. All apps are planned together; arguments select the apps
to draw, and so does --select. If the fleet has several platforms, the first is
drawn; --platform selects another.

In DOT and Mermaid, a solid arrow means that the content of the upper layer
depends on the lower layer, a dashed arrow that it is only stacked on it.
Numbers count images. In SVG, the width of a box is its bytes, and its height
is the number of its images. To explore a large fleet, run layc plan --html
FILE.`,
		Example: `  layc graph | dot -Tsvg > layers.svg
  layc graph --format=mermaid        draw for a Markdown page
  layc graph --format=svg app1 > app1.svg
  layc graph --json                  print layers, images and edges as JSON`,
		RunE: func(cmd *cobra.Command, apps []string) error {
			if err := chosen.take(cmd, apps); err != nil {
				return err
			}
			draw, ok := map[string]func(*picture.Picture) string{
				"dot": (*picture.Picture).Dot, "mermaid": (*picture.Picture).Mermaid, "svg": (*picture.Picture).SVG,
			}[format]
			if !ok {
				return usage(cmd, "--format %s: expected dot, mermaid or svg", format)
			}
			out, err := c.compile(cmd, p, compiler.Planned)
			if err != nil {
				return err
			}
			sets, err := c.chosen(cmd, out, chosen)
			if err != nil {
				return err
			}
			drawn := out.Targets[0].Plan.Only(nil)
			if _, plans := selected(out, sets); len(plans) > 0 {
				drawn = plans[0]
			}
			if asJSON {
				return c.printJSON(graphJSON(drawn))
			}
			_, err = fmt.Fprint(c.out, draw(picture.New(drawn, picture.PerStack)))
			return err
		},
	}
	p.flags(cmd)
	chosen.flag(cmd, "draw the apps")
	cmd.Flags().StringVar(&format, "format", "dot", "draw in `FORMAT`: dot, mermaid or svg")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the graph as JSON")
	return cmd
}

// jsonGraph is the plan with its edges, for scripts.
type jsonGraph struct {
	jsonPlan
	Edges []jsonEdge `json:"edges"`
}

// jsonEdge is an edge from a layer to the one directly below it.
type jsonEdge struct {
	Lower   string `json:"lower"`
	Upper   string `json:"upper"`
	Images  int    `json:"images"`  // number of images with this edge
	Depends bool   `json:"depends"` // the upper one's content depends on the lower one
}

// graphJSON returns a plan with its edges, in the order of the images.
func graphJSON(p *plan.Plan) jsonGraph {
	g := jsonGraph{jsonPlan: planJSON([]*plan.Plan{p}, nil), Edges: []jsonEdge{}}
	type pair struct{ lower, upper *plan.Layer }
	index := map[pair]int{}
	for _, i := range p.Images {
		for n := 1; n < len(i.Layers); n++ {
			at := pair{i.Layers[n-1], i.Layers[n]}
			k, ok := index[at]
			if !ok {
				k = len(g.Edges)
				index[at] = k
				depends := at.upper.Parent == at.lower || slices.Contains(at.upper.On, at.lower)
				g.Edges = append(g.Edges, jsonEdge{Lower: at.lower.ID, Upper: at.upper.ID, Depends: depends})
			}
			g.Edges[k].Images++
		}
	}
	return g
}
