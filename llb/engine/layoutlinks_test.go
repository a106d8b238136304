//go:build unix

package engine

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/layc-lang/layc/llb/registry"
)

// TestTemporaryLayout builds into a temporary layout. Its layers are the engine's own files, which
// stay readable when the engine has lost them.
func TestTemporaryLayout(t *testing.T) {
	needEngine(t)
	state := filepath.Join(t.TempDir(), "state")
	e := open(t, state)
	dir, remove, err := TemporaryLayout(Options{State: state})
	if err != nil {
		t.Fatal(err)
	}
	req := request(t, dir, two(t, "last")...)
	req.Output.Temporary = true
	build(t, e, req)
	written, linked := sizes(t, dir)
	if linked == 0 || written > 4<<10 {
		t.Errorf("%d bytes are written and %d linked; want the files of the layout alone to be written", written, linked)
	}
	plain := request(t, filepath.Join(t.TempDir(), "out"), two(t, "last")...)
	build(t, e, plain)
	if written, linked := sizes(t, plain.Output.Dir); linked > 0 || written == 0 {
		t.Errorf("an output has %d bytes that are the engine's", linked)
	}
	blobs, err := filepath.Glob(filepath.Join(state, "runc-*", "content", "blobs", "sha256", "*"))
	if err != nil || len(blobs) == 0 {
		t.Fatalf("the engine has no blobs: %v", err)
	}
	for _, name := range blobs {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := registry.Validate(dir); err != nil {
		t.Error(err)
	}
	remove()
	if left, err := os.ReadDir(filepath.Join(state, layoutsName)); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestLayoutsOfNewState checks that the first build of an engine, which creates its state, takes its blobs
// as files, too.
func TestLayoutsOfNewState(t *testing.T) {
	needEngine(t)
	for _, temporary := range []bool{true, false} {
		state := filepath.Join(t.TempDir(), "state")
		e, err := Open(t.Context(), Options{State: state, Runc: runcPath(), Later: true})
		if err != nil {
			t.Fatal(err)
		}
		dir, remove, err := TemporaryLayout(Options{State: state})
		if err != nil {
			t.Fatal(err)
		}
		req := request(t, dir, two(t, "last")...)
		req.Output.Temporary = temporary
		build(t, e, req)
		if _, linked := sizes(t, dir); (linked > 0) != temporary {
			t.Errorf("temporary %t: %d bytes are links to the engine's", temporary, linked)
		}
		if err := registry.Validate(dir); err != nil {
			t.Error(err)
		}
		remove()
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
}

// sizes returns the bytes of the files that a directory has alone, and of those that have another
// name elsewhere.
func sizes(t *testing.T, dir string) (alone, linked int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Sys().(*syscall.Stat_t).Nlink > 1 {
			linked += info.Size()
		} else {
			alone += info.Size()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return alone, linked
}

// TestContentStores checks that the stores of an engine are looked up until there are some, and then no more.
func TestContentStores(t *testing.T) {
	state := t.TempDir()
	stores := contentStores(state)
	if got := stores(); len(got) > 0 {
		t.Errorf("before the first start: %q", got)
	}
	dir := filepath.Join(state, "runc-native", "content")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := stores(); len(got) != 1 || got[0] != dir {
			t.Errorf("the stores are %q, want %s", got, dir)
		}
		if err := os.RemoveAll(filepath.Dir(dir)); err != nil {
			t.Fatal(err)
		}
	}
}
