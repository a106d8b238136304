package simulate

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/search"
	"github.com/layc-lang/layc/compiler/report"
)

const lockText = `layc-lock 1
package debian/bookworm amd64 base-files 12.4 debian:pool/base-files.deb sha256:0000000000000000000000000000000000000000000000000000000000000001 size=30000000 installed=60000000 minimal
`

// fleet plans a fleet of that many apps on three runtimes, some with a tool that edits the
// system.
func fleet(t *testing.T, apps int) *plan.Plan {
	t.Helper()
	var b strings.Builder
	b.WriteString("import \"std/debian\"\n\nfleet {\n    base debian.release(\"12\", security: false)\n    layers 6\n}\n")
	for n := range 3 {
		fmt.Fprintf(&b, "component runtime%d {\n changes monthly\n size %dMB\n file \"/opt/runtime%d\" text \"\"\n}\n", n, 50+40*n, n)
		fmt.Fprintf(&b, "component server%d {\n needs runtime%d\n changes weekly\n size 20MB\n file \"/opt/server%d\" text \"\"\n}\n", n, n, n)
	}
	b.WriteString("component tool {\n changes yearly\n size 10MB\n run \"configure\"\n}\n")
	for n := range apps {
		tool := ""
		if n%2 == 0 {
			tool = ", tool"
		}
		fmt.Fprintf(&b, "app \"app%02d\" {\n uses server%d%s\n replicas 4\n file \"/app\" text \"%d\"\n}\n", n, n%3, tool, n)
	}
	out, list := compiler.Compile(compiler.Input{
		Project: fstest.MapFS{"fleet.layer": {Data: []byte(b.String())}, "layc.lock": {Data: []byte(lockText)}},
		Dir:     ".", Platform: model.Platform{OS: "linux", Arch: "amd64"},
	}, compiler.Planned)
	if len(list) > 0 {
		t.Fatalf("%v: %s", list[0].Span, list[0].Message)
	}
	return out.Targets[0].Plan
}

func TestEqualSeedsGiveEqualResults(t *testing.T) {
	p := fleet(t, 12)
	o := Options{Years: 1, Hosts: 9, Seed: 7}
	a, b := Run(p, o), Run(fleet(t, 12), o)
	if !reflect.DeepEqual(a, b) {
		t.Errorf("two runs differ:\n%s\n%s", a.Text(), b.Text())
	}
	o.Seed = 8
	if c := Run(p, o); c.Outcomes[0].Pulled == a.Outcomes[0].Pulled {
		t.Error("another seed has the same history")
	}
}

// TestHistoriesAreStable checks that another app does not change the histories of the others.
func TestHistoriesAreStable(t *testing.T) {
	before, after := fleet(t, 6), fleet(t, 7)
	history := func(p *plan.Plan) map[string]string {
		problem, _ := p.Problem()
		w := newWorld(problem, Options{Seed: 3})
		weeks := map[string]string{}
		for range 100 {
			e := w.next()
			for n, s := range problem.Sources {
				weeks[s.Name] += fmt.Sprintf("%t ", e.changed[n])
			}
		}
		return weeks
	}
	old, now := history(before), history(after)
	if len(now) != len(old)+1 {
		t.Fatalf("%d sources, then %d", len(old), len(now))
	}
	for name, weeks := range old {
		if now[name] != weeks {
			t.Errorf("%s has another history", name)
		}
	}
}

// TestQuiet checks that the probability of no change is e^-hazard.
func TestQuiet(t *testing.T) {
	for _, hazard := range []float64{0, 0.01, 0.3, 1, 2.5} {
		r := luck(1, fmt.Sprint(hazard))
		const n = 200_000
		hits := 0
		for range n {
			if quiet(r, uint64(hazard*search.HazardOne)) {
				hits++
			}
		}
		got, want := float64(hits)/n, math.Exp(-hazard)
		if math.Abs(got-want) > 0.005 {
			t.Errorf("hazard %v: %v, want %v", hazard, got, want)
		}
	}
}

// TestPulledAsExpected checks that hosts pull as much in the long run as the layers' rates
// predict.
func TestPulledAsExpected(t *testing.T) {
	p := fleet(t, 9)
	r := Run(p, Options{Years: 40, Seed: 1})
	want := 0.0
	replaced := float64(search.DefaultWeights().Replaced) / 1000
	for _, l := range p.Layers {
		quiet := math.Exp(-l.Rate / plan.CyclesPerYear)
		want += float64(l.Size.Bytes) * float64(l.Replicas) * (1 - quiet*(1-replaced))
	}
	want *= 40 * plan.CyclesPerYear
	if got := float64(r.Outcomes[0].Pulled); math.Abs(got/want-1) > 0.03 {
		t.Errorf("pulled %v, expected %v", got, want)
	}
}

// TestCostAgrees checks that a long replay pulls what the cost of the plan and of the apps' own plans
// predicts. Round trips are free here, since a replay counts bytes.
func TestCostAgrees(t *testing.T) {
	p := fleet(t, 9)
	problem, _ := p.Problem()
	problem.Weights = search.DefaultWeights()
	problem.Weights.Layer = 0
	r, c := Run(p, Options{Years: 40, Seed: 1}), report.NewCost(p)
	for n, predicted := range []plan.Size{c.Plan.Pulled, c.Alone.Pulled} {
		o := r.Outcomes[n]
		weekly := float64(o.Pulled) / 40 / plan.CyclesPerYear
		if want := float64(predicted.Bytes); math.Abs(weekly/want-1) > 0.03 {
			t.Errorf("%s pulls %v per week, but costs %v", o.Name, weekly, want)
		}
	}
}

// TestPlanPullsLeast checks that a plan beats every alternative on a fleet that shares much.
func TestPlanPullsLeast(t *testing.T) {
	for _, hosts := range []int{0, 10} {
		r := Run(fleet(t, 24), Options{Years: 3, Hosts: hosts, Seed: 1})
		first := r.Outcomes[0]
		for _, o := range r.Outcomes[1:] {
			if o.Pulled < first.Pulled || o.Pushed < first.Pushed || o.Built < first.Built {
				t.Errorf("%d hosts: %s is better than the plan:\n%s", hosts, o.Name, r.Text())
			}
			if o.First < first.First-(1<<20) {
				t.Errorf("%d hosts: %s pulls less at first:\n%s", hosts, o.Name, r.Text())
			}
		}
	}
}

// TestStacksAreComplete checks that every way to stack layers puts everything that an app has
// into its image once, within its limit.
func TestStacksAreComplete(t *testing.T) {
	p := fleet(t, 10)
	problem, _ := p.Problem()
	for _, s := range alternatives(p) {
		for n, a := range problem.Apps {
			want := a.Delta.Size
			for _, i := range a.Items {
				want += problem.Items[i].Size
			}
			got := int64(0)
			for _, b := range s.images[n] {
				got += s.blobs[b].size
			}
			if got != want || len(s.images[n]) > a.Limit {
				t.Errorf("%s: the image of %s has %d bytes in %d layers, want %d in %d", s.name, a.Name, got, len(s.images[n]), want, a.Limit)
			}
		}
	}
}

func TestPlot(t *testing.T) {
	r := Run(fleet(t, 8), Options{Years: 1, Seed: 1})
	text := r.Plot()
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range r.Outcomes {
		if len(o.Weekly) != 52 || !strings.Contains(text, ">"+o.Name+" <") {
			t.Errorf("%s has %d weeks, or no line", o.Name, len(o.Weekly))
		}
	}
}
