//go:build linux

package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// TestCopiedBlobs checks which blobs of an engine a layout takes, and that they are in their places only
// after all are taken.
func TestCopiedBlobs(t *testing.T) {
	state := t.TempDir()
	store := filepath.Join(state, "runc-overlayfs", "content", "blobs", "sha256")
	if err := os.MkdirAll(store, 0o755); err != nil {
		t.Fatal(err)
	}
	put := func(dir, of, content string) ocispecs.Descriptor {
		t.Helper()
		d := digest.FromString(of)
		if err := os.WriteFile(filepath.Join(dir, d.Encoded()), []byte(content), 0o444); err != nil {
			t.Fatal(err)
		}
		return ocispecs.Descriptor{Digest: d, Size: int64(len(of))}
	}
	long := strings.Repeat("a layer ", 100_000)
	whole, small := put(store, long, long), put(store, "config", "config")
	damaged, short := put(store, "damaged", "Damaged"), put(store, "short", "sho")
	dir := filepath.Join(t.TempDir(), "out")
	l, err := openLayout(dir)
	if err != nil {
		t.Fatal(err)
	}
	l.copyFrom(state)
	if err := l.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	there := put(filepath.Join(dir, "blobs", "sha256"), "there", "there")
	other := ocispecs.Descriptor{Digest: digest.SHA512.FromString("config"), Size: 6}
	for name, c := range map[string]struct {
		desc  ocispecs.Descriptor
		taken bool
	}{
		"whole": {whole, true}, "small": {small, true}, "damaged": {damaged, false}, "short": {short, false}, "there already": {there, false},
		"unknown": {ocispecs.Descriptor{Digest: digest.FromString("unknown"), Size: 7}, false}, "of another kind": {other, false},
	} {
		for range 2 {
			if got := l.store.has(t.Context(), c.desc); got != c.taken {
				t.Errorf("%s: taken is %t", name, got)
			}
		}
		if _, err := os.Stat(l.blob(c.desc.Digest)); name != "there already" && err == nil {
			t.Errorf("%s: it is in its place before the others are", name)
		}
	}
	if err := l.place(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{long, "config"} {
		id := digest.FromString(want)
		got, err := os.ReadFile(l.blob(id))
		if err != nil || string(got) != want || !l.written.hasWritten(id) {
			t.Errorf("%v: the blob has %d bytes, want %d", err, len(got), len(want))
		}
		if info, err := os.Stat(l.blob(id)); err != nil || info.Mode().Perm() != 0o444 {
			t.Errorf("the blob has mode %v, %v", info.Mode(), err)
		}
	}
	if fault := l.written.fault(); fault != nil {
		t.Errorf("a damaged blob is a fault of the output's disk: %v", fault)
	}
	if err := l.close(); err != nil { // without an index
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a layout without an index is left behind")
	}
}
