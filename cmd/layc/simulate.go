package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/simulate"
)

func (c *cli) simulateCommand() *cobra.Command {
	var p program
	var o simulate.Options
	var asJSON bool
	var plot string
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Simulate a year of changes",
		Long: `simulate replays random changes over the fleet, at the rates at which
components and apps change. Each week, changed layers are rebuilt and pushed,
every host with an affected app pulls them, and a tenth of the hosts is replaced
and pulls everything. The plan and its alternatives see the same changes. A long
simulation pulls what "layc cost" predicts, without the round trips of layers.
Layers that depend on a changed layer count as changed, although they may be
built with the same bytes.

Equal seeds produce equal results. The history of a component depends only on
its name and the seed, so the fleet with one more app sees the same changes. If
the fleet has several platforms, simulate uses the first.

--engines shows how long the builds of the plan take on several engines that
share a cache, placed as layc build places them, and what they pass on.`,
		Example: `  layc simulate
  layc simulate --years 3 --hosts 40
  layc simulate --plot pulls.svg      plot the bytes pulled per week
  layc simulate --engines 10          spread the builds over ten engines
  layc simulate --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Years < 1 || o.Years > 100 {
				return usage(cmd, "--years %d: out of range; expected 1 to 100", o.Years)
			}
			if cmd.Flags().Changed("hosts") && (o.Hosts < 1 || o.Hosts > 1_000_000) {
				return usage(cmd, "--hosts %d: out of range; expected 1 to 1000000", o.Hosts)
			}
			if cmd.Flags().Changed("engines") && (o.Engines < 1 || o.Engines > 10_000) {
				return usage(cmd, "--engines %d: out of range; expected 1 to 10000", o.Engines)
			}
			if err := canWrite(cmd, "plot", plot); err != nil {
				return err
			}
			out, err := c.compile(cmd, p, compiler.Planned)
			if err != nil {
				return err
			}
			r := simulate.Run(out.Targets[0].Plan, o)
			if plot != "" {
				if err := replaceFile(plot, []byte(r.Plot())); err != nil {
					return err
				}
			}
			if asJSON {
				return c.printJSON(simulationJSON(r, o.Seed))
			}
			_, err = fmt.Fprint(c.out, r.Text())
			return err
		},
	}
	p.flags(cmd)
	cmd.Flags().IntVar(&o.Years, "years", 1, "simulate `N` years")
	cmd.Flags().IntVar(&o.Hosts, "hosts", 0, "distribute replicas over `N` hosts (default: one host per replica)")
	cmd.Flags().IntVar(&o.Engines, "engines", 0, "spread builds over `N` engines with a common cache, too")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 1, "use the random seed `N`")
	cmd.Flags().StringVar(&plot, "plot", "", "plot the bytes pulled to `FILE.svg`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

// jsonSimulation is a simulation's result for scripts. Fields are only added, never removed.
type jsonSimulation struct {
	Years     int           `json:"years"`
	Seed      uint64        `json:"seed"`
	Hosts     int           `json:"hosts"`
	Replicas  int           `json:"replicas"`
	Sources   int           `json:"sources"`
	Changes   int           `json:"changes"`
	Replaced  int           `json:"hostsReplaced"`
	Estimated bool          `json:"estimated"` // all bytes
	Outcomes  []jsonOutcome `json:"outcomes"`
	Engines   []jsonEngines `json:"engines,omitempty"` // with --engines: one, and that many
}

type jsonEngines struct {
	Engines        int     `json:"engines"`
	WaitedSeconds  float64 `json:"waitedSeconds"`
	BusiestSeconds float64 `json:"busiestSeconds"`
	PassedBytes    int64   `json:"passedBytes"`
}

type jsonOutcome struct {
	Name         string  `json:"name"`
	About        string  `json:"about"`
	FirstBytes   int64   `json:"firstPulledBytes"`
	PulledBytes  int64   `json:"pulledBytes"`
	PushedBytes  int64   `json:"pushedBytes"`
	BuildSeconds float64 `json:"buildSeconds"`
	WeeklyBytes  []int64 `json:"pulledBytesByWeek"`
}

func simulationJSON(r *simulate.Result, seed uint64) jsonSimulation {
	out := jsonSimulation{
		Years: r.Years, Seed: seed, Hosts: r.Hosts, Replicas: r.Replicas,
		Sources: r.Sources, Changes: r.Changes, Replaced: r.Replaced, Estimated: r.Estimated,
	}
	for _, o := range r.Outcomes {
		out.Outcomes = append(out.Outcomes, jsonOutcome{
			o.Name, o.About, o.First, o.Pulled, o.Pushed, float64(o.Built) / 1000, o.Weekly,
		})
	}
	for _, e := range r.Engines {
		out.Engines = append(out.Engines, jsonEngines{e.Count, float64(e.Wall) / 1000, float64(e.Busiest) / 1000, e.Passed})
	}
	return out
}
