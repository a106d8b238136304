package engine

import (
	"context"
	"maps"
	"sync"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/moby/buildkit/cache"
	cacheconfig "github.com/moby/buildkit/cache/config"
	"github.com/moby/buildkit/cache/remotecache"
	"github.com/moby/buildkit/exporter"
	"github.com/moby/buildkit/exporter/containerimage"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/util/compression"
	"github.com/moby/buildkit/worker/base"
)

// compressing is a worker whose exporters compress layers as layc does. An exporter gets its layers
// from the references of a result, so these are replaced.
type compressing struct {
	*base.Worker
	writer *containerimage.ImageWriter
	locals *localTrees

	aheadMu sync.Mutex
	aheads  []*ahead // of running builds
}

func (w *compressing) Exporter(name string, sessions *session.Manager) (exporter.Exporter, error) {
	e, err := w.plainExporter(name, sessions)
	return exporting{e, w.ContentStore()}, err
}

// exporting is an exporter, with the compression of its attributes.
type exporting struct {
	exporter.Exporter
	blobs content.Store
}

func (e exporting) Resolve(ctx context.Context, id int, attributes map[string]string) (exporter.ExporterInstance, error) {
	config := compressionOf(attributes).config()
	attributes = maps.Clone(attributes)
	for name := range (Compression{}).attributes() {
		delete(attributes, name) // BuildKit knows other values
	}
	i, err := e.Exporter.Resolve(ctx, id, attributes)
	return export{i, config, e.blobs}, err
}

type export struct {
	exporter.ExporterInstance
	config compression.Config
	blobs  content.Store
}

func (e export) Config() *exporter.Config { return exporter.NewConfigWithCompression(e.config) }

func (e export) Export(ctx context.Context, src *exporter.Source, info exporter.ExportBuildInfo) (map[string]string, exporter.FinalizeFunc, exporter.DescriptorReference, error) {
	src = src.Clone()
	if src.Ref != nil {
		src.Ref = compressed{src.Ref, e.config, e.blobs}
	}
	for id, ref := range src.Refs {
		if ref != nil {
			src.Refs[id] = compressed{ref, e.config, e.blobs}
		}
	}
	return e.ExporterInstance.Export(ctx, src, info)
}

// compressed is a reference that gives its layers with a compression of layc's.
type compressed struct {
	cache.ImmutableRef
	config compression.Config
	blobs  content.Store
}

// GetRemotes returns the layers. It compresses those again that have another compression, for which
// BuildKit looks up and leases each layer once more; so it first looks whether any has.
func (c compressed) GetRemotes(ctx context.Context, create bool, config cacheconfig.RefConfig, all bool, s session.Group) ([]*solver.Remote, error) {
	config.Compression = c.config.SetForce(false) // only for layers that have never been compressed
	remotes, err := c.ImmutableRef.GetRemotes(ctx, create, config, all, s)
	if err != nil || len(remotes) == 0 {
		return remotes, err
	}
	for _, layer := range remotes[0].Descriptors {
		if again, err := c.config.Type.NeedsConversion(ctx, c.blobs, layer); err != nil || again {
			config.Compression = c.config
			return c.ImmutableRef.GetRemotes(ctx, create, config, all, s)
		}
	}
	return remotes, nil
}

// compressedCache makes exporters of caches compress layers as layc does.
func compressedCache(resolve remotecache.ResolveCacheExporterFunc) remotecache.ResolveCacheExporterFunc {
	return func(ctx context.Context, g session.Group, attributes map[string]string) (remotecache.Exporter, error) {
		config := compressionOf(attributes).config()
		attributes = maps.Clone(attributes)
		for name := range (Compression{}).attributes() {
			delete(attributes, name)
		}
		e, err := resolve(ctx, g, attributes)
		return cacheExporter{e, config}, err
	}
}

type cacheExporter struct {
	remotecache.Exporter
	config compression.Config
}

func (e cacheExporter) Config() remotecache.Config { return remotecache.Config{Compression: e.config} }
