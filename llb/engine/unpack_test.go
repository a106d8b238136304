//go:build linux

package engine

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/containerd/containerd/v2/core/diff"
	"github.com/klauspost/compress/gzip"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// TestDecompressAhead checks that containerd reads the content of compressed layers, and that a damaged one
// is an error.
func TestDecompressAhead(t *testing.T) {
	decompressAhead()
	decompressAhead() // as each engine does
	plain := make([]byte, 5<<20)
	r := rand.NewChaCha8([32]byte{})
	_, _ = r.Read(plain) // it never fails
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	open := func(mediaType string, content []byte) diff.StreamProcessor {
		t.Helper()
		p, err := diff.GetProcessor(t.Context(), diff.NewProcessorChain(mediaType, bytes.NewReader(content)), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() }) // also one that was not read to its end
		return p
	}
	for name, c := range map[string]struct {
		mediaType string
		content   []byte
		ahead     bool
	}{
		"gzip":         {ocispecs.MediaTypeImageLayerGzip, packed.Bytes(), true},
		"uncompressed": {ocispecs.MediaTypeImageLayer, plain, false},
	} {
		p := open(c.mediaType, c.content)
		if _, ahead := p.(unpackedAhead); ahead != c.ahead || p.MediaType() != ocispecs.MediaTypeImageLayer {
			t.Errorf("%s: %T of %s", name, p, p.MediaType())
		}
		if got, err := io.ReadAll(p); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s: read %d bytes, %v", name, len(got), err)
		}
	}
	if _, err := io.ReadAll(open(ocispecs.MediaTypeImageLayerGzip, packed.Bytes()[:packed.Len()/2])); err == nil {
		t.Error("half a layer is read without an error")
	}
	open(ocispecs.MediaTypeImageLayerGzip, packed.Bytes())
}
