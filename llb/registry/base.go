package registry

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/llb/archive"
	"github.com/layc-lang/layc/llb/world/rootfs"
)

// Base looks into a base system: an image, all of whose layers are downloaded
// from its registry, or a layout, whose name is relative to the project's
// directory. A layer may unpack to limit bytes; 0 is what fits its size. Layers that
// are not what the image's configuration says are an error.
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
	read := &readImage{Image: image, limit: limit}
	files := mutate.Extract(read)
	defer files.Close()
	base.Links, base.Dirs, err = rootfs.Layers(files)
	if err == nil {
		// Extract ends its archive in order before it says that a layer has failed.
		_, err = io.Copy(io.Discard, files)
	}
	if err == nil {
		err = read.other
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
		return nil, "", fmt.Errorf("not a valid image reference: %q: %w", ref.Name, err)
	}
	at = parsed.Context().RegistryStr()
	image, err = remote.Image(parsed.Context().Digest(ref.Digest), options...)
	if err != nil {
		return nil, at, failed(at, fmt.Errorf("asking the registry %s for %s: %w", at, ref.Digest, err))
	}
	return image, at, nil
}

// readImage is an image whose layers unpack to no more than fits their size, and are
// compared with its configuration while they are read.
type readImage struct {
	v1.Image
	limit int64
	other error // the first layer that is something else
}

func (i *readImage) Layers() ([]v1.Layer, error) {
	layers, err := i.Image.Layers()
	if err != nil {
		return nil, err
	}
	// A layer's own DiffID may be computed from what it holds.
	config, err := i.ConfigFile()
	if err != nil {
		return nil, err
	}
	if said := len(config.RootFS.DiffIDs); said != len(layers) {
		return nil, fmt.Errorf("its configuration lists %[2]d layers, but it has %[1]d", len(layers), said)
	}
	for n := range layers {
		layers[n] = &readLayer{layers[n], i, config.RootFS.DiffIDs[n]}
	}
	return layers, nil
}

type readLayer struct {
	v1.Layer
	of   *readImage
	want v1.Hash // what it unpacks to
}

func (l *readLayer) Uncompressed() (io.ReadCloser, error) {
	size, err := l.Size()
	if err != nil {
		return nil, err
	}
	in, err := l.Layer.Uncompressed()
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	bound := archive.Bound(in, func() int64 { return size }, l.of.limit)
	return &unpacking{io.TeeReader(bound, sum), in, l, sum}, nil
}

// unpacking is what a layer unpacks to.
type unpacking struct {
	io.Reader
	in  io.Closer
	of  *readLayer
	sum hash.Hash
}

// Close reads what lies behind the archive's end, and notes whether all of it is what
// the configuration says: BuildKit passes a layer on without looking.
func (u *unpacking) Close() error {
	_, err := io.Copy(io.Discard, u.Reader)
	if err = errors.Join(err, u.in.Close()); err != nil {
		return err // reading the archive has failed, too
	}
	got := v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%x", u.sum.Sum(nil))}
	if want := u.of.want; got != want && u.of.of.other == nil {
		digest, _ := u.of.Digest()
		u.of.of.other = fmt.Errorf("its configuration does not match the layer %s: the content has diff ID %s, not %s", digest, got, want)
	}
	return nil
}
