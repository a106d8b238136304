package main

import (
	"fmt"
	"strconv"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/search"
	"github.com/layc-lang/layc/compiler/report"
	"github.com/layc-lang/layc/compiler/whatif"
	"github.com/layc-lang/layc/lang/term"
)

func (c *cli) costCommand() *cobra.Command {
	k := &costing{cli: c}
	cmd := &cobra.Command{
		Use:   "cost",
		Short: "Show what the fleet costs, and why",
		Long: `cost shows how much the registry stores, and how much all hosts pull per week,
at the declared rates of change. It compares the plan with each app planned on
its own, and with the lowest cost that any plan can have. Then it lists the
most expensive apps and components, and what would lower the cost: more layers,
or owned paths for a component with runs, which make its layer portable. The
members of a layer share its cost by size. Each pull of a layer also counts its
round trips, as bytes, so even a tiny layer has a price. Layers that depend on a
changed layer count as changed, although they may be built with the same bytes.

--since shows how much more the registry stores since a git revision, by the
components that cause it. The bytes of a layer are divided equally among the
components that changed in it or below it. --max-new-bytes fails above a limit;
layers that may turn out equal count.`,
		Example: `  layc cost
  layc cost --all
  layc cost --since origin/main
  layc cost --since origin/main --max-new-bytes 50MB
  layc cost --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return k.run(cmd) },
	}
	k.program.flags(cmd)
	cmd.Flags().BoolVar(&k.all, "all", false, "show all apps and components")
	cmd.Flags().StringVar(&k.since, "since", "", "show what the registry stores in addition since the git revision `REV`")
	cmd.Flags().StringVar(&k.most, "max-new-bytes", "", "fail if it stores more than `SIZE` in addition, e.g. 50MB")
	cmd.Flags().BoolVar(&k.json, "json", false, "print the result as JSON")
	return cmd
}

// costing is the state of the command.
type costing struct {
	*cli
	program   program
	all, json bool
	since     string
	most      string
}

// shownRows is the number of apps and components that are shown without --all.
const shownRows = 12

func (k *costing) run(cmd *cobra.Command) error {
	if k.most != "" && k.since == "" {
		return usage(cmd, "--max-new-bytes requires --since REV")
	}
	if k.since != "" {
		return k.growth(cmd)
	}
	out, err := k.compile(cmd, k.program, compiler.Planned)
	if err != nil {
		return err
	}
	answer := []jsonCost{}
	for n, t := range out.Targets {
		cost, advice := report.NewCost(t.Plan), report.Advise(t.Plan)
		if k.json {
			answer = append(answer, costJSON(t.Platform.String(), cost, advice))
			continue
		}
		if n > 0 {
			fmt.Fprintln(k.out)
		}
		if len(out.Targets) > 1 {
			fmt.Fprintf(k.out, "%s\n\n", t.Platform)
		}
		k.print(cost, advice)
	}
	if k.json {
		return k.printJSON(map[string][]jsonCost{"platforms": answer})
	}
	return nil
}

// dollars formats money per year for people.
func dollars(m search.Money) string { return fmt.Sprintf("%.2f", plan.PerYear(m)) }

func (k *costing) print(c *report.Cost, advice []report.Advice) {
	table := term.Table{Right: []int{1, 2, 3, 4}}
	table.Row("", "registry", "with old versions", "pulled per week", "$ per year")
	sum := func(name string, s report.Sum) {
		table.Row(name, s.Stored.String(), s.Retained.String(), s.Pulled.String(), dollars(s.Money))
	}
	sum("this plan", c.Plan)
	sum("each app on its own", c.Alone)
	table.Row("any plan, at least", "", "", "", dollars(c.Bound))
	table.Print(k.out)
	if text := c.Tradeoff(); text != "" {
		fmt.Fprintln(k.out)
		term.Flow(k.out, "", "", text)
	}

	fmt.Fprintln(k.out)
	table = term.Table{Right: []int{1, 2, 3, 4}}
	table.Row("apps", "image", "not shared", "layers", "pulled per week")
	for _, a := range k.first(len(c.Apps)) {
		app := c.Apps[a]
		table.Row(app.App.Name, app.Size.String(), app.Own.String(), strconv.Itoa(app.Layers), app.Pulled.String())
	}
	table.Print(k.out)
	k.more(len(c.Apps), "app")

	fmt.Fprintln(k.out)
	table = term.Table{Right: []int{1, 2, 3, 4, 5}}
	table.Row("components", "size", "stored", "layers", "images", "pulled per week")
	for _, n := range k.first(len(c.Components)) {
		one := c.Components[n]
		table.Row(one.Name, one.Size.String(), one.Stored.String(), strconv.Itoa(one.Layers), strconv.Itoa(one.Images), one.Pulled.String())
	}
	table.Print(k.out)
	k.more(len(c.Components), "component")

	if len(advice) > 0 {
		fmt.Fprintln(k.out)
		table = term.Table{Right: []int{1}}
		table.Row("would lower the cost", "$ per year")
		for _, a := range advice {
			table.Row(a.What, dollars(-a.Saves))
		}
		table.Print(k.out)
	}

	fmt.Fprintln(k.out)
	term.Flow(k.out, "", "", legend(c.Weights))
}

// legend explains the numbers.
func legend(w search.Weights) string {
	text := "The registry stores each layer once."
	if w.Retained > 0 {
		text = fmt.Sprintf("The registry stores each layer once, and keeps %d old versions of it.", w.Retained)
	}
	text += fmt.Sprintf(" All hosts pull what changed; the %g %% of hosts that are new each week pull everything.", float64(w.Replaced)/10)
	if w.Layer > 0 {
		text += fmt.Sprintf(" Each pull of a layer counts %s more than its size, for its round trips.", plan.Bytes(w.Layer))
	}
	return text
}

// first returns the indices of the rows to show.
func (k *costing) first(n int) []int {
	if !k.all {
		n = min(n, shownRows)
	}
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

func (k *costing) more(n int, what string) {
	if rest := n - shownRows; rest > 0 && !k.all {
		fmt.Fprintf(k.out, "and %s more (show them with --all)\n", term.Count(rest, what))
	}
}

// growth prints what is new since a revision, and fails if that exceeds the limit.
func (k *costing) growth(cmd *cobra.Command) error {
	most := int64(-1)
	if k.most != "" {
		n, err := units.FromHumanSize(k.most)
		if err != nil {
			return usage(cmd, "--max-new-bytes %s: expected a size such as 50MB", k.most)
		}
		most = n
	}
	r, err := k.compileSince(cmd, k.program, k.since)
	if err != nil {
		return err
	}
	defer r.clean()
	if r.old == nil {
		fmt.Fprintf(k.err, "%s does not compile:\n\n", k.since)
		return k.findings(r.broken)
	}
	over := false
	answer := []jsonGrowth{}
	for _, a := range whatif.Since(r.old, r.now) {
		over = over || most >= 0 && a.NewBytes.Bytes > most
		if k.json {
			answer = append(answer, growthJSON(a.Platform.String(), a.Difference))
		} else {
			if len(r.now.Targets) > 1 {
				fmt.Fprintf(k.out, "%s\n\n", a.Platform)
			}
			k.printGrowth(a.Difference, most)
		}
	}
	if k.json {
		if err := k.printJSON(map[string][]jsonGrowth{"platforms": answer}); err != nil {
			return err
		}
	}
	if over {
		return &codeError{exitInput}
	}
	return nil
}

func (k *costing) printGrowth(d *report.Difference, most int64) {
	text := "the registry stores " + plan.Range(d.NewAtLeast, d.NewBytes) + " more than at " + k.since
	if most >= 0 && d.NewBytes.Bytes > most {
		text += "; --max-new-bytes allows " + plan.Bytes(most)
	}
	fmt.Fprintln(k.out, text)
	growths := d.Growths()
	if len(growths) == 0 {
		return
	}
	fmt.Fprintln(k.out)
	table := term.Table{Right: []int{0, 1}, Stretch: 3}
	table.Row("bytes", "layers", "", "component", "")
	for _, n := range k.first(len(growths)) {
		g := growths[n]
		table.Row(g.Size.String(), strconv.Itoa(g.Layers), string(g.Reason), g.Name, place(g))
	}
	table.Print(k.out)
	k.more(len(growths), "component")
}

// place returns the component's place in the program: file:line.
func place(g report.Growth) string {
	at := g.Instance.Span
	if at.File == nil {
		return ""
	}
	return at.File.Name() + ":" + strconv.Itoa(at.Position().Line)
}
