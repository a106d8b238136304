package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/plan"
)

func (c *cli) planCommand() *cobra.Command {
	var p program
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "plan [APP…]",
		Short: "Show which layers exist and which images stack them",
		Long: `plan lays the chains of all images over each other and shows them as a tree,
bottom up: the inner layers are base images that several apps share. All apps
are planned together; arguments choose which of them are shown.`,
		Example: `  layc plan
  layc plan app1
  layc plan --json             layers and images as JSON`,
		RunE: func(cmd *cobra.Command, apps []string) error {
			out, err := c.compile(cmd, p, compiler.Planned)
			if err != nil {
				return err
			}
			var shown []*plan.Plan
			for _, t := range out.Targets {
				set, err := chosen(cmd, t.Graph, apps)
				if err != nil {
					return err
				}
				shown = append(shown, t.Plan.Only(set))
			}
			if asJSON {
				return c.printJSON(planJSON(shown))
			}
			for n, t := range shown {
				if len(shown) > 1 {
					fmt.Fprintf(c.out, "%s\n", out.Targets[n].Platform)
				}
				fmt.Fprintf(c.out, "%s\n%s\n", t.Tree(), t.Summary())
			}
			return nil
		},
	}
	p.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the plan as JSON")
	return cmd
}

// jsonPlan is the plan for scripts. Fields are only ever added.
type jsonPlan struct {
	Layers []jsonLayer `json:"layers"`
	Images []jsonImage `json:"images"`
}

type jsonLayer struct {
	ID         string   `json:"id"`
	Kind       string   `json:"kind"`
	Components []string `json:"components"`
	Parent     *string  `json:"parent"`
	SizeBytes  int64    `json:"sizeBytes"`
	Platform   string   `json:"platform"`
}

type jsonImage struct {
	App      string   `json:"app"`
	Platform string   `json:"platform"`
	Layers   []string `json:"layers"`
}

func planJSON(plans []*plan.Plan) jsonPlan {
	out := jsonPlan{Layers: []jsonLayer{}, Images: []jsonImage{}}
	for _, p := range plans {
		platform := p.Graph.Platform.String()
		for _, l := range p.Layers {
			j := jsonLayer{ID: l.ID, Kind: string(l.Kind), Components: l.Components(), SizeBytes: l.Size, Platform: platform}
			if l.Parent != nil {
				j.Parent = &l.Parent.ID
			}
			out.Layers = append(out.Layers, j)
		}
		for _, i := range p.Images {
			j := jsonImage{App: i.App.Name, Platform: platform, Layers: []string{}}
			for _, l := range i.Layers {
				j.Layers = append(j.Layers, l.ID)
			}
			out.Images = append(out.Images, j)
		}
	}
	return out
}

func (c *cli) printJSON(v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s\n", text)
	return err
}
