package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/show"
	"github.com/layc-lang/layc/lang/diag"
)

func (c *cli) planCommand() *cobra.Command {
	s := &showPlan{cli: c}
	cmd := &cobra.Command{
		Use:   "plan [APP… | --select EXPR]",
		Short: "Show the layers of all images",
		Long: `plan shows in four parts how images share layers:

  needs   a table of components by apps; each entry has the arguments; apps with
          equal needs share a column
  chains  the layers of each image, bottom up
  tree    all chains, merged into a tree; "=" marks a layer that is further up,
          too
  diff    differences from the plan in ` + lock.Name + `, and what hosts will pull

A layer is a base; or a spine layer, whose content depends on the layers below;
or a portable layer, whose content is the same on any layers; or a delta, the
steps of one app. ~ marks sizes that are estimates; layc lock --measure records
measured ones.

All apps are planned together; arguments or --select choose the apps to show.

The plan in ` + lock.Name + ` stays as long as it fits. Otherwise plan changes it as
little as possible, and layc lock records the changes. --rebalance plans from
scratch and shows what moving to the new plan would cost; layc lock --rebalance
records the new plan.

The number of search steps depends on the size of the fleet, or on --plan-time.
It never depends on a clock, so every machine finds the same plan. With more
time, plan also proves more precisely how far the plan may be from the best one,
which takes about as long again.

Plans weigh storage, pulls and builds. --weight NAME=NUMBER sets one of:

` + weightsHelp(),
		Example: `  layc plan
  layc plan app1                   show one app
  layc plan --select 'uses jdk'    show the apps that match an expression
  layc plan --only tree,diff       show some of the parts
  layc plan --all                  show all rows and lines
  layc plan --html plan.html       write an interactive page
  layc plan --rebalance            show whether a new plan would pay off
  layc plan --weight pull=0.09     make pulls expensive
  layc plan --locked               fail unless the lock file's plan fits
  layc plan --json                 print layers, images and differences as JSON`,
		RunE: s.run,
	}
	s.program.flags(cmd)
	s.selection.flag(cmd, "show the apps")
	f := cmd.Flags()
	f.StringSliceVar(&s.only, "only", nil, "show only these `PARTS`: needs, chains, tree, diff")
	f.BoolVar(&s.all, "all", false, "show all rows and lines")
	f.BoolVar(&s.rebalance, "rebalance", false, "plan from scratch, and show what moving to that plan costs")
	f.BoolVar(&s.json, "json", false, "print the plan as JSON")
	f.StringVar(&s.html, "html", "", "write an interactive page to `FILE`")
	return cmd
}

// steps lists what layc plan shows, in order.
var steps = []string{"needs", "chains", "tree", "diff"}

// showPlan is one invocation of layc plan.
type showPlan struct {
	*cli
	program   program
	selection selection
	only      []string
	all       bool
	rebalance bool
	json      bool
	html      string
}

func (s *showPlan) run(cmd *cobra.Command, apps []string) error {
	if err := s.selection.take(cmd, apps); err != nil {
		return err
	}
	s.wants(cmd, apps)
	for _, o := range s.only {
		if !slices.Contains(steps, o) {
			if near := diag.Nearest(o, steps); near != "" {
				return usage(cmd, "--only %s: unknown part; did you mean %s?", o, near)
			}
			return usage(cmd, "--only %s: expected some of %s", o, strings.Join(steps, ", "))
		}
	}
	if s.json && len(s.only) > 0 {
		return usage(cmd, "--json and --only exclude each other: JSON always has the whole plan")
	}
	if err := canWrite(cmd, "html", s.html); err != nil {
		return err
	}
	in, err := s.input(cmd, s.program)
	if err != nil {
		return err
	}
	if s.rebalance && in.Plan.Locked {
		return usage(cmd, "--rebalance and --locked exclude each other: one makes a new plan, the other requires the recorded plan")
	}
	out, list := compiler.Compile(in, compiler.Planned)
	if s.rebalance {
		list = slices.DeleteFunc(list, func(d *diag.Diagnostic) bool { return d.Code == diag.StalePlan })
	}
	if err := s.printed(out, list); err != nil {
		return err
	}
	if err := haveApps(out); err != nil {
		return err
	}
	recorded := out
	if s.rebalance {
		in.Plan.Rebalance = true
		out, _ = compiler.Compile(in, compiler.Planned)
	}
	sets, err := s.chosen(cmd, out, s.selection)
	if err != nil {
		return err
	}
	if s.html != "" && !nothing(sets) {
		err := s.writePage(s.html, out, in.Plan.Work, sets)
		if err != nil || !s.json {
			return err
		}
	}
	return s.show(out, recorded, sets)
}

// show shows the plans of the chosen apps.
func (s *showPlan) show(out, recorded *compiler.Output, sets []map[string]bool) error {
	var plans []*plan.Plan
	for _, t := range out.Targets {
		plans = append(plans, t.Plan)
	}
	diffs := plan.Diffs(plans)
	if s.json {
		var shown []*plan.Plan
		for n, p := range plans {
			shown = append(shown, p.Only(sets[n]))
		}
		j := planJSON(shown, diffs)
		for n, t := range out.Targets {
			if s.rebalance {
				m := plan.NewMove(recorded.Targets[n].Plan, t.Plan)
				j.Move = append(j.Move, jsonMove{t.Platform.String(), m.Pull.Bytes, m.Pull.Estimated, m.Share(), m.Cycles})
			}
		}
		return s.printJSON(j)
	}
	if !s.rebalance {
		defer s.better(out.Plan, 0, "\n%s\n")
	}
	for n, p := range plans {
		if len(sets[n]) == 0 {
			continue
		}
		if len(plans) > 1 {
			fmt.Fprintf(s.out, "%s\n\n", out.Targets[n].Platform)
		}
		s.print(p.Only(sets[n]), diffs[n])
		if s.rebalance {
			s.printMove(recorded.Targets[n].Plan, out.Targets[n].Plan)
		}
	}
	return nil
}

// print prints the steps for one platform.
func (s *showPlan) print(p *plan.Plan, d *plan.Diff) {
	shows := func(step string) bool { return len(s.only) == 0 || slices.Contains(s.only, step) }
	page := show.Terminal
	page.All = s.all
	var texts []string
	if shows("needs") {
		texts = append(texts, "What each app needs\n\n"+show.Table(p, page))
	}
	if shows("chains") {
		texts = append(texts, "The layers of each image, bottom up\n\n"+show.Chains(p, page))
	}
	if shows("tree") {
		texts = append(texts, fmt.Sprintf("All chains, merged into a tree\n\n%s\n%s;\n%s\n", show.Tree(p, page), p.Storage(), p.Quality()))
	}
	if text := show.Diff(d, page); shows("diff") && text != "" {
		of := ""
		if len(p.Images) < len(p.Graph.Apps) {
			of = " for all apps"
		}
		texts = append(texts, fmt.Sprintf("Compared with the plan in %s%s: %s\n\n%s", lock.Name, of, d.Summary(), text))
	}
	fmt.Fprint(s.out, strings.Join(texts, "\n"))
}

// better prints a line if a search with so much work finds a plan that costs much less than the
// recorded one.
func (c *cli) better(p *plan.Plan, work int64, format string) {
	if p == nil {
		return
	}
	if m, ok := p.Better(work); ok {
		fmt.Fprintf(c.out, format, m.Advice())
	}
}

// printMove prints what moving to a new plan costs, and when it pays for itself.
func (s *showPlan) printMove(from, to *plan.Plan) {
	m := plan.NewMove(from, to)
	fmt.Fprintf(s.out, "\n%s\n", m)
	if m.Pays() {
		fmt.Fprintf(s.out, "to record it, run: layc lock --rebalance\n")
	}
}

// jsonPlan is the plan for scripts. Fields are only added, never removed.
type jsonPlan struct {
	Layers []jsonLayer `json:"layers"`
	Images []jsonImage `json:"images"`
	// Published are the images of published components. App is the image's name.
	Published []jsonImage `json:"published,omitempty"`
	// Changes from the plan in the lock file, one for each platform; none if it has no plan.
	Changes []jsonChanges `json:"changes,omitempty"`
	Move    []jsonMove    `json:"move,omitempty"` // with --rebalance, one for each platform
}

// jsonChanges lists layers by ID, and recorded layers by name.
type jsonChanges struct {
	Platform  string        `json:"platform"`
	Added     []string      `json:"added"`
	Changed   []jsonChange  `json:"changed"`
	Gone      []string      `json:"gone"`
	Images    []jsonRestack `json:"images"`
	PullBytes int64         `json:"pullBytes"` // by all replicas
	Estimated bool          `json:"estimated"`
}

type jsonChange struct {
	ID   string   `json:"id"`
	Was  string   `json:"was"`
	New  []string `json:"new"`
	Lost []string `json:"lost"`
}

type jsonRestack struct {
	App       string   `json:"app"`
	Layers    []string `json:"layers"` // new to the image
	PullBytes int64    `json:"pullBytes"`
	Estimated bool     `json:"estimated"`
}

type jsonMove struct {
	Platform  string  `json:"platform"`
	PullBytes int64   `json:"pullBytes"`
	Estimated bool    `json:"estimated"`
	Saved     float64 `json:"saved"` // fraction of the cost
	Weeks     int64   `json:"weeks"` // until it pays for itself; 0: never, or at once
}

type jsonLayer struct {
	ID         string   `json:"id"`
	Kind       string   `json:"kind"`
	Components []string `json:"components"`
	Parent     *string  `json:"parent"`
	SizeBytes  int64    `json:"sizeBytes"`
	Estimated  bool     `json:"estimated"`
	Platform   string   `json:"platform"`
}

type jsonImage struct {
	App      string   `json:"app"`
	Platform string   `json:"platform"`
	Layers   []string `json:"layers"`
}

// planJSON returns plans for scripts. diffs are the differences from the recorded plans, or nil.
func planJSON(plans []*plan.Plan, diffs []*plan.Diff) jsonPlan {
	out := jsonPlan{Layers: []jsonLayer{}, Images: []jsonImage{}}
	for n, p := range plans {
		platform := p.Graph.Platform.String()
		for _, l := range p.Layers {
			j := jsonLayer{ID: l.ID, Kind: string(l.Kind), Components: l.Components(), SizeBytes: l.Size.Bytes, Estimated: l.Size.Estimated, Platform: platform}
			if l.Parent != nil {
				j.Parent = &l.Parent.ID
			}
			out.Layers = append(out.Layers, j)
		}
		for _, i := range p.Images {
			out.Images = append(out.Images, jsonImage{App: i.App.Name, Platform: platform, Layers: ids(i.Layers)})
		}
		for _, i := range p.Published {
			out.Published = append(out.Published, jsonImage{App: i.App.Name, Platform: platform, Layers: ids(i.Layers)})
		}
		if diffs != nil && p.Recorded() {
			out.Changes = append(out.Changes, changesJSON(platform, diffs[n]))
		}
	}
	return out
}

func changesJSON(platform string, d *plan.Diff) jsonChanges {
	out := jsonChanges{
		Platform: platform, Added: ids(d.Added), Changed: []jsonChange{}, Gone: []string{}, Images: []jsonRestack{},
		PullBytes: d.Pull.Bytes, Estimated: d.Pull.Estimated,
	}
	for _, c := range d.Changed {
		out.Changed = append(out.Changed, jsonChange{
			ID: c.Layer.ID, Was: c.Was.Name, New: append([]string{}, c.New...), Lost: append([]string{}, c.Lost...),
		})
	}
	for _, l := range d.Gone {
		out.Gone = append(out.Gone, l.Name)
	}
	for _, i := range d.Images {
		out.Images = append(out.Images, jsonRestack{i.App.Name, ids(i.Layers), i.Pull.Bytes, i.Pull.Estimated})
	}
	return out
}

func ids(layers []*plan.Layer) []string {
	list := []string{}
	for _, l := range layers {
		list = append(list, l.ID)
	}
	return list
}

func (c *cli) printJSON(v any) error {
	e := json.NewEncoder(c.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
