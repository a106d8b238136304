package llb

import (
	"encoding/json"
	"testing"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
)

// TestHistory checks that an image has as many history entries as layers when the base is an
// image of several layers. Otherwise BuildKit adds entries with the time of the build.
func TestHistory(t *testing.T) {
	app := &model.App{Config: model.Config{Labels: []model.EnvVar{{Name: "team", Value: "dev"}, {Name: "kept", Value: "yes"}}}}
	base := func(layers int) *plan.Layer {
		return &plan.Layer{Kind: plan.Base, Members: []*model.Instance{{Title: "base", System: &model.System{Layers: layers}}}}
	}
	delta := &plan.Layer{Kind: plan.Delta, Members: []*model.Instance{{Title: "a"}}}
	for layers, want := range map[int]int{0: 2, 1: 2, 3: 4} {
		text, err := imageConfig(&plan.Image{App: app, Layers: []*plan.Layer{base(layers), delta}}, ocispecs.Platform{OS: "linux", Architecture: "amd64"}, map[string]string{"team": "ops"})
		if err != nil {
			t.Fatal(err)
		}
		var config ocispecs.Image
		if err := json.Unmarshal(text, &config); err != nil {
			t.Fatal(err)
		}
		if len(config.History) != want {
			t.Errorf("a base of %d layers and one more layer have %d entries, want %d", layers, len(config.History), want)
		}
		if config.Config.Labels["team"] != "ops" || config.Config.Labels["kept"] != "yes" {
			t.Errorf("the labels are %v", config.Config.Labels)
		}
		for _, h := range config.History {
			if h.Created == nil || !h.Created.Equal(epoch) {
				t.Errorf("%s was created at %v", h.CreatedBy, h.Created)
			}
		}
	}
}
