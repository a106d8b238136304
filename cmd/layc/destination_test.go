package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gofrs/flock"

	"github.com/layc-lang/layc/llb/outputs"
)

// TestPushedLayout checks the temporary layout of images that are only pushed: the engine can
// lock it, and nothing is left behind.
func TestPushedLayout(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	b := &build{destination: destination{pushes: []outputs.Output{{Type: outputs.Registry}}}, engine: engineFlags{state: state}}
	dir, temporary, clean, err := b.layout()
	if err != nil {
		t.Fatal(err)
	}
	if !temporary || !strings.HasPrefix(dir, state) {
		t.Errorf("the layout is %s, want a temporary one in %s, on the disk of the engine's blobs", dir, state)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	lock := flock.New(dir, flock.SetFlag(os.O_RDONLY))
	if got, err := lock.TryLock(); !got || err != nil {
		t.Errorf("the layout is locked already, %v", err)
	}
	lock.Close()
	clean()
	if left, err := os.ReadDir(filepath.Join(state, "layouts")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
