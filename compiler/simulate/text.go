package simulate

import (
	"fmt"
	"strings"

	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/term"
)

// Text formats the result as a table of at most 80 columns.
func (r *Result) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s of %s;\n%s with %s, %s replaced\n\n",
		capital(years(r.Years)), term.Count(r.Changes, "change"), term.Count(r.Sources, "source"),
		term.Count(r.Hosts, "host"), term.Count(r.Replicas, "replica"), term.Count(r.Replaced, "host"))
	fmt.Fprintf(&b, "%-13s %9s %8s %9s %9s %9s\n", "", "pulled", "", "pushed", "first", "built")
	for _, o := range r.Outcomes {
		fmt.Fprintf(&b, "%-13s %9s %8s %9s %9s %9s\n", o.Name, r.size(o.Pulled), r.times(o), r.size(o.Pushed), r.size(o.First), built(o.Built))
	}
	b.WriteString("\n")
	for _, o := range r.Outcomes {
		fmt.Fprintf(&b, "%-13s %s\n", o.Name, o.About)
	}
	if text := r.tradeoff(); text != "" {
		b.WriteString("\n")
		term.Flow(&b, "", "", text)
	}
	b.WriteString("\npulled: by all hosts, after the first rollout; pushed: new layers; first: pulled\nby the first rollout; built: hours and minutes of build steps.\n")
	b.WriteString(r.engines())
	return b.String()
}

// engines formats the results of builds on engines.
func (r *Result) engines() string {
	if len(r.Engines) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-13s %9s %8s %9s %9s\n", "with a cache", "waited", "", "busiest", "passed on")
	for _, e := range r.Engines {
		times := ""
		if e.Wall > 0 {
			times = fmt.Sprintf("(%.2f ×)", float64(e.Wall)/float64(r.Engines[0].Wall))
		}
		fmt.Fprintf(&b, "%-13s %9s %8s %9s %9s\n", term.Count(e.Count, "engine"), built(e.Wall), times, built(e.Busiest), r.size(e.Passed))
	}
	b.WriteString("\nwaited: for build steps, shared ones first; busiest: steps of the engine with\nthe most; passed on: pulled by engines from the cache's registry.\n")
	return b.String()
}

// tradeoff tells what the plan gains where hosts pull more than if each app were on its own.
func (r *Result) tradeoff() string {
	p, alone := r.Outcomes[0], r.Outcomes[1]
	if p.Pulled-alone.Pulled <= alone.Pulled/1000 {
		return ""
	}
	var gains []string
	if saved := alone.Pushed - p.Pushed; saved > 0 {
		gains = append(gains, fmt.Sprintf("the registry receives %s less", r.size(saved)))
	}
	if saved := alone.Built - p.Built; saved >= 1000 {
		gains = append(gains, fmt.Sprintf("builds take %s less", built(saved)))
	}
	return plan.Tradeoff(fmt.Sprintf("Hosts pull %s more", r.size(p.Pulled-alone.Pulled)), gains)
}

// times formats an outcome's pulls as a multiple of the plan's.
func (r *Result) times(o Outcome) string {
	if r.Outcomes[0].Pulled == 0 {
		return ""
	}
	return fmt.Sprintf("(%.2f ×)", float64(o.Pulled)/float64(r.Outcomes[0].Pulled))
}

// built formats a time for people: seconds, or hours:minutes.
func built(ms int64) string {
	seconds := (ms + 500) / 1000
	if seconds < 60 {
		return fmt.Sprintf("%ds", seconds)
	}
	return fmt.Sprintf("%d:%02dh", seconds/3600, seconds/60%60)
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
