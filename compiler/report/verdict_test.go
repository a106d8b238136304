package report_test

import (
	"testing"

	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/search"
	"github.com/layc-lang/layc/compiler/report"
)

func TestVerdict(t *testing.T) {
	const dollar = 1_000_000_000_000 / plan.CyclesPerYear
	costs := func(m search.Money) report.Alternative { return report.Alternative{More: report.Sum{Money: m}} }
	forbidden := func(m search.Money) report.Alternative {
		return report.Alternative{Limit: &search.LimitError{}, More: report.Sum{Money: m}}
	}
	list := func(a ...report.Alternative) []report.Alternative { return a }
	for name, c := range map[string]struct {
		kind           plan.Kind
		splits, merges []report.Alternative
		want           report.Verdict
		cheapest       search.Money
	}{
		"a base":                     {plan.Base, nil, list(costs(-dollar)), report.AlwaysAlone, 0},
		"a delta":                    {plan.Delta, nil, nil, report.AlwaysAlone, 0},
		"a cheaper place":            {plan.Spine, list(costs(dollar)), list(costs(-2*dollar), costs(-dollar)), report.Improvable, -2 * dollar},
		"a cheaper one, or limited":  {plan.Spine, list(forbidden(-3 * dollar)), list(costs(-dollar)), report.Improvable, -dollar},
		"cheaper beyond the limits":  {plan.Portable, list(costs(dollar)), list(forbidden(-dollar)), report.Limited, dollar},
		"only beyond the limits":     {plan.Spine, list(forbidden(-dollar)), nil, report.Limited, 0},
		"only dearer, and forbidden": {plan.Spine, list(forbidden(dollar)), nil, report.OnlyPlace, 0},
		"no other place":             {plan.Spine, nil, nil, report.OnlyPlace, 0},
		"less than a cent cheaper":   {plan.Spine, list(costs(-dollar / 1000)), list(forbidden(-dollar / 1000)), report.AsGood, -dollar / 1000},
		"as expensive":               {plan.Spine, list(costs(dollar)), list(costs(0)), report.AsGood, 0},
		"a bit cheaper if allowed":   {plan.Spine, list(costs(dollar)), list(forbidden(-dollar / 1000)), report.AsGood, dollar},
		"dearer places":              {plan.Spine, list(costs(2 * dollar)), list(costs(dollar)), report.Best, dollar},
	} {
		x := &report.Explanation{Layer: &plan.Layer{Kind: c.kind}, Splits: c.splits, Merges: c.merges}
		got, cheapest := x.Verdict()
		if got != c.want {
			t.Errorf("%s: verdict %d, want %d", name, got, c.want)
		}
		if cheapest != nil && cheapest.More.Money != c.cheapest || cheapest == nil && c.cheapest != 0 {
			t.Errorf("%s: cheapest %v, want %d", name, cheapest, c.cheapest)
		}
	}
}
