package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/layc-lang/layc/llb/registry"
)

// The shop, built for real by bin/layc: what its README promises, on images
// whose manifests are compared and whose containers are run.

// shop is a copy of testdata/shop that may be changed, and an engine's state.
type shop struct {
	*testing.T
	bin, dir, state string
}

// requireEngine skips a test that needs the engine, unless it has to run.
func requireEngine(t *testing.T) {
	t.Helper()
	if os.Getenv("LAYC_REQUIRE_ENGINE") == "" {
		t.Skip("needs the engine: set LAYC_REQUIRE_ENGINE=1, as make test does")
	}
}

func newShop(t *testing.T) *shop {
	t.Helper()
	requireEngine(t)
	bin, err := filepath.Abs("../../bin/layc")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(bin); err != nil {
		t.Fatalf("%v: run make build first", err)
	}
	s := &shop{T: t, bin: bin, dir: t.TempDir(), state: t.TempDir()}
	if err := os.CopyFS(s.dir, os.DirFS("../../testdata/shop")); err != nil {
		t.Fatal(err)
	}
	return s
}

// with is the shop on another engine state.
func (s *shop) with(state string) *shop {
	other := *s
	other.state = state
	return &other
}

// run runs a part of the test.
func (s *shop) run(name string, part func(s *shop)) {
	s.Helper()
	s.T.Run(name, func(t *testing.T) {
		within := *s
		within.T = t
		part(&within)
	})
}

func read(t *testing.T, elem ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// layc runs a command and returns what it printed to its standard output.
func (s *shop) layc(args ...string) string {
	s.Helper()
	start := time.Now()
	cmd := exec.Command(s.bin, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		s.Fatalf("layc %s: %v\n%s\n%s", strings.Join(args, " "), err, out, stderr.String())
	}
	s.Logf("layc %s: %.1f s", strings.Join(args, " "), time.Since(start).Seconds())
	return string(out)
}

// build builds all images into a layout and returns the result.
func (s *shop) build(out string) jsonResult {
	s.Helper()
	var r jsonResult
	text := s.layc("build", "-C", s.dir, "--state", s.state, "-o", out, "--json")
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		s.Fatal(err)
	}
	return r
}

// start begins a build of all images into a layout and returns a function that
// waits for its end.
func (s *shop) start(out string) (wait func()) {
	s.Helper()
	ctx, interrupt := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, s.bin, "build", "-C", s.dir, "--state", s.state, "-o", out)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	ended := sync.OnceValue(cmd.Wait)
	s.Cleanup(func() { interrupt(); _ = ended() })
	return func() {
		s.Helper()
		if err := ended(); err != nil {
			s.Fatalf("layc build: %v\n%s", err, &text)
		}
	}
}

// plan returns the plan.
func (s *shop) plan() jsonPlan {
	s.Helper()
	var p jsonPlan
	if err := json.Unmarshal([]byte(s.layc("plan", "-C", s.dir, "--json")), &p); err != nil {
		s.Fatal(err)
	}
	return p
}

// edit replaces text in a file of the copy.
func (s *shop) edit(file, old, new string) {
	s.Helper()
	name := filepath.Join(s.dir, file)
	text, err := os.ReadFile(name)
	if err != nil {
		s.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		s.Fatalf("%s does not contain %q", file, old)
	}
	if err := os.WriteFile(name, []byte(strings.ReplaceAll(string(text), old, new)), 0o644); err != nil {
		s.Fatal(err)
	}
}

func (r jsonResult) image(name string) jsonBuilt {
	for _, i := range r.Images {
		if i.Name == name {
			return i
		}
	}
	return jsonBuilt{}
}

// layerDigests are the digests of an image's layers, bottom up.
func (b jsonBuilt) layerDigests() []string {
	var out []string
	for _, l := range b.Layers {
		out = append(out, l.Digest)
	}
	return out
}

// TestShop goes through the life of the shop on one engine state. What else needs a state that has
// the shop's base system is built on a second one meanwhile.
func TestShop(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	out, again := filepath.Join(t.TempDir(), "shop"), filepath.Join(t.TempDir(), "shop")
	other := s.with(t.TempDir())
	elsewhere := other.start(again)
	first := s.build(out)
	elsewhere()

	s.run("builds the same bytes on another new state", func(s *shop) {
		if a, b := read(s.T, out, "index.json"), read(s.T, again, "index.json"); a != b {
			s.Errorf("two new states have different images:\n%s\n%s", a, b)
		}
	})
	s.run("installs above configuration", func(s *shop) { s.installsAbove(other.state) })
	s.run("lives", func(s *shop) {
		s.Parallel()
		s.lives(out, first)
	})
	other.run("is beside others", func(s *shop) {
		s.Parallel()
		s.run("builds the root of a tree", (*shop).notebook)
		s.run("runs a company", (*shop).company)
		s.run("begins with templates", func(s *shop) { s.templates("go", "static") })
		s.run("has browsers ask for changed pages", (*shop).changedPage)
		s.run("takes files out of packages", (*shop).takesOutOfPackages)
		s.run("installs a package of a repository", (*shop).installsOfRepository)
		s.run("builds cross", (*shop).crosses)
		s.run("installs what is configured", (*shop).installsConfigured)
		s.run("numbers accounts by their names", (*shop).numbersAccounts)
		s.run("executes what layc impact tells", (*shop).executesAsImpactTells)
		s.run("points from apt to os.packages", (*shop).failingApt)
		s.run("builds without network from copies", (*shop).vendors)
		s.run("builds the same bytes from copied layers", (*shop).copiesLayers)
	})
}

// lives builds the shop, as its owner changes it, on a state that has built it for the first time.
func (s *shop) lives(out string, first jsonResult) {
	app1, app2 := first.image("app1"), first.image("app2")

	s.run("shares all but the last layer", func(s *shop) {
		for _, i := range first.Images {
			if n := len(i.Layers); n > 4 {
				s.Errorf("%s has %d layers, want at most 4", i.Name, n)
			}
		}
		a, b := app1.layerDigests(), app2.layerDigests()
		last := len(a) - 1
		if !slices.Equal(a[:last], b[:last]) || a[last] == b[last] {
			s.Errorf("layers of app1 %v\nand of app2 %v\nwant all equal but the last", a, b)
		}
		if err := registry.Validate(out); err != nil {
			s.Error(err)
		}
		stored := map[string]bool{}
		for _, i := range first.Images {
			for _, l := range i.Layers {
				stored[l.Digest] = true
			}
		}
		// Each image has a manifest and a configuration besides.
		blobs, _ := os.ReadDir(filepath.Join(out, "blobs", "sha256"))
		if want := len(stored) + 2*len(first.Images); len(blobs) != want {
			s.Errorf("the layout has %d blobs, want %d: each once", len(blobs), want)
		}
	})
	s.run("plans base images as inner nodes", (*shop).innerNodes)
	s.run("does nothing the second time", func(s *shop) {
		again := s.build(out)
		if len(again.StepsExecuted) > 0 {
			s.Errorf("executed %v, want nothing", again.StepsExecuted)
		}
		if again.image("app1").Digest != app1.Digest {
			s.Errorf("app1 is %s, was %s", again.image("app1").Digest, app1.Digest)
		}
	})
	s.run("is verified", (*shop).verifies)
	s.run("pushes", func(s *shop) { s.pushes(out, first) })
	s.run("attests", func(s *shop) { s.attests(first) })
	s.run("shows a step that fails", func(s *shop) { s.failingStep(out) })
	s.run("stops when interrupted", func(s *shop) { s.interrupted(out) })
	s.run("attaches to an engine that is open", (*shop).twoAtOnce)
	s.run("runs", func(s *shop) {
		for app, page := range map[string]string{"app1": "app1: the catalogue", "app2": "app2: the orders"} {
			runs(s.T, out, app, page)
		}
	})
	s.run("ships the archive alone", func(s *shop) {
		s.edit("app1/src/java/shop/Catalogue.java", "app1: the catalogue", "app1: the new catalogue")
		changed := s.build(out)
		s.onlyLast(app1, changed.image("app1"))
		if got := changed.image("app2").Digest; got != app2.Digest {
			s.Errorf("app2 is %s, was %s", got, app2.Digest)
		}
		for _, step := range changed.StepsExecuted {
			if !strings.Contains(step, "app1") && !strings.HasPrefix(step, "exporting") {
				s.Errorf("executed %q, want steps of app1 only", step)
			}
		}
	})
	s.run("keeps what lies beside the JDK", func(s *shop) {
		s.edit("shop.layer", `java.jdk("17"), rsyslog`, `java.jre("17"), rsyslog`)
		changed := s.build(out)
		before, after := app2.layerDigests(), changed.image("app2").layerDigests()
		if len(after) != len(before) {
			s.Fatalf("app2 has layers %v, had %v", after, before)
		}
		// Bottom up: the base, the spine with the JDK, the server, the app.
		for n, same := range []bool{true, false, true, true} {
			if (before[n] == after[n]) != same {
				s.Errorf("layer %d of app2 is %s, was %s; the same: want %v", n, after[n], before[n], same)
			}
		}
		s.edit("shop.layer", `java.jre("17"), rsyslog`, `java.jdk("17"), rsyslog`)
	})
	s.run("keeps what lies below the server", func(s *shop) {
		s.edit("shop.layer", `liberty.server`, `liberty.server("26.0.0.2")`)
		s.layc("lock", "-C", s.dir)
		changed := s.build(out)
		before, after := app2.layerDigests(), changed.image("app2").layerDigests()
		for n, same := range []bool{true, true, false} {
			if (before[n] == after[n]) != same {
				s.Errorf("layer %d of app2 is %s, was %s; the same: want %v", n, after[n], before[n], same)
			}
		}
	})
}

// verifies checks that all that the shop relies on holds, without a warning, and
// that this is known the second time.
func (s *shop) verifies() {
	s.Helper()
	for n := range 2 {
		var r struct {
			Verified []struct {
				Kind, Component string
				Holds           bool
				Findings        []any
			}
			StepsExecuted []string
		}
		text := s.layc("build", "-C", s.dir, "--state", s.state, "--verify", "--json")
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			s.Fatal(err)
		}
		counts := map[string]int{}
		for _, p := range r.Verified {
			counts[p.Kind]++
			if !p.Holds || len(p.Findings) > 0 {
				s.Errorf("%s of %s does not hold: %v", p.Kind, p.Component, p.Findings)
			}
		}
		if counts["test"] < 2 || counts["again"] != 3 || counts["libraries"] != 3 {
			s.Errorf("it proves %v, want 2 tests, 3 builds again and the libraries of 3 layers", counts)
		}
		if n == 1 && len(r.StepsExecuted) > 0 {
			s.Errorf("the second time it executed %v, want nothing", r.StepsExecuted)
		}
	}
}

// innerNodes checks that the base system, the JDK and the server are in
// layers of their own that both images stack.
func (s *shop) innerNodes() {
	s.Helper()
	p := s.plan()
	users := map[string]int{}
	for _, i := range p.Images {
		for _, l := range i.Layers {
			users[l]++
		}
	}
	for _, want := range []struct{ component, kind string }{
		{`release("12", security: false)`, "base"}, {`jdk("17")`, "spine"}, {`server("26.0.0.3")`, "portable"},
	} {
		found := slices.ContainsFunc(p.Layers, func(l jsonLayer) bool {
			return l.Kind == want.kind && slices.Contains(l.Components, want.component) && users[l.ID] == 2
		})
		if !found {
			s.Errorf("no %s layer with %s in both images: %+v", want.kind, want.component, p.Layers)
		}
	}
}

// onlyLast checks that only the last layer has changed.
func (s *shop) onlyLast(before, after jsonBuilt) {
	s.Helper()
	a, b := before.layerDigests(), after.layerDigests()
	last := len(a) - 1
	if len(b) != len(a) || !slices.Equal(a[:last], b[:last]) || a[last] == b[last] {
		s.Errorf("%s has layers %v\nhad %v\nwant only the last one changed", after.Name, b, a)
	}
}

// runs starts a container of an image, asks it for its page, and looks for the configuration of
// its log shipper.
func runs(t *testing.T, dir, app, page string) {
	t.Helper()
	c := newContainer(t, dir, app)
	if c.config.User != "1001" {
		t.Errorf("the image's user is %q, want 1001", c.config.User)
	}
	if _, err := os.Stat(filepath.Join(c.root(), "etc/rsyslog.d", app+".conf")); err != nil {
		t.Error(err)
	}
	c.start(nil)
	c.serves("http://127.0.0.1:9080/", page)
}
