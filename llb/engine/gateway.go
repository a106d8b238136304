//go:build unix

package engine

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// Gateway is the BuildKit that runs this process as a frontend. It has all files, and exports the
// images itself. It does not pass on the output of steps.
type Gateway struct {
	Client gateway.Client
	result *gateway.Result
}

// Platforms is like [Engine.Platforms].
func (g *Gateway) Platforms(context.Context) ([]ocispecs.Platform, error) {
	workers := g.Client.BuildOpts().Workers
	if len(workers) == 0 || len(workers[0].Platforms) == 0 {
		return nil, &UnavailableError{What: "the engine has no workers"}
	}
	return workers[0].Platforms, nil
}

// Build is like [Engine.Build] for a request without files and output, whose images have different
// platforms. Its result has neither images nor steps.
func (g *Gateway) Build(ctx context.Context, req Request) (*Result, error) {
	if err := checkImages(req.Images); err != nil {
		return nil, err
	}
	if err := lacking("this BuildKit", "build with `layc build`", g.Client.BuildOpts(), req.definitions()); err != nil {
		return nil, err
	}
	track, proofs := newTracker(req.definitions()), newProving(req.Proofs)
	result, err := solveAll(ctx, g.Client, req.Images, proofs, nil)
	unproven := errors.Is(err, errUnproven)
	if err != nil && !unproven {
		return nil, classify(ctx, err, track)
	}
	res := &Result{}
	if res.Proven, err = proofs.results(ctx, track); err != nil {
		return nil, err
	}
	if unproven {
		return nil, &UnprovenError{res.Proven}
	}
	g.result, err = asFrontend(result)
	return res, err
}

// Result returns the images of the last build, for BuildKit.
func (g *Gateway) Result() *gateway.Result { return g.result }

// asFrontend returns a result as BuildKit expects it from a frontend: a single image is not one of
// a list.
func asFrontend(r *gateway.Result) (*gateway.Result, error) {
	var list exptypes.Platforms
	if err := json.Unmarshal(r.Metadata[exptypes.ExporterPlatformsKey], &list); err != nil || len(list.Platforms) != 1 {
		return r, err
	}
	id := list.Platforms[0].ID
	ref, _ := r.FindRef(id)
	single := gateway.NewResult()
	single.SetRef(ref)
	single.AddMeta(exptypes.ExporterImageConfigKey, r.Metadata[exptypes.ExporterImageConfigKey+"/"+id])
	single.AddMeta(exptypes.ExporterPlatformsKey, r.Metadata[exptypes.ExporterPlatformsKey])
	return single, nil
}
