package search

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// optimum finds the cost of the cheapest plan by branch and bound. It shares no code with the
// planner and follows the definition with floating point, maps and strings. It only looks for
// plans cheaper than start. The problem must be tiny. fixed is the cost that no plan changes:
// bases, deltas, and the recipes of portable items.
func optimum(p *Problem, start float64) (best, fixed float64) {
	o := &optimiser{p: p, w: p.Weights, best: start, holds: map[string]float64{}}
	bases := map[int]float64{}
	used := map[int]bool{}
	for a := range p.Apps {
		app := &p.Apps[a]
		base := -1
		for _, i := range app.Items {
			if p.Items[i].Base {
				base = i
			}
			used[i] = true
		}
		o.bases = append(o.bases, base)
		if base >= 0 {
			bases[base] += float64(app.Replicas)
		}
		if app.Delta.Size > 0 {
			fixed += o.cost(app.Delta.Size, o.hazard(app.Delta.Sources), app.Delta.Build, float64(app.Replicas))
		}
	}
	for i, replicas := range bases {
		fixed += o.cost(p.Items[i].Size, o.hazard(p.Items[i].Sources), p.Items[i].Build, replicas)
	}
	for i := range used {
		if it := p.Items[i]; !it.Stacked && !it.Base {
			fixed += float64(it.Build*o.w.Build) * (float64(o.w.Cold)/1000 + 1 - math.Exp(-o.hazard(it.Sources)))
		}
	}
	o.best -= fixed
	for a := range p.Apps {
		o.plans = append(o.plans, o.plansOf(a))
	}
	o.rest = make([]float64, len(p.Apps)+1)
	for again := true; again; {
		again = o.filter()
	}
	o.search(0, 0)
	return o.best + fixed, fixed
}

type optimiser struct {
	p     *Problem
	w     Weights
	bases []int
	plans [][]planOf
	rest  []float64 // least cost of the apps from here on
	best  float64
	holds map[string]float64
}

type planOf struct {
	blobs []blobOf
	least float64
}

type blobOf struct {
	key         string
	content     []int // with everything below
	fixed, each float64
}

func (o *optimiser) hazard(sources []int) float64 {
	seen := map[int]bool{}
	sum := 0.0
	for _, s := range sources {
		if !seen[s] {
			sum += float64(o.p.Sources[s].Hazard) / HazardOne
		}
		seen[s] = true
	}
	return sum
}

func (o *optimiser) omega(replicas float64) float64 {
	if o.w.Hosts == 0 {
		return replicas
	}
	n := float64(o.w.Hosts)
	return n * (1 - math.Pow(1-1/n, replicas))
}

func (o *optimiser) cost(size int64, hazard float64, build int64, replicas float64) float64 {
	fixed, each := o.parts(size, hazard, build)
	return fixed + each*o.omega(replicas)
}

func (o *optimiser) parts(size int64, hazard float64, build int64) (fixed, each float64) {
	q := 1 - math.Exp(-hazard)
	fixed = float64(size)*float64(o.w.Store)/1000*(1+float64(o.w.Retained)*q) +
		float64(build*o.w.Build)*(float64(o.w.Cold)/1000+q)
	each = float64(size+o.w.Layer) * float64(o.w.Pull) / 1000 * (1 - (1-float64(o.w.Replaced)/1000)*(1-q))
	return fixed, each
}

// plansOf lists every plan of an app: all partitions, all orders of the spine.
func (o *optimiser) plansOf(a int) []planOf {
	p, app := o.p, &o.p.Apps[a]
	var items []int
	room := app.Limit
	for _, i := range app.Items {
		if p.Items[i].Base {
			room--
		} else {
			items = append(items, i)
		}
	}
	if app.Delta.Size > 0 {
		room--
	}
	var list []planOf
	var divide func(k int, parts [][]int)
	divide = func(k int, parts [][]int) {
		if k == len(items) {
			var spine, loose [][]int
			for _, part := range parts {
				if slices.ContainsFunc(part, func(i int) bool { return p.Items[i].Stacked }) {
					spine = append(spine, part)
				} else {
					loose = append(loose, part)
				}
			}
			permute(spine, func(order [][]int) {
				if plan, ok := o.planOf(a, order, loose); ok {
					list = append(list, plan)
				}
			})
			return
		}
		for n := range parts {
			if p.Items[parts[n][0]].Alone != p.Items[items[k]].Alone {
				continue
			}
			old := parts[n]
			parts[n] = append(slices.Clone(old), items[k])
			divide(k+1, parts)
			parts[n] = old
		}
		if len(parts) < room {
			divide(k+1, append(slices.Clone(parts), []int{items[k]}))
		}
	}
	divide(0, nil)
	return list
}

func permute(list [][]int, visit func([][]int)) {
	var step func(k int)
	step = func(k int) {
		if k == len(list) {
			visit(list)
			return
		}
		for i := k; i < len(list); i++ {
			list[k], list[i] = list[i], list[k]
			step(k + 1)
			list[k], list[i] = list[i], list[k]
		}
	}
	step(0)
}

func (o *optimiser) planOf(a int, spine, loose [][]int) (plan planOf, ok bool) {
	p := o.p
	var below []int
	key := "ground"
	if b := o.bases[a]; b >= 0 {
		below = append(below, b)
		key = p.Items[b].Name
	}
	on := map[int]bool{}
	later := map[int]bool{}
	for _, part := range spine {
		for _, i := range part {
			later[i] = true
		}
	}
	add := func(key string, part, content []int) {
		var sources []int
		var size, build int64
		for _, i := range content {
			sources = append(sources, p.Items[i].Sources...)
		}
		for _, i := range part {
			size += p.Items[i].Size
			if p.Items[i].Stacked {
				build += p.Items[i].Build
			}
		}
		fixed, each := o.parts(size, o.hazard(sources), build)
		plan.blobs = append(plan.blobs, blobOf{key, content, fixed, each})
	}
	for _, part := range spine {
		for _, i := range part {
			delete(later, i)
		}
		needs := map[int]bool{}
		for _, i := range part {
			if p.Items[i].Stacked {
				o.closure(i, needs)
			}
		}
		for i := range needs {
			if later[i] {
				return plan, false
			}
		}
		var stood []string
		for n, l := range loose {
			if !on[n] && slices.ContainsFunc(l, func(i int) bool { return needs[i] }) {
				on[n] = true
				stood = append(stood, fmt.Sprint(sorted(l)))
				below = append(below, l...)
			}
		}
		slices.Sort(stood)
		below = append(slices.Clone(below), part...)
		key = fmt.Sprint(key, stood, sorted(part))
		add(key, part, below)
	}
	for _, l := range loose {
		add(fmt.Sprint("loose", sorted(l)), l, l)
	}
	return plan, true
}

func sorted(list []int) []int {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

func (o *optimiser) closure(i int, set map[int]bool) {
	for _, n := range o.p.Items[i].Needs {
		set[n] = true
		o.closure(n, set)
	}
}

// filter prices each plan as if every app that could have one of its blobs had it, and shared its
// cost by replicas. It drops plans that can't be in a cheaper fleet even so. Fewer plans raise
// the shares, so it reports whether it dropped any.
func (o *optimiser) filter() bool {
	could := map[string]float64{}
	for a := range o.plans {
		mine := map[string]bool{}
		for _, plan := range o.plans[a] {
			for _, b := range plan.blobs {
				mine[b.key] = true
			}
		}
		for key := range mine {
			could[key] += float64(o.p.Apps[a].Replicas)
		}
	}
	sum := 0.0
	least := make([]float64, len(o.plans))
	for a := range o.plans {
		least[a] = math.Inf(1)
		for n := range o.plans[a] {
			plan := &o.plans[a][n]
			plan.least = 0
			for _, b := range plan.blobs {
				all := could[b.key]
				plan.least += (b.fixed + b.each*o.omega(all)) * float64(o.p.Apps[a].Replicas) / all
			}
			least[a] = min(least[a], plan.least)
		}
		sum += least[a]
	}
	dropped := false
	for a := range o.plans {
		before := len(o.plans[a])
		o.plans[a] = slices.DeleteFunc(o.plans[a], func(plan planOf) bool {
			return sum-least[a]+plan.least > o.best+1
		})
		slices.SortStableFunc(o.plans[a], func(x, y planOf) int { return cmp.Compare(x.least, y.least) })
		dropped = dropped || len(o.plans[a]) < before
	}
	for a := len(o.plans) - 1; a >= 0; a-- {
		o.rest[a] = o.rest[a+1] + least[a]
	}
	return dropped && !math.IsInf(sum, 1)
}

// search decides apps one by one. cost is the cost of the blobs so far. A blob may become cheaper
// when later apps share it; rest does not count that, so the part that they would not pay again
// is subtracted.
func (o *optimiser) search(a int, cost float64) {
	if a == len(o.plans) {
		o.best = min(o.best, cost)
		return
	}
	type option struct {
		plan *planOf
		cost float64
	}
	var options []option
	for n := range o.plans[a] {
		plan := &o.plans[a][n]
		c := cost
		for _, b := range plan.blobs {
			held := o.holds[b.key]
			c += b.each * (o.omega(held+float64(o.p.Apps[a].Replicas)) - o.omega(held))
			if held == 0 {
				c += b.fixed
			}
		}
		options = append(options, option{plan, c})
	}
	slices.SortStableFunc(options, func(x, y option) int { return cmp.Compare(x.cost, y.cost) })
	for _, op := range options {
		if op.cost >= o.best {
			break
		}
		for _, b := range op.plan.blobs {
			o.holds[b.key] += float64(o.p.Apps[a].Replicas)
		}
		if op.cost+o.later(a+1) < o.best {
			o.search(a+1, op.cost)
		}
		for _, b := range op.plan.blobs {
			if o.holds[b.key] -= float64(o.p.Apps[a].Replicas); o.holds[b.key] == 0 {
				delete(o.holds, b.key)
			}
		}
	}
}

// later is the least cost that the apps from a on add to the blobs so far.
func (o *optimiser) later(a int) float64 {
	could := map[string]float64{}
	for x := a; x < len(o.plans); x++ {
		mine := map[string]bool{}
		for _, plan := range o.plans[x] {
			for _, b := range plan.blobs {
				if !mine[b.key] {
					mine[b.key] = true
					could[b.key] += float64(o.p.Apps[x].Replicas)
				}
			}
		}
	}
	sum := 0.0
	for x := a; x < len(o.plans); x++ {
		least := math.Inf(1)
		for _, plan := range o.plans[x] {
			c := 0.0
			for _, b := range plan.blobs {
				all, held := could[b.key], o.holds[b.key]
				pay := b.each * (o.omega(all+held) - o.omega(held))
				if held == 0 {
					pay += b.fixed
				}
				c += pay * float64(o.p.Apps[x].Replicas) / all
			}
			least = min(least, c)
		}
		sum += least
	}
	return sum
}
