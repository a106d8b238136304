// Package simulate replays a time of changes over a fleet, to see what a plan
// and its alternatives make hosts pull and builders build.
//
// The plan's cost is an expectation under a model. A replay is another way to
// the same question, with fewer assumptions: days go by; on each, every source
// of changes (a pin, an update key, an app's files) has changed with the
// probability that its rate says; what holds it is rebuilt and pushed, and each
// host that runs an app with it pulls it, once. Now and then a host is replaced
// and pulls all that it runs, and a builder starts with an empty cache.
//
// The plan and its alternatives live through the same history. A source's
// history, a host's and an app's place depend on nothing but their names and the
// seed, so that an edit of the fleet leaves all others as they were.
package simulate

import (
	"slices"

	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/search"
)

// daysPerYear is that of 52 weeks, which are a plan's cycles.
const daysPerYear = plan.CyclesPerYear * daysPerCycle

const daysPerCycle = 7

// Options say what is replayed. The zero value is a year with a host for each
// replica and seed 0.
type Options struct {
	Years int    // at least 1
	Hosts int    // that replicas are spread over by chance; 0: each has its own
	Seed  uint64 // equal seeds give equal results
}

// Result is what happened.
type Result struct {
	Years, Hosts int
	Replicas     int
	Sources      int       // of changes
	Changes      int       // days on which a source changed, summed over sources
	Replaced     int       // hosts that were replaced
	Outcomes     []Outcome // the plan's first
}

// Outcome is what one way to stack layers led to. Everything but First is
// without the first rollout.
type Outcome struct {
	Name   string
	About  string  // what it is, in a few words
	First  int64   // bytes that all hosts pull to begin with
	Pulled int64   // bytes that hosts pulled
	Pushed int64   // bytes of new layers
	Built  int64   // milliseconds
	Weekly []int64 // bytes pulled up to the end of each week
}

// Run replays changes over the fleet of a plan. The plan must be that of the
// whole fleet.
func Run(p *plan.Plan, o Options) *Result {
	o.Years = max(1, o.Years)
	problem, _ := p.Problem()
	w := newWorld(problem, o)
	r := &Result{Years: o.Years, Hosts: len(w.hosts), Sources: len(problem.Sources)}
	var runs []*run
	for _, s := range alternatives(p) {
		runs = append(runs, newRun(w, s))
	}
	for _, a := range problem.Apps {
		r.Replicas += max(1, a.Replicas)
	}
	for day := range o.Years * daysPerYear {
		e := w.next()
		for _, c := range e.changed {
			if c {
				r.Changes++
			}
		}
		r.Replaced += len(e.replaced)
		for _, x := range runs {
			x.day(e)
			if (day+1)%daysPerCycle == 0 {
				x.Weekly = append(x.Weekly, x.Pulled)
			}
		}
	}
	for _, x := range runs {
		r.Outcomes = append(r.Outcomes, x.Outcome)
	}
	return r
}

// run is one way to stack layers, living through the days.
type run struct {
	Outcome
	world  *world
	stacks *stacks
	on     []int64 // for each blob the hosts that hold it
	by     [][]int // for each source the blobs that it changes
	seen   []int   // for each blob when it was last seen
	clock  int
}

func newRun(w *world, s *stacks) *run {
	x := &run{Outcome: Outcome{Name: s.name, About: s.about}, world: w, stacks: s}
	x.on, x.seen = make([]int64, len(s.blobs)), make([]int, len(s.blobs))
	x.by = make([][]int, len(w.problem.Sources))
	for n, b := range s.blobs {
		for _, source := range b.sources {
			x.by[source] = append(x.by[source], n)
		}
	}
	for _, apps := range w.hosts {
		x.held(apps, func(blob int) {
			x.on[blob]++
			x.First += s.blobs[blob].size
		})
	}
	return x
}

// held visits each blob that a host with these apps holds, once.
func (x *run) held(apps []int, visit func(blob int)) {
	x.clock++
	for _, a := range apps {
		for _, b := range x.stacks.images[a] {
			if x.seen[b] != x.clock {
				x.seen[b] = x.clock
				visit(b)
			}
		}
	}
}

// day lets a day's events happen.
func (x *run) day(e events) {
	changed := map[int]bool{}
	for source, c := range e.changed {
		if !c {
			continue
		}
		for _, n := range x.by[source] {
			if changed[n] {
				continue
			}
			changed[n] = true
			b := &x.stacks.blobs[n]
			x.Pushed += b.size
			x.Pulled += b.size * x.on[n]
			if !e.cold {
				x.Built += b.build
			}
		}
	}
	for _, r := range x.stacks.recipes {
		if !e.cold && slices.ContainsFunc(r.sources, func(s int) bool { return e.changed[s] }) {
			x.Built += r.build
		}
	}
	if e.cold {
		x.Built += x.stacks.everything()
	}
	for _, h := range e.replaced {
		x.held(x.world.hosts[h], func(blob int) {
			if !changed[blob] { // else it has been counted
				x.Pulled += x.stacks.blobs[blob].size
			}
		})
	}
}

// everything is how long it takes to build all from nothing.
func (s *stacks) everything() (ms int64) {
	for _, b := range s.blobs {
		ms += b.build
	}
	for _, r := range s.recipes {
		ms += r.build
	}
	return ms
}

// weights are those of the problem.
func weights(p *search.Problem) search.Weights {
	if p.Weights == (search.Weights{}) {
		return search.DefaultWeights()
	}
	return p.Weights
}
