package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/query"
	"github.com/layc-lang/layc/compiler/report"
	"github.com/layc-lang/layc/lang/term"
)

func (c *cli) queryCommand() *cobra.Command {
	q := &asking{cli: c}
	cmd := &cobra.Command{
		Use:        "query EXPR",
		SuggestFor: []string{"select", "search", "find", "list", "ls"},
		Short:      "List the apps, components, packages or layers that match",
		Long: `query lists what an expression selects. An expression consists of

  sets        apps, components, packages, layers
  patterns    app("shop-*"), component("jdk"), package("lib*"), layer("spine-*")
  names       jdk, java.jdk("17"), shop-*; an unknown name is an error
  relations   uses X, needs X, has X, in X, depends on X
  properties  version, size, changes, tag, platform, distribution, replicas;
              apps, components, packages, layers: how many it has, or is in
  flags       base, stacked, portable, empty, spine, delta, published
  and, or, except, not, ( )

A comparison directly after a set compares versions. Packages compare as in
Debian, components by their first argument. docs/query.md defines the language.

Apps are printed by name, one per line, for other commands. If nothing matches,
the exit code is 5, so that a script stops before layc build without arguments
builds all apps. With --json and --count it is 0. The flag --select of build,
plan, graph, impact, affected and update takes the same expressions.`,
		Example: `  layc query 'package("openssl") < "3.0.15"'
  layc query 'apps has package("openssl") < "3.0.15"'
  layc query 'apps depends on jdk and not tag == "8-*"'
  layc query 'components size > 100MB and not portable'
  layc query 'packages apps == 1' --count
  layc query 'components changes >= weekly and apps < 5' --json
  layc build --push --select 'has package("openssl") < "3.0.15"'`,
		ValidArgsFunction: q.nextWords,
		RunE:              q.run,
	}
	q.program.flags(cmd)
	cmd.Flags().BoolVar(&q.count, "count", false, "print only how many match")
	cmd.Flags().BoolVar(&q.json, "json", false, "print the result as JSON")
	return cmd
}

// asking is one invocation of layc query.
type asking struct {
	*cli
	program     program
	count, json bool
}

func (a *asking) run(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return usage(cmd, "expected an expression, such as 'package(\"openssl\") < \"3.0.15\"'")
	case a.count && a.json:
		return usage(cmd, "--count and --json exclude each other")
	}
	out, err := a.compile(cmd, a.program, compiler.Planned)
	if err != nil {
		return err
	}
	q, err := a.ask(out, "query", strings.Join(args, " "))
	if err != nil {
		return err
	}
	items := q.Answer()
	names := appNamesOf(items)
	switch {
	case a.json:
		return a.printJSON(answerJSON(q.Kind(), items))
	case a.count && q.Kind() == query.Apps:
		fmt.Fprintln(a.out, len(names))
	case a.count:
		fmt.Fprintln(a.out, len(items))
	case len(items) == 0:
		fmt.Fprintf(a.err, "no %s match\n", q.Kind())
		return &codeError{exitNothing}
	case q.Kind() == query.Apps:
		for _, name := range names {
			fmt.Fprintln(a.out, name)
		}
	default:
		answerTable(q.Kind(), items, len(out.Targets) > 1).Print(a.out)
	}
	return nil
}

// ask reads an expression about a program, and prints what is wrong with it; from
// is where it is written.
func (c *cli) ask(out *compiler.Output, from, expression string) (*query.Question, error) {
	var plans []*plan.Plan
	for _, t := range out.Targets {
		plans = append(plans, t.Plan)
	}
	q, list := query.New(plans).Ask(from, expression)
	if c.findings(list) != nil {
		return nil, &codeError{exitUsage}
	}
	return q, nil
}

// appNamesOf are the names of apps, each once.
func appNamesOf(items []*query.Item) []string {
	var names []string
	for _, i := range items {
		names = append(names, i.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// answerTable shows components, packages or layers.
func answerTable(k query.Kind, items []*query.Item, platforms bool) *term.Table {
	head, t := []string{strings.TrimSuffix(k.String(), "s")}, &term.Table{Right: []int{1}}
	switch k {
	case query.Components:
		head = append(head, "size", "kind", "changes")
	case query.Packages:
		head, t.Right = append(head, "version", "size"), []int{2}
	case query.Layers:
		head = append(head, "size", "content")
	}
	if platforms {
		head = append(head, "platform")
	}
	t.Row(append(head, "apps")...)
	if k == query.Layers {
		t.Stretch = 2
	}
	for _, i := range items {
		row, inApps := []string{i.Name}, users(i.In)
		switch k {
		case query.Components:
			row = append([]string{i.Instances[0].Shown()}, sizeText(i.Size), i.Instances[0].Kind.String(), rateText(i.Rate))
		case query.Packages:
			row = append(row, i.Version, sizeText(i.Size))
		case query.Layers:
			row, inApps = append(row, sizeText(i.Size), i.Layer.Title()), term.Count(len(i.In), "app")
		}
		if platforms {
			row = append(row, i.Platform.String())
		}
		t.Row(append(row, inApps)...)
	}
	return t
}

// users are apps by name, or how many they are.
func users(apps []*query.Item) string {
	names := appNamesOf(apps)
	if text := strings.Join(names, ", "); len(text) <= 16 {
		return text
	}
	return term.Count(len(names), "app")
}

// sizeText is a size that the plan may not know.
func sizeText(s plan.Size) string {
	if s.Bytes < 0 {
		return ""
	}
	return s.String()
}

// rateText is a rate that the plan may not know.
func rateText(perYear float64) string {
	if perYear < 0 {
		return ""
	}
	return strconv.FormatFloat(perYear, 'f', -1, 64) + "/year"
}

// jsonAnswer is what an expression selects, for scripts. Fields are only ever added.
type jsonAnswer struct {
	Kind  string     `json:"kind"` // apps, components, packages or layers
	Items []jsonItem `json:"items"`
}

type jsonItem struct {
	Name      string   `json:"name"`
	Platform  string   `json:"platform"`
	Kind      string   `json:"kind,omitempty"` // of a component or a layer
	Version   string   `json:"version,omitempty"`
	Size      *int64   `json:"sizeBytes,omitempty"`      // unless the plan does not know it
	Estimated bool     `json:"estimated"`                // the size
	Rate      *float64 `json:"changesPerYear,omitempty"` // unless the plan does not know it
	Tags      []string `json:"tags,omitempty"`
	Apps      []string `json:"apps,omitempty"` // that have it
}

func answerJSON(k query.Kind, items []*query.Item) jsonAnswer {
	out := jsonAnswer{Kind: k.String(), Items: []jsonItem{}}
	for _, i := range items {
		j := jsonItem{Name: i.Name, Platform: i.Platform.String(), Kind: i.Sort(), Version: i.Version, Apps: appNamesOf(i.In)}
		if i.Size.Bytes >= 0 {
			j.Size, j.Estimated = &i.Size.Bytes, i.Size.Estimated
		}
		if i.Rate >= 0 {
			j.Rate = &i.Rate
		}
		if i.App != nil {
			j.Tags = i.App.Tags
		}
		out.Items = append(out.Items, j)
	}
	return out
}

// nextWords offers what can follow the words of an expression.
func (c *cli) nextWords(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 && strings.ContainsAny(typed, " (") {
		return c.selectWords(cmd, args, typed)
	}
	return c.continued(strings.Join(args, " ")+" ", typed), cobra.ShellCompDirectiveNoFileComp
}

// selectWords offers what can follow an expression that is one word for the shell.
func (c *cli) selectWords(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	at := strings.LastIndexAny(typed, " (") + 1
	var offered []string
	for _, w := range c.continued(typed[:at], typed[at:]) {
		offered = append(offered, typed[:at]+w)
	}
	return offered, cobra.ShellCompDirectiveNoFileComp
}

// continued are the words that can follow an expression, and begin as typed.
func (c *cli) continued(before, typed string) []string {
	var names []string
	for _, t := range c.partly(compiler.Bound).Targets {
		names = append(names, report.Names(t.Graph)...)
		for _, a := range t.Graph.Apps {
			names = append(names, a.Name)
		}
	}
	slices.Sort(names)
	names = slices.DeleteFunc(slices.Compact(names), func(n string) bool { return strings.ContainsAny(n, "( \"") })
	return query.Complete(before, typed, names)
}
