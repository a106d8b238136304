package plan

import "github.com/layc-lang/layc/compiler/model"

// Rates returns how often an instance of the graph changes, in changes per year: as declared, or
// layc's default.
func Rates(g *model.Graph) func(*model.Instance) float64 {
	rates := brought(g)
	return func(i *model.Instance) float64 {
		for i.RateWith != nil {
			i = i.RateWith
		}
		return float64(rateOf(i, rates)) / model.OnceAYear
	}
}
