//go:build linux

package engine

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
)

// TestCompressAhead checks that a layer is compressed while a step of another one runs, and that the build
// ends when it is cancelled meanwhile.
func TestCompressAhead(t *testing.T) {
	needEngine(t)
	state := t.TempDir()
	e := open(t, state)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := start(t, ctx, e, request(t, filepath.Join(t.TempDir(), "out"), image(t, "app", file("/one", "1"), ran("sleep", "sleep"))), "sleep")
	blobs := func() []string {
		all, _ := filepath.Glob(filepath.Join(state, "runc-*", "content", "blobs", "sha256", "*")) // the pattern is valid
		return all
	}
	for end := time.Now().Add(hangs); len(blobs()) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no layer is compressed while a step runs")
		}
	}
	ahead := blobs()
	cancel()
	if err := <-done; err == nil {
		t.Error("the cancelled build succeeded")
	}
	res := build(t, e, request(t, filepath.Join(t.TempDir(), "out"), image(t, "app", file("/one", "1"))))
	if want := res.Images[0].Layers[0].Digest; filepath.Base(ahead[0]) != want.Encoded() {
		t.Errorf("%s was compressed, want %s", ahead, want)
	}
}

// TestLayersOf checks which results of vertices are layers.
func TestLayersOf(t *testing.T) {
	one := file("/one", "1")
	base := file("/base", "0").Run(llb.Args([]string{"/bin/step"})).Root()
	stage := root().Run(llb.Args([]string{"/bin/step"})).AddMount("/out", llb.Scratch())
	copied := llb.Scratch().File(llb.Copy(stage, "/", "/"))
	nested := llb.Merge([]llb.State{llb.Merge([]llb.State{base, one}), copied})
	changed := llb.Scratch().Run(llb.Args([]string{"/bin/step"})).AddMount("/system", nested)
	for name, c := range map[string]struct {
		image llb.State
		want  []llb.State
	}{
		"one layer":         {one, []llb.State{one}},
		"merged":            {nested, []llb.State{base, file("/base", "0"), one, copied}},
		"a step on a merge": {changed, []llb.State{changed, base, file("/base", "0"), one, copied}},
		"nothing":           {llb.Scratch(), nil},
	} {
		def, err := c.image.Marshal(t.Context(), llb.LinuxAmd64)
		if err != nil {
			t.Fatal(err)
		}
		got := map[made]bool{}
		layersOf(def.ToPB(), newTracker([]*pb.Definition{def.ToPB()}).ops, got)
		var want []made
		for _, s := range c.want {
			def, err := s.Marshal(t.Context(), llb.LinuxAmd64)
			if err != nil {
				t.Fatal(err)
			}
			var index int64
			if s.Output() == changed.Output() {
				index = 1 // after the root file system of the step
			}
			want = append(want, made{digest.FromBytes(def.Def[len(def.Def)-2]), index})
		}
		for m := range got {
			if !slices.Contains(want, m) {
				t.Errorf("%s: %v is not a layer", name, m)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: found %d layers, want %d", name, len(got), len(want))
		}
	}
}
