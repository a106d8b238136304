package plan_test

import (
	"os"
	"slices"
	"testing"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
)

// example plans a fleet from testdata with no recorded plan.
func example(t *testing.T, dir string, o plan.Options) *plan.Plan {
	t.Helper()
	out, list := compiler.Compile(compiler.Input{
		Project: os.DirFS("../../testdata/" + dir), Dir: ".",
		Platform: model.Platform{OS: "linux", Arch: "amd64"}, Plan: o,
	}, compiler.Planned)
	if list.HasErrors() {
		t.Fatalf("%s: %s", dir, list[0].Message)
	}
	return out.Targets[0].Plan
}

// TestMeasures checks that a measured layer's bytes are divided among its members by their
// estimates, that a package with a good estimate needs no fact, that measured sizes are not
// estimates, and that an instance that is gone keeps no fact.
func TestMeasures(t *testing.T) {
	p := example(t, "shop", plan.Options{Rebalance: true})
	image := p.Images[0]
	blobs := []int64{10e6, 38e6} // a base of two layers
	server := ""
	for _, l := range image.Layers[1:] {
		blobs = append(blobs, l.Size.Bytes)
		if l.Kind == plan.Portable {
			server = l.Members[0].ID
		}
		if !l.Size.Estimated {
			t.Errorf("%s is not an estimate", l.Title())
		}
	}
	blobs[len(blobs)-1] = 1234 // the delta
	m := plan.Measures{}
	if err := m.Measure(image, blobs); err != nil {
		t.Fatal(err)
	}
	l := m.Sizes(&lock.File{}, []*model.Graph{p.Graph})
	got := map[string]int64{}
	for _, s := range l.Sizes {
		got[s.Instance] = s.Bytes
	}
	if len(got) != 3 || got[image.App.Base.ID] != 48e6 || got[server] != 350e6 || got[image.App.Delta.ID] != 1200 {
		t.Errorf("got %v, want 48 MB of the base, 350 MB of the server and 1,200 bytes of the delta", got)
	}
	if again := (plan.Measures{}).Sizes(l, []*model.Graph{p.Graph}); len(again.Sizes) != 3 {
		t.Errorf("sizes that are not measured again are lost: %v", again.Sizes)
	}
	if gone := (plan.Measures{}).Sizes(l, nil); len(gone.Sizes) != 0 {
		t.Errorf("sizes of what is gone stay: %v", gone.Sizes)
	}
	if err := m.Measure(image, blobs[:2]); err == nil {
		t.Error("an image with too few layers is measured")
	}
}

// TestMeasuresWithoutBase checks that a base may have no layers in an image.
func TestMeasuresWithoutBase(t *testing.T) {
	base := &model.Instance{ID: "base", System: &model.System{Scratch: true}}
	server := &model.Instance{ID: "server", Size: 10e6}
	image := &plan.Image{App: &model.App{Name: "a"}, Layers: []*plan.Layer{
		{Kind: plan.Base, Members: []*model.Instance{base}}, {Kind: plan.Portable, Members: []*model.Instance{server}},
	}}
	m := plan.Measures{}
	if err := m.Measure(image, []int64{7e6}); err != nil {
		t.Fatal(err)
	}
	if len(m) != 1 || m["server"] != 7e6 {
		t.Errorf("got %v, want 7 MB of the server", m)
	}
	base.System = &model.System{Distribution: "debian/bookworm"}
	if err := m.Measure(image, []int64{7e6}); err == nil {
		t.Error("a base of packages has no layer")
	}
}

// TestSurprises checks which layers are reported as larger or smaller than planned.
func TestSurprises(t *testing.T) {
	p := example(t, "shop", plan.Options{Rebalance: true})
	image := p.Images[0]
	built := plan.Built{Name: image.App.References()[0], Platform: "linux/amd64"}
	for _, l := range image.Layers {
		built.Layers = append(built.Layers, l.Size.Bytes*14/10)
	}
	if got := plan.Surprises([]*plan.Plan{p}, []plan.Built{built}); len(got) != 0 {
		t.Errorf("%d layers differ by less than half", len(got))
	}
	top := len(built.Layers) - 1
	built.Layers[1], built.Layers[top] = image.Layers[1].Size.Bytes*2, 1000
	got := plan.Surprises([]*plan.Plan{p}, []plan.Built{built})
	if len(got) != 2 || got[0].Layer != image.Layers[1] || got[1].Layer != image.Layers[top] || got[1].Built != 1000 {
		t.Errorf("got %v, want a layer that is twice as large, and the delta", got)
	}
	if got[0].Assumed || !got[1].Assumed {
		t.Errorf("%v: only the size of what a stage makes is assumed", got)
	}
}

// TestUsers checks how many images of the fleet have a layer, when some apps are chosen, and which layer
// a blob is of.
func TestUsers(t *testing.T) {
	p := example(t, "shop", plan.Options{Rebalance: true})
	one := p.Only(map[string]bool{"app1": true}).Only(map[string]bool{"app1": true})
	var counts []int
	users := one.Users()
	image := one.Images[0]
	for _, l := range image.Layers {
		counts = append(counts, users[l])
	}
	if want := []int{2, 2, 2, 1}; len(one.Images) != 1 || !slices.Equal(counts, want) {
		t.Errorf("%d images, whose layers have %v users, want 1 with %v", len(one.Images), counts, want)
	}
	for _, c := range [][3]int{{0, 4, 0}, {3, 4, 3}, {0, 6, 0}, {2, 6, 0}, {3, 6, 1}, {0, 3, 1}, {2, 3, 3}} {
		if got := image.Holds(c[0], c[1]); got != image.Layers[c[2]] {
			t.Errorf("blob %d of %d is of %v, want the layer %d", c[0], c[1], got, c[2])
		}
	}
}
