package progress

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
)

// TestEstimates builds again what an earlier build took 45 seconds for, and reads the estimates.
func TestEstimates(t *testing.T) {
	const base, tool = `[release("12")] from its packages`, `[tool(["a]", "b"])] make install`
	f := newFleet(t)
	earlier := Times{"release(\"12\")\ninstalling packages": 30 * time.Second, "tool([\"a]\", \"b\"])\nmake install": 15 * time.Second}
	begin := func(times Times) *board {
		b := newBoard([]*pb.Definition{f.def})
		b.earlier = times
		b.report(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: f.ids[base], Name: base, Started: at(0)}}})
		return b
	}
	b := begin(earlier)
	for _, c := range []struct {
		now  float64
		want time.Duration
	}{{0, 45 * time.Second}, {10, 35 * time.Second}, {40, 15 * time.Second}} {
		if got, ok := b.left(*at(c.now)); !ok || got != c.want {
			t.Errorf("after %v seconds: %v more, %v; want %v", c.now, got, ok, c.want)
		}
	}
	if left, ok := begin(Times{"release(\"12\")\ninstalling packages": 30 * time.Second}).left(noon); ok {
		t.Errorf("%v more, although nobody knows how long the tool takes", left)
	}
	var out bytes.Buffer
	plain, screen := &lines{w: &out}, &screen{w: &out, columns: 100}
	plain.report(b, []change{{step: b.steps[f.ids[base]], started: true}}, noon)
	plain.tick(b, *at(12))
	screen.tick(b, *at(12))
	for _, want := range []string{
		"release(\"12\"): installing packages, about 30s\n",
		"release(\"12\"): installing packages: still running after 12s of about 30s; ",
		"building: 0 of 6 steps done, 12s, about 33s more\n",
		"installing packages  12s of about 30s  ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
	b.report(&client.SolveStatus{Vertexes: []*client.Vertex{
		{Digest: f.ids[base], Name: base, Started: at(0), Completed: at(31)}, {Digest: f.ids[tool], Name: tool, Started: at(31), Completed: at(32), Error: "no"},
	}})
	if got := b.took(); len(got) != 1 || got["release(\"12\")\ninstalling packages"] != 31*time.Second {
		t.Errorf("remembered %v, want the 31 seconds of what ran to its end", got)
	}
}

// TestHeld shows what a step prints that still runs, in the logs of CI, which have its output at its end.
func TestHeld(t *testing.T) {
	f := newFleet(t)
	b := newBoard([]*pb.Definition{f.def})
	var out bytes.Buffer
	show := &folds{lines: lines{w: &out, held: true}, begin: githubBegin, end: githubEnd}
	const base = `[release("12")] from its packages`
	for _, r := range []*client.SolveStatus{
		{Vertexes: []*client.Vertex{{Digest: f.ids[base], Name: base, Started: at(0)}}},
		{Logs: []*client.VertexLog{{Vertex: f.ids[base], Data: []byte("one\ntwo\n")}}},
	} {
		show.report(b, b.report(r), noon)
	}
	show.tick(b, *at(11))
	want := "installing packages\nrelease(\"12\"): installing packages: still running after 11s; tool([\"a]\", \"b\"]), app1 and 1 more wait\nrelease(\"12\"): | two\n"
	if got := out.String(); !strings.HasSuffix(got, want) {
		t.Errorf("got\n%s\nwant it to end with\n%s", got, want)
	}
}
