package registry

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/llb/rootfs"
)

// Base looks into a base system: an image, all of whose layers are downloaded
// from its registry, or a layout, whose name is relative to the project's
// directory. A layer may unpack to limit bytes; 0 is what fits its size.
func Base(ctx context.Context, project string, ref lock.BaseRef, limit int64) (lock.Base, error) {
	return base(project, ref, limit, usual(ctx)...)
}

func base(project string, ref lock.BaseRef, limit int64, options ...remote.Option) (lock.Base, error) {
	image, at, err := baseImage(project, ref, options)
	if err != nil {
		return lock.Base{}, err
	}
	layers, err := image.Layers()
	if err != nil {
		return lock.Base{}, fmt.Errorf("reading the manifest %s: %w", ref.Digest, err)
	}
	base := lock.Base{Digest: ref.Digest, Layers: max(1, len(layers))}
	files := mutate.Extract(boundedImage{image, limit})
	defer files.Close()
	base.Links, base.Dirs, err = rootfs.Look(files)
	if err == nil {
		// Extract ends its archive in order before it says that a layer has failed.
		_, err = io.Copy(io.Discard, files)
	}
	if err != nil {
		return base, failed(at, fmt.Errorf("reading the layers of %s: %w", ref.Name, err))
	}
	return base, nil
}

// baseImage is the image, and the registry that has it; "" for a layout.
func baseImage(project string, ref lock.BaseRef, options []remote.Option) (image v1.Image, at string, err error) {
	if ref.Kind == "layout" {
		dir, err := layout.FromPath(filepath.Join(project, filepath.FromSlash(ref.Name)))
		if err != nil {
			return nil, "", fmt.Errorf("reading the OCI layout: %w", err)
		}
		digest, err := v1.NewHash(ref.Digest)
		if err != nil {
			return nil, "", err
		}
		image, err = dir.Image(digest)
		return image, "", err
	}
	parsed, err := name.ParseReference(ref.Name)
	if err != nil {
		return nil, "", fmt.Errorf("%q is no image reference: %w", ref.Name, err)
	}
	at = parsed.Context().RegistryStr()
	image, err = remote.Image(parsed.Context().Digest(ref.Digest), options...)
	if err != nil {
		return nil, at, failed(at, fmt.Errorf("asking the registry %s for %s: %w", at, ref.Digest, err))
	}
	return image, at, nil
}

// boundedImage is an image whose layers unpack to no more than fits their size.
type boundedImage struct {
	v1.Image
	limit int64
}

func (i boundedImage) Layers() ([]v1.Layer, error) {
	layers, err := i.Image.Layers()
	for n := range layers {
		layers[n] = boundedLayer{layers[n], i.limit}
	}
	return layers, err
}

type boundedLayer struct {
	v1.Layer
	limit int64
}

func (l boundedLayer) Uncompressed() (io.ReadCloser, error) {
	size, err := l.Size()
	if err != nil {
		return nil, err
	}
	in, err := l.Layer.Uncompressed()
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{rootfs.Bound(in, func() int64 { return size }, l.limit), in}, nil
}
