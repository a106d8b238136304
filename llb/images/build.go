// Package images builds the images of plans. It lowers the plans, has an engine solve the result,
// and reports the outcome in terms of the program.
//
// plan.Plan → llb.Graph → engine.Request → engine.Result → Result
//
// It prints nothing and reads no flags. Results and errors contain everything that it finds; the
// interface [Engine] is everything that it needs from the engine.
package images

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/cache"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/world"
)

// Engine is the part of an engine that a build uses; see [engine.Engine].
type Engine interface {
	Platforms(context.Context) ([]ocispecs.Platform, error)
	Build(context.Context, engine.Request) (*engine.Result, error)
}

// Input is everything that a build depends on, except the engine.
type Input struct {
	Plans []*plan.Plan // one for each platform
	Files fs.FS        // files that steps copy: see compiler.Output
	// Dir is the project's directory on this machine. It distinguishes the project's files from
	// other projects' files on the engine, and contains the layouts of bases.
	Dir     string
	Mirrors world.Mirrors
	Copies  Copies            // what the project has copies of; nil: nothing
	Secrets map[string][]byte // the fleet's, by name
	Host    Host
	Verify  bool // run tests and all other proofs
	Output  engine.Output
	// Labels are set in all images, see [llb.Options].
	Labels map[string]string
	// CacheFrom are places with results of other machines, CacheTo places where this build puts its
	// own.
	CacheFrom, CacheTo []cache.Place
	// Native is the platform of the engine, if it is known without asking: see [engine.Engine.Native].
	Native ocispecs.Platform
	// Foreign marks an engine that is not layc's own. Such an engine does not pass on a server's
	// response, so layc requests it again.
	Foreign bool
	// Sources has the files if the engine has them already; nil: they are sent, and so are secrets.
	Sources llb.Sources
	// Visit is a container that the build starts for the user; nil: none.
	Visit *Visit
	// Notice is called with a sentence for the user. It may be nil.
	Notice func(sentence string)
	// Found is called with each finding of a proof that does not hold, as soon as it is known, by one
	// goroutine at a time. The outcomes have it, too. It may be nil.
	Found func(Finding)
}

// Copies are the project's copies of what builds download.
type Copies interface {
	Has(digest string) bool                  // a file, or a manifest with all that it refers to
	Open(name string) (io.ReadCloser, error) // a file, by the hexadecimal part of its digest
}

func (in Input) vendored() func(digest string) bool {
	if in.Copies == nil {
		return nil
	}
	return in.Copies.Has
}

// Result has the built images and the outcomes of the proofs.
type Result struct {
	*engine.Result
	Outcomes []Outcome // by platform, then in the order of llb.Graph
}

// Build builds the images of all plans. If a download fails and has another mirror, Build
// continues with that mirror and keeps what is built. An error that concerns the program is a
// [*StepError], a [*MachineError] or an [*UnprovenError]. If the input lacks something that
// steps need, it is a [*SecretError] or [ErrNoAgent]. Other errors are the engine's. The result of a
// build that failed is nil, or has only steps.
func Build(ctx context.Context, e Engine, in Input) (*Result, error) {
	runs := []ocispecs.Platform{in.Native}
	if in.Native.OS == "" {
		var err error
		if runs, err = e.Platforms(ctx); err != nil {
			return nil, err
		}
	}
	for down := map[string]bool{}; ; {
		graphs, err := lower(in, runs[0], down)
		if err != nil {
			return nil, err
		}
		err = canRun(in, graphs, runs)
		if err != nil && in.Native.OS != "" { // it may run programs of others, too
			if runs, err = e.Platforms(ctx); err == nil {
				err = canRun(in, graphs, runs)
			}
		}
		if err != nil {
			return nil, err
		}
		asked, err := request(in, graphs)
		if err != nil {
			return nil, err
		}
		if asked.Visit, err = in.Visit.visit(graphs); err != nil {
			return nil, err
		}
		judge := newJudge(graphs)
		if in.Found != nil {
			asked.Unproven = func(n int, p engine.Proven) {
				for _, f := range judge.tell(n, p) {
					in.Found(f)
				}
			}
		}
		result, err := e.Build(ctx, asked)
		switch {
		case err == nil && in.Visit != nil && !in.Visit.Failed:
			return &Result{Result: result}, nil
		case err == nil:
			return &Result{result, judge.all(result.Proven)}, nil
		}
		if in.Foreign {
			err = served(ctx, err)
		}
		url := unserved(graphs, err)
		if url == "" {
			var reached *Result
			if result != nil {
				reached = &Result{Result: result}
			}
			return reached, in.blame(ctx, graphs, err, in.explain(judge, err))
		}
		down[url] = true
		if in.Notice != nil {
			in.Notice(url + " does not serve the expected content; trying its mirror")
		}
	}
}

// lower lowers the plans of all platforms for an engine on a platform.
func lower(in Input, on ocispecs.Platform, down map[string]bool) ([]*llb.Graph, error) {
	dir, err := filepath.Abs(in.Dir)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(dir))
	tree := hex.EncodeToString(sum[:8])
	own := model.Platform{OS: on.OS, Arch: on.Architecture, Variant: on.Variant}
	var graphs []*llb.Graph
	for _, p := range in.Plans {
		g, err := llb.Lower(p, llb.Options{
			Tree: tree, Vendored: in.vendored(), URL: in.Mirrors.With(p.Graph.Refs.Distributions...).URL, Down: down, Build: own, Verify: in.Verify,
			Sources: in.Sources, Text: in.Sources != nil, Labels: in.Labels, Apart: len(in.CacheFrom)+len(in.CacheTo) == 0,
		})
		if err != nil {
			return nil, err
		}
		graphs = append(graphs, g)
	}
	return graphs, nil
}

// canRun returns an error if a plan runs programs of a platform that is not among runs.
func canRun(in Input, graphs []*llb.Graph, runs []ocispecs.Platform) error {
	for n, g := range graphs {
		for _, step := range g.Runs {
			if !slices.ContainsFunc(runs, func(r ocispecs.Platform) bool { return runsOn(step.Platform, r) }) {
				return cannotRun(step, runs, in.Plans[n].Graph.Platform)
			}
		}
	}
	return nil
}

// runsOn reports whether programs for platform p run on r.
func runsOn(p model.Platform, r ocispecs.Platform) bool {
	return p.OS == r.OS && p.Arch == r.Architecture && (p.Variant == "" || p.Variant == r.Variant)
}

// cannotRun is the error for a step that runs programs of a platform that the engine does not, in
// images for a platform.
func cannotRun(step llb.Running, runs []ocispecs.Platform, images model.Platform) error {
	var known []string
	for _, r := range runs {
		if name := r.OS + "/" + r.Architecture; !slices.Contains(known, name) {
			known = append(known, name)
		}
	}
	choose := "choose platforms with --platform, "
	if step.Platform != images {
		choose = "choose another `builder` in the fleet, "
	}
	var list diag.List
	d := list.Errorf(diag.PlatformNotRun, step.Span, "the engine cannot run %s programs, only %s", step.Platform, strings.Join(known, ", ")).
		At("%s runs them", step.Component).
		Note("packages, runs and tests execute as programs of the image's platform").
		Hint("%sinstall an emulator (in Debian the packages qemu-user-static and binfmt-support), or name an engine on that platform with --engine", choose)
	turn(d, step.Span, step.Asked)
	return &MachineError{Finding{Diagnostic: d}}
}
