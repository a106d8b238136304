//go:build unix

package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/pkg/labels"
	"github.com/containerd/errdefs"
	"github.com/moby/buildkit/exporter/containerimage"
	"github.com/moby/buildkit/util/compression"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"
)

// recompression compresses the layers that an engine elsewhere has exported as tars. It writes the
// manifests that the built-in engine writes.
type recompression struct {
	layout *layout
	to     Compression
	known  *keptLayers

	mu   sync.Mutex
	done map[digest.Digest]*onceCompressed // by the digest that the engine exported
}

// compressHere makes the layout compress the layers that the engine exports. Kept layers are not
// transferred.
func (l *layout) compressHere(to Compression, known *keptLayers) {
	l.compress = &recompression{layout: l, to: to, known: known}
	if known != nil {
		l.store.has = func(ctx context.Context, blob ocispecs.Descriptor) bool {
			_, ok := known.find(ctx, blob.Digest) // a tar's digest is the diff ID
			return ok
		}
	}
}

// onceCompressed is a layer that is compressed once for all images.
type onceCompressed struct {
	once sync.Once
	desc ocispecs.Descriptor
	err  error
}

// images replaces the manifests of the images, which the index lists in their order.
func (r *recompression) images(ctx context.Context, images []Image, index *ocispecs.Index) error {
	r.done = map[digest.Digest]*onceCompressed{}
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(runtime.NumCPU())
	for i := range images {
		eg.Go(func() error {
			desc, err := r.image(ctx, images[i], index.Manifests[i])
			index.Manifests[i] = desc
			return err
		})
	}
	err := eg.Wait()
	r.known.limit(keptLimit)
	return err
}

func (r *recompression) image(ctx context.Context, im Image, desc ocispecs.Descriptor) (ocispecs.Descriptor, error) {
	var manifest ocispecs.Manifest
	if err := r.layout.read(desc, &manifest); err != nil {
		return desc, err
	}
	var config ocispecs.Image
	if err := r.layout.read(manifest.Config, &config); err != nil {
		return desc, err
	}
	diffIDs := slices.Clone(config.RootFS.DiffIDs)
	for n, layer := range manifest.Layers {
		if n < im.Inherited && !r.to.Force || n >= len(diffIDs) {
			continue
		}
		made, err := r.layer(ctx, layer, diffIDs[n])
		if err != nil {
			return desc, err
		}
		if other := made.Annotations[labels.LabelUncompressed]; other != "" {
			diffIDs[n] = digest.Digest(other)
		}
		made.Annotations = containerimage.RemoveInternalLayerAnnotations(made.Annotations, true)
		manifest.Layers[n] = made
	}
	if !slices.Equal(diffIDs, config.RootFS.DiffIDs) {
		var err error
		if manifest.Config, err = r.layout.withDiffIDs(manifest.Config, diffIDs); err != nil {
			return desc, err
		}
	}
	raw, err := json.MarshalIndent(manifest, "", "  ") // as BuildKit does
	if err != nil {
		return desc, err
	}
	desc.Digest, desc.Size = digest.FromBytes(raw), int64(len(raw))
	return desc, r.layout.replace(r.layout.blob(desc.Digest), raw)
}

// withDiffIDs writes a configuration with other diff IDs: eStargz adds a table of contents to a tar.
func (l *layout) withDiffIDs(desc ocispecs.Descriptor, diffIDs []digest.Digest) (ocispecs.Descriptor, error) {
	config := map[string]json.RawMessage{}
	if err := l.read(desc, &config); err != nil {
		return desc, err
	}
	var err error
	if config["rootfs"], err = json.Marshal(ocispecs.RootFS{Type: "layers", DiffIDs: diffIDs}); err != nil {
		return desc, err
	}
	raw, err := json.Marshal(config)
	if err != nil {
		return desc, err
	}
	desc.Digest, desc.Size = digest.FromBytes(raw), int64(len(raw))
	return desc, l.replace(l.blob(desc.Digest), raw)
}

// layer compresses a layer, once.
func (r *recompression) layer(ctx context.Context, layer ocispecs.Descriptor, diffID digest.Digest) (ocispecs.Descriptor, error) {
	r.mu.Lock()
	l := r.done[layer.Digest]
	if l == nil {
		l = &onceCompressed{}
		r.done[layer.Digest] = l
	}
	r.mu.Unlock()
	l.once.Do(func() { l.desc, l.err = r.compressOnce(ctx, layer, diffID) })
	return l.desc, l.err
}

func (r *recompression) compressOnce(ctx context.Context, layer ocispecs.Descriptor, diffID digest.Digest) (ocispecs.Descriptor, error) {
	if r.to.Type == compression.Uncompressed.String() && layer.Digest == diffID {
		return layer, nil
	}
	if desc, ok := r.known.find(ctx, diffID); ok {
		r.known.use(desc)
		if r.layout.temporary && r.layout.link(r.known.dir, desc) {
			return desc, nil
		}
		err := r.known.take(ctx, r.layout.store, desc)
		if err != nil && ctx.Err() == nil && diskError(err) == nil {
			err = &UnavailableError{What: "a compressed layer in " + r.known.dir + " was damaged; it has been removed", Help: "build again", Err: err}
		}
		return desc, err
	}
	desc, err := r.compress(ctx, layer, diffID)
	if err == nil {
		r.known.keep(ctx, r.layout.store, diffID, desc)
	}
	return desc, err
}

func (r *recompression) compress(ctx context.Context, layer ocispecs.Descriptor, diffID digest.Digest) (ocispecs.Descriptor, error) {
	if err := r.layout.check(layer); err != nil {
		return layer, err
	}
	from, err := compression.FromMediaType(layer.MediaType)
	if err != nil {
		return layer, fmt.Errorf("the engine has exported a layer of an unknown kind: %w", err)
	}
	store := withoutLabels{r.layout.store}
	in, err := from.Decompress(ctx, store, layer)
	if err != nil {
		return layer, err
	}
	defer in.Close()
	config := r.to.config()
	compress, finalize := config.Type.Compress(ctx, config)
	w, err := content.OpenWriter(ctx, r.layout.store, content.WithRef("compress-"+diffID.Encoded()))
	if err != nil {
		return layer, err
	}
	defer w.Close()
	if err := w.Truncate(0); err != nil { // a killed build may have left it
		return layer, err
	}
	size, sum := new(counted), digest.Canonical.Digester()
	z, err := compress(io.MultiWriter(w, size), config.Type.MediaType())
	if err != nil {
		return layer, err
	}
	_, err = io.Copy(io.MultiWriter(z, sum.Hash()), contextReader{ctx, in})
	if err = errors.Join(err, z.Close()); err != nil {
		return layer, err
	}
	if sum.Digest() != diffID {
		return layer, fmt.Errorf("the engine has exported another layer than its configuration says: %s, not %s", sum.Digest(), diffID)
	}
	out := ocispecs.Descriptor{MediaType: config.Type.MediaType(), Digest: w.Digest(), Size: int64(*size)}
	if err := w.Commit(ctx, out.Size, out.Digest); err != nil && !errdefs.IsAlreadyExists(err) {
		return layer, err
	}
	out.Annotations, err = finalize(ctx, store)
	return out, err
}

// counted counts what is written.
type counted int64

func (c *counted) Write(p []byte) (int, error) {
	*c += counted(len(p))
	return len(p), nil
}

// contextReader stops when the context ends.
type contextReader struct {
	ctx context.Context
	io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.Reader.Read(p)
}

// withoutLabels is a store that forgets labels, as a layout cannot have any.
type withoutLabels struct{ content.Store }

func (s withoutLabels) Update(_ context.Context, info content.Info, _ ...string) (content.Info, error) {
	return info, nil
}
