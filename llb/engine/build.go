//go:build unix

package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/containerd/platforms"
	"github.com/docker/go-units"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/moby/buildkit/session/sshforward/sshprovider"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/tonistiigi/fsutil"
	"golang.org/x/sync/errgroup"

	"github.com/layc-lang/layc/llb/attest"
	"github.com/layc-lang/layc/llb/cache"
)

// Request describes a build.
type Request struct {
	// Images to build, all in one solve, so that shared layers are built once. The layout lists
	// them in this order. The combination of name and platform is unique.
	Images []Image
	// Proofs are solved together with the images. Unless all hold, no image is written.
	Proofs []Proof
	// Locals are the trees of local sources, by the source's name.
	Locals map[string]fsutil.FS
	// Layouts are the OCI layout directories that definitions use as stores, by the store's name.
	Layouts map[string]string
	// Copies opens a file that definitions download from http://buildkit-session/NAME. It may be nil.
	Copies func(name string) (io.ReadCloser, error)
	// Secrets that steps may mount, by id. They are in no layer and no cache key.
	Secrets map[string][]byte
	// SSHAgent is the socket of an SSH agent that steps may use; "" if there is none.
	SSHAgent string
	// Output is where the images are written.
	Output Output
	// CacheFrom are places with results of other machines, and CacheTo are places where this build
	// puts its own.
	CacheFrom, CacheTo []cache.Place
	// Visit is a container that the build starts for the user; nil: none.
	Visit   *Visit
	visited *visitEnd
	// Status is called with each progress report, by one goroutine at a time and never after
	// Build has returned. It may be nil.
	Status func(*client.SolveStatus)
	// Unproven is called with the number of each proof that does not hold, and its result, as soon as
	// that is known, by one goroutine at a time and never after Build has returned. Proofs of a result
	// that comes too late are only in the error. It may be nil.
	Unproven func(n int, p Proven)
}

// Image is one image of one platform.
type Image struct {
	Name     string   // its name in the layout, such as "registry.example.com/shop/app1:latest"
	Aliases  []string // additional names in the layout
	Platform ocispecs.Platform
	// Inherited is the number of layers of another image at the bottom, which keep their compression.
	Inherited int
	// Definition of the root file system, marshalled for Platform.
	Definition *pb.Definition
	// Config is the OCI image configuration as JSON, without rootfs. Its history has one entry
	// with a time for each layer. For a missing entry, BuildKit would add the time of the build,
	// and the image's digest would change with every build.
	Config []byte
	// Annotations are set in the image's manifest, and those that all platforms have alike in their
	// index.
	Annotations map[string]string
	// Spine are the names of the planned base and spine layers, bottom up, and Planned are all planned
	// layers. Only a cluster uses them: images with equal beginnings belong together.
	Spine   []string
	Planned []PlannedLayer
}

// PlannedLayer is a layer of a plan.
type PlannedLayer struct {
	ID   string
	Size int64 // expected bytes
}

// Output is where images are written.
type Output struct {
	// Dir is an OCI layout directory. It is created if it does not exist. Otherwise it must be
	// empty or a layout. The request's images replace those of the same names; all others stay.
	// Empty: build the images without writing them.
	Dir string
	// Fleet is the name of the images' fleet, which the layout records with each of them. It may be
	// empty, but not with Prune.
	Fleet string
	// Names are the names of all images of the fleet in layouts, with their full names in registries,
	// such as "docker.io/library/app:latest". The layout records these for the tools that need them.
	Names map[string]string
	// Prune removes the images of the fleet from the layout that Names lacks.
	Prune bool
	// Annotations are set in the manifests of all images, and in the indexes of images of several
	// platforms, over those of the images. Docker's media types have none.
	Annotations map[string]string
	// DockerTypes writes Docker's media types instead of OCI's, see [docker.Convert].
	DockerTypes bool
	// Compression of the layers.
	Compression Compression
	// Attest returns statements about an image, which the layout attaches to it: its name then is an
	// index of both. It changes nothing in the image. Nil: none.
	Attest func(BuiltImage) ([]attest.Statement, error)
	// Temporary marks a Dir that is read once and then removed: its blobs may be links to those of
	// the engine, which nobody may change. See [TemporaryLayout].
	Temporary bool
}

// Result is the result of a build.
type Result struct {
	Images []BuiltImage // in the request's order; none without an output
	Changes
	Proven []Proven // in the request's order
	Steps  Steps
	// CacheErr tells which places of CacheTo could not be written. The images are complete. It is an
	// *UnavailableError, or several of them.
	CacheErr error
	// Lost are engines whose connection broke. A cluster has built their images on others.
	Lost []Lost
}

// BuiltImage is an image in the layout.
type BuiltImage struct {
	Name     string
	Platform ocispecs.Platform
	Manifest digest.Digest
	Size     int64   // bytes of the manifest, configuration and layers
	Layers   []Layer // bottom up
}

// Layer is a layer of an image in the layout.
type Layer struct {
	Digest digest.Digest // of the compressed blob
	DiffID digest.Digest // of the uncompressed one
	Size   int64         // bytes of the compressed blob
}

// Steps lists the executed and the cached vertices of the definitions. A vertex is cached if the
// cache has its result, or the result of a vertex that needs it. Local trees and image references
// are in neither list: every build reads them and transfers the changes.
type Steps struct {
	Executed []Step // in the order of the reports
	Cached   []Step // in the order of dependencies
}

// Step is an executed or cached vertex.
type Step struct {
	Vertex digest.Digest
	Name   string
}

// maxSolves limits the number of images solved concurrently. BuildKit itself limits the number of
// concurrent steps.
const maxSolves = 32

// Native returns the engine's own platform, if it is known without starting or asking it; else the zero value.
func (e *Engine) Native() ocispecs.Platform {
	if e.opts.Address != "" {
		return ocispecs.Platform{}
	}
	return platforms.Normalize(platforms.DefaultSpec())
}

// Platforms returns the platforms with programs that the engine can run, its own first. The error
// is an *UnavailableError, or the cause of ctx's end.
func (e *Engine) Platforms(ctx context.Context) ([]ocispecs.Platform, error) {
	c, err := e.current()
	if err != nil {
		return nil, err
	}
	workers, err := c.ListWorkers(context.WithValue(ctx, asked{}, true))
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, &UnavailableError{What: "the engine does not respond", Err: err}
	case len(workers) == 0 || len(workers[0].Platforms) == 0:
		return nil, &UnavailableError{What: "the engine has no workers"}
	}
	return workers[0].Platforms, nil
}

// Build builds all images of the request and then replaces the index of the output layout
// atomically. Until then, and after any error, the layout's old images are intact. If the
// engine's disk is full, Build removes unused records from the cache and tries once more. The
// error is a *StepError, an *UnprovenError, an *UnavailableError, a *LayoutError, the cause of
// ctx's end, or is due to a bug in the request or in BuildKit. Then the result is nil, or has only
// the steps that the build came to, and the engine if it is lost.
func (e *Engine) Build(ctx context.Context, req Request) (*Result, error) {
	e.builds.Add(1)
	defer e.builds.Add(-1)
	start := time.Now()
	_, noOutput := os.Stat(req.Output.Dir)
	known, err := e.recall(ctx, req)
	if err != nil {
		return nil, err
	}
	for roomMade, examined := false, false; ; {
		res, err := e.build(ctx, req, known)
		if errors.Is(err, errForgotten) {
			known = nil
			continue
		}
		if err != nil {
			e.noteWork(true)
		}
		if !examined && e.suspicious(err) {
			examined = true
			if repaired, unopened := e.reexamine(ctx, err); unopened != nil {
				return nil, unopened
			} else if repaired {
				if errors.Is(noOutput, fs.ErrNotExist) && req.Output.Dir != "" {
					_ = os.RemoveAll(req.Output.Dir) // blobs that were on their way
				}
				continue
			}
		}
		if e.isFull(err) {
			c, unopened := e.current()
			if unopened != nil {
				return nil, unopened
			}
			if removed := e.makeRoom(ctx, c, start); removed > 0 && !roomMade {
				roomMade = true
				e.notice(fmt.Sprintf("the engine's disk is full; removed %s of unused cache, building again", units.HumanSize(float64(removed))))
				continue
			}
			return res, e.explainFull(ctx, c, err)
		}
		switch step := (*StepError)(nil); {
		case e.opts.Address != "" || !errors.As(err, &step):
		case e.ordinary():
			step.Limit = limitOf(step)
		case step.ExitCode == 0:
			if lost := cannotMount(e.opts.State); lost != nil {
				return res, lost
			}
		}
		gone := errors.Is(err, errLost)
		if gone && e.opts.Address == "" && e.Attached() {
			if err := e.reopen(ctx); err != nil {
				return nil, err
			}
			continue
		}
		if gone && res != nil {
			res.Lost = []Lost{lostWith(e.opts.Address, err, req, res.Steps)}
		}
		return res, err
	}
}

// build builds what is not known, and writes the images.
func (e *Engine) build(ctx context.Context, req Request, known *recalled) (_ *Result, err error) {
	if err := checkImages(req.Images); err != nil {
		return nil, err
	}
	var out *layout
	if req.Output.Dir != "" {
		if out, err = openLayout(req.Output.Dir); err != nil {
			return nil, err
		}
		out.temporary = req.Output.Temporary
		switch {
		case e.opts.Address != "":
		case out.temporary:
			out.linkFrom(e.opts.State)
		default:
			out.copyFrom(e.opts.State)
		}
		defer func() {
			if closeErr := out.close(); err == nil {
				err = closeErr
			}
			err = out.explain(err)
		}()
		known.forget(out)
	}
	rest := known.rest(req)
	track := newTracker(req.definitions())
	track.foreign = e.opts.Address != ""
	solved := solved{shared: &shared{}}
	var holding []recordKeys
	var walking sync.WaitGroup
	defer walking.Wait()
	read := func() { walking.Go(func() { holding = known.holding(ctx, req) }) }
	if len(rest.Images)+len(rest.Proofs) > 0 {
		if solved, err = e.solve(ctx, rest, out, track, read); err != nil {
			return &Result{Steps: track.reached()}, err
		}
		if len(track.steps().Executed) > 0 {
			e.noteWork(false)
		}
		if solved.visited {
			return &Result{Steps: track.steps()}, nil
		}
	} else if err := out.begin(ctx); err != nil { // all is known, so there is an output
		return nil, err
	}
	res := &Result{Steps: track.steps(), Proven: known.all(solved.proven)}
	if solved.unproven {
		return &Result{Steps: track.reached()}, &UnprovenError{res.Proven}
	}
	if len(req.CacheTo) == 0 {
		e.rest()
	}
	if out != nil {
		var built map[int]record
		if res.Images, res.Changes, built, err = out.commit(ctx, req, known, solved.exported); err != nil {
			return nil, err
		}
		walking.Wait()
		known.keep(holding, built, res.Proven)
	}
	if len(req.CacheTo) == 0 {
		return res, nil
	}
	c, err := e.current()
	if err != nil {
		return nil, err
	}
	if res.CacheErr = e.writeCaches(ctx, c, req, solved.shared, res.Steps.Executed); ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return res, nil
}

// solved is the outcome of a solve.
type solved struct {
	exported string // the descriptor of the exporter's index; "" if nothing was exported
	proven   []Proven
	unproven bool // the images are built, but not exported, since a proof does not hold
	visited  bool // the user was in a container, and nothing is exported
	shared   *shared
}

// solve has the engine solve a request and export its images to a layout, if it is not nil. It calls read before
// the export, when the engine has read all local files.
func (e *Engine) solve(ctx context.Context, req Request, out *layout, track *tracker, read func()) (s solved, err error) {
	c, err := e.current()
	if err != nil {
		return s, err
	}
	opt, err := e.solveOpt(req)
	if err != nil {
		return s, err
	}
	if s.shared, err = e.readCaches(ctx, req); err != nil {
		return s, err
	}
	if out != nil && len(req.Images) > 0 {
		opt.Exports = []client.ExportEntry{{Type: client.ExporterOCI, Attrs: e.exported(out, req.Output)}}
	}
	end, err := e.talk(ctx, c, &opt, s.shared.read, out)
	if err != nil {
		return s, err
	}
	defer end()
	defer e.ahead(req, out, track)()
	proofs := newProving(req.Proofs)
	if req.Unproven != nil {
		proofs.failing = func() { proofs.tell(ctx, track, req.Unproven) }
	}
	reports := make(chan *client.SolveStatus)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for s := range reports {
			s.Warnings = slices.DeleteFunc(s.Warnings, isPlatformsWarning)
			s.Vertexes = slices.DeleteFunc(s.Vertexes, isCacheImport)
			track.add(s)
			if req.Status != nil {
				req.Status(s)
			}
			proofs.failing()
		}
	}()
	var lacking error // what an engine elsewhere lacks, which it does not return unchanged
	req.visited = &visitEnd{}
	resp, err := begin(ctx, c, opt, func(ctx context.Context, g gateway.Client) (*gateway.Result, error) {
		if lacking = e.lacks(g.BuildOpts(), req.definitions()); lacking != nil {
			return nil, lacking
		}
		if req.Visit != nil && req.Visit.Step != "" {
			return gateway.NewResult(), e.visit(ctx, g, req, nil)
		}
		res, err := solveAll(ctx, g, req.Images, proofs, s.shared.imports)
		s.unproven = errors.Is(err, errUnproven) // the engine does not return this error unchanged
		switch v := req.Visit; {
		case v != nil && v.Failed && err != nil && !s.unproven:
			return res, e.visitFailed(ctx, g, req, track, err)
		case v != nil && !v.Failed && err == nil:
			image, _ := res.FindRef("0")
			return res, e.visit(ctx, g, req, image)
		}
		if err == nil && out != nil {
			if here := e.here(); here != nil {
				here.executed()
			}
			read()
			err = out.begin(ctx) // the export follows
		}
		return res, err
	}, reports)
	<-drained
	switch {
	case lacking != nil:
		return s, lacking
	case req.visited.done && (req.Visit.Step != "" || !req.Visit.Failed):
		s.visited = true
		return s, req.visited.err
	}
	if err != nil && !s.unproven {
		var definitions []*pb.Definition
		for _, i := range req.Images {
			definitions = append(definitions, i.Definition)
		}
		return s, e.toldForeign(ctx, classify(ctx, err, track, definitions...))
	}
	if resp != nil {
		s.exported = resp.ExporterResponse[exptypes.ExporterImageDescriptorKey]
	}
	s.proven, err = proofs.results(ctx, track)
	return s, err
}

// ahead has an engine of this process compress the layers of a request's images while others are built. The
// caller must call end after the images are written.
func (e *Engine) ahead(req Request, out *layout, track *tracker) (end func()) {
	here := e.here()
	if out == nil || here == nil {
		return func() {}
	}
	return here.ahead(req.Images, track.ops, req.Output.Compression)
}

// solveOpt returns what all solves of a request have in common.
func (e *Engine) solveOpt(req Request) (opt client.SolveOpt, err error) {
	opt = client.SolveOpt{
		LocalMounts: req.Locals,
		Session:     []session.Attachable{secretsprovider.FromMap(req.Secrets), credentials(), vendored(req.Copies)},
		// BuildKit's client adds to it.
		FrontendAttrs: map[string]string{},
		// Nobody looks at the build history of an embedded engine.
		Internal: e.opts.Address == "",
	}
	if req.SSHAgent != "" {
		agent, err := sshprovider.NewSSHAgentProvider([]sshprovider.AgentConfig{{Paths: []string{req.SSHAgent}}})
		if err != nil {
			return opt, fmt.Errorf("cannot use the SSH agent: %w", err)
		}
		opt.Session = append(opt.Session, agent)
	}
	opt.OCIStores, err = stores(req.Layouts)
	return opt, err
}

// exported returns the attributes of an export to a layout. An engine elsewhere exports tars, which
// the layout compresses.
func (e *Engine) exported(out *layout, to Output) map[string]string {
	how := to.Compression
	attributes := how.attributes()
	if e.opts.Address != "" {
		out.compressHere(how, openKept(e.opts.State, how))
		attributes = map[string]string{"compression": "uncompressed"}
	}
	attributes["tar"] = "false"
	return attributes
}

// definitions returns the definitions of all images and proofs.
func (r Request) definitions() []*pb.Definition {
	var out []*pb.Definition
	for _, i := range r.Images {
		out = append(out, i.Definition)
	}
	for _, p := range r.Proofs {
		out = append(out, p.Definition)
	}
	return out
}

// isPlatformsWarning reports whether a warning is about a result with several images of one
// platform: BuildKit expects images of different platforms.
func isPlatformsWarning(w *client.VertexWarning) bool {
	return bytes.HasPrefix(w.Short, []byte("Requested platform"))
}

// checkImages rejects requests that are bugs of the caller.
func checkImages(images []Image) error {
	if len(images) == 0 {
		return errors.New("no images to build")
	}
	seen := map[string]bool{}
	for _, im := range images {
		key := im.Name + " for " + platforms.Format(im.Platform)
		if seen[key] {
			return fmt.Errorf("image %s is requested twice", key)
		}
		if im.Definition == nil || len(im.Definition.Def) == 0 {
			return fmt.Errorf("image %s has no definition", key)
		}
		seen[key] = true
	}
	return nil
}

// solveAll returns one result with a reference for each image, in order, once
// all proofs hold.
func solveAll(ctx context.Context, g gateway.Client, images []Image, proofs *proving, imports []gateway.CacheOptionsEntry) (*gateway.Result, error) {
	res := gateway.NewResult()
	platforms := exptypes.Platforms{Platforms: make([]exptypes.Platform, len(images))}
	var mu sync.Mutex // guards res
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(maxSolves)
	for i, im := range images {
		// The id is the key in the result's maps; names may repeat across platforms.
		id := strconv.Itoa(i)
		platforms.Platforms[i] = exptypes.Platform{ID: id, Platform: im.Platform}
		eg.Go(func() error {
			r, err := g.Solve(ctx, gateway.SolveRequest{Definition: im.Definition, Evaluate: true, CacheImports: imports})
			if err != nil {
				return err
			}
			ref, err := r.SingleRef()
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			res.AddRef(id, ref)
			res.AddMeta(exptypes.ExporterImageConfigKey+"/"+id, im.Config)
			return nil
		})
	}
	proofs.start(ctx, g, eg, imports)
	if err := eg.Wait(); err != nil {
		return nil, err
	}
	if err := proofs.check(); err != nil || len(images) == 0 {
		return res, err
	}
	order, err := json.Marshal(platforms)
	if err != nil {
		return nil, err
	}
	res.AddMeta(exptypes.ExporterPlatformsKey, order)
	return res, nil
}
