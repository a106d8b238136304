// Package frontend builds an app for a BuildKit that runs layc as a frontend, for example because
// a .layer file begins with a line "# syntax=IMAGE".
//
// BuildKit has the files: the project is its build context, and layc's helper is in the
// frontend's image. So nothing is sent, and the build is the one of `layc build` with other
// sources: see llb.Sources. The image has the same layers, which BuildKit compresses, and the same configuration.
package frontend

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/frontend/subrequests/targets"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
	"github.com/opencontainers/go-digest"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/bind"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/pin"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/images"
	"github.com/layc-lang/layc/llb/world"
	"github.com/layc-lang/layc/llb/world/git"
)

// Build answers a request of BuildKit: it builds the app that is the target, for all platforms, lists
// the apps, or checks the program. Errors have all lines that a user needs.
func Build(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
	ui, err := dockerui.NewClient(c)
	if err != nil {
		return nil, err
	}
	b := &build{client: c, ui: ui}
	if b.options, err = readOptions(c.BuildOpts().Opts); err != nil {
		return nil, err
	}
	result, answered, err := ui.HandleSubrequest(ctx, dockerui.RequestHandler{ListTargets: b.targets, Lint: b.check})
	if answered || err != nil {
		return result, err
	}
	err = b.loaded(ctx, func(p *project) error {
		result, err = b.run(ctx, p)
		return err
	})
	return result, err
}

// build is one request.
type build struct {
	client  gateway.Client
	ui      *dockerui.Client
	options options
}

// project is the project as BuildKit has it.
type project struct {
	state   llb.State
	vertex  digest.Digest // of the state
	tree    *tree
	reduced bool // files that no app of most projects copies are left out
}

// loaded calls a function with the project: first without files that hardly any app copies. If these
// may be what it lacks, it fails with errReduced, and gets all.
func (b *build) loaded(ctx context.Context, use func(*project) error) error {
	p, err := b.load(ctx, true)
	if err != nil {
		return err
	}
	if err = use(p); !errors.Is(err, errReduced) {
		return err
	}
	if p, err = b.load(ctx, false); err != nil {
		return err
	}
	return use(p)
}

// run builds the image.
func (b *build) run(ctx context.Context, p *project) (*gateway.Result, error) {
	out, repositories, warnings, err := b.compile(ctx, p, compiler.Planned)
	if err != nil {
		return nil, err
	}
	for _, d := range warnings {
		b.finding(ctx, p.vertex, d)
	}
	for _, t := range out.Targets {
		if found := bind.Unlooked(t.Graph); len(found) > 0 {
			return nil, failed(found)
		}
	}
	if err := b.options.checkMirrors(out.Targets); err != nil {
		return nil, err
	}
	plans, err := b.choose(out)
	if err != nil {
		return nil, err
	}
	image, err := ownImage(b.client)
	if err != nil {
		return nil, err
	}
	mirrors, err := world.FindMirrors(world.Host{}, b.options.mirrors)
	if err != nil {
		return nil, err
	}
	e := &engine.Gateway{Client: b.client}
	result, err := images.Build(ctx, e, images.Input{
		Plans: plans, Files: out.Files, Mirrors: mirrors, Labels: b.options.labels, Notice: func(s string) { b.warn(ctx, p.vertex, s) },
		Sources: &sources{context: p.state, tree: p.tree, files: out.Files, vendored: repositories, reduced: p.reduced, image: image},
	})
	if err != nil {
		return nil, told(err)
	}
	b.warnings(ctx, p.vertex, result.Outcomes)
	return e.Result(), nil
}

// load has BuildKit load the project. Of a directory of the user, it leaves out what the ignore
// file matches and git's own directory, if reduced is set.
func (b *build) load(ctx context.Context, reduced bool) (*project, error) {
	p := &project{}
	var leave []string
	if reduced {
		first, err := b.ui.MainContext(ctx, llb.FollowPaths([]string{model.IgnoreFile}), llb.ExcludePatterns(nil),
			llb.SharedKeyHint("layc-ignore"), dockerui.WithInternalName("load "+model.IgnoreFile))
		if err != nil {
			return nil, err
		}
		if leave = b.ignored(ctx, *first); leave != nil {
			p.reduced = true
		}
	}
	state, err := b.ui.MainContext(ctx, llb.ExcludePatterns(leave), llb.SharedKeyHint("layc-project"), dockerui.WithInternalName("load the project"))
	if err != nil {
		return nil, err
	}
	p.state = *state
	def, err := state.Marshal(ctx)
	if err != nil {
		return nil, err
	}
	if p.vertex, err = def.Head(); err != nil {
		return nil, err
	}
	ref, err := b.solve(ctx, *state)
	if err != nil {
		return nil, err
	}
	p.tree = newTree(ctx, ref)
	return p, b.options.checkFile(p.tree)
}

// ignored returns patterns for what need not be loaded. What the compiler reads is loaded in any
// case.
func (b *build) ignored(ctx context.Context, with llb.State) []string {
	patterns := []string{".git"}
	ref, err := b.solve(ctx, with)
	if err != nil {
		return patterns // loading the project fails, too
	}
	text, err := newTree(ctx, ref).ReadFile(model.IgnoreFile)
	if err != nil {
		return patterns
	}
	lines, err := ignorefile.ReadAll(bytes.NewReader(text))
	if err != nil {
		return patterns // the compiler reports it
	}
	if _, err := patternmatcher.New(lines); err != nil {
		return patterns
	}
	return slices.Concat(lines, []string{".git", "!" + model.IgnoreFile, "!*.layer", "!**/*.layer", "!**/" + lock.Name, "!" + lock.Name, "!vendor"})
}

func (b *build) solve(ctx context.Context, s llb.State) (gateway.Reference, error) {
	def, err := s.Marshal(ctx)
	if err != nil {
		return nil, err
	}
	r, err := b.client.Solve(ctx, gateway.SolveRequest{Definition: def.ToPB(), Evaluate: true})
	if err != nil {
		return nil, err
	}
	return r.SingleRef()
}

// compile compiles the project up to a stage. It also returns the directories of the project that
// have the repositories, by their directories in the tree of files, and warnings. Errors in a reduced
// project may be due to what is missing.
func (b *build) compile(ctx context.Context, p *project, until compiler.Stage) (*compiler.Output, map[string]string, diag.List, error) {
	in := compiler.Input{
		Project: p.tree, Dir: ".", Name: "the build context", Set: b.options.set, Platforms: b.options.platforms,
		Platform: platformOf(b.ui.BuildPlatforms[0]), Done: ctx.Done(),
	}
	repositories := map[string]string{}
	if text, err := fs.ReadFile(p.tree, lock.Name); err == nil {
		if pins, err := lock.Parse(lock.Name, text); err == nil && len(pins.Modules) > 0 {
			for _, m := range pins.Modules {
				repositories[load.Repository{URL: m.URL, Version: m.Version}.Mount()] = git.VendoredAt(m)
			}
			if in.Modules, err = vendored(ctx, in, pins); err != nil {
				return nil, nil, nil, err
			}
		}
	}
	out, list := compiler.Compile(in, until)
	switch err := ctx.Err(); {
	case err != nil:
		return nil, nil, nil, err
	case list.HasErrors() && p.reduced:
		return nil, nil, nil, errReduced
	case list.HasErrors():
		return nil, nil, nil, failed(list)
	case !out.HasApps():
		return nil, nil, nil, errors.New("the module has no apps to build; declare one: app NAME { … }")
	}
	return out, repositories, list, nil
}

// vendored reads the repositories that are vendored in a project.
func vendored(ctx context.Context, in compiler.Input, pins *lock.File) (map[load.Repository]load.Fetched, error) {
	// The frontend's image has only the program.
	if err := os.MkdirAll(os.TempDir(), 0o700); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "layc")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for _, m := range pins.Modules {
		from, err := fs.Sub(in.Project, git.VendoredAt(m))
		if err == nil {
			err = os.CopyFS(filepath.Join(dir, filepath.FromSlash(git.VendoredAt(m))), from)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	store := copies{git.Store{Vendor: filepath.Join(dir, "vendor"), Cache: filepath.Join(dir, "cache"), Announce: func(string) {}}}
	return pin.Fetch(ctx, in, pins, store, false)
}

// copies are the vendored repositories of a project.
type copies struct{ git.Store }

func (c copies) Read(ctx context.Context, m lock.Module, online bool) (fs.FS, error) {
	files, err := c.Store.Read(ctx, m, online)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNotVendored
	}
	return files, err
}

var errNotVendored = &adviceError{
	"the project has no copy of it",
	"a build in BuildKit fetches no repositories",
	"run `layc vendor`, which writes a copy to the directory vendor, and commit it",
}

// adviceError is a [load.Advised].
type adviceError struct{ text, note, help string }

func (e *adviceError) Error() string         { return e.text }
func (e *adviceError) Advice() (_, _ string) { return e.note, e.help }

// choose returns the plan of the target for each platform.
func (b *build) choose(out *compiler.Output) ([]*plan.Plan, error) {
	var known []string
	var chosen []*model.App
	for _, t := range out.Targets {
		for _, a := range slices.Concat(t.Graph.Apps, t.Graph.Published) {
			published := slices.Contains(t.Graph.Published, a)
			if !slices.Contains(known, a.Name) && !published {
				known = append(known, a.Name)
			}
			if b.ui.Target == "" && !published || b.ui.Target != "" && (a.Name == b.ui.Target || a.Repository == b.ui.Target) {
				if !slices.ContainsFunc(chosen, func(c *model.App) bool { return c.Name == a.Name }) {
					chosen = append(chosen, a)
				}
			}
		}
	}
	if err := one(b.ui.Target, chosen, known); err != nil {
		return nil, err
	}
	var plans []*plan.Plan
	for _, t := range out.Targets {
		if p := t.Plan.Only(map[string]bool{chosen[0].Name: true}); len(p.Images)+len(p.Published) > 0 {
			plans = append(plans, p)
		}
	}
	return plans, nil
}

// targets lists the apps, for `docker build --call targets`.
func (b *build) targets(ctx context.Context) (*targets.List, error) {
	list := &targets.List{}
	err := b.loaded(ctx, func(p *project) error {
		out, _, _, err := b.compile(ctx, p, compiler.Bound)
		if err != nil {
			return err
		}
		for _, t := range out.Targets {
			for _, a := range t.Graph.Apps {
				if !slices.ContainsFunc(list.Targets, func(t targets.Target) bool { return t.Name == a.Name }) {
					list.Targets = append(list.Targets, targets.Target{Name: a.Name, Description: strings.Join(a.References(), ", ")})
				}
			}
		}
		return nil
	})
	if len(list.Targets) == 1 {
		list.Targets[0].Default = true
	}
	return list, err
}

// check lists the warnings of the program, for `docker build --check`.
func (b *build) check(ctx context.Context) (*lint.LintResults, error) {
	results := &lint.LintResults{}
	err := b.loaded(ctx, func(p *project) error {
		_, _, warnings, err := b.compile(ctx, p, compiler.Planned)
		for _, d := range warnings {
			results.AddWarning(string(d.Code), d.Message, "", rendered(diag.List{d}), -1, nil)
		}
		return err
	})
	return results, err
}
