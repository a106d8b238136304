package outputs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/llb/attest"
	"github.com/layc-lang/layc/llb/docker"
)

// annotationName is the annotation of an image in an index that containerd, Docker and Podman take
// as its name.
const annotationName = "io.containerd.image.name"

// layout reads an OCI layout directory until the context ends.
type layout struct {
	ctx context.Context
	dir string
}

// Digests returns the digests of the images of a layout directory, by their names in it. An image of
// several platforms has the digest of its index.
func Digests(dir string) (map[string]string, error) {
	index, err := layout{dir: dir}.index()
	ids := map[string]string{}
	for _, d := range index.Manifests {
		ids[d.Annotations[ocispecs.AnnotationRefName]] = d.Digest.String()
	}
	return ids, err
}

func (l layout) index() (index ocispecs.Index, err error) {
	raw, err := os.ReadFile(filepath.Join(l.dir, ocispecs.ImageIndexFile))
	if err != nil {
		return index, err
	}
	return index, json.Unmarshal(raw, &index)
}

// entry returns the entry of an image in the layout's index.
func (l layout) entry(image string) (ocispecs.Descriptor, error) {
	index, err := l.index()
	if err != nil {
		return ocispecs.Descriptor{}, err
	}
	for _, d := range index.Manifests {
		if d.Annotations[ocispecs.AnnotationRefName] == image {
			return d, nil
		}
	}
	return ocispecs.Descriptor{}, fmt.Errorf("the layout has no image %s", image)
}

// blob is an open blob. At its end, a read fails if the blob is damaged.
type blob struct {
	ctx context.Context
	*os.File
	id    digest.Digest
	whole digest.Verifier
	size  int64
}

func (l layout) open(id digest.Digest) (*blob, error) {
	f, err := os.Open(filepath.Join(l.dir, ocispecs.ImageBlobsDir, id.Algorithm().String(), id.Encoded()))
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &blob{l.ctx, f, id, id.Verifier(), info.Size()}, nil
}

func (b *blob) Read(p []byte) (int, error) {
	if b.ctx.Err() != nil {
		return 0, context.Cause(b.ctx)
	}
	n, err := b.File.Read(p)
	_, _ = b.whole.Write(p[:n])
	if errors.Is(err, io.EOF) && !b.whole.Verified() {
		return n, fmt.Errorf("the blob %s is damaged", b.id)
	}
	return n, err
}

// read returns the content of a small blob.
func (l layout) read(d ocispecs.Descriptor) ([]byte, error) {
	b, err := l.open(d.Digest)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	return io.ReadAll(b)
}

// one is an image of one platform.
type one struct {
	desc ocispecs.Descriptor
	raw  []byte
	ocispecs.Manifest
}

// images returns the images of an entry, one for each platform, with the platforms in their
// descriptors.
func (l layout) images(d ocispecs.Descriptor) ([]one, error) {
	all, err := l.manifests(d)
	return slices.DeleteFunc(all, func(i one) bool { return attest.IsManifest(i.desc) }), err
}

// manifests returns the images of an entry, and the manifests that attach attestations to them.
func (l layout) manifests(d ocispecs.Descriptor) ([]one, error) {
	raw, err := l.read(d)
	if err != nil {
		return nil, err
	}
	if docker.IsIndex(d.MediaType) {
		var index ocispecs.Index
		if err := json.Unmarshal(raw, &index); err != nil {
			return nil, err
		}
		var all []one
		for _, child := range index.Manifests {
			parts, err := l.manifests(child)
			if err != nil {
				return nil, err
			}
			all = append(all, parts...)
		}
		return all, nil
	}
	i := one{desc: d, raw: raw}
	if err := json.Unmarshal(raw, &i.Manifest); err != nil {
		return nil, err
	}
	if i.desc.Platform == nil {
		config, err := l.read(i.Config)
		if err != nil {
			return nil, err
		}
		var platform ocispecs.Platform
		if err := json.Unmarshal(config, &platform); err != nil {
			return nil, err
		}
		i.desc.Platform = &platform
	}
	return []one{i}, nil
}

// platform returns the image of an entry for a platform; "" means the only one.
func (l layout) platform(d ocispecs.Descriptor, platform string) (one, error) {
	images, err := l.images(d)
	if err != nil {
		return one{}, err
	}
	for _, i := range images {
		if platform == "" && len(images) == 1 || platforms.Format(platforms.Normalize(*i.desc.Platform)) == platform {
			return i, nil
		}
	}
	return one{}, fmt.Errorf("the layout has no image for %s", platform)
}

// newIndex returns the index of an archive.
func newIndex(manifests []ocispecs.Descriptor) ocispecs.Index {
	return ocispecs.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispecs.MediaTypeImageIndex, Manifests: manifests}
}
