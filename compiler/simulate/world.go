package simulate

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"

	"github.com/layc-lang/layc/compiler/plan/search"
)

// world is the common history of all ways to stack layers.
type world struct {
	problem *search.Problem
	sources []*rand.Rand // random numbers of each source
	luck    []*rand.Rand // random numbers of each host
	builder *rand.Rand
	hosts   [][]int // apps that run on each host, each once
}

// events are the events of a week.
type events struct {
	changed  []bool // by source
	replaced []int  // hosts
	cold     bool   // the builder's cache is empty
}

func newWorld(p *search.Problem, o Options) *world {
	w := &world{problem: p, builder: luck(o.Seed, "builder")}
	for _, s := range p.Sources {
		w.sources = append(w.sources, luck(o.Seed, "source "+s.Name))
	}
	w.hosts = make([][]int, o.Hosts)
	for n, a := range p.Apps {
		place := luck(o.Seed, "app "+a.Name)
		for range max(1, a.Replicas) {
			if o.Hosts == 0 {
				w.hosts = append(w.hosts, []int{n})
				continue
			}
			h := place.IntN(o.Hosts)
			if apps := w.hosts[h]; len(apps) == 0 || apps[len(apps)-1] != n {
				w.hosts[h] = append(apps, n)
			}
		}
	}
	for h := range w.hosts {
		w.luck = append(w.luck, luck(o.Seed, fmt.Sprintf("host %d", h)))
	}
	return w
}

// luck returns the random number generator for a name.
func luck(seed uint64, name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// next returns the next week.
func (w *world) next() events {
	weights := weights(w.problem)
	e := events{changed: make([]bool, len(w.sources))}
	for n, r := range w.sources {
		e.changed[n] = !quiet(r, uint64(w.problem.Sources[n].Hazard))
	}
	for n, r := range w.luck {
		if r.Int64N(1000) < weights.Replaced {
			e.replaced = append(e.replaced, n)
		}
	}
	e.cold = w.builder.Int64N(1000) < weights.Cold
	return e
}

// quiet is true with probability e^−hazard, where hazard is in 1/search.HazardOne. It draws only
// whole numbers, since floating-point exponentials differ in their last bits between machines.
// With chances x, x/2, x/3 … for x ≤ 1, the number of hits before the first miss is even with
// probability e^−x (von Neumann).
func quiet(r *rand.Rand, hazard uint64) bool {
	for ; hazard > search.HazardOne; hazard -= search.HazardOne {
		if !quiet(r, search.HazardOne) {
			return false
		}
	}
	even := true
	for k := uint64(1); r.Uint64N(k*search.HazardOne) < hazard; k++ {
		even = !even
	}
	return even
}
