package engine

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"runtime"

	"github.com/containerd/containerd/v2/core/diff/apply"
	contentmeta "github.com/containerd/containerd/v2/core/metadata"
	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/containerd/v2/plugins/diff/walking"
	"github.com/containerd/platforms"
	"github.com/moby/buildkit/cache/metadata"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/cmd/buildkitd/config"
	"github.com/moby/buildkit/executor"
	"github.com/moby/buildkit/executor/oci"
	"github.com/moby/buildkit/executor/resources"
	"github.com/moby/buildkit/executor/runcexecutor"
	blobs "github.com/moby/buildkit/snapshot/containerd"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/db/boltutil"
	"github.com/moby/buildkit/util/disk"
	"github.com/moby/buildkit/util/leaseutil"
	"github.com/moby/buildkit/util/network"
	"github.com/moby/buildkit/util/tracing"
	"github.com/moby/buildkit/util/winlayers"
	"github.com/moby/buildkit/worker/base"
	"github.com/moby/buildkit/worker/label"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	bolt "go.etcd.io/bbolt"
	"golang.org/x/sync/semaphore"

	"github.com/layc-lang/layc/llb/registry/access"
	"github.com/layc-lang/layc/llb/world/transport"
)

// namespace is the worker's namespace in containerd's databases.
const namespace = "buildkit"

// newWorker assembles the worker, which runs steps and stores their results. It does so here,
// because BuildKit's package worker/runc creates an RSA key at each start. The key is for a proxy
// used only by steps with a watched network, and took a third of the time of a fully cached
// build.
func (e *embedded) newWorker(ctx context.Context, runcPath string) (*compressing, error) {
	decompressAhead()
	kind := snapshotterFor(e.state)
	root := filepath.Join(e.state, "runc-"+kind)
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, err
	}
	host := network.NewHostProvider()
	networks := map[pb.NetMode]network.Provider{pb.NetMode_UNSET: host, pb.NetMode_HOST: host, pb.NetMode_NONE: network.NewNoneProvider()}
	monitor, err := resources.NewMonitor()
	if err != nil {
		return nil, err
	}
	runc, err := runcexecutor.New(runcexecutor.Opt{
		Root:                filepath.Join(root, "executor"),
		CommandCandidates:   []string{runcPath},
		ProcessMode:         oci.ProcessSandbox,
		DefaultCgroupParent: cgroupName(e.state),
		ResourceMonitor:     monitor,
		Rootless:            rootless(),
	}, networks)
	if err != nil {
		return nil, err
	}
	snapshotter, err := e.openSnapshotter(kind, filepath.Join(root, "snapshots"))
	if err != nil {
		return nil, err
	}
	var steps executor.Executor = runc
	if kind == copies {
		of := &copied{Snapshotter: snapshotter, from: map[string]string{}}
		snapshotter, steps = of, separating{runc, of}
	}
	secret, err := newSecret(e.state)
	if err != nil {
		return nil, err
	}
	steps = hostBinding{steps, secret}
	files, err := local.NewStore(filepath.Join(root, "content"))
	if err != nil {
		return nil, err
	}
	records, err := boltutil.Open(filepath.Join(root, "containerdmeta.db"), 0o600, unsynced())
	if err != nil {
		return nil, err
	}
	db := contentmeta.NewDB(records, unsyncedBlobs{files, filepath.Join(root, "content")}, map[string]snapshots.Snapshotter{toBuildKit(kind): snapshotter})
	if err := db.Init(ctx); err != nil {
		return nil, errors.Join(err, records.Close())
	}
	refs, err := metadata.NewStore(filepath.Join(root, "metadata_v2.db"))
	if err != nil {
		return nil, errors.Join(err, records.Close())
	}
	// BuildKit opens it with options of its own.
	if err := refs.DB().View(func(tx *bolt.Tx) error { tx.DB().NoSync, tx.DB().NoGrowSync = true, true; return nil }); err != nil {
		return nil, errors.Join(err, records.Close(), refs.Close())
	}
	id, err := base.ID(root)
	if err != nil {
		return nil, errors.Join(err, records.Close(), refs.Close())
	}
	store := blobs.NewContentStore(db.ContentStore(), namespace)
	layers := blobs.NewSnapshotter(toBuildKit(kind), db.Snapshotter(toBuildKit(kind)), namespace, nil)
	if kind == overlays {
		e.layers = &volatiles{Snapshotter: layers}
		layers = e.layers
	}
	w, err := newBase(ctx, base.WorkerOpt{
		ID:               id,
		Root:             root,
		Labels:           map[string]string{label.Executor: "oci", label.Snapshotter: kind},
		Platforms:        []ocispecs.Platform{platforms.Normalize(platforms.DefaultSpec())},
		GCPolicy:         gcPolicy(e.state),
		NetworkProviders: networks,
		Executor:         checked{steps},
		Snapshotter:      layers,
		ContentStore:     store,
		Applier:          winlayers.NewFileSystemApplierWithWindows(store, apply.NewFileSystemApplier(store)), // supports all media types
		Differ:           walking.NewWalkingDiff(store),
		RegistryHosts:    servers(e.registries),
		LeaseManager:     leaseutil.WithNamespace(contentmeta.NewLeaseManager(db), namespace),
		GarbageCollect:   db.GarbageCollect,
		ParallelismSem:   semaphore.NewWeighted(int64(max(4, runtime.NumCPU()))),
		MetadataStore:    refs,
		ContentMetadata:  records,
		MountPoolRoot:    filepath.Join(root, "cachemounts"),
		ResourceMonitor:  monitor,
	})
	if err != nil {
		return nil, errors.Join(err, records.Close(), refs.Close())
	}
	return w, nil
}

// patience is the engine's timeouts for servers.
var patience = transport.Usual

// servers returns BuildKit's hosts for registries, with patience for them and for the servers of
// their tokens. What is read from one that is busy or failing is asked for again; BuildKit itself
// repeats what it writes. A registry with settings speaks TLS, or is tried with it first.
func servers(registries *access.Registries) docker.RegistryHosts {
	client := &http.Client{Transport: transport.PersistentReads(registries.Transport(patience))}
	tracing.DefaultClient = client
	return docker.ConfigureDefaultRegistries(docker.WithClient(client), docker.WithPlainHTTP(func(host string) (bool, error) {
		local, err := docker.MatchLocalhost(host)
		return local && !registries.Special(host), err
	}))
}

// gcPolicy limits the cache to 20 GB or a tenth of the disk, whichever is less, and drops records
// not used for two months.
func gcPolicy(state string) []client.PruneInfo {
	keep := config.DiskSpace{Bytes: 20e9}
	disks, err := disk.GetDiskStat(state)
	if tenth := (config.DiskSpace{Percentage: 10}).AsBytes(disks); err == nil && tenth < keep.Bytes {
		keep = config.DiskSpace{Bytes: tenth}
	}
	var policy []client.PruneInfo
	for _, p := range config.DefaultGCPolicy(config.GCConfig{GCMaxUsedSpace: keep}, disks) {
		policy = append(policy, client.PruneInfo{
			Filter:        p.Filters,
			All:           p.All,
			KeepDuration:  p.KeepDuration.Duration,
			ReservedSpace: p.ReservedSpace.AsBytes(disks),
			MaxUsedSpace:  p.MaxUsedSpace.AsBytes(disks),
			MinFreeSpace:  p.MinFreeSpace.AsBytes(disks),
		})
	}
	return policy
}

// toBuildKit is the name of a snapshotter in BuildKit and its databases. BuildKit chooses by it how to
// merge layers: it would copy those of fuse-overlayfs, although it can link them as it links copies,
// since a merged layer alone is a directory.
func toBuildKit(kind string) string {
	if kind == fuses {
		return copies
	}
	return kind
}
