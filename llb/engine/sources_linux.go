package engine

import (
	"context"
	"fmt"

	"github.com/moby/buildkit/cache"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter"
	"github.com/moby/buildkit/exporter/containerimage"
	"github.com/moby/buildkit/exporter/oci"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/snapshot/imagerefchecker"
	"github.com/moby/buildkit/source"
	imagesource "github.com/moby/buildkit/source/containerimage"
	httpsource "github.com/moby/buildkit/source/http"
	localsource "github.com/moby/buildkit/source/local"
	"github.com/moby/buildkit/worker/base"
	"github.com/tonistiigi/fsutil"

	"github.com/layc-lang/layc/llb/world/transport"
)

// newBase assembles a worker with the sources and the exporter that layc's definitions use. BuildKit's own
// function also adds a source for git repositories, for which it runs git at each start. That took a
// sixth of the time of a build of one app.
func newBase(ctx context.Context, opt base.WorkerOpt) (*compressing, error) {
	records, err := cache.NewManager(cache.ManagerOpt{
		Snapshotter:     opt.Snapshotter,
		PruneRefChecker: imagerefchecker.New(imagerefchecker.Opt{ContentStore: opt.ContentStore}),
		Applier:         opt.Applier,
		GarbageCollect:  opt.GarbageCollect,
		LeaseManager:    opt.LeaseManager,
		ContentStore:    opt.ContentStore,
		Differ:          opt.Differ,
		MetadataStore:   opt.MetadataStore,
		Root:            opt.Root,
		MountPoolRoot:   opt.MountPoolRoot,
	})
	if err != nil {
		return nil, err
	}
	w := &base.Worker{WorkerOpt: opt, CacheMgr: records}
	if w.SourceManager, err = source.NewManager(); err != nil {
		return nil, err
	}
	images := imagesource.SourceOpt{
		Snapshotter: opt.Snapshotter, ContentStore: opt.ContentStore, Applier: opt.Applier, CacheAccessor: records,
		RegistryHosts: opt.RegistryHosts, ResolverType: imagesource.ResolverTypeRegistry, LeaseManager: opt.LeaseManager,
	}
	if w.ImageSource, err = imagesource.NewSource(images); err != nil {
		return nil, err
	}
	images.RegistryHosts, images.ResolverType = nil, imagesource.ResolverTypeOCILayout
	if w.OCILayoutSource, err = imagesource.NewSource(images); err != nil {
		return nil, err
	}
	// Downloads report a server's error, and retry. BuildKit's own take a server's error page for the file
	// and fail with a wrong checksum.
	if w.HTTPSource, err = httpsource.NewSource(httpsource.Opt{CacheAccessor: records, Transport: transport.Retrying(transport.New(patience))}); err != nil {
		return nil, err
	}
	files, err := localsource.NewSource(localsource.Opt{CacheAccessor: records})
	if err != nil {
		return nil, err
	}
	locals := &localTrees{Source: files, records: records, trees: map[string]map[string]fsutil.FS{}}
	for _, s := range []source.Source{w.ImageSource, w.OCILayoutSource, w.HTTPSource, locals} {
		w.SourceManager.Register(s)
	}
	writer, err := containerimage.NewImageWriter(containerimage.WriterOpt{
		Snapshotter: opt.Snapshotter, ContentStore: opt.ContentStore, Applier: opt.Applier, Differ: opt.Differ,
	})
	if err != nil {
		return nil, err
	}
	// A killed engine leaves leases that were to end with a build.
	left, err := opt.LeaseManager.List(ctx, "labels.\"buildkit/lease.temporary\"")
	if err != nil {
		return nil, err
	}
	for _, lease := range left {
		if err := opt.LeaseManager.Delete(ctx, lease); err != nil {
			return nil, err
		}
	}
	return &compressing{Worker: w, writer: writer, locals: locals}, nil
}

// plainExporter returns BuildKit's exporter of a name.
func (w *compressing) plainExporter(name string, sessions *session.Manager) (exporter.Exporter, error) {
	if name != client.ExporterOCI {
		return nil, fmt.Errorf("exporter %q could not be found", name)
	}
	return oci.New(oci.Opt{SessionManager: sessions, ImageWriter: w.writer, Variant: oci.VariantOCI, LeaseManager: w.LeaseManager()})
}
