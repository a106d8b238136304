// Package images makes images of plans: it lowers them, has an engine solve them,
// and tells in terms of the program what came of it.
//
//	plan.Plan → llb.Graph → engine.Request → engine.Result → Result
//
// It prints nothing and reads no flags. What it learns is in its results and
// errors; what it asks of the engine is the interface [Engine].
package images

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/world"
)

// Engine is what a build needs of an engine; see [engine.Engine].
type Engine interface {
	Platforms(context.Context) ([]ocispecs.Platform, error)
	Build(context.Context, engine.Request) (*engine.Result, error)
}

// Input is all that a build depends on, other than the engine.
type Input struct {
	Plans []*plan.Plan // one for each platform
	Files fs.FS        // what steps copy: see compiler.Output
	// Dir is the project's directory on this machine. It tells the project's files
	// from those of other projects that the engine knows, and has the layouts that
	// bases are made of.
	Dir     string
	Mirrors world.Mirrors
	Secrets map[string][]byte // the fleet's, by name
	Host    Host
	Verify  bool   // run tests and prove what the plans rely on
	Layout  string // the OCI layout to write; "": the images are only built
	// Foreign says that the engine is not layc's own. Such an engine does not tell
	// what a server has answered, so the server is asked again.
	Foreign bool
	// Notice is called with a sentence for the user. May be nil.
	Notice func(sentence string)
}

// Result is what a build has made, and what came of its proofs.
type Result struct {
	*engine.Result
	Outcomes []Outcome // by platform, then as llb.Graph orders its proofs
}

// Build builds the images of all plans. Where a download fails that has another
// mirror, it asks that one, and goes on with what is built. An error is a
// [*StepError], a [*DownloadError] or an [*UnprovenError] if it can be told in
// terms of the program; a [*SecretError] or [ErrNoAgent] if the user has not given
// what steps need; or the engine's.
func Build(ctx context.Context, e Engine, in Input) (*Result, error) {
	runs, err := e.Platforms(ctx)
	if err != nil {
		return nil, err
	}
	for down := map[string]bool{}; ; {
		graphs, err := lower(in, runs, down)
		if err != nil {
			return nil, err
		}
		asked, err := request(in, graphs)
		if err != nil {
			return nil, err
		}
		result, err := e.Build(ctx, asked)
		if err == nil {
			return &Result{result, judge(graphs, result.Proven)}, nil
		}
		if in.Foreign {
			err = served(ctx, err)
		}
		url := unserved(graphs, err)
		if url == "" {
			return nil, explain(graphs, err)
		}
		down[url] = true
		if in.Notice != nil {
			in.Notice(url + " does not serve the expected content; trying its mirror")
		}
	}
}

// lower lowers the plans of all platforms for an engine that runs programs of
// the given ones, its own first. Plans that run programs of another are errors.
func lower(in Input, runs []ocispecs.Platform, down map[string]bool) ([]*llb.Graph, error) {
	dir, err := filepath.Abs(in.Dir)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(dir))
	tree := hex.EncodeToString(sum[:8])
	own := model.Platform{OS: runs[0].OS, Arch: runs[0].Architecture, Variant: runs[0].Variant}
	var graphs []*llb.Graph
	for _, p := range in.Plans {
		g, err := llb.Lower(p, llb.Options{Tree: tree, URL: in.Mirrors.URL, Down: down, Build: own, Verify: in.Verify})
		if err != nil {
			return nil, err
		}
		for _, i := range g.Images {
			if g.Runs && !slices.ContainsFunc(runs, func(r ocispecs.Platform) bool { return runsOn(i.Platform, r) }) {
				return nil, cannotRun(i.Platform, runs)
			}
		}
		graphs = append(graphs, g)
	}
	return graphs, nil
}

// runsOn reports whether programs of the platform p run on r.
func runsOn(p, r ocispecs.Platform) bool {
	return p.OS == r.OS && p.Architecture == r.Architecture && (p.Variant == "" || p.Variant == r.Variant)
}

// cannotRun is the error for a platform that the engine cannot run.
func cannotRun(p ocispecs.Platform, runs []ocispecs.Platform) error {
	var known []string
	for _, r := range runs {
		if name := r.OS + "/" + r.Architecture; !slices.Contains(known, name) {
			known = append(known, name)
		}
	}
	return &engine.UnavailableError{
		What: fmt.Sprintf("the engine cannot run %s programs, only %s", platforms.Format(p), strings.Join(known, ", ")),
		Help: "choose platforms with --platform, install an emulator (QEMU user mode, with\nbinfmt_misc), or name an engine on that platform with --engine",
	}
}
