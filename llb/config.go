package llb

import (
	"encoding/json"
	"maps"
	"strings"
	"time"

	docker "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
)

// imageConfig returns the OCI image configuration of an image, as JSON. It has the canonical time
// and a history entry for each layer, so that BuildKit adds none of its own. Labels replace
// the program's.
//
// The healthcheck and the shell are Docker's extensions of the configuration.
func imageConfig(i *plan.Image, platform ocispecs.Platform, labels map[string]string) ([]byte, error) {
	c := i.App.Config
	config := docker.DockerOCIImageConfig{
		ImageConfig: ocispecs.ImageConfig{
			User: c.User, WorkingDir: c.Workdir, Entrypoint: c.Entrypoint, Cmd: c.Command, StopSignal: c.StopSignal,
			ExposedPorts: set(c.Expose), Volumes: set(c.Volumes), Labels: map[string]string{},
		},
		DockerOCIImageConfigExt: docker.DockerOCIImageConfigExt{Shell: c.Shell, Healthcheck: healthcheck(c.Healthcheck)},
	}
	for _, e := range c.Env {
		config.Env = append(config.Env, e.Name+"="+e.Value)
	}
	for _, e := range c.Labels {
		config.Labels[e.Name] = e.Value
	}
	maps.Copy(config.Labels, labels)
	img := dockerImage{Created: &epoch, Author: "", Platform: platform, Config: config}
	for _, l := range i.Layers {
		// A base image has several layers.
		for n := 1; n < layersOf(l); n++ {
			img.History = append(img.History, ocispecs.History{Created: &epoch, CreatedBy: "layc base: part of " + named(l)[0]})
		}
		img.History = append(img.History, ocispecs.History{
			Created: &epoch, CreatedBy: "layc " + string(l.Kind) + ": " + strings.Join(named(l), ", "),
		})
	}
	return json.Marshal(img)
}

// layersOf returns the number of image layers that a planned layer becomes.
func layersOf(l *plan.Layer) int {
	if s := l.Members[0].System; s != nil {
		return max(1, s.Layers)
	}
	return 1
}

// inherited returns the number of layers of an image that are those of another image, its base.
func inherited(i *plan.Image) int {
	for _, l := range i.Layers {
		if s := l.Members[0].System; s != nil && (s.Image != "" || s.Layout != "") {
			return layersOf(l)
		}
	}
	return 0
}

// named returns the names of a layer's components, but only the number of packages if there are
// many.
func named(l *plan.Layer) []string {
	names := l.Components()
	if len(names) > 12 {
		names = append(names[:11:11], "…")
	}
	return names
}

// dockerImage is the image configuration with Docker's extensions. BuildKit adds the layers.
type dockerImage struct {
	Created *time.Time `json:"created,omitempty"`
	Author  string     `json:"author,omitempty"`
	ocispecs.Platform
	Config  docker.DockerOCIImageConfig `json:"config"`
	History []ocispecs.History          `json:"history,omitempty"`
}

func healthcheck(h *model.Healthcheck) *docker.HealthcheckConfig {
	if h == nil {
		return nil
	}
	if len(h.Command) == 0 {
		return &docker.HealthcheckConfig{Test: []string{"NONE"}}
	}
	return &docker.HealthcheckConfig{
		Test: append([]string{"CMD"}, h.Command...), Interval: h.Every, Timeout: h.Timeout,
		StartPeriod: h.Start, Retries: h.Retries,
	}
}

func set(keys []string) map[string]struct{} {
	if len(keys) == 0 {
		return nil
	}
	m := map[string]struct{}{}
	for _, k := range keys {
		m[k] = struct{}{}
	}
	return m
}
