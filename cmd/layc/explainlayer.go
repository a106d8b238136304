package main

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/report"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/term"
)

func (c *cli) explainLayerCommand() *cobra.Command {
	var p program
	var asJSON bool
	cmd := &cobra.Command{
		Use:        "explain-layer LAYER",
		SuggestFor: []string{"why"},
		Short:      "Show why components share a layer",
		Long: `explain-layer shows the contents of a layer, the images that have it, and its
cost. Then it shows what the alternatives would cost: a member in a layer of
its own or in another layer, or the whole layer merged with another. Costs are
for the whole fleet, by default in dollars per year; +0.00 is less than half a
cent.

LAYER is the ID of a layer, as in layc plan --json and layc graph, or its first
characters, or the name of a component in it. If a component is in many layers,
they are only listed; --json explains all of them.`,
		Example: `  layc explain-layer jdk
  layc explain-layer spine-3f
  layc explain-layer openssl --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(cmd, "expected one layer or component")
			}
			out, err := c.compile(cmd, p, compiler.Planned)
			if err != nil {
				return err
			}
			answer := []jsonExplanation{}
			for _, t := range out.Targets {
				layers, err := layersNamed(cmd, t.Plan, args[0])
				if err != nil {
					return err
				}
				if len(layers) > mostExplained && !asJSON {
					c.listLayers(args[0], layers, t.Plan)
					continue
				}
				for n, l := range layers {
					x := report.Explain(t.Plan, l)
					if asJSON {
						answer = append(answer, explanationJSON(t.Platform.String(), x))
						continue
					}
					if n > 0 {
						fmt.Fprintln(c.out)
					}
					c.printExplanation(x)
				}
			}
			if asJSON {
				return c.printJSON(map[string][]jsonExplanation{"layers": answer})
			}
			return nil
		},
	}
	p.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

// mostExplained is the maximal number of layers explained at once, for people.
const mostExplained = 4

// listLayers lists the layers that match an argument.
func (c *cli) listLayers(name string, layers []*plan.Layer, p *plan.Plan) {
	fmt.Fprintf(c.out, "%s is in %s; name one of them:\n\n", name, term.Count(len(layers), "layer"))
	table := term.Table{Right: []int{1, 2}, Stretch: 3}
	table.Row("layer", "size", "images", "")
	for _, l := range layers {
		images := 0
		for _, i := range p.Images {
			if slices.Contains(i.Layers, l) {
				images++
			}
		}
		table.Row(l.ID, l.Size.String(), strconv.Itoa(images), l.Title())
	}
	table.Print(c.out)
}

// layersNamed returns the layers that match an argument. A prefix of an ID must be unique.
func layersNamed(cmd *cobra.Command, p *plan.Plan, name string) ([]*plan.Layer, error) {
	layers := report.Layers(p, name)
	if len(layers) == 0 {
		known := report.Names(p.Graph)
		for _, l := range p.Layers {
			known = append(known, l.ID)
		}
		if near := diag.Nearest(name, known); near != "" {
			return nil, usage(cmd, "unknown layer %s; did you mean %s?", name, near)
		}
		return nil, usage(cmd, "unknown layer %s; layc plan --json shows the IDs", name)
	}
	if len(layers) > 1 && len(report.Named(p.Graph, name)) == 0 {
		return nil, usage(cmd, "ambiguous layer %s: %d IDs begin with it, such as %s and %s", name, len(layers), layers[0].ID, layers[1].ID)
	}
	return layers, nil
}

// shownMembers is the maximal number of members to show for a layer.
const shownMembers = 10

func (c *cli) printExplanation(x *report.Explanation) {
	l := x.Layer
	fmt.Fprintf(c.out, "%s  %s\n", l.ID, term.Cut(l.Title(), term.Width-2-len(l.ID)))
	fmt.Fprintf(c.out, "%s, in %s: %s per year\n", l.Size, term.Count(len(x.Images), "image"), "$"+dollars(x.Sum.Money))
	if l.Parent != nil {
		fmt.Fprintf(c.out, "built on %s\n", term.Cut(l.Parent.ID+", "+l.Parent.Title(), term.Width-9))
	}
	var apps []string
	for _, i := range x.Images {
		apps = append(apps, i.App.Name)
	}
	fmt.Fprintln(c.out)
	term.List(c.out, "images: ", "        ", apps)
	fmt.Fprintln(c.out)

	table := term.Table{Right: []int{1, 2, 3}}
	table.Row("members", "size", "changes per year", "images that need it")
	for n, m := range x.Members {
		if n == shownMembers {
			break
		}
		table.Row(m.Name, m.Size.String(), strconv.FormatFloat(m.PerYear, 'f', -1, 64), strconv.Itoa(m.Images))
	}
	table.Print(c.out)
	if rest := len(x.Members) - shownMembers; rest > 0 {
		fmt.Fprintf(c.out, "and %s more\n", term.Count(rest, "member"))
	}
	if text := together(x); text != "" {
		fmt.Fprintln(c.out, text)
	}
	c.printAlternatives(x)
	fmt.Fprintf(c.out, "\n%s\n", verdict(x))
}

func (c *cli) printAlternatives(x *report.Explanation) {
	table := term.Table{Right: []int{1, 2, 3}, Wrap: true}
	table.Row("instead", "$ per year", "registry", "pulled per week", "")
	add := func(what string, a report.Alternative) {
		limit := ""
		if a.Limit != nil {
			limit = fmt.Sprintf("needs %d layers", a.Limit.Least)
		}
		table.Row(what, signed(plan.PerYear(a.More.Money)), a.More.Stored.Signed(), a.More.Pulled.Signed(), limit)
	}
	for n, a := range x.Splits {
		if n == shownMembers {
			break
		}
		where := "alone"
		if a.Into != nil {
			where = "to " + a.Into.Title()
		}
		add(x.Members[a.Member].Name+" "+where, a)
	}
	for _, a := range x.Merges {
		add("all merged with "+a.Into.Title(), a)
	}
	if table.Len() > 1 {
		fmt.Fprintln(c.out)
		table.Print(c.out)
	}
}

// together explains what the members have in common.
func together(x *report.Explanation) string {
	elsewhere := 0
	for _, m := range x.Members {
		if m.Images > len(x.Images) {
			elsewhere++
		}
	}
	switch {
	case len(x.Members) < 2:
		return ""
	case elsewhere == 0:
		return "No other image needs any of them, so separate layers would share no more."
	}
	are := "are"
	if elsewhere == 1 {
		are = "is"
	}
	return fmt.Sprintf("%d of them %s also in other layers of other images: those images have\ndifferent layers below, or no room for another layer.", elsewhere, are)
}

// verdict explains in a sentence why the layer is planned like this.
func verdict(x *report.Explanation) string {
	v, cheapest := x.Verdict()
	switch v {
	case report.AlwaysAlone:
		if x.Layer.Kind == plan.Base {
			return "A base system is always a layer of its own."
		}
		return "An app's own files are always a layer of their own, so that shipping them ships\nnothing else."
	case report.Improvable:
		return fmt.Sprintf("Another place would save $%.2f per year. A recorded plan stays until\nlayc lock --rebalance; the search for a plan of a large fleet is limited.", -plan.PerYear(cheapest.More.Money))
	case report.Limited:
		return "More layers would be cheaper, but the layer limits of the apps don't allow them.\nWithin these limits, this is the best place."
	case report.OnlyPlace:
		return "The layer limits and the dependencies allow no other place."
	case report.AsGood:
		return "No other place would save a cent per year."
	}
	return "All other places cost more."
}

func signed(f float64) string {
	if f > -report.Cent && f < 0 {
		f = 0
	}
	return fmt.Sprintf("%+.2f", f)
}

// jsonExplanation explains a layer, for scripts. Fields are only added, never removed.
type jsonExplanation struct {
	ID           string            `json:"id"`
	Platform     string            `json:"platform"`
	Kind         string            `json:"kind"`
	Images       []string          `json:"images"`
	Cost         jsonSum           `json:"cost"`
	Members      []jsonMember      `json:"members"`
	Alternatives []jsonAlternative `json:"alternatives"`
}

type jsonMember struct {
	Name       string   `json:"name"`
	Components []string `json:"components"`
	SizeBytes  int64    `json:"sizeBytes"`
	Estimated  bool     `json:"estimated"`
	PerYear    float64  `json:"changesPerYear"`
	Images     int      `json:"images"`
}

type jsonAlternative struct {
	Member      string  `json:"member,omitempty"` // empty: the whole layer
	Into        string  `json:"into,omitempty"`   // empty: a layer of its own
	LayersNeeds int     `json:"layersNeeded,omitempty"`
	More        jsonSum `json:"more"`
}

func explanationJSON(platform string, x *report.Explanation) jsonExplanation {
	out := jsonExplanation{
		ID: x.Layer.ID, Platform: platform, Kind: string(x.Layer.Kind), Images: []string{},
		Cost: sumJSON(x.Sum), Members: []jsonMember{}, Alternatives: []jsonAlternative{},
	}
	for _, i := range x.Images {
		out.Images = append(out.Images, i.App.Name)
	}
	for _, m := range x.Members {
		j := jsonMember{Name: m.Name, SizeBytes: m.Size.Bytes, Estimated: m.Size.Estimated, PerYear: m.PerYear, Images: m.Images}
		for _, i := range m.Instances {
			j.Components = append(j.Components, i.ID)
		}
		out.Members = append(out.Members, j)
	}
	for _, list := range [][]report.Alternative{x.Splits, x.Merges} {
		for _, a := range list {
			j := jsonAlternative{More: sumJSON(a.More)}
			if a.Member >= 0 {
				j.Member = x.Members[a.Member].Name
			}
			if a.Into != nil {
				j.Into = a.Into.ID
			}
			if a.Limit != nil {
				j.LayersNeeds = a.Limit.Least
			}
			out.Alternatives = append(out.Alternatives, j)
		}
	}
	return out
}
