package picture

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
)

const lockText = `layc-lock 1
package debian/bookworm amd64 base-files 12.4 debian:pool/base-files.deb sha256:0000000000000000000000000000000000000000000000000000000000000001 size=30000000 installed=60000000 minimal
`

// fleet generates a fleet of that many apps: families of apps on a few runtimes and servers, with
// some stacked libraries and common agents.
func fleet(apps int, seed uint64) fstest.MapFS {
	r := rand.New(rand.NewPCG(seed, 1))
	var b strings.Builder
	b.WriteString("import \"std/debian\"\n\nfleet {\n    base debian.release(\"12\", security: false)\n    layers 10\n}\n")
	pace := []string{"yearly", "monthly", "weekly", "daily"}
	one := func(name string, megabytes int, changes, more string) {
		fmt.Fprintf(&b, "\ncomponent %s {\n    changes %s\n    size %dMB\n%s}\n", name, changes, megabytes, more)
	}
	portable := func(name, needs string) string {
		return fmt.Sprintf("%s    file \"/opt/%s/version\" text \"%s\"\n", needs, name, name)
	}
	for n := range 4 {
		one(fmt.Sprintf("runtime%d", n), 40+r.IntN(160), "monthly", portable(fmt.Sprintf("runtime%d", n), ""))
		one(fmt.Sprintf("server%d", n), 20+r.IntN(300), "monthly", portable(fmt.Sprintf("server%d", n), fmt.Sprintf("    needs runtime%d\n", n)))
	}
	libraries := 10 + min(30, apps/10)
	for n := range libraries {
		name := fmt.Sprintf("library%d", n)
		steps := portable(name, "")
		if r.IntN(3) == 0 {
			steps = fmt.Sprintf("    run \"configure %s\"\n", name)
		}
		one(name, 1+r.IntN(60), pace[r.IntN(len(pace))], steps)
	}
	one("agent", 12, "weekly", portable("agent", ""))
	families := make([][]int, 2+apps/25)
	for n := range families {
		families[n] = r.Perm(libraries)[:2+r.IntN(4)]
	}
	for n := range apps {
		family := n % len(families)
		uses := []string{"agent", fmt.Sprintf("server%d", family%4)}
		for _, l := range families[family] {
			uses = append(uses, fmt.Sprintf("library%d", l))
		}
		if r.IntN(3) == 0 {
			extra := fmt.Sprintf("library%d", r.IntN(libraries))
			if !strings.Contains(strings.Join(uses, " ")+" ", extra+" ") {
				uses = append(uses, extra)
			}
		}
		fmt.Fprintf(&b, "\napp \"team%d/service-%03d\" {\n    uses %s\n    replicas %d\n    file \"/app/%d\" text \"%d\"\n}\n", family, n, strings.Join(uses, ", "), 1+r.IntN(8), n, n)
	}
	return fstest.MapFS{"fleet.layer": {Data: []byte(b.String())}, "layc.lock": {Data: []byte(lockText)}}
}

func planned(t testing.TB, apps int, seed uint64) *plan.Plan {
	t.Helper()
	out, list := compiler.Compile(compiler.Input{
		Project: fleet(apps, seed), Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"},
		Plan: plan.Options{Work: 200_000},
	}, compiler.Planned)
	if len(list) > 0 {
		t.Fatalf("%v: %s", list[0].Span, list[0].Message)
	}
	return out.Targets[0].Plan
}

// TestLayout checks that boxes do not overlap, stay inside, and have the height of their lanes;
// that no image has two layers in one column; and that layers can be stacked in the order of
// columns.
func TestLayout(t *testing.T) {
	for seed := range uint64(12) {
		p := planned(t, 3+int(seed)*9, seed)
		for _, lane := range []Lane{PerStack, PerApp} {
			pic := New(p, lane)
			apps := 0
			lanes := make([]float64, len(pic.Layers))
			counts := make([]int, len(pic.Layers))
			for n, s := range pic.Stacks {
				apps += len(s.Apps)
				if n > 0 && s.Top < pic.Stacks[n-1].Top+pic.Stacks[n-1].Height {
					t.Errorf("seed %d: lanes %d and %d overlap", seed, n-1, n)
				}
				column := -1
				for _, l := range s.Layers {
					lanes[l] += s.Height
					counts[l] += len(s.Apps)
					if pic.Layers[l].Column <= column {
						t.Errorf("seed %d: %s has two layers in column %d", seed, s.Names(2), column)
					}
					column = pic.Layers[l].Column
				}
				checkStack(t, pic, s)
			}
			if apps != len(p.Images) {
				t.Errorf("seed %d: %d apps drawn of %d", seed, apps, len(p.Images))
			}
			for n, l := range pic.Layers {
				if l.Height != lanes[n] || l.Images != counts[n] {
					t.Errorf("seed %d: %s is %v high and has %d images, want %v and %d", seed, l.ID, l.Height, l.Images, lanes[n], counts[n])
				}
				if l.Top < -1e-9 || l.Top+l.Height > pic.Height+1e-9 || l.Column >= pic.Columns {
					t.Errorf("seed %d: %s is outside", seed, l.ID)
				}
				if n > 0 && l.Column == pic.Layers[n-1].Column && l.Top < pic.Layers[n-1].Top+pic.Layers[n-1].Height {
					t.Errorf("seed %d: %s and %s overlap", seed, l.ID, pic.Layers[n-1].ID)
				}
			}
		}
	}
}

// checkStack checks that a spine layer is above all the layers that it depends on.
func checkStack(t *testing.T, pic *Picture, s Stack) {
	t.Helper()
	below := map[*plan.Layer]bool{nil: true}
	for _, n := range s.Layers {
		l := &pic.Layers[n]
		for _, o := range append(l.On[:len(l.On):len(l.On)], l.Parent) {
			if !below[o] {
				t.Errorf("%s: %s is below a layer that it depends on", s.Names(2), l.ID)
			}
		}
		below[l.Layer] = true
	}
}

// TestRibbons checks that the ribbons between boxes fit into both, without overlap.
func TestRibbons(t *testing.T) {
	pic := New(planned(t, 60, 3), PerStack)
	ribbons, tails := pic.Ribbons()
	if len(tails) != len(pic.Stacks) {
		t.Fatalf("%d tails for %d stacks", len(tails), len(pic.Stacks))
	}
	left := make([]float64, len(pic.Layers))
	for _, r := range ribbons {
		from, to := pic.Layers[r.From], pic.Layers[r.To]
		if r.Left < from.Top || r.Left+r.Height > from.Top+from.Height+1e-9 || r.Right < to.Top || r.Right+r.Height > to.Top+to.Height+1e-9 {
			t.Errorf("the ribbon from %s to %s leaves its boxes", from.ID, to.ID)
		}
		left[r.From] += r.Height
	}
	for n, s := range pic.Stacks {
		last := s.Layers[len(s.Layers)-1]
		left[last] += s.Height
		if l := pic.Layers[last]; tails[n] < l.Top || tails[n]+s.Height > l.Top+l.Height+1e-9 {
			t.Errorf("the lane of %s leaves %s at another place", s.Names(2), l.ID)
		}
	}
	for n, l := range pic.Layers {
		if left[n] != l.Height {
			t.Errorf("%v lanes leave %s, which has %v", left[n], l.ID, l.Height)
		}
	}
}

// TestDrawings checks that equal plans are drawn equally, and that a thousand apps are not a
// thousand boxes.
func TestDrawings(t *testing.T) {
	draw := map[string]func(*Picture) string{"dot": (*Picture).Dot, "mermaid": (*Picture).Mermaid, "svg": (*Picture).SVG}
	for name, f := range draw {
		if a, b := f(New(planned(t, 40, 5), PerStack)), f(New(planned(t, 40, 5), PerStack)); a != b {
			t.Errorf("%s differs from run to run", name)
		}
	}
	pic := New(planned(t, 1000, 1), PerStack)
	if len(pic.Stacks) > 500 || pic.Columns > 20 {
		t.Errorf("1000 apps are drawn as %d stacks in %d columns", len(pic.Stacks), pic.Columns)
	}
	t.Logf("%d layers, %d stacks, %d columns", len(pic.Layers), len(pic.Stacks), pic.Columns)
}

func TestColour(t *testing.T) {
	for _, c := range []struct {
		rate float64
		want string
	}{{0, "#3b5ba5"}, {1, "#3b5ba5"}, {2, "#3575a6"}, {4, "#2f8fa8"}, {16, "#6fb05a"}, {60, "#d8b03e"}, {256, "#d9502e"}, {5000, "#d9502e"}} {
		if got := Colour(c.rate); got != c.want {
			t.Errorf("the colour of %v changes a year is %s, want %s", c.rate, got, c.want)
		}
	}
}
