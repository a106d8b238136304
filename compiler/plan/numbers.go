package plan

import (
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan/search"
)

// Problem is what the plan was searched for, and the instance of each of its
// items. Its apps are those of the graph, in the same order. Both are shared,
// also with the plans that Only returns, and not to be changed.
func (p *Plan) Problem() (*search.Problem, []*model.Instance) { return p.problem, p.items }

// Solution is the whole fleet's plan in numbers, shared as Problem is.
func (p *Plan) Solution() *search.Solution { return p.solution }

// Index is the layer's number in the layers of Solution.
func (l *Layer) Index() int { return l.index }

// LayerCost is what a layer costs a cycle on average. The layers' costs and the
// builds of portable instances, which no plan changes, make the plan's cost.
func (p *Plan) LayerCost(l *Layer) search.Cost {
	return search.LayerCost(p.problem, p.solution, l.index)
}

// Recorded says that the lock file has a plan, which Diff compares with.
func (p *Plan) Recorded() bool { return p.memory != nil }
