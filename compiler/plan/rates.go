package plan

import "github.com/layc-lang/layc/compiler/model"

// Rates returns how often an instance of the graph changes, in changes a year: as
// declared, or layc's default.
func Rates(g *model.Graph) func(*model.Instance) int64 {
	rates := brought(g)
	return func(i *model.Instance) int64 {
		for i.RateWith != nil {
			i = i.RateWith
		}
		return rateOf(i, rates)
	}
}
