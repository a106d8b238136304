package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/diag"
)

// noApps is the argument that names none of the apps. No app can have the name.
const noApps = model.NoApps

// selection is what a command works on: what its arguments name, or what an
// expression selects.
type selection struct {
	names      []string
	expression string
}

// flag adds --select to a command.
func (s *selection) flag(cmd *cobra.Command, what string) {
	cmd.Flags().StringVar(&s.expression, "select", "", what+" that `EXPR` selects, see layc query --help")
}

// take takes the arguments of the command line.
func (s *selection) take(cmd *cobra.Command, names []string) error {
	if s.names = names; len(names) > 0 && s.expression != "" {
		return usage(cmd, "arguments and --select exclude each other; join names and conditions with `or` in the expression")
	}
	return nil
}

// selects reports whether the selection is a part of the fleet.
func (s *selection) selects() bool { return len(s.names) > 0 || s.expression != "" }

// isNamed reports whether an argument names an app or its repository.
func (s *selection) isNamed(a *model.App) bool {
	return slices.Contains(s.names, a.Name) || slices.Contains(s.names, a.Repository)
}

// chosen returns the apps that are selected on each platform; without a selection
// all apps. It says so if an expression selects none.
func (c *cli) chosen(cmd *cobra.Command, out *compiler.Output, s selection) ([]map[string]bool, error) {
	if s.expression != "" {
		return c.matching(out, s.expression)
	}
	var sets []map[string]bool
	for _, t := range out.Targets {
		set, err := named(cmd, t.Graph, s.names)
		if err != nil {
			return nil, err
		}
		sets = append(sets, set)
	}
	return sets, nil
}

// matching returns the apps that an expression selects on each platform.
func (c *cli) matching(out *compiler.Output, expression string) ([]map[string]bool, error) {
	q, err := c.ask(out, "--select", expression)
	if err != nil {
		return nil, err
	}
	sets := q.Apps()
	if nothing(sets) {
		fmt.Fprintln(c.err, "--select: no apps match")
	}
	return sets, nil
}

// nothing reports whether no app is selected.
func nothing(sets []map[string]bool) bool {
	return !slices.ContainsFunc(sets, func(set map[string]bool) bool { return len(set) > 0 })
}

// selected are the targets on which an app is selected, each with the plan of the
// selected ones.
func selected(out *compiler.Output, sets []map[string]bool) (targets []*compiler.Target, plans []*plan.Plan) {
	for n, t := range out.Targets {
		if len(sets[n]) > 0 {
			targets, plans = append(targets, t), append(plans, t.Plan.Only(sets[n]))
		}
	}
	return targets, plans
}

// named returns the named apps and images of published components, or all apps without names. The
// name of an image repository selects all its apps.
func named(cmd *cobra.Command, g *model.Graph, names []string) (map[string]bool, error) {
	set := map[string]bool{}
	byName := map[string][]string{} // a repository names all its apps
	for _, a := range slices.Concat(g.Apps, g.Published) {
		byName[a.Name] = append(byName[a.Name], a.Name)
		if a.Repository != a.Name {
			byName[a.Repository] = append(byName[a.Repository], a.Name)
		}
	}
	if len(names) == 0 {
		for _, a := range g.Apps {
			set[a.Name] = true
		}
	}
	for _, n := range names {
		if n == noApps {
			continue
		}
		if byName[n] == nil {
			if err := noDirectory(cmd, n); err != nil {
				return nil, err
			}
			known := slices.Sorted(maps.Keys(byName))
			if near := diag.Nearest(n, known); near != "" {
				return nil, usage(cmd, "unknown app %s; did you mean %s?", n, near)
			}
			return nil, usage(cmd, "unknown app %s; %s%s", n, expected(known), valueOf(cmd, n))
		}
		for _, a := range byName[n] {
			set[a] = true
		}
	}
	return set, nil
}

// valueOf says that an unknown app may be meant as the value of a flag whose value is optional, which
// must follow a "=". "" if there is no such flag.
func valueOf(cmd *cobra.Command, word string) string {
	var flags []string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Value.Type() != "bool" && f.NoOptDefVal != "" && f.Value.String() == f.NoOptDefVal {
			flags = append(flags, "--"+f.Name+"="+word)
		}
	})
	if len(flags) == 0 {
		return ""
	}
	return "; if it is a value, write " + strings.Join(flags, " or ")
}
