package simulate

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/plan"
)

// Dimensions of the plot, in pixels.
const (
	plotWidth, plotHeight   = 920, 440
	left, right, top, below = 84, 190, 48, 44
)

// lines are the colours of the outcomes' lines, on light and on dark.
var lines = [...][2]string{
	{"#0b7a55", "#3ddc97"}, {"#b3392b", "#ff7b6b"}, {"#9a6700", "#e3b341"}, {"#6639ba", "#b392f0"}, {"#1f5fbf", "#79b8ff"},
	{"#57606a", "#9aa5b1"}, {"#a8327d", "#ff8bd0"},
}

// Plot returns an SVG document with the bytes that hosts pull for each outcome, week by week.
func (r *Result) Plot() string {
	var b strings.Builder
	weeks := len(r.Outcomes[0].Weekly)
	most := int64(1)
	for _, o := range r.Outcomes {
		most = max(most, o.Pulled)
	}
	step := tick(most)
	ceiling := (most + step - 1) / step * step
	x := func(week int) float64 { return left + float64(week)*(plotWidth-left-right)/float64(weeks) }
	y := func(n int64) float64 {
		return plotHeight - below - float64(n)*(plotHeight-top-below)/float64(ceiling)
	}

	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" font-family="system-ui, sans-serif" font-size="13">`+"\n", plotWidth, plotHeight, plotWidth, plotHeight)
	title := fmt.Sprintf("Bytes that %d hosts pull in %s of changes", r.Hosts, years(r.Years))
	fmt.Fprintf(&b, "<title>%s</title>\n<style>%s</style>\n", escape(title), plotStyle())
	fmt.Fprintf(&b, `<rect class="paper" width="%d" height="%d"/>`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<text x="%d" y="28" font-size="15" font-weight="600">%s</text>`+"\n", left, escape(title))
	for n := int64(0); n <= ceiling; n += step {
		fmt.Fprintf(&b, `<path class="grid" d="M%d %.1fH%d"/><text class="faint" x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", left, y(n), plotWidth-right, left-8, y(n)+4, plan.Bytes(n))
	}
	every := max(1, (weeks+6)/13)
	for w := 0; w <= weeks; w += every {
		fmt.Fprintf(&b, `<text class="faint" x="%.1f" y="%d" text-anchor="middle">%d</text>`+"\n", x(w), plotHeight-below+20, w)
	}
	fmt.Fprintf(&b, `<text class="faint" x="%d" y="%d" text-anchor="end">week</text>`+"\n", left-8, plotHeight-below+20)

	for n := len(r.Outcomes) - 1; n >= 0; n-- { // the plan's line on top
		fmt.Fprintf(&b, `<path class="line line%d" d="M%.1f %.1f`, n, x(0), y(0))
		for w, pulled := range r.Outcomes[n].Weekly {
			fmt.Fprintf(&b, "L%.1f %.1f", x(w+1), y(pulled))
		}
		b.WriteString("\"/>\n")
	}
	for n, at := range r.labels(y) {
		o := r.Outcomes[n]
		fmt.Fprintf(&b, `<text class="name%d" x="%d" y="%.1f">%s <tspan class="faint">%s</tspan></text>`+"\n", n, plotWidth-right+8, at+4, escape(o.Name), r.size(o.Pulled))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// labels returns the heights of the lines' names: at the ends of the lines, but without overlap.
func (r *Result) labels(y func(int64) float64) []float64 {
	order := make([]int, len(r.Outcomes))
	at := make([]float64, len(r.Outcomes))
	for n, o := range r.Outcomes {
		order[n], at[n] = n, y(o.Pulled)
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(at[b] - at[a]) }) // lowest first
	const apart = 17
	for n := 1; n < len(order); n++ {
		at[order[n]] = min(at[order[n]], at[order[n-1]]-apart)
	}
	return at
}

// tick returns a round number, about a sixth of most.
func tick(most int64) int64 {
	step := int64(1)
	for {
		for _, f := range []int64{1, 2, 5} {
			if f*step*6 >= most {
				return f * step
			}
		}
		step *= 10
	}
}

func plotStyle() string {
	light, dark := "", ""
	for n, c := range lines {
		rule := ".line%d{stroke:%s}.name%d{fill:%s}"
		light += fmt.Sprintf(rule, n, c[0], n, c[0])
		dark += fmt.Sprintf(rule, n, c[1], n, c[1])
	}
	return "text{fill:#1b1f24}.faint{fill:#5b6570}.paper{fill:#fff}.grid{stroke:#e2e6ea}.line{fill:none;stroke-width:1.6}.line0{stroke-width:3}" + light +
		"@media(prefers-color-scheme:dark){text{fill:#e8ebef}.faint{fill:#9aa5b1}.paper{fill:#14171b}.grid{stroke:#2b3138}" + dark + "}"
}

// years formats a number of years in words.
func years(n int) string {
	if n == 1 {
		return "a year"
	}
	return fmt.Sprintf("%d years", n)
}

func escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // a Builder does not fail
	return b.String()
}
