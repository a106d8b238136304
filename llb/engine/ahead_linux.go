package engine

import (
	"context"
	"runtime"
	"sync"

	cacheconfig "github.com/moby/buildkit/cache/config"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/bklog"
	"github.com/moby/buildkit/util/compression"
	"github.com/moby/buildkit/worker"
	"github.com/opencontainers/go-digest"
)

// BuildKit compresses the layers of images when all images are built. While steps run, cores are idle:
// each waits for a program, for the steps that it needs, or for the disk. So this engine compresses a layer
// as soon as the vertex that makes it has been executed. The export then finds the blobs, and waits for
// those that are on their way. What is compressed, and how, is what the export would do. A base is unpacked
// when its first user is executed; here, that begins while local files are read.

// made is a result of a vertex.
type made struct {
	vertex digest.Digest
	index  int64
}

// ahead compresses the layers of one build ahead of its export.
type ahead struct {
	config compression.Config
	layers map[made]bool

	ctx    context.Context // ends with the build
	cancel func()
	slots  chan struct{} // one for each layer that is compressed at the same time
	all    sync.WaitGroup
}

// ahead begins to compress layers of images ahead of their export. vertices are those of all images. The caller
// must call end after the export.
func (e *embedded) ahead(images []Image, vertices map[digest.Digest]*pb.Op, how Compression) (end func()) {
	if how.Force || e.worker == nil {
		return func() {} // layers of a base are compressed again, which takes a request for it
	}
	a := &ahead{config: how.config().SetForce(false), layers: map[made]bool{}, slots: make(chan struct{}, max(1, runtime.NumCPU()/2))}
	for _, i := range images {
		layersOf(i.Definition, vertices, a.layers)
	}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	e.worker.aheadMu.Lock()
	defer e.worker.aheadMu.Unlock()
	e.worker.aheads = append(e.worker.aheads, a)
	return func() { e.worker.forget(a) }
}

// forget ends what is still compressed, which nobody waits for, and waits until it has ended.
func (w *compressing) forget(a *ahead) {
	w.aheadMu.Lock()
	for n, other := range w.aheads {
		if other == a {
			w.aheads = append(w.aheads[:n:n], w.aheads[n+1:]...)
			break
		}
	}
	w.aheadMu.Unlock()
	a.cancel()
	a.all.Wait()
}

// wanted returns a build that wants a layer; nil if there is none.
func (w *compressing) wanted(layer made) *ahead {
	w.aheadMu.Lock()
	defer w.aheadMu.Unlock()
	for _, a := range w.aheads {
		if a.layers[layer] {
			return a
		}
	}
	return nil
}

// layersOf adds the layers of an image: what is merged, or the image itself, and what each step among them is
// executed on.
func layersOf(def *pb.Definition, vertices map[digest.Digest]*pb.Op, into map[made]bool) {
	if len(def.Def) == 0 {
		return
	}
	last := vertices[digest.FromBytes(def.Def[len(def.Def)-1])]
	var add func(input *pb.Input)
	add = func(input *pb.Input) {
		layer := made{digest.Digest(input.Digest), input.Index}
		op := vertices[layer.vertex]
		if op == nil || into[layer] {
			return
		}
		switch {
		case op.GetMerge() != nil:
			for _, i := range op.Inputs {
				add(i)
			}
			return
		case op.GetExec() != nil:
			for _, m := range op.GetExec().Mounts {
				if m.Output == input.Index && m.Input >= 0 && int(m.Input) < len(op.Inputs) {
					add(op.Inputs[m.Input])
				}
			}
		}
		into[layer] = true
	}
	if last != nil && last.Op == nil && len(last.Inputs) == 1 {
		add(last.Inputs[0])
	}
}

// layered is an operation that may make layers.
type layered struct {
	solver.Op
	worker *compressing
	vertex digest.Digest
	base   bool // it is an image of somebody else
}

func (l layered) Exec(ctx context.Context, job solver.JobContext, inputs []solver.Result) ([]solver.Result, error) {
	results, err := l.Op.Exec(ctx, job, inputs)
	if err == nil {
		for n, r := range results {
			if a := l.worker.wanted(made{l.vertex, int64(n)}); a != nil {
				a.start(r, l.base, job.Session())
			}
		}
	}
	return results, err
}

// start compresses what an operation has made, or unpacks a base, which somebody else has compressed.
func (a *ahead) start(result solver.Result, base bool, connections session.Group) {
	of, ok := result.Sys().(*worker.WorkerRef)
	if !ok || of.ImmutableRef == nil || a.ctx.Err() != nil {
		return
	}
	ref := of.ImmutableRef.Clone()
	a.all.Go(func() {
		defer func() { _ = ref.Release(context.WithoutCancel(a.ctx)) }() // the engine removes it later
		if base {
			// If it fails, the first step that needs it fails for the same reason.
			if err := ref.Extract(a.ctx, connections); err != nil {
				bklog.G(a.ctx).WithError(err).Debug("cannot unpack a base ahead")
			}
			return
		}
		select {
		case a.slots <- struct{}{}:
			defer func() { <-a.slots }()
		case <-a.ctx.Done():
			return
		}
		// If it fails, the export fails for the same reason.
		if _, err := ref.GetRemotes(a.ctx, true, cacheconfig.RefConfig{Compression: a.config}, false, session.NewGroup()); err != nil {
			bklog.G(a.ctx).WithError(err).Debug("cannot compress a layer ahead")
		}
	})
}
