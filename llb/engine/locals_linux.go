package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/moby/buildkit/cache"
	"github.com/moby/buildkit/cache/contenthash"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/snapshot"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/source"
	localsource "github.com/moby/buildkit/source/local"
	"github.com/moby/buildkit/util/progress"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// The engine compares the local files of a build with the copy that it has, and requests those that
// differ. BuildKit does that through a connection, where each byte is copied a dozen times: of the files of a
// JDK, that took half of the time. Here the same code of fsutil talks without a connection to the trees of
// this process. Everything else is as BuildKit does it, so that the copies and the cache are the same.

// localTrees is BuildKit's source of local files, for which this process may have the trees.
type localTrees struct {
	source.Source
	records cache.Accessor

	mu    sync.Mutex
	trees map[string]map[string]fsutil.FS // by the id of the build's connection, and by name
}

// offer makes the trees of a connection known until done is called.
func (l *localTrees) offer(connection string, trees map[string]fsutil.FS) (done func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trees[connection] = trees
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.trees, connection)
	}
}

func (l *localTrees) Resolve(ctx context.Context, id source.Identifier, sm *session.Manager, v solver.Vertex) (source.SourceInstance, error) {
	i, err := l.Source.Resolve(ctx, id, sm, v)
	of, ok := id.(*localsource.LocalIdentifier)
	if err != nil || !ok || len(of.IncludePatterns)+len(of.ExcludePatterns)+len(of.FollowPaths) > 0 || of.MetadataOnly || of.Differ != fsutil.DiffMetadata {
		return i, err
	}
	return &localTree{SourceInstance: i, of: of, from: l}, nil
}

// localTree is one local source.
type localTree struct {
	source.SourceInstance
	of   *localsource.LocalIdentifier
	from *localTrees
}

// sharedKey is the name in records of the source that they are a copy of.
const sharedKey = "local.sharedKey"

// CacheKey returns the key of the source, and what pins it. BuildKit makes a new one for each connection,
// and so looks at the files again, and links the results of all steps that had equal files to the new key.
// What has an identity is found by that. "session:" keeps the key out of caches elsewhere.
func (t *localTree) CacheKey(ctx context.Context, job solver.JobContext, index int) (string, string, solver.CacheOpts, bool, error) {
	if id := identity(t.tree(job)); id != "" {
		return "session:" + t.of.Name + ":" + id, id, nil, true, nil
	}
	return t.SourceInstance.CacheKey(ctx, job, index)
}

func (t *localTree) Snapshot(ctx context.Context, job solver.JobContext) (_ cache.ImmutableRef, err error) {
	tree := t.tree(job)
	if tree == nil {
		return t.SourceInstance.Snapshot(ctx, job)
	}
	key := t.of.Name + ":" + t.of.SharedKeyHint + ":"
	kept, known, err := t.kept(ctx, key)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil { // it may have any part of the files
			contenthash.ClearCacheContext(kept)
			err = errors.Join(err, kept.SetCachePolicyDefault(), kept.Release(context.WithoutCancel(ctx)))
		}
	}()
	hashes, err := contenthash.GetCacheContext(ctx, kept)
	if err != nil {
		return nil, err
	}
	mountable, err := kept.Mount(ctx, false, nil)
	if err != nil {
		return nil, err
	}
	at := snapshot.LocalMounter(mountable)
	dir, err := at.Mount()
	if err != nil {
		return nil, err
	}
	err = receive(ctx, tree, dir, fsutil.ReceiveOpt{
		NotifyHashed: hashes.HandleChange, ContentHasher: contenthash.NewFromStat, ProgressCb: transferred(ctx, t.of.Name), Differ: t.of.Differ,
	})
	if err = errors.Join(err, at.Unmount()); err != nil {
		return nil, err
	}
	if err := contenthash.SetCacheContext(ctx, kept, hashes); err != nil {
		return nil, err
	}
	if !known {
		if err := kept.SetString(sharedKey, key, sharedKey+":"+key); err != nil {
			return nil, err
		}
	}
	return kept.Commit(ctx)
}

// tree returns the tree of this process that a build names; nil if it is another process's.
func (t *localTree) tree(job solver.JobContext) fsutil.FS {
	ids := []string{t.of.SessionID}
	if t.of.SessionID == "" {
		ids = session.AllSessionIDs(job.Session())
	}
	t.from.mu.Lock()
	defer t.from.mu.Unlock()
	if len(ids) == 0 {
		return nil
	}
	return t.from.trees[ids[0]][t.of.Name]
}

// kept returns the copy of the source that was last made, or a new one.
func (t *localTree) kept(ctx context.Context, key string) (kept cache.MutableRef, known bool, err error) {
	copies, err := t.from.records.Search(ctx, sharedKey+":"+key, false)
	if err != nil {
		return nil, false, err
	}
	for _, c := range copies {
		if kept, err := t.from.records.GetMutable(ctx, c.ID()); err == nil { // else another build uses it
			return kept, true, nil
		}
	}
	kept, err = t.from.records.New(ctx, nil, nil, cache.CachePolicyRetain,
		cache.WithRecordType(client.UsageRecordTypeLocalSource), cache.WithDescription("local source for "+t.of.Name))
	return kept, false, err
}

// transferred reports the number of bytes of a source that have been copied.
func transferred(ctx context.Context, name string) func(bytes int, last bool) {
	w, _, _ := progress.NewFromContext(ctx)
	id, now := "transferring "+name+":", time.Now()
	status := progress.Status{Started: &now, Action: "transferring"}
	_ = w.Write(id, status) // who asks, sees less
	told := now
	return func(bytes int, last bool) {
		now := time.Now()
		if !last && now.Sub(told) < 100*time.Millisecond {
			return
		}
		told, status.Current = now, bytes
		if last {
			status.Completed = &now
		}
		_ = w.Write(id, status)
		if last {
			_ = w.Close()
		}
	}
}

// receive makes a directory equal to a tree.
func receive(ctx context.Context, tree fsutil.FS, dir string, opt fsutil.ReceiveOpt) error {
	ctx, cancel := context.WithCancel(ctx)
	there, here := make(chan *packet, 16), make(chan *packet, 16)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		defer close(here)
		// If it fails, it has told the other end.
		_ = fsutil.Send(ctx, &packets{ctx: ctx, in: there, out: here}, tree, nil)
	}()
	err := fsutil.Receive(ctx, &packets{ctx: ctx, in: here, out: there}, dir, opt)
	cancel()
	<-sent
	return err
}

// packet is a message of fsutil.
type packet struct {
	kind types.Packet_PacketType
	id   uint32
	stat *types.Stat
	data *[]byte // a buffer; nil: none
}

// packets is one end of a connection of fsutil.
type packets struct {
	ctx  context.Context
	in   <-chan *packet
	out  chan<- *packet
	last *[]byte // the buffer of the message that was received last, which is done with
}

var packetBuffers = sync.Pool{New: func() any { return new([]byte) }}

func (p *packets) Context() context.Context { return p.ctx }

// SendMsg sends a copy of a message: the caller goes on to use what it has.
func (p *packets) SendMsg(message any) error {
	from, ok := message.(*types.Packet)
	if !ok {
		return fmt.Errorf("not a packet: %T", message)
	}
	m := &packet{kind: from.Type, id: from.ID}
	if from.Stat != nil {
		m.stat = from.Stat.CloneVT()
	}
	if len(from.Data) > 0 {
		m.data = packetBuffers.Get().(*[]byte)
		*m.data = append((*m.data)[:0], from.Data...)
	}
	select {
	case p.out <- m:
		return nil
	case <-p.ctx.Done():
		return context.Cause(p.ctx)
	}
}

// RecvMsg receives a message, whose data are valid until the next one. One goroutine of fsutil receives.
func (p *packets) RecvMsg(message any) error {
	to, ok := message.(*types.Packet)
	if !ok {
		return fmt.Errorf("not a packet: %T", message)
	}
	if p.last != nil {
		packetBuffers.Put(p.last)
		p.last = nil
	}
	select {
	case m, ok := <-p.in:
		if !ok {
			return io.EOF
		}
		to.Type, to.ID, to.Stat, to.Data = m.kind, m.id, m.stat, nil
		if p.last = m.data; m.data != nil {
			to.Data = *m.data
		}
		return nil
	case <-p.ctx.Done():
		return context.Cause(p.ctx)
	}
}
