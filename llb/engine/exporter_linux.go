package engine

import (
	"context"
	"maps"

	"github.com/moby/buildkit/cache"
	cacheconfig "github.com/moby/buildkit/cache/config"
	"github.com/moby/buildkit/cache/remotecache"
	"github.com/moby/buildkit/exporter"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/util/compression"
	"github.com/moby/buildkit/worker/base"
)

// compressing is a worker whose exporters compress layers as layc does. An exporter gets its layers
// from the references of a result, so these are replaced.
type compressing struct{ *base.Worker }

func (w *compressing) Exporter(name string, sessions *session.Manager) (exporter.Exporter, error) {
	e, err := w.Worker.Exporter(name, sessions)
	return exporting{e}, err
}

// exporting is an exporter, with the compression of its attributes.
type exporting struct{ exporter.Exporter }

func (e exporting) Resolve(ctx context.Context, id int, attributes map[string]string) (exporter.ExporterInstance, error) {
	config := compressionOf(attributes).config()
	attributes = maps.Clone(attributes)
	for name := range (Compression{}).attributes() {
		delete(attributes, name) // BuildKit knows other values
	}
	i, err := e.Exporter.Resolve(ctx, id, attributes)
	return export{i, config}, err
}

type export struct {
	exporter.ExporterInstance
	config compression.Config
}

func (e export) Config() *exporter.Config { return exporter.NewConfigWithCompression(e.config) }

func (e export) Export(ctx context.Context, src *exporter.Source, info exporter.ExportBuildInfo) (map[string]string, exporter.FinalizeFunc, exporter.DescriptorReference, error) {
	src = src.Clone()
	if src.Ref != nil {
		src.Ref = compressed{src.Ref, e.config}
	}
	for id, ref := range src.Refs {
		if ref != nil {
			src.Refs[id] = compressed{ref, e.config}
		}
	}
	return e.ExporterInstance.Export(ctx, src, info)
}

// compressed is a reference that gives its layers with a compression of layc's.
type compressed struct {
	cache.ImmutableRef
	config compression.Config
}

func (c compressed) GetRemotes(ctx context.Context, create bool, config cacheconfig.RefConfig, all bool, s session.Group) ([]*solver.Remote, error) {
	config.Compression = c.config
	return c.ImmutableRef.GetRemotes(ctx, create, config, all, s)
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
