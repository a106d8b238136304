package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/search"
)

// Cost is the cost of a plan, and its causes. Pulled bytes are the average for all hosts per
// cycle, including the equivalent of a layer's round trips in bytes. Money has the unit of
// search.Weights, in 1e-12 per cycle.
type Cost struct {
	Plan       Sum
	Alone      Sum // each app planned on its own, without sharing
	Bound      search.Money
	Weights    search.Weights  // weights of the costs
	Apps       []AppCost       // by pulled bytes, then by name
	Components []ComponentCost // by pulled bytes, then by name
}

// Sum is the total cost of some layers.
type Sum struct {
	Stored   plan.Size // all layers, each once
	Retained plan.Size // including the old versions that the registry keeps
	Pulled   plan.Size // per cycle
	Money    search.Money
}

// AppCost is the cost of one app's image.
type AppCost struct {
	App    *model.App
	Size   plan.Size // of its image
	Own    plan.Size // the part that no other image has
	Layers int
	Pulled plan.Size // per cycle, by all its replicas
}

// ComponentCost is the cost of one component of the fleet: an instance, or all OS packages from
// one source.
type ComponentCost struct {
	Name      string
	Instances []*model.Instance
	Size      plan.Size // of one copy
	Stored    plan.Size // in all layers: more than Size if several layers have it
	Layers    int
	Images    int
	Pulled    plan.Size // per cycle: its share of the layers with it
}

// NewCost computes the cost of a fleet's plan.
func NewCost(p *plan.Plan) *Cost {
	n := numbersOf(p)
	c := &Cost{Bound: p.Bound()}
	w := n.Problem.Weights
	if w == (search.Weights{}) {
		w = search.DefaultWeights()
	}
	c.Weights = w
	costs := make([]search.Cost, len(n.Solution.Layers))
	for _, l := range p.Layers {
		costs[l.Index()] = p.LayerCost(l)
		c.Plan.Stored = c.Plan.Stored.Plus(l.Size)
	}
	c.Plan.add(n.Solution.Cost, w, p.Estimated())
	c.alone(p, w)
	c.apps(p, costs, w)
	c.components(p, costs, w)
	return c
}

// add adds a cost as bytes and money. The bytes are estimates if the sizes are.
func (s *Sum) add(c search.Cost, w search.Weights, estimated bool) {
	s.Retained = s.Retained.Plus(plan.Size{Bytes: bytesOf(c.Store, w.Store), Estimated: estimated})
	s.Pulled = s.Pulled.Plus(plan.Size{Bytes: bytesOf(c.Pull, w.Pull), Estimated: estimated})
	s.Money += c.Total()
}

// bytesOf converts money to the bytes that it pays for; price is in 1e-15 per byte.
func bytesOf(m search.Money, price int64) int64 {
	if price == 0 {
		return 0
	}
	return int64(float64(m) * 1000 / float64(price))
}

// alone adds up the plans that the apps have on their own.
func (c *Cost) alone(p *plan.Plan, w search.Weights) {
	c.Alone.Stored.Estimated = p.Estimated()
	for _, a := range p.Apart() {
		for l := range a.Solution.Layers {
			c.Alone.Stored.Bytes += a.Solution.Layers[l].Size
		}
		c.Alone.add(a.Solution.Cost, w, p.Estimated())
	}
}

// Tradeoff tells what the plan gains where hosts pull more than if each app were on its own; it is
// "" where they pull no more, or less than a thousandth more.
func (c *Cost) Tradeoff() string {
	more := c.Plan.Pulled.Minus(c.Alone.Pulled)
	if more.Bytes <= c.Alone.Pulled.Bytes/1000 {
		return ""
	}
	var gains []string
	if saved := c.Alone.Stored.Minus(c.Plan.Stored); saved.Bytes > 0 {
		gains = append(gains, fmt.Sprintf("the registry stores %s less", saved))
	}
	if saved := c.Alone.Money - c.Plan.Money; saved > 0 {
		gains = append(gains, fmt.Sprintf("the fleet costs $%.2f less per year", plan.PerYear(saved)))
	}
	return plan.Tradeoff(fmt.Sprintf("Hosts pull %s more per week", more), gains)
}

func (c *Cost) apps(p *plan.Plan, costs []search.Cost, w search.Weights) {
	images := map[*plan.Layer]int{}
	for _, i := range p.Images {
		for _, l := range i.Layers {
			images[l]++
		}
	}
	for _, i := range p.Images {
		a := AppCost{App: i.App, Layers: len(i.Layers)}
		for _, l := range i.Layers {
			a.Size = a.Size.Plus(l.Size)
			if images[l] == 1 {
				a.Own = a.Own.Plus(l.Size)
			}
			pulled := bytesOf(costs[l.Index()].Pull, w.Pull)
			a.Pulled = a.Pulled.Plus(l.Size.Of(share(pulled, int64(i.App.Replicas), l.Replicas)))
		}
		c.Apps = append(c.Apps, a)
	}
	slices.SortStableFunc(c.Apps, func(a, b AppCost) int {
		return cmp.Or(cmp.Compare(b.Pulled.Bytes, a.Pulled.Bytes), strings.Compare(a.App.Name, b.App.Name))
	})
}

func (c *Cost) components(p *plan.Plan, costs []search.Cost, w search.Weights) {
	at := map[string]int{}
	held := map[string]map[*plan.Image]bool{}
	in := map[string]map[*plan.Layer]bool{}
	for _, image := range p.Images {
		for _, l := range image.Layers {
			for _, m := range l.Members {
				name := causer(m)
				k, ok := at[name]
				if !ok {
					k = len(c.Components)
					at[name] = k
					held[name], in[name] = map[*plan.Image]bool{}, map[*plan.Layer]bool{}
					c.Components = append(c.Components, ComponentCost{Name: name})
				}
				one := &c.Components[k]
				held[name][image] = true
				if !slices.Contains(one.Instances, m) {
					one.Instances = append(one.Instances, m)
					one.Size = one.Size.Plus(p.Size(m))
				}
				in[name][l] = true
			}
		}
	}
	for _, l := range p.Layers {
		pulled := bytesOf(costs[l.Index()].Pull, w.Pull)
		for _, m := range l.Members {
			one := &c.Components[at[causer(m)]]
			one.Stored = one.Stored.Plus(p.Size(m))
			one.Pulled = one.Pulled.Plus(l.Size.Of(share(pulled, p.Size(m).Bytes, l.Size.Bytes)))
		}
	}
	for k := range c.Components {
		one := &c.Components[k]
		one.Layers, one.Images = len(in[one.Name]), len(held[one.Name])
	}
	slices.SortStableFunc(c.Components, func(a, b ComponentCost) int {
		return cmp.Or(cmp.Compare(b.Pulled.Bytes, a.Pulled.Bytes), strings.Compare(a.Name, b.Name))
	})
}

// causer returns the component that an instance's cost belongs to: the instance, or its package's
// source with its distribution.
func causer(i *model.Instance) string {
	if i.Package == nil || len(i.Package.Packages) == 0 {
		return i.Title
	}
	p := i.Package.Packages[0]
	source := p.Name
	if at := strings.LastIndexByte(p.URL, '/'); at > 0 {
		dir := p.URL[:at]
		source = dir[strings.LastIndexByte(dir, '/')+1:]
	}
	return source + " (" + strings.TrimPrefix(i.Package.Distribution, "debian/") + ")"
}

// share returns total·part/whole, rounded down.
func share(total, part, whole int64) int64 {
	if whole <= 0 {
		return 0
	}
	return int64(float64(total) * float64(part) / float64(whole))
}

// numbers is a plan in the terms of package search.
type numbers struct {
	Problem  *search.Problem
	Items    []*model.Instance // by item of the problem
	Solution *search.Solution
}

func numbersOf(p *plan.Plan) numbers {
	problem, items := p.Problem()
	return numbers{problem, items, p.Solution()}
}
