//go:build unix

package engine

import (
	"context"
	"net"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/session"
	sessioncontent "github.com/moby/buildkit/session/content"
	"github.com/moby/buildkit/session/filesync"
	"github.com/moby/buildkit/session/grpchijack"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"

	"github.com/layc-lang/layc/llb/cache"
)

// dialer returns how a session connects to an engine. All that it sends is wrapped in messages of the
// connection c, unless the engine is in this process.
func (e *Engine) dialer(c *client.Client) session.Dialer {
	if here := e.here(); here != nil {
		return here.dial
	}
	return grpchijack.Dialer(c.ControlClient())
}

// inProcess is an engine of this process.
type inProcess interface {
	// dial connects a session.
	dial(ctx context.Context, protocol string, about map[string][]string) (net.Conn, error)
	// offer makes the local sources of a session known until done is called.
	offer(session string, trees map[string]fsutil.FS) (done func())
	// ahead compresses layers of images ahead of their export. vertices are those of all images. The caller
	// must call end after the export.
	ahead(images []Image, vertices map[digest.Digest]*pb.Op, how Compression) (end func())
	// executed begins to write to the disk what steps have written.
	executed()
}

// here returns the engine if it is in this process; else nil.
func (e *Engine) here() inProcess {
	e.mu.Lock()
	defer e.mu.Unlock()
	here, _ := e.owned.(inProcess)
	return here
}

// talk starts the session of a solve, in which the engine reads and writes what this process has: local
// files, layouts, places with results of other machines by the names that the solve has for them, and
// the output, which may be nil. BuildKit's client would start one whose places are directories only.
// The caller must call end after the solve.
func (e *Engine) talk(ctx context.Context, c *client.Client, opt *client.SolveOpt, places map[string]cache.Place, out *layout) (end func(), err error) {
	var closers []func() error
	end = func() {
		for _, closes := range closers {
			_ = closes() // the solve has its result
		}
	}
	defer func() {
		if err != nil {
			end()
		}
	}()
	stores := map[string]content.Store{}
	for name, store := range opt.OCIStores {
		stores["oci:"+name] = store
	}
	if out != nil {
		stores["export"] = out.store
	}
	for id, place := range places {
		store, done, err := place.Content()
		if err != nil {
			return nil, err
		}
		closers = append(closers, done)
		stores["local:"+id] = store
	}
	s, err := session.NewSession(ctx, opt.SharedKey)
	if err != nil {
		return nil, err
	}
	locals := filesync.StaticDirSource{}
	for name, tree := range opt.LocalMounts {
		if locals[name], err = newUnowned(tree); err != nil {
			return nil, err
		}
	}
	if here := e.here(); here != nil {
		done := here.offer(s.ID(), locals)
		closers = append(closers, func() error { done(); return nil })
	}
	if len(locals) > 0 {
		s.Allow(filesync.NewFSSyncProvider(locals, opt.LocalFilterOpt))
	}
	for _, a := range opt.Session {
		s.Allow(a)
	}
	if len(stores) > 0 {
		s.Allow(sessioncontent.NewAttachable(stores))
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Run(running, e.dialer(c)) // if it fails, so does the solve
	}()
	closers = append([]func() error{func() error {
		err := s.Close()
		cancel()
		<-ended
		return err
	}}, closers...)
	opt.SharedSession, opt.SessionPreInitialized = s, true
	return end, nil
}

// identity returns what stands for the content of a tree; "" if nothing does.
func identity(tree fsutil.FS) string {
	if t, ok := tree.(interface{ Identity() string }); ok {
		return t.Identity()
	}
	return ""
}

// unowned is a tree whose files belong to root: owners on this machine mean nothing in an image.
type unowned struct {
	fsutil.FS
	of fsutil.FS
}

func newUnowned(tree fsutil.FS) (unowned, error) {
	all, err := fsutil.NewFilterFS(tree, &fsutil.FilterOpt{Map: func(_ string, stat *types.Stat) fsutil.MapResult {
		stat.Uid, stat.Gid = 0, 0
		return fsutil.MapResultKeep
	}})
	return unowned{all, tree}, err
}

// Identity returns the tree's identity.
func (u unowned) Identity() string { return identity(u.of) }
