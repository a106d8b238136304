package report

import (
	"math"

	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/search"
)

// Verdict is the short form of an explanation.
type Verdict int

// The verdicts.
const (
	AlwaysAlone Verdict = iota // a base, or an app's own steps: a layer of its own in any plan
	Improvable                 // another place is cheaper
	Limited                    // another place would be cheaper, with more layers than the limits allow
	OnlyPlace                  // nothing else is possible
	AsGood                     // another place costs about as much, or saves less than a cent a year
	Best                       // each other place costs more
)

// Cent is the smallest relevant amount of money per year.
const Cent = 0.005

// Verdict judges the alternatives. cheapest is the cheapest one within the limits; nil if there
// is none.
func (x *Explanation) Verdict() (v Verdict, cheapest *Alternative) {
	if x.Layer.Kind == plan.Base || x.Layer.Kind == plan.Delta {
		return AlwaysAlone, nil
	}
	saves := func(a *Alternative) bool { return plan.PerYear(a.More.Money) <= -Cent }
	limited, least := false, search.Money(math.MaxInt64)
	for _, list := range [][]Alternative{x.Splits, x.Merges} {
		for n := range list {
			a := &list[n]
			least = min(least, a.More.Money)
			switch {
			case a.Limit != nil:
				limited = limited || saves(a)
			case cheapest == nil || a.More.Money < cheapest.More.Money:
				cheapest = a
			}
		}
	}
	switch {
	case cheapest != nil && saves(cheapest):
		return Improvable, cheapest
	case limited:
		return Limited, cheapest
	case cheapest == nil:
		return OnlyPlace, nil
	case plan.PerYear(least) < Cent:
		return AsGood, cheapest
	}
	return Best, cheapest
}
