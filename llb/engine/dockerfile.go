//go:build unix

package engine

import (
	"context"
	"maps"

	"github.com/moby/buildkit/client"
	dockerfile "github.com/moby/buildkit/frontend/dockerfile/builder"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/tonistiigi/fsutil"
)

// Dockerfile is a Dockerfile to build.
type Dockerfile struct {
	// Locals are "context", a directory for the Dockerfile, and further contexts by name.
	Locals map[string]fsutil.FS
	// Key identifies the directories of Locals. The engine compares them with its copies for an equal key, by
	// size and time: files of other directories, written at the same moment, would count as equal.
	Key string
	// Options of BuildKit's Dockerfile frontend: filename, target, build-arg:NAME, context:NAME, dockerfilekey.
	Options map[string]string
	// Layouts are the OCI layout directories that contexts refer to as oci-layout://NAME@DIGEST.
	Layouts map[string]string
	Secrets map[string][]byte
	// Dir is the OCI layout that gets the image. It is created; blobs that it has are not written again.
	Dir    string
	Tag    string                    // names the image in the layout
	Status func(*client.SolveStatus) // may be nil
}

// BuildDockerfile builds a Dockerfile with BuildKit's own frontend, which runs in this process, on the
// engine that builds layc's images. The error is due to the Dockerfile, or as for [Engine.Build].
func (e *Engine) BuildDockerfile(ctx context.Context, d Dockerfile) error {
	c, err := e.current()
	if err != nil {
		return err
	}
	opt := client.SolveOpt{
		LocalMounts: d.Locals,
		SharedKey:   d.Key,
		// With a command line, the frontend does not look for another one in the syntax line.
		FrontendAttrs: withCommand(d.Options),
		Session:       []session.Attachable{secretsprovider.FromMap(d.Secrets), credentials()},
		Exports:       []client.ExportEntry{{Type: client.ExporterOCI, OutputDir: d.Dir, Attrs: map[string]string{"tar": "false", "name": "layc.invalid/dockerfile:" + d.Tag}}},
		Internal:      e.opts.Address == "",
	}
	if opt.OCIStores, err = stores(d.Layouts); err != nil {
		return err
	}
	reports := make(chan *client.SolveStatus)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for s := range reports {
			if d.Status != nil {
				d.Status(s)
			}
		}
	}()
	_, err = begin(ctx, c, opt, dockerfile.Build, reports)
	<-drained
	e.noteWork(err != nil)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func withCommand(options map[string]string) map[string]string {
	out := maps.Clone(options)
	out["cmdline"] = "layc"
	return out
}
