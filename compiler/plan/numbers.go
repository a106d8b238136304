package plan

import (
	"slices"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan/search"
)

// Problem returns the problem that the plan solves, and the instance of each of its items. Its
// apps are the graph's, in the same order. Callers must not change either, since they are shared,
// also with the plans that Only returns.
func (p *Plan) Problem() (*search.Problem, []*model.Instance) { return p.problem, p.items }

// Apart is one app of a problem, and the plan that it has on its own.
type Apart struct {
	Problem  *search.Problem
	Solution *search.Solution
}

// Apart plans each app on its own, sharing nothing, in the order of the problem's apps.
func (p *Plan) Apart() []Apart {
	var list []Apart
	for _, a := range p.problem.Apps {
		one := *p.problem
		one.Apps = []search.App{a}
		s, _ := search.Solve(&one, search.Options{Work: -1}) // a part of a problem that was solved
		list = append(list, Apart{&one, s})
	}
	return list
}

// Size returns the size of one of the problem's instances, or of an app's own steps.
func (p *Plan) Size(i *model.Instance) Size { return p.sizes[i] }

// Estimated reports whether the size of any layer is an estimate.
func (p *Plan) Estimated() bool {
	return slices.ContainsFunc(p.Layers, func(l *Layer) bool { return l.Size.Estimated })
}

// Solution returns the whole fleet's plan in numbers. It is shared like Problem.
func (p *Plan) Solution() *search.Solution { return p.solution }

// Index returns the layer's index in the layers of Solution.
func (l *Layer) Index() int { return l.index }

// LayerCost returns the average cost of a layer per cycle. The plan's cost is the sum of its
// layers' costs and of the builds of portable instances, which no plan changes.
func (p *Plan) LayerCost(l *Layer) search.Cost {
	return search.LayerCost(p.problem, p.solution, l.index)
}

// Recorded reports whether the lock file has a plan for Diff to compare with.
func (p *Plan) Recorded() bool { return p.memory != nil }
