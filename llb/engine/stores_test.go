package engine

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// The layout of a base is read without a trace: a project may be read-only, or watched.
func TestStoresWriteNothing(t *testing.T) {
	dir := t.TempDir()
	blob := []byte("a layer")
	desc := ocispecs.Descriptor{Digest: digest.FromBytes(blob), Size: int64(len(blob))}
	path := filepath.Join(dir, "blobs/sha256", desc.Digest.Encoded())
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{path: blob, filepath.Join(dir, "oci-layout"): []byte("{}")} {
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	before := time.Unix(1e9, 0)
	if err := os.Chtimes(dir, before, before); err != nil {
		t.Fatal(err)
	}

	open, err := stores(map[string]string{"base": dir})
	if err != nil {
		t.Fatal(err)
	}
	got, err := content.ReadBlob(context.Background(), open["base"], desc)
	if err != nil || string(got) != string(blob) {
		t.Errorf("read %q: %v", got, err)
	}
	if info, err := open["base"].Info(context.Background(), desc.Digest); err != nil || info.Size != desc.Size {
		t.Errorf("the blob has %d bytes: %v", info.Size, err)
	}
	absent := ocispecs.Descriptor{Digest: digest.FromString("other")}
	if _, err := open["base"].ReaderAt(context.Background(), absent); !errdefs.IsNotFound(err) {
		t.Errorf("a blob that is not there: %v", err)
	}
	if _, err := open["base"].Info(context.Background(), absent.Digest); !errdefs.IsNotFound(err) {
		t.Errorf("a blob that is not there: %v", err)
	}
	if _, err := open["base"].Info(context.Background(), "sha256:../../oci-layout"); err == nil {
		t.Error("a digest that is a path was found")
	}

	if after, err := os.Stat(dir); err != nil || !after.ModTime().Equal(before) {
		t.Errorf("the directory was written to: %v %v", after.ModTime(), err)
	}
	if _, err := stores(map[string]string{"none": t.TempDir()}); err == nil {
		t.Error("a directory without oci-layout is a layout")
	}
}
