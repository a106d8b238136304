package registry

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/layc-lang/layc/compiler/lock"
)

// TestFalseDiffID inspects layouts with diff IDs that do not match the layers, including the
// bytes after the archive's end.
func TestFalseDiffID(t *testing.T) {
	archive := func(trailer string) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		if err := w.WriteHeader(&tar.Header{Name: "d/", Typeflag: tar.TypeDir, Mode: 0o700}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		b.WriteString(trailer)
		var z bytes.Buffer
		g := gzip.NewWriter(&z)
		_, _ = g.Write(b.Bytes())
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
		return z.Bytes()
	}
	image := func(blob []byte) v1.Image {
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(blob)), nil })
		if err != nil {
			t.Fatal(err)
		}
		i, err := mutate.AppendLayers(empty.Image, layer)
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	configured := func(i, of v1.Image) v1.Image {
		config, err := of.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if i, err = mutate.ConfigFile(i, config); err != nil {
			t.Fatal(err)
		}
		return i
	}
	plain, longer := image(archive("")), image(archive(strings.Repeat("\x00", 512)))
	for _, c := range []struct {
		what  string
		image v1.Image
		fails bool
	}{
		{"true", plain, false},
		{"true and longer", longer, false},
		{"false", configured(plain, longer), true},
		{"false about what is behind the end", configured(longer, plain), true},
	} {
		project := t.TempDir()
		if _, err := layout.Write(filepath.Join(project, "base"), mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: c.image})); err != nil {
			t.Fatal(err)
		}
		digest, err := c.image.Digest()
		if err != nil {
			t.Fatal(err)
		}
		_, err = Client{}.Base(t.Context(), project, lock.BaseRef{Kind: "layout", Name: "base", Digest: digest.String()}, 0)
		if got := err != nil && strings.Contains(err.Error(), "its configuration does not match the layer sha256:"); got != c.fails {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}
