//go:build unix

package engine

import (
	"context"
	"time"

	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
)

// beginPatience is how long an interrupted build may take to begin in its engine.
const beginPatience = time.Second

// begin has an engine run a build, and closes reports at its end; reports may be nil. BuildKit's client waits for
// the reports of a build for six seconds if the engine does not know the build, as when it was interrupted before
// the engine had begun with it. So an interrupt counts as soon as the build has begun.
func begin(ctx context.Context, c *client.Client, opt client.SolveOpt, build gateway.BuildFunc, reports chan *client.SolveStatus) (*client.SolveResponse, error) {
	if ctx.Err() != nil {
		if reports != nil {
			close(reports)
		}
		return nil, context.Cause(ctx)
	}
	until, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	begun := make(chan struct{})
	defer context.AfterFunc(ctx, func() {
		select {
		case <-begun:
		case <-until.Done():
		case <-time.After(beginPatience):
		}
		cancel(context.Cause(ctx))
	})()
	return c.Build(until, opt, "layc", func(ctx context.Context, g gateway.Client) (*gateway.Result, error) {
		close(begun)
		return build(ctx, g)
	}, reports)
}
