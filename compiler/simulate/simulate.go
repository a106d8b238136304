// Package simulate replays changes to a fleet over time, to measure what hosts pull and builders
// build with a plan and with its alternatives.
//
// The plan's cost is an expectation under a model. A replay answers the same question with fewer
// assumptions. Each week, which is the cycle of a plan's cost, every source of changes (a pin, an
// update key, an app's files) changes with the probability from its rate. Blobs that contain it
// are rebuilt and pushed, and each host that runs an app with such a blob pulls it once. From time
// to time a host is replaced and pulls everything that it runs, or a builder starts with an empty
// cache. So a long replay pulls what the cost predicts, but for the round trips of layers.
//
// The plan and its alternatives have the same history. A source's history, a host's, and an app's
// placement depend only on their names and the seed, so an edit of the fleet does not change the
// others.
package simulate

import (
	"slices"

	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/search"
)

// Options configure a replay. The zero value means one year with a host for each replica and seed
// 0.
type Options struct {
	Years int    // at least 1
	Hosts int    // number of hosts that replicas are placed on at random; 0: one for each
	Seed  uint64 // equal seeds give equal results
	// Engines are how many engines share builds; 0: the result has none.
	Engines int
}

// Result is the result of a replay.
type Result struct {
	Years, Hosts int
	Replicas     int
	Sources      int       // of changes
	Changes      int       // weeks in which a source changed, summed over sources
	Replaced     int       // hosts that were replaced
	Estimated    bool      // whether bytes are sums of estimates
	Outcomes     []Outcome // the plan's first
	Engines      []Engines // one, and as many as the options say; none if these say nothing
}

// Outcome is the result for one way to stack layers. Everything except First excludes the first
// rollout.
type Outcome struct {
	Name   string
	About  string  // description in a few words
	First  int64   // bytes that all hosts pull initially
	Pulled int64   // bytes that hosts pulled
	Pushed int64   // bytes of new layers
	Built  int64   // milliseconds
	Weekly []int64 // bytes pulled up to the end of each week
}

// Run replays changes of a plan's fleet. The plan must be the whole fleet's.
func Run(p *plan.Plan, o Options) *Result {
	o.Years = max(1, o.Years)
	problem, _ := p.Problem()
	w := newWorld(problem, o)
	r := &Result{Years: o.Years, Hosts: len(w.hosts), Sources: len(problem.Sources), Estimated: p.Estimated()}
	var runs []*run
	for _, s := range alternatives(p) {
		runs = append(runs, newRun(w, s))
	}
	for _, a := range problem.Apps {
		r.Replicas += max(1, a.Replicas)
	}
	var clusters []*cluster
	if o.Engines > 0 {
		clusters = append(clusters, newCluster(p, problem, 1))
	}
	if o.Engines > 1 {
		clusters = append(clusters, newCluster(p, problem, o.Engines))
	}
	for range o.Years * plan.CyclesPerYear {
		e := w.next()
		for _, c := range e.changed {
			if c {
				r.Changes++
			}
		}
		r.Replaced += len(e.replaced)
		for _, c := range clusters {
			c.next(e)
		}
		for _, x := range runs {
			x.week(e)
			x.Weekly = append(x.Weekly, x.Pulled)
		}
	}
	for _, x := range runs {
		r.Outcomes = append(r.Outcomes, x.Outcome)
	}
	for _, c := range clusters {
		r.Engines = append(r.Engines, c.Engines)
	}
	return r
}

// size returns a sum of the outcomes' bytes.
func (r *Result) size(n int64) plan.Size { return plan.Size{Bytes: n, Estimated: r.Estimated} }

// run is the replay of one way to stack layers.
type run struct {
	Outcome
	world  *world
	stacks *stacks
	on     []int64 // blob → number of hosts with it
	by     [][]int // source → blobs that it changes
	seen   []int   // blob → last visit
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

// held visits each blob on a host with these apps, once.
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

// week replays a week's events.
func (x *run) week(e events) {
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
			if !changed[blob] { // otherwise it is counted already
				x.Pulled += x.stacks.blobs[blob].size
			}
		})
	}
}

// everything returns how long a build of everything takes with an empty cache.
func (s *stacks) everything() (ms int64) {
	for _, b := range s.blobs {
		ms += b.build
	}
	for _, r := range s.recipes {
		ms += r.build
	}
	return ms
}

// weights returns the problem's weights.
func weights(p *search.Problem) search.Weights {
	if p.Weights == (search.Weights{}) {
		return search.DefaultWeights()
	}
	return p.Weights
}
