package lsp_test

import (
	"fmt"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// fleetText returns a program of one file with components and apps that need them.
func fleetText(components, apps int) string {
	var b strings.Builder
	b.WriteString("fleet {\n    base   scratch\n    layers 8\n}\n")
	for c := range components {
		fmt.Fprintf(&b, "\n# Component %d.\ncomponent c%d(version: string = \"1.%d\") {\n", c, c, c)
		if c > 10 {
			fmt.Fprintf(&b, "    needs c%d\n", c/3)
		}
		fmt.Fprintf(&b, "    changes monthly\n\n    file \"/srv/c%d\" text \"version ${version}\"\n\n    env C%d = version\n}\n", c, c)
	}
	for a := range apps {
		fmt.Fprintf(&b, "\napp a%d {\n    uses c%d, c%d(\"2\")\n\n    file \"/srv/a%d\" text \"a\"\n\n    expose %d\n    user   \"1001\"\n}\n", a, a%components, (7*a+1)%components, a, 1000+a)
	}
	return b.String()
}

// sizes are programs of 2,000 lines and of 1,000 apps.
var sizes = []struct{ components, apps int }{{100, 110}, {500, 1000}}

func opened(b testing.TB, components, apps int) (*client, string) {
	text := fleetText(components, apps)
	c := start(b, memory(b, fstest.MapFS{"fleet.layer": {Data: []byte(text)}}), nil)
	c.open("fleet.layer", text)
	c.await(nil)
	return c, text
}

// BenchmarkKey measures the time from a typed letter to the diagnostics of the text with it.
func BenchmarkKey(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprint(size.apps), func(b *testing.B) {
			c, text := opened(b, size.components, size.apps)
			line := strings.Count(text, "\n") / 2
			var times []time.Duration
			for n := 0; b.Loop(); n++ {
				at := position{line, 0}
				end := at
				letter := "#"
				if n%2 == 1 {
					end.Character, letter = 1, ""
				}
				begin := time.Now()
				c.change("fleet.layer", map[string]any{"range": map[string]any{"start": at, "end": end}, "text": letter})
				c.awaitUntil(func() bool { return c.version("fleet.layer") == c.sent["fleet.layer"] }, func() string { return "no diagnostics" })
				times = append(times, time.Since(begin))
			}
			report(b, times)
		})
	}
}

func report(b *testing.B, times []time.Duration) {
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "ms-median")
}

// version returns the version of the document that the diagnostics shown are about.
func (c *client) version(name string) int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.shown[uri(name)].version
}

// BenchmarkCompletion measures the time from a typed letter to the proposals for it.
func BenchmarkCompletion(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprint(size.apps), func(b *testing.B) {
			c, text := opened(b, size.components, size.apps)
			at := strings.LastIndex(text, "uses c") + len("uses ")
			p := positionIn(text, at)
			var times []time.Duration
			for n := 0; b.Loop(); n++ {
				end := p
				letter := "c"
				if n%2 == 1 {
					end.Character, letter = p.Character+1, ""
				}
				c.change("fleet.layer", map[string]any{"range": map[string]any{"start": p, "end": end}, "text": letter})
				c.awaitUntil(func() bool { return c.version("fleet.layer") == c.sent["fleet.layer"] }, func() string { return "no diagnostics" })
				begin := time.Now()
				var list struct{ Items []struct{ Label string } }
				c.call("textDocument/completion", at2(p, letter), &list)
				if len(list.Items) < 10 {
					b.Fatalf("%d proposals", len(list.Items))
				}
				times = append(times, time.Since(begin))
			}
			report(b, times)
		})
	}
}

func at2(p position, letter string) map[string]any {
	params := document("fleet.layer")
	params["position"] = position{p.Line, p.Character + len(letter)}
	return params
}

// TestMemory edits a fleet of 1,000 apps 10,000 times. The process, with the editor of the test, stays
// under 300 MB.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	const most = 300e6
	debug.FreeOSMemory()
	c, text := opened(t, 500, 1000)
	line := strings.Count(text, "\n") / 2
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	peak := uint64(0)
	for n := range 10_000 {
		at := position{line, n % 2}
		if n%2 == 0 {
			c.change("fleet.layer", map[string]any{"range": map[string]any{"start": at, "end": at}, "text": "#"})
		} else {
			c.change("fleet.layer", map[string]any{"range": map[string]any{"start": position{line, 0}, "end": at}, "text": ""})
		}
		if n%100 == 99 {
			c.awaitUntil(func() bool { return c.version("fleet.layer") == c.sent["fleet.layer"] }, func() string { return "no diagnostics" })
		}
		metrics.Read(samples)
		peak = max(peak, samples[0].Value.Uint64()-samples[1].Value.Uint64())
	}
	t.Logf("at most %d MB", peak/1e6)
	if peak > most {
		t.Errorf("%d MB are more than %d", peak/1e6, int(most/1e6))
	}
}
