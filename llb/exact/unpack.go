//go:build linux

package exact

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/pkg/archive"
	"github.com/containerd/containerd/v2/pkg/archive/compression"
	docker "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// Image is an image of an OCI layout directory.
type Image struct {
	Layers []ocispecs.Descriptor // the lowest first
	Config docker.DockerOCIImage
	layout string
}

// Unpack applies all layers of an image to a directory, which it creates if needed. Open defines
// the image's name.
func Unpack(layout, ref, dir string) error {
	i, err := Open(layout, ref)
	if err != nil {
		return err
	}
	return i.Apply(dir, 0)
}

// Open finds an image in an OCI layout by its name, the annotation
// org.opencontainers.image.ref.name, or by its digest. The empty name means the only image of the
// layout. For an index, it returns the first image.
func Open(layout, ref string) (*Image, error) {
	var index ocispecs.Index
	text, err := os.ReadFile(filepath.Join(layout, ocispecs.ImageIndexFile))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, err
	}
	var found []ocispecs.Descriptor
	for _, d := range index.Manifests {
		if ref == "" || d.Annotations[ocispecs.AnnotationRefName] == ref || d.Digest.String() == ref {
			found = append(found, d)
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%s has %d images called %q, want one", layout, len(found), ref)
	}
	return open(layout, found[0])
}

func open(layout string, d ocispecs.Descriptor) (*Image, error) {
	if d.MediaType == ocispecs.MediaTypeImageIndex {
		var index ocispecs.Index
		if err := readJSON(layout, d.Digest, &index); err != nil {
			return nil, err
		}
		if len(index.Manifests) == 0 {
			return nil, fmt.Errorf("index %s has no images", d.Digest)
		}
		return open(layout, index.Manifests[0])
	}
	var manifest ocispecs.Manifest
	if err := readJSON(layout, d.Digest, &manifest); err != nil {
		return nil, err
	}
	i := &Image{Layers: manifest.Layers, layout: layout}
	if err := readJSON(layout, manifest.Config.Digest, &i.Config); err != nil {
		return nil, err
	}
	if n := len(i.Config.RootFS.DiffIDs); n != len(i.Layers) {
		return nil, fmt.Errorf("image %s has %d layers and %d diff IDs", d.Digest, len(i.Layers), n)
	}
	return i, nil
}

// Apply applies the layers from a number on, starting with 0 for the lowest, to a directory with
// the layers below, which it creates if needed. It is an error if a layer does not match its
// digest or its diff ID.
func (i *Image) Apply(dir string, from int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for n := from; n < len(i.Layers); n++ {
		if err := i.apply(dir, n); err != nil {
			return fmt.Errorf("layer %d: %w", n, err)
		}
	}
	return nil
}

func (i *Image) apply(dir string, n int) error {
	return i.stream(n, func(r io.Reader) error {
		_, err := archive.Apply(context.Background(), dir, r)
		return err
	})
}

// stream calls a function with the archive of a layer. It is an error if the layer does not match its digest or
// its diff ID.
func (i *Image) stream(n int, use func(io.Reader) error) error {
	blob, err := os.Open(blobPath(i.layout, i.Layers[n].Digest))
	if err != nil {
		return err
	}
	defer blob.Close()
	if err := verified(blob, i.Layers[n].Digest); err != nil {
		return err
	}
	if _, err := blob.Seek(0, io.SeekStart); err != nil {
		return err
	}
	stream, err := compression.DecompressStream(blob)
	if err != nil {
		return err
	}
	defer stream.Close()
	plain := i.Config.RootFS.DiffIDs[n].Verifier()
	tee := io.TeeReader(stream, plain)
	if err := use(tee); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, tee); err != nil { // the rest after the end of the archive
		return err
	}
	if !plain.Verified() {
		return errors.New("its content does not match its diff ID")
	}
	return nil
}

func verified(r io.Reader, d digest.Digest) error {
	v := d.Verifier()
	if _, err := io.Copy(v, r); err != nil {
		return err
	}
	if !v.Verified() {
		return fmt.Errorf("blob %s does not match its digest", d)
	}
	return nil
}

func readJSON(layout string, d digest.Digest, to any) error {
	text, err := os.ReadFile(blobPath(layout, d))
	if err != nil {
		return err
	}
	if err := verified(bytes.NewReader(text), d); err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

func blobPath(layout string, d digest.Digest) string {
	return filepath.Join(layout, ocispecs.ImageBlobsDir, d.Algorithm().String(), d.Encoded())
}
