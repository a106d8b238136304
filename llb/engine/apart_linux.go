package engine

import (
	"context"

	"github.com/moby/buildkit/frontend"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/worker"
	"github.com/opencontainers/go-digest"

	"github.com/layc-lang/layc/llb/helper"
)

// BuildKit looks up a result by each input of a vertex alone: it collects all results of equal
// operations on that input, and then takes those that all inputs lead to. All images of a fleet are merges
// of the same lower layers, so n images made n² candidates: for 300 images two seconds and 900 MB.
// So the operations of vertices with a mark differ by it.

// ResolveOp returns the operation of a vertex.
func (w *compressing) ResolveOp(v solver.Vertex, s frontend.FrontendLLBBridge, sm *session.Manager, proxy worker.ProxyOpt) (solver.Op, error) {
	op, err := w.Worker.ResolveOp(v, s, sm, proxy)
	if err == nil {
		of, _ := v.Sys().(*pb.Op)
		op = layered{lookingFor(op, v, w), w, v.Digest(), of.GetSource() != nil}
	}
	if mark := v.Options().Description[helper.Apart]; mark != "" && err == nil {
		return apart{op, mark}, nil
	}
	return op, err
}

// apart is an operation with a mark.
type apart struct {
	solver.Op
	mark string
}

func (a apart) CacheMap(ctx context.Context, job solver.JobContext, index int) (*solver.CacheMap, bool, error) {
	m, done, err := a.Op.CacheMap(ctx, job, index)
	if err != nil || m == nil {
		return m, done, err
	}
	marked := *m
	marked.Digest = digest.FromString(string(m.Digest) + " " + a.mark)
	return &marked, done, nil
}
