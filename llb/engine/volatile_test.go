//go:build linux

package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/snapshot"
	"github.com/moby/buildkit/util/overlay"
	"github.com/moby/sys/user"
)

// overlaid is a snapshotter with one overlay.
type overlaid struct {
	snapshot.Snapshotter
	options []string
}

func (o overlaid) Mounts(context.Context, string) (snapshot.Mountable, error) { return o, nil }
func (o overlaid) IdentityMapping() *user.IdentityMapping                     { return nil }
func (o overlaid) Mount() ([]mount.Mount, func() error, error) {
	return []mount.Mount{{Type: "overlay", Source: "overlay", Options: o.options}}, func() error { return nil }, nil
}

// TestVolatile checks that an overlay that can be written to is volatile, can be mounted again, and still is an
// overlay that BuildKit reads, and that other overlays are as they were.
func TestVolatile(t *testing.T) {
	needEngine(t)
	if !canBeVolatile() {
		t.Fatal("the kernel has no volatile overlays")
	}
	var at [4]string
	for n, name := range []string{"lower", "upper", "work", "merged"} {
		at[n] = filepath.Join(t.TempDir(), name)
		if err := os.Mkdir(at[n], 0o755); err != nil {
			t.Fatal(err)
		}
	}
	v := &volatiles{Snapshotter: overlaid{options: []string{"index=off", "workdir=" + at[2], "upperdir=" + at[1], "lowerdir=" + at[0]}}}
	m, err := v.Mounts(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		mounts, release, err := m.Mount()
		if err == nil {
			err = mount.All(mounts, at[3])
		}
		if err != nil {
			t.Fatalf("mounted %d times before: %v", n, err)
		}
		if table, err := os.ReadFile("/proc/self/mountinfo"); err != nil || !slices.ContainsFunc(strings.Split(string(table), "\n"), func(line string) bool {
			return strings.Contains(line, at[3]) && strings.Contains(line, "volatile")
		}) {
			t.Errorf("the overlay is not volatile: %v", err)
		}
		if err := errors.Join(os.WriteFile(filepath.Join(at[3], "file"), nil, 0o644), mount.Unmount(at[3], 0), release()); err != nil {
			t.Fatal(err)
		}
		if layers, err := overlay.GetOverlayLayers(mounts[0]); err != nil || !slices.Equal(layers, []string{at[0], at[1]}) {
			t.Errorf("BuildKit finds the layers %q: %v", layers, err)
		}
	}
	if !v.used.Load() {
		t.Error("nothing is to be written to the disk")
	}
	if err := v.settle(at[0]); err != nil || v.used.Load() {
		t.Errorf("after it was written: %v, %t", err, v.used.Load())
	}
	options := []string{"lowerdir=" + at[0] + ":" + at[1]}
	m, err = (&volatiles{Snapshotter: overlaid{options: options}}).Mounts(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if mounts, _, err := m.Mount(); err != nil || !slices.Equal(mounts[0].Options, options) {
		t.Errorf("an overlay that can only be read has the options %q: %v", mounts[0].Options, err)
	}
}

// TestStepsAreVolatile checks that steps write into volatile overlays, and that what they have written is on
// the disk when the engine is closed.
func TestStepsAreVolatile(t *testing.T) {
	needEngine(t)
	state := t.TempDir()
	e := open(t, state)
	if snapshotterFor(state) != overlays {
		return // the tests may be run for an engine that copies layers
	}
	for _, text := range []string{"1", "2"} {
		written := root().Run(llb.Args([]string{"/bin/step", "write", "/file", text})).Root().File(llb.Mkdir("/a", 0o755)).File(llb.Mkdir("/b", 0o755).Mkdir("/c", 0o755))
		build(t, e, request(t, t.TempDir(), image(t, "app", written)))
	}
	layers := e.owned.(*embedded).layers
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	marks, err := filepath.Glob(filepath.Join(state, "runc-*", "snapshots", "snapshots", "*", "work", "work", "incompat", "volatile"))
	if err != nil || len(marks) == 0 {
		t.Errorf("no overlay was volatile: %v", err)
	}
	if layers.used.Load() {
		t.Error("the engine is closed before all is written")
	}
}
