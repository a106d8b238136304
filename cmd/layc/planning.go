package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/search"
	"github.com/layc-lang/layc/lang/diag"
)

// planning are the flags for the planner.
type planning struct {
	time    time.Duration
	weights []string
	locked  bool
}

// flags adds the flags, and those about the lock file only if locked is true.
func (p *planning) flags(cmd *cobra.Command, locked bool) {
	f := cmd.Flags()
	f.DurationVar(&p.time, "plan-time", 0, "search for about `DURATION` (default: depends on the size of the fleet)")
	f.StringArrayVar(&p.weights, "weight", nil, "set a weight: `NAME=NUMBER`, see layc plan --help")
	if locked {
		f.BoolVar(&p.locked, "locked", false, "fail unless the lock file has a plan that fits")
	}
}

// options returns the planner's options.
func (p *planning) options(cmd *cobra.Command) (plan.Options, error) {
	o := plan.Options{Locked: p.locked}
	if p.time < 0 {
		return o, usage(cmd, "--plan-time %s: not a valid duration; write one such as 10s", p.time)
	}
	o.Work = int64(p.time.Seconds() * plan.WorkPerSecond)
	if len(p.weights) == 0 {
		return o, nil
	}
	o.Weights = search.DefaultWeights()
	for _, s := range p.weights {
		name, text, _ := strings.Cut(s, "=")
		at := slices.IndexFunc(plan.Weights, func(w plan.Weight) bool { return w.Name == name })
		if at < 0 {
			names := weightNames()
			if near := diag.Nearest(name, names); near != "" {
				return o, usage(cmd, "--weight %s: unknown weight; did you mean %s?", s, near)
			}
			return o, usage(cmd, "--weight %s: expected one of %s", s, strings.Join(names, ", "))
		}
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || !plan.Weights[at].Set(&o.Weights, n) {
			return o, usage(cmd, "--weight %s: expected %s=NUMBER", s, name)
		}
	}
	return o, nil
}

func weightNames() []string {
	var names []string
	for _, w := range plan.Weights {
		names = append(names, w.Name)
	}
	return names
}

// weightsHelp lists weights and their defaults.
func weightsHelp() string {
	var lines []string
	for _, w := range plan.Weights {
		lines = append(lines, fmt.Sprintf("  %-9s %s (%s)", w.Name, w.What, w.Default()))
	}
	return strings.Join(lines, "\n")
}
