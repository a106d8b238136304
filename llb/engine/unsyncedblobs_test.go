//go:build linux

package engine

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// TestUnsyncedBlobs checks that blobs of the engine are complete or not there, and leave nothing behind.
func TestUnsyncedBlobs(t *testing.T) {
	dir, temp := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", temp)
	files, err := local.NewStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := unsyncedBlobs{files, dir}
	begin := func(o ...content.WriterOpt) content.Writer {
		t.Helper()
		w, err := s.Writer(t.Context(), append(o, content.WithRef("ref"))...)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	write := func(w io.Writer, text string) {
		t.Helper()
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	id := digest.FromString("layer")

	w := begin()
	write(w, "another layer")
	if err := w.Truncate(0); err != nil {
		t.Fatal(err)
	}
	write(w, "lay")
	write(w, "er")
	if at, err := w.Status(); err != nil || at.Offset != 5 || w.Digest() != id {
		t.Errorf("%v: %+v, %s", err, at, w.Digest())
	}
	if err := errors.Join(w.Commit(t.Context(), 0, id), w.Close()); err != nil {
		t.Fatal(err)
	}
	if got, err := content.ReadBlob(t.Context(), files, ocispecs.Descriptor{Digest: id, Size: 5}); err != nil || string(got) != "layer" {
		t.Errorf("the blob has %q, %v", got, err)
	}
	for name, c := range map[string]struct {
		text, expected string
		size           int64
		want           error
	}{
		"a blob that is there": {"layer", "layer", 5, errdefs.ErrAlreadyExists},
		"another digest":       {"text", "layer", 0, errdefs.ErrFailedPrecondition},
		"another size":         {"text", "text", 5, errdefs.ErrFailedPrecondition},
	} {
		w := begin(content.WithDescriptor(ocispecs.Descriptor{Size: 5}))
		write(w, c.text)
		if err := w.Commit(t.Context(), c.size, digest.FromString(c.expected)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	unfinished := begin()
	write(unfinished, "unfinished")
	if err := errors.Join(unfinished.Close(), unfinished.Close()); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if all, err := filepath.Glob(filepath.Join(dir, "blobs", "sha256", "*")); err != nil || len(all) != 1 {
		t.Errorf("the blobs are %v, %v", all, err)
	}
}
