package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/gofrs/flock"
	"github.com/moby/buildkit/cache"
	"github.com/moby/buildkit/cache/contenthash"
	"github.com/moby/buildkit/cache/metadata"
	"github.com/moby/buildkit/cache/remotecache"
	localcache "github.com/moby/buildkit/cache/remotecache/local"
	registrycache "github.com/moby/buildkit/cache/remotecache/registry"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/cmd/buildkitd/config"
	"github.com/moby/buildkit/control"
	"github.com/moby/buildkit/frontend"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/solver/bboltcachestorage"
	"github.com/moby/buildkit/util/db/boltutil"
	"github.com/moby/buildkit/util/grpcerrors"
	"github.com/moby/buildkit/worker"
	"github.com/sirupsen/logrus"
	"github.com/tonistiigi/fsutil"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	"github.com/layc-lang/layc/lang/redact"
	"github.com/layc-lang/layc/llb/registry/access"
	"github.com/layc-lang/layc/llb/replace"
)

// embedded is BuildKit in this process. It owns a state directory.
type embedded struct {
	state string
	// registries are the settings for the registries that it pulls from.
	registries *access.Registries
	lock       *flock.Flock
	server     *grpc.Server
	socket     *socket
	sessions   *session.Manager
	keys       solver.CacheManager
	worker     *compressing
	layers     *volatiles     // nil if layers are not overlays
	undo       []func() error // functions that close the parts, in the order of opening
	// killed: the state's last owner did not close it.
	killed bool
	// stopped: the machine stopped while the last owner had the state open.
	stopped bool
	// cleared: the state was damaged, and its cache is gone.
	cleared bool
	// failed: a build failed. worked: a build created something, or was another process's.
	failed, worked atomic.Bool
}

// startOwned opens the engine on the state directory. The caller holds the directory's lock, and
// passes it on if the error is nil.
func startOwned(ctx context.Context, state string, opts Options, lock *flock.Flock) (owned, *client.Client, error) {
	if os.Geteuid() == 0 {
		return startEmbedded(ctx, state, opts, os.Getpid(), lock)
	}
	if err := lock.Close(); err != nil { // the engine's process locks it
		return nil, nil, noState("cannot be locked", err)
	}
	return startChild(ctx, state, opts)
}

// startEmbedded opens the engine in this process. The process owner is the one to interrupt.
func startEmbedded(ctx context.Context, state string, opts Options, owner int, lock *flock.Flock) (_ *embedded, _ *client.Client, err error) {
	runcPath, err := findRunc(opts.Runc)
	if err != nil {
		return nil, nil, err
	}
	e := &embedded{state: state, lock: lock, registries: opts.Registries}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.unwind())
		}
	}()
	if err := e.begin(ctx, runcPath, owner); err != nil {
		return nil, nil, err
	}
	if err := e.repair(opts.Notice); err != nil {
		return nil, nil, err
	}
	controller, err := e.newController(ctx, runcPath)
	if err != nil {
		return nil, nil, unusable(state, err)
	}

	e.server = grpc.NewServer(
		grpc.UnaryInterceptor(grpcerrors.UnaryServerInterceptor),
		grpc.StreamInterceptor(grpcerrors.StreamServerInterceptor),
		grpc.MaxRecvMsgSize(largestMessage), grpc.MaxSendMsgSize(largestMessage),
	)
	controller.Register(e.server)
	memory := bufconn.Listen(1 << 20)
	for _, l := range []net.Listener{memory, e.socket} {
		go e.server.Serve(l) // returns when the server stops or the listener closes
	}
	c, err := newClient(ctx, func(ctx context.Context) (net.Conn, error) { return memory.DialContext(ctx) })
	if err != nil {
		e.server.Stop()
		return nil, nil, unusable(state, err)
	}
	return e, c, nil
}

// begin creates the engine's own files, and removes the leftovers of a killed engine.
func (e *embedded) begin(ctx context.Context, runcPath string, owner int) error {
	// These files are private, whatever the user's umask is.
	umask := syscall.Umask(0o077)
	forget := replace.KeepUmask(umask)
	e.undo = append(e.undo, func() error { syscall.Umask(umask); forget(); return nil })
	e.killed, e.stopped = leftOpen(e.state)
	if err := os.WriteFile(filepath.Join(e.state, bootName), []byte(bootID()), 0o600); err != nil {
		return unusable(e.state, err)
	}
	if err := os.WriteFile(filepath.Join(e.state, lockName), []byte(strconv.Itoa(owner)+"\n"), 0o600); err != nil {
		return unusable(e.state, err)
	}
	if err := e.openLog(); err != nil {
		return unusable(e.state, err)
	}
	left := leftovers{state: e.state, runc: runcPath}
	if e.killed { // else it has swept itself
		if err := left.sweep(ctx); err != nil {
			return &UnavailableError{What: "cannot remove the files and mounts of a killed engine", Help: "restart the machine, or name another state directory with --state", Err: err}
		}
	}
	e.undo = append(e.undo, func() error { return left.sweep(context.WithoutCancel(ctx)) })
	if err := e.useTemp(); err != nil {
		return unusable(e.state, err)
	}
	reserve(e.state)
	socket, err := listenSocket(e.state)
	if err != nil {
		return unusable(e.state, err)
	}
	e.socket = socket
	e.undo = append(e.undo, func() error { return ignoreClosed(socket.Listener.Close()) })
	// BuildKit sets the modes of directories only by mkdir, and so by the umask (its daemon
	// clears it, too). Layers must not depend on the user's umask. layc sets the modes of its own
	// files explicitly, and those of files for the user by package replace.
	syscall.Umask(0)
	return nil
}

// openLog sends the log of BuildKit and containerd to a new file.
func (e *embedded) openLog() error {
	path := filepath.Join(e.state, "engine.log")
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	log, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	logrus.SetOutput(redact.Writer(log))
	e.undo = append(e.undo, func() error { logrus.SetOutput(io.Discard); return log.Close() })
	return nil
}

// useTemp makes the state's temporary directory the one of this process. BuildKit's and
// containerd's mounts are there, so a sweep finds the leftovers of a killed engine.
func (e *embedded) useTemp() error {
	before, had := os.LookupEnv("TMPDIR")
	dir := filepath.Join(e.state, tempName)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := errors.Join(os.Setenv("TMPDIR", dir), mount.SetTempMountLocation(dir)); err != nil {
		return err
	}
	e.undo = append(e.undo, func() error {
		err := os.Unsetenv("TMPDIR")
		if had {
			err = os.Setenv("TMPDIR", before)
		}
		return errors.Join(err, mount.SetTempMountLocation(os.TempDir()))
	})
	return nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// newController assembles BuildKit's parts, and adds the functions that close them to e.undo.
func (e *embedded) newController(ctx context.Context, runcPath string) (*control.Controller, error) {
	sessions, err := session.NewManager()
	if err != nil {
		return nil, err
	}
	// The worker must outlive ctx, since a cancelled build still needs clean-up.
	ctx = context.WithoutCancel(ctx)
	w, err := e.newWorker(ctx, runcPath)
	if err != nil {
		return nil, err
	}
	e.sessions = sessions
	if opened.Swap(true) {
		if err := forgetHashes(w.MetadataStore); err != nil {
			return nil, errors.Join(err, w.Close())
		}
	}
	workers := &worker.Controller{}
	if err := workers.Add(w); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	results, err := bboltcachestorage.NewStore(filepath.Join(e.state, "cache.db"))
	if err != nil {
		return nil, errors.Join(err, workers.Close())
	}
	history, err := boltutil.SafeOpen(filepath.Join(e.state, "history.db"), 0o600, unsynced())
	if err != nil {
		return nil, errors.Join(err, workers.Close(), results.Close())
	}
	keys := &laterWalked{Store: results, opening: true}
	e.keys = solver.NewCacheManager(ctx, "local", keys, worker.NewCacheResultStorage(workers))
	keys.opening = false
	stop := make(chan struct{})
	maxEntries := int64(50)
	controller, err := control.NewController(control.Opt{
		SessionManager:   sessions,
		WorkerController: workers,
		Frontends:        map[string]frontend.Frontend{},
		CacheManager:     e.keys,
		HistoryDB:        history,
		HistoryConfig:    &config.HistoryConfig{MaxAge: config.Duration{Duration: 7 * 24 * time.Hour}, MaxEntries: &maxEntries},
		CacheStore:       results,
		ResolveCacheExporterFuncs: map[string]remotecache.ResolveCacheExporterFunc{
			"registry": compressedCache(registrycache.ResolveCacheExporterFunc(sessions, w.RegistryHosts)),
			"local":    compressedCache(localcache.ResolveCacheExporterFunc(sessions)),
		},
		ResolveCacheImporterFuncs: map[string]remotecache.ResolveCacheImporterFunc{
			"registry": registrycache.ResolveCacheImporterFunc(sessions, w.ContentStore(), w.RegistryHosts),
			"local":    localcache.ResolveCacheImporterFunc(sessions),
		},
		LeaseManager:   w.LeaseManager(),
		ContentStore:   w.ContentStore(),
		GarbageCollect: w.GarbageCollect,
		GracefulStop:   stop,
	})
	if err != nil {
		return nil, errors.Join(err, workers.Close(), results.Close(), history.Close())
	}
	e.worker = w
	e.undo = append(e.undo, func() error {
		close(stop)
		// Each database waits for the disk twice when it closes. The controller would close one after the
		// other; it does not mind that they are closed.
		var closing errgroup.Group
		for _, db := range []io.Closer{history, w.MetadataStore, w.ContentMetadata, results} {
			closing.Go(db.Close)
		}
		closing.Go(func() error { return e.layers.settle(e.state) })
		closing.Go(func() error { return syncFile(filepath.Join(storeOf(e.state).snapshots(), "metadata.db")) })
		return errors.Join(closing.Wait(), controller.Close())
	})
	if e.killed {
		e.collect(ctx)
	}
	return controller, nil
}

// opened tells whether this process has opened an engine before.
var opened atomic.Bool

// forgetHashes drops BuildKit's process-wide cache of the records' file hashes. Its key is the
// record alone, and it refers to the databases of an engine that this process had opened before on the
// same state.
func forgetHashes(records *metadata.Store) error {
	all, err := records.All()
	for _, r := range all {
		contenthash.ClearCacheContext(recordID{id: r.ID()})
	}
	return err
}

// recordID is a record with nothing but an id.
type recordID struct {
	cache.RefMetadata
	id string
}

func (r recordID) ID() string { return r.id }

// dial connects a session of this process, which lasts until ctx ends.
func (e *embedded) dial(ctx context.Context, _ string, about map[string][]string) (net.Conn, error) {
	memory := bufconn.Listen(256 << 10)
	defer memory.Close()
	served := make(chan net.Conn, 1)
	go func() {
		if c, err := memory.Accept(); err == nil {
			served <- c
		}
	}()
	c, err := memory.DialContext(ctx)
	if err != nil {
		return nil, err
	}
	go func() { _ = e.sessions.HandleConn(ctx, <-served, about) }() // if it fails, the engine finds no session
	return c, nil
}

func (e *embedded) offer(connection string, trees map[string]fsutil.FS) (done func()) {
	return e.worker.locals.offer(connection, trees)
}

func (e *embedded) note(failed bool) {
	if failed {
		e.failed.Store(true)
	} else {
		e.worked.Store(true)
	}
}

func (e *embedded) executed() { e.layers.sync(e.state) }

func (e *embedded) emptied() bool { return e.cleared }

func (e *embedded) close(ctx context.Context, notice func(string)) error {
	e.socket.closeWhenIdle(ctx, notice)
	stopped := make(chan struct{})
	go func() { e.server.GracefulStop(); close(stopped) }()
	select {
	case <-stopped:
	case <-time.After(5 * time.Second):
		e.server.Stop() // makes GracefulStop return, too
		<-stopped
	}
	waitForSteps(e.state, 10*time.Second)
	if e.socket.used() {
		e.worked.Store(true)
	}
	errs := []error{e.tidy(context.WithoutCancel(ctx)), e.unwind()}
	if errors.Join(errs...) == nil {
		errs = append(errs, e.leave(), os.Truncate(filepath.Join(e.state, lockName), 0)) // the state is closed cleanly
	}
	return errors.Join(append(errs, e.lock.Close())...)
}

// unwind closes the parts in the opposite order of opening.
func (e *embedded) unwind() error {
	var errs []error
	for i := len(e.undo) - 1; i >= 0; i-- {
		errs = append(errs, e.undo[i]())
	}
	e.undo = nil
	return errors.Join(errs...)
}

func unusable(state string, err error) error {
	help := "see engine.log in that directory, or name another one with --state"
	if fault := diskError(err); fault != nil {
		help = elsewhere(fault, "name a directory on another disk with --state")
	}
	return &UnavailableError{What: fmt.Sprintf("the engine cannot use its state directory %s", state), Help: help, Err: err}
}
