package main

import (
	"os"
	"testing"

	"github.com/gofrs/flock"

	"github.com/layc-lang/layc/llb/outputs"
)

// TestPushedLayout checks the temporary layout of images that are only pushed: the engine can
// lock it, and nothing is left behind.
func TestPushedLayout(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	d := &destination{pushes: []outputs.Output{{Type: outputs.Registry}}}
	dir, clean, err := d.layout()
	if err != nil {
		t.Fatal(err)
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
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
