package plan

import (
	"math"
	"strconv"

	"github.com/layc-lang/layc/compiler/plan/search"
)

// Weight is one of the numbers in [search.Weights], in the unit that people use.
type Weight struct {
	Name, What string
	unit       float64 // 1 in the unit of the field
	field      func(*search.Weights) *int64
}

// Weights lists all weights. A cycle is a week.
var Weights = []Weight{
	{"store", "dollars per GB that the registry stores for a month", 1e15 / 1e9 * 12 / CyclesPerYear, func(w *search.Weights) *int64 { return &w.Store }},
	{"pull", "dollars per GB that a host pulls", 1e15 / 1e9, func(w *search.Weights) *int64 { return &w.Pull }},
	{"build", "dollars per minute of building", 1e12 / 60_000, func(w *search.Weights) *int64 { return &w.Build }},
	{"retained", "old versions that the registry keeps", 1, func(w *search.Weights) *int64 { return &w.Retained }},
	{"replaced", "share of hosts that start empty each week", 1000, func(w *search.Weights) *int64 { return &w.Replaced }},
	{"cold", "builds per week without a cache", 1000, func(w *search.Weights) *int64 { return &w.Cold }},
	{"layer", "cost of pulling one more layer, in bytes", 1, func(w *search.Weights) *int64 { return &w.Layer }},
	{"hosts", "hosts that share all replicas; 0: one per replica", 1, func(w *search.Weights) *int64 { return &w.Hosts }},
}

// PerYear turns money per cycle into money per year, in the unit of the weights: dollars, by
// default.
func PerYear(m search.Money) float64 { return float64(m) * CyclesPerYear / 1e12 }

// mostWeight is the largest value of a weight, in the field's unit.
const mostWeight = 1e12

// Set sets the weight. It reports false if the number is out of range.
func (w Weight) Set(to *search.Weights, n float64) bool {
	scaled := math.Round(n * w.unit)
	if !(scaled >= 0 && scaled <= mostWeight) { // false for NaN
		return false
	}
	*w.field(to) = int64(scaled)
	return true
}

// Default formats the default value of the weight.
func (w Weight) Default() string {
	defaults := search.DefaultWeights()
	n := *w.field(&defaults)
	if w.unit == 1 {
		return strconv.FormatInt(n, 10)
	}
	return strconv.FormatFloat(float64(n)/w.unit, 'g', 2, 64)
}
