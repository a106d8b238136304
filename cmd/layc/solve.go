package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/compiler/component"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/helper"
	"github.com/layc-lang/layc/llb/pin"
	"github.com/layc-lang/layc/llb/project"
)

// solve opens the engine, lowers the plans for it and builds. Where a download
// fails that has another mirror, it asks that one, and goes on with what is
// built. The graphs are those that were built last; nil if none was.
func (b *build) solve(ctx context.Context, plans []*plan.Plan, mirrors pin.Mirrors, secrets map[string][]byte, layout string) (*engine.Result, []*llb.Graph, error) {
	e, err := b.opened(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer e.Close()
	runs, err := e.Platforms(ctx)
	if err != nil {
		return nil, nil, err
	}
	for down := map[string]bool{}; ; {
		graphs, err := b.lower(plans, mirrors, runs, down)
		if err != nil {
			return nil, nil, err
		}
		request, err := b.request(graphs, secrets, layout)
		if err != nil {
			return nil, nil, err
		}
		result, err := b.watch(ctx, e, request)
		err = b.served(ctx, err)
		url := unserved(graphs, err)
		if url == "" {
			return result, graphs, err
		}
		down[url] = true
		fmt.Fprintf(b.err, "%s does not serve what it should; asking its mirror\n", url)
	}
}

// opened is the engine to build with.
func (b *build) opened(ctx context.Context) (builder, error) {
	state, err := b.stateDir()
	if err != nil {
		return nil, err
	}
	e, err := b.open(ctx, engine.Options{
		Address: b.engine, State: state, Notice: func(text string) { fmt.Fprintln(b.err, text) },
	})
	if err == nil && e.Attached() && b.engine == "" {
		fmt.Fprintln(b.err, "another layc has the engine open: building there")
	}
	return e, err
}

// lower lowers the plans of all platforms for an engine that runs programs of
// the given ones, its own first. Plans that run programs of another are errors.
func (b *build) lower(plans []*plan.Plan, mirrors pin.Mirrors, runs []ocispecs.Platform, down map[string]bool) ([]*llb.Graph, error) {
	tree, err := filepath.Abs(b.dir)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(tree))
	own := component.Platform{OS: runs[0].OS, Arch: runs[0].Architecture, Variant: runs[0].Variant}
	var graphs []*llb.Graph
	for _, p := range plans {
		g, err := llb.Lower(p, llb.Options{
			Tree: hex.EncodeToString(sum[:8]), URL: mirrors.URL, Down: down, Build: own, Verify: b.verify,
		})
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

// cannotRun says that the engine is for other platforms.
func cannotRun(p ocispecs.Platform, runs []ocispecs.Platform) error {
	var known []string
	for _, r := range runs {
		if name := r.OS + "/" + r.Architecture; !slices.Contains(known, name) {
			known = append(known, name)
		}
	}
	return &engine.UnavailableError{
		What: fmt.Sprintf("the engine cannot run programs of %s; it runs those of %s", platformName(p), strings.Join(known, ", ")),
		Help: "build for those with --platform, install an emulator (QEMU's user mode, with\nbinfmt_misc), or name an engine of that platform with --engine",
	}
}

// request is what the engine is asked for.
func (b *build) request(graphs []*llb.Graph, secrets map[string][]byte, layout string) (engine.Request, error) {
	request := engine.Request{
		Locals: helper.Sources(), Layouts: map[string]string{}, Secrets: secrets, Output: engine.Output{Dir: layout},
	}
	for name, text := range hostNetwork() {
		secrets[name] = text
	}
	for _, g := range graphs {
		if g.SSH {
			if request.SSHAgent = os.Getenv("SSH_AUTH_SOCK"); request.SSHAgent == "" {
				return request, &usageError{"a step uses ssh, and there is no SSH agent: start one, so that SSH_AUTH_SOCK is set", "layc build"}
			}
		}
		for name, selection := range g.Selections {
			request.Locals[name] = project.Source(b.files, selection)
		}
		for _, dir := range g.Layouts {
			request.Layouts[dir] = filepath.Join(b.dir, filepath.FromSlash(dir))
		}
		for _, s := range g.Secrets {
			if _, ok := secrets[s]; !ok {
				return request, &usageError{fmt.Sprintf("a step needs the secret %s: give it with --secret %s=FILE", s, s), "layc build"}
			}
		}
		for _, i := range g.Images {
			names := i.App.References()
			request.Images = append(request.Images, engine.Image{
				Name: names[0], Aliases: names[1:], Platform: i.Platform, Definition: i.Definition(), Config: i.Config,
			})
		}
	}
	request.Proofs = proofs(graphs)
	return request, nil
}

// watch builds, and shows the progress.
func (b *build) watch(ctx context.Context, e builder, request engine.Request) (*engine.Result, error) {
	display, err := engine.NewDisplay(screen(b.err), b.progressMode())
	if err != nil {
		return nil, err
	}
	request.Status = display.Status
	result, err := e.Build(ctx, request)
	if closing := display.Close(); err == nil && closing != nil && !errors.Is(closing, context.Canceled) {
		err = closing
	}
	return result, err
}

// unserved is the URL, as a program writes it, of the download that a build
// failed for, if another mirror is left to be asked; else empty.
func unserved(graphs []*llb.Graph, err error) string {
	var vertex digest.Digest
	var step *engine.StepError
	var unavailable *engine.UnavailableError
	switch {
	case errors.As(err, &step):
		vertex = step.Vertex
	case errors.As(err, &unavailable):
		vertex = unavailable.Vertex
	}
	for _, g := range graphs {
		if url := g.Origins[vertex].URL; url != "" {
			return url
		}
	}
	return ""
}

func (b *build) progressMode() string {
	if b.json && b.progress == "auto" {
		return "quiet"
	}
	return b.progress
}

// stateDir is the directory of the embedded engine's state.
func (b *build) stateDir() (string, error) {
	if b.state != "" || b.engine != "" {
		return b.state, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no place for the engine's state: %w; name one with --state", err)
	}
	return filepath.Join(cache, "layc"), nil
}
