package plan

import (
	"github.com/layc-lang/layc/compiler/component"
	"github.com/layc-lang/layc/compiler/plan/search"
)

// Numbers are a plan in the terms of package search, for whoever asks what it
// costs and what another one would cost. They belong to the plan: read only.
type Numbers struct {
	Problem  *search.Problem
	Items    []*component.Instance // by item of the problem
	Solution *search.Solution
}

// Numbers are those of the whole fleet, even if the plan is only a part of it.
func (p *Plan) Numbers() Numbers { return Numbers{p.problem, p.items, p.solution} }

// Number is the layer's place in the solution's layers.
func (l *Layer) Number() int { return l.index }
