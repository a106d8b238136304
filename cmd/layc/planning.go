package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/search"
	"github.com/layc-lang/layc/lang/diag"
)

// planning are the flags that steer the planner, for commands that plan.
type planning struct {
	time    time.Duration
	weights []string
	locked  bool
}

// flags adds the flags; locked ones only to commands that read the lock file.
func (p *planning) flags(cmd *cobra.Command, locked bool) {
	f := cmd.Flags()
	f.DurationVar(&p.time, "plan-time", 0, "search for about `DURATION` (default by the fleet's size)")
	f.StringArrayVar(&p.weights, "weight", nil, "weigh differently: `NAME=NUMBER`, see layc plan --help")
	if locked {
		f.BoolVar(&p.locked, "locked", false, "fail unless the lock file's plan is there and fits")
	}
}

// options are the planner's options.
func (p *planning) options(cmd *cobra.Command) (plan.Options, error) {
	o := plan.Options{Locked: p.locked}
	if p.time < 0 {
		return o, usage(cmd, "--plan-time %s: want a duration such as 10s", p.time)
	}
	o.Work = int64(p.time.Seconds() * plan.WorkPerSecond)
	if len(p.weights) == 0 {
		return o, nil
	}
	o.Weights = search.DefaultWeights()
	for _, s := range p.weights {
		name, text, _ := strings.Cut(s, "=")
		at := slices.IndexFunc(weights, func(w weight) bool { return w.name == name })
		if at < 0 {
			names := weightNames()
			if near := diag.Nearest(name, names); near != "" {
				return o, usage(cmd, "--weight %s: no such weight; did you mean %s?", s, near)
			}
			return o, usage(cmd, "--weight %s: want one of %s", s, strings.Join(names, ", "))
		}
		n, err := strconv.ParseFloat(text, 64)
		scaled := math.Round(n * weights[at].unit)
		if err != nil || !(scaled >= 0 && scaled <= 1e12) {
			return o, usage(cmd, "--weight %s: want %s=NUMBER", s, name)
		}
		*weights[at].field(&o.Weights) = int64(scaled)
	}
	return o, nil
}

// weight is one of the numbers in search.Weights as people say it.
type weight struct {
	name, what string
	unit       float64 // what 1 is in the field's unit
	field      func(*search.Weights) *int64
}

// weights are those that --weight takes. A cycle is a week.
var weights = []weight{
	{"store", "dollars to keep a GB in the registry for a month", 1e15 / 1e9 * 12 / 52, func(w *search.Weights) *int64 { return &w.Store }},
	{"pull", "dollars for a GB that a host pulls", 1e15 / 1e9, func(w *search.Weights) *int64 { return &w.Pull }},
	{"build", "dollars for a minute of building", 1e12 / 60_000, func(w *search.Weights) *int64 { return &w.Build }},
	{"retained", "old versions that the registry keeps", 1, func(w *search.Weights) *int64 { return &w.Retained }},
	{"replaced", "share of hosts that start empty each week", 1000, func(w *search.Weights) *int64 { return &w.Replaced }},
	{"cold", "builds a week without a cache", 1000, func(w *search.Weights) *int64 { return &w.Cold }},
	{"layer", "bytes that pulling one more layer is worth", 1, func(w *search.Weights) *int64 { return &w.Layer }},
	{"hosts", "hosts that replicas share; 0: each has its own", 1, func(w *search.Weights) *int64 { return &w.Hosts }},
}

func weightNames() []string {
	var names []string
	for _, w := range weights {
		names = append(names, w.name)
	}
	return names
}

// weightsHelp lists weights and their defaults.
func weightsHelp() string {
	var b strings.Builder
	defaults := search.DefaultWeights()
	for n, w := range weights {
		if n > 0 {
			b.WriteByte('\n')
		}
		value := strconv.FormatFloat(float64(*w.field(&defaults))/w.unit, 'g', 2, 64)
		if w.unit == 1 {
			value = strconv.FormatInt(*w.field(&defaults), 10)
		}
		fmt.Fprintf(&b, "  %-9s %s (%s)", w.name, w.what, value)
	}
	return b.String()
}
