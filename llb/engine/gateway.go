//go:build unix

package engine

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/containerd/platforms"
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
	track.foreign = true
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
	g.result, err = asFrontend(result, req.Images)
	return res, err
}

// Result returns the images of the last build, for BuildKit.
func (g *Gateway) Result() *gateway.Result { return g.result }

// asFrontend returns the result of images as BuildKit expects it from a frontend: several are known by
// their platforms, and a single one is not one of a list. Annotations are those of manifests alone, as
// BuildKit refuses others with Docker's media types.
func asFrontend(r *gateway.Result, images []Image) (*gateway.Result, error) {
	out := gateway.NewResult()
	list := exptypes.Platforms{}
	for n, i := range images {
		id := strconv.Itoa(n)
		ref, _ := r.FindRef(id)
		config, of, name := exptypes.ExporterImageConfigKey, (*ocispecs.Platform)(nil), id
		if len(images) > 1 {
			of, name = &i.Platform, platforms.FormatAll(i.Platform)
			config += "/" + name
			out.AddRef(name, ref)
		} else {
			out.SetRef(ref)
		}
		out.AddMeta(config, i.Config)
		for key, text := range i.Annotations {
			out.AddMeta(exptypes.AnnotationManifestKey(of, key), []byte(text))
		}
		list.Platforms = append(list.Platforms, exptypes.Platform{ID: name, Platform: i.Platform})
	}
	order, err := json.Marshal(list)
	out.AddMeta(exptypes.ExporterPlatformsKey, order)
	return out, err
}
