// Package llb lowers a plan to BuildKit's low-level build definitions. Only this package, and
// llb/frontend for the files of a build, import BuildKit's client/llb.
//
// A base and the spine above it are one chain of states. A portable layer is a FileOp on scratch,
// whose bytes do not depend on anything else. An image is the Merge of its spine and its portable
// layers. content.go has the content of layers, run.go the state and the options of runs,
// debian.go a distribution's packages.
package llb

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/llb/helper"
)

// Graph is the lowered plan: one definition for each image. Images that share layers share
// vertices.
type Graph struct {
	Images  []Image // in the plan's order, then the published ones
	Proofs  []Proof // without Verify only the proofs of every build
	Origins map[digest.Digest]Origin
	// Secrets are the sorted names of all secrets that steps mount.
	Secrets []string
	// Runs are the first steps that run programs of each platform, sorted by platform.
	Runs []Running
	SSH  bool // a step uses the user's SSH agent
	// Layouts are the project's OCI layout directories that are bases, sorted. A definition
	// refers to each as a store of that name.
	Layouts []string
	// Downloads are the files that steps download, and Bases the images from registries, sorted by
	// digest.
	Downloads []Download
	Bases     []Base
	// Selections are the files that steps copy from the project and from git repositories, by their
	// directories in the local source ProjectSource.
	Selections map[string]*model.Selection
}

// Image is the definition of one image.
type Image struct {
	App      *model.App
	Platform ocispecs.Platform
	Config   []byte // the OCI image configuration, without rootfs
	// Inherited is the number of layers of the image that is the base, at the bottom.
	Inherited int
	Layers    []*plan.Layer // as planned
	solvable
}

// Running is a step that runs programs of a platform.
type Running struct {
	Platform  model.Platform
	Component string
	Span      source.Span
	Asked     source.Span // as of an Origin
}

// Origin describes what a vertex was lowered from.
type Origin struct {
	Component string
	Span      source.Span // the step; zero for a vertex that layc adds
	// Asked is where the project asks for the component, if the step is in another module; see
	// [model.Instance].
	Asked source.Span
	// Copied lists what the vertex copies from stages.
	Copied []Copied
	// URL is the URL of a download, as written in the program, if there is another mirror to try;
	// else empty.
	URL string
	// Members are the instances whose content, steps or effects the vertex puts into a
	// system, in the order in which the helper counts them; nil: packages and users.
	Members []*model.Instance
	// Run is the run that the vertex executes; nil if layc adds the vertex.
	Run *model.Run
	// Distribution is the distribution of the base that the run is executed on; "" if the base is
	// not made from packages.
	Distribution string
	// MayInstall reports whether `install` is allowed in the run's component.
	MayInstall bool
	// Verified is the instance whose written paths the vertex checks; nil for other vertices.
	Verified *model.Instance
	// Packed are the instances in the helper's records of the vertex, by number.
	Packed []*model.Instance
}

// Copied is a path or a pattern that a step copies from a stage.
type Copied struct {
	Path string
	From string // the title of the stage
	Span source.Span
}

// Options are the inputs of a lowering in addition to the plan.
type Options struct {
	// Tree identifies the project's directory on a BuildKit that serves several. It is equal for
	// equal directories.
	Tree string
	// URL turns a URL as written in the program, perhaps "maven:…", into the one to download
	// from. Nil: URLs are used unchanged.
	URL func(string) (string, error)
	// Vendored reports whether the project has a copy of what has a digest: of a file, or of an
	// image's manifest. Steps then take the copy. Nil: there are none.
	Vendored func(digest string) bool
	// Down are URLs, as written in the program, that failed to serve the right content. Their
	// mirrors are used instead, if they have any.
	Down map[string]bool
	// Build is the platform of the engine. Steps that run no program of the image execute on it.
	// Zero: the plan's, or linux/amd64 if layc's helper does not run on that.
	Build model.Platform
	// Verify adds all proofs.
	Verify bool
	// Labels are set in all images. They replace labels of the program.
	Labels map[string]string
	// Apart marks the vertices that the built-in engine finds faster in its cache by [helper.Apart]. Caches
	// that other engines read must not depend on it.
	Apart bool
	// Text adds the text of the program to definitions, for clients of BuildKit that show it where a step
	// fails. It makes each definition as large as the program.
	Text bool
	// Sources takes the place of local sources; nil: layc sends these.
	Sources Sources
}

// Sources are the files of a build that does not send any itself: the engine has them already.
// States are as the local sources would be, except for times.
type Sources interface {
	// Project has the selected files of the project and of git repositories, in
	// [model.Selection.Root].
	Project(s *model.Selection, o llb.ConstraintsOpt) (llb.State, error)
	// Helper has the helper for an architecture, as its local source has it.
	Helper(arch string) llb.State
}

// Lower lowers a plan. The result is a pure function of the plan and the options. An error comes
// from Options.URL, or is a bug in layc.
func Lower(p *plan.Plan, o Options) (*Graph, error) {
	l := &lowerer{
		options:  o,
		graph:    p.Graph,
		platform: ociPlatform(p.Graph.Platform),
		chains:   map[model.Key]*contents{},
		contents: map[model.Key]llb.State{},
		layers:   map[*plan.Layer]llb.State{},
		grounds:  map[*plan.Layer]ground{},
		roots:    map[string]llb.State{},
		effects:  map[string]effect{},
		secrets:  map[string]bool{},
		layouts:  map[string]bool{},
		runs:     map[model.Platform]Running{},
		askers:   askedFor(p.Graph),

		downloads:  map[string]Download{},
		bases:      map[string]Base{},
		selections: map[string]*model.Selection{},
	}
	// An image has a layer of its own, a merge and a proof; an instance, a download or so.
	l.origins = make([]Origin, 0, 4*len(p.Images)+3*len(p.Graph.Instances))
	switch {
	case o.Build != (model.Platform{}):
		l.build = ociPlatform(o.Build)
	case p.Graph.Platform.Complete():
		l.build = l.platform
	default:
		l.build = ociPlatform(model.Platform{OS: "linux", Arch: "amd64"})
	}
	g := &Graph{}
	m := newMarshaller(llb.Platform(l.build), llb.LocalUniqueID(l.options.Tree))
	l.local = l.localSource(p, o.Verify)
	l.replaceable = findReplaceable(slices.Concat(p.Images, p.Published), p.Graph.Instances)
	l.shipped = shipped(slices.Concat(p.Images, p.Published))
	var err error
	if g.Images, err = l.images(slices.Concat(p.Images, p.Published), m); err != nil {
		return nil, err
	}
	if g.Proofs, err = l.prove(p, m, o.Verify); err != nil {
		return nil, err
	}
	g.Origins = l.collect(m.vertices)
	for s := range l.secrets {
		g.Secrets = append(g.Secrets, s)
	}
	slices.Sort(g.Secrets)
	g.SSH = l.ssh
	g.Runs = slices.SortedFunc(maps.Values(l.runs), func(a, b Running) int { return strings.Compare(a.Platform.String(), b.Platform.String()) })
	g.Layouts = slices.Sorted(maps.Keys(l.layouts))
	g.Downloads, g.Bases = byDigest(l.downloads), byDigest(l.bases)
	g.Selections = l.selections
	return g, nil
}

// lowerer lowers one plan. It has more than 60 methods: each kind of layer, step and option has
// one, and all share the states lowered so far.
type lowerer struct {
	options  Options
	graph    *model.Graph
	platform ocispecs.Platform // of the images
	build    ocispecs.Platform // of the engine
	chains   map[model.Key]*contents
	contents map[model.Key]llb.State   // portable layers of one instance
	layers   map[*plan.Layer]llb.State // portable ones and deltas
	grounds  map[*plan.Layer]ground    // bases and spines
	effects  map[string]effect         // by the keys of their worlds and instances
	roots    map[string]llb.State      // by the keys of their instances
	origins  []Origin                  // by the number in a vertex's description
	secrets  map[string]bool
	layouts  map[string]bool
	shipped  map[model.Key]bool // recipes that are in images
	askers   map[declared]source.Span

	local      llb.State                   // the files that steps take
	selections map[string]*model.Selection // by their directory in local
	downloads  map[string]Download         // by digest
	bases      map[string]Base             // by digest

	replaceable replaceable
	ssh         bool
	runs        map[model.Platform]Running // the first step that runs programs of each platform
	err         error                      // the first one; states are worthless afterwards
}

func ociPlatform(p model.Platform) ocispecs.Platform {
	return ocispecs.Platform{OS: p.OS, Architecture: p.Arch, Variant: p.Variant}
}

// executes notes that a step of a component runs programs of a platform.
func (l *lowerer) executes(on ocispecs.Platform, component string, at source.Span) {
	p := model.Platform{OS: on.OS, Arch: on.Architecture, Variant: on.Variant}
	if _, ok := l.runs[p]; !ok {
		l.runs[p] = Running{p, component, at, l.asked(component, at)}
	}
}

func (l *lowerer) fail(err error) {
	if l.err == nil {
		l.err = err
	}
}

// originKey is the description key for the number of a vertex's origin. Descriptions are not part
// of a vertex's digest.
const originKey = "layc.origin"

// SizeKey is the key of the number of bytes of a download in the description of its vertex, if that is
// known.
const SizeKey = "layc.size"

// sized describes the size of a download.
func sized(bytes int64) llb.ConstraintsOpt {
	if bytes <= 0 {
		return llb.WithDescription(nil)
	}
	return llb.WithDescription(map[string]string{SizeKey: strconv.FormatInt(bytes, 10)})
}

// declared is a component by its title, and the file that declares it.
type declared struct {
	title string
	file  *source.File
}

// askedFor returns where the project asks for the components of other modules.
func askedFor(graph *model.Graph) map[declared]source.Span {
	asked := map[declared]source.Span{}
	for _, i := range graph.Instances {
		at := declared{i.Title, i.Span.File}
		if _, known := asked[at]; !known && !i.Asked.IsZero() {
			asked[at] = i.Asked
		}
	}
	return asked
}

// asked returns where the project asks for a component that has something at a place; zero if it has the
// component itself.
func (l *lowerer) asked(component string, at source.Span) source.Span {
	return l.askers[declared{component, at.File}]
}

// from describes a vertex: its name in the progress output, and its origin.
func (l *lowerer) from(component, name string, at source.Span) llb.ConstraintsOpt {
	l.origins = append(l.origins, Origin{Component: component, Span: at, Asked: l.asked(component, at)})
	return llb.WithDescription(map[string]string{
		"llb.customname": "[" + component + "] " + name,
		originKey:        strconv.Itoa(len(l.origins) - 1),
	})
}

// images lowers images, in their order. It pipelines three stages, each on one image at a time:
// building states, marshalling them, and creating configurations.
func (l *lowerer) images(images []*plan.Image, m *marshaller) ([]Image, error) {
	out := make([]Image, len(images))
	states := make(chan llb.State, len(images))
	var work errgroup.Group
	work.Go(func() error {
		defer close(states)
		for _, i := range images {
			state := l.image(i)
			if l.err != nil {
				return l.err
			}
			states <- state
		}
		return nil
	})
	work.Go(func() (err error) {
		n := 0
		for state := range states {
			if out[n].solvable, err = m.solvable(state); err != nil {
				return fmt.Errorf("lower %s: %w", images[n].App.Name, err)
			}
			n++
		}
		return nil
	})
	work.Go(func() (err error) {
		for n, i := range images {
			out[n].App, out[n].Platform, out[n].Inherited, out[n].Layers = i.App, l.platform, inherited(i), i.Layers
			if out[n].Config, err = imageConfig(i, l.platform, l.options.Labels); err != nil {
				return err
			}
		}
		return nil
	})
	return out, work.Wait()
}

// image returns the root file system of an image.
func (l *lowerer) image(i *plan.Image) llb.State {
	var layers []string
	for _, y := range i.Layers {
		layers = append(layers, y.ID)
	}
	return l.merge(l.stack(i), i.App.Name, l.apart(layers))
}

// apart makes the built-in engine remember the result of a vertex by a list, too, and not only by what
// the vertex does to which inputs. The images of a fleet differ in one input, so each of the
// others alone would lead to the results of all images: a million for a thousand images.
func (l *lowerer) apart(list []string) llb.ConstraintsOpt {
	marks := map[string]string{}
	if l.options.Apart {
		marks[helper.Apart] = short(list)
	}
	return llb.WithDescription(marks)
}

// stack returns the states that an image's root file system is merged from, the lowest first.
func (l *lowerer) stack(i *plan.Image) []llb.State {
	var stack []llb.State
	for _, y := range i.Layers {
		if y.Kind == plan.Base || y.Kind == plan.Spine {
			stack = stack[:0] // it includes everything below
		}
		stack = append(stack, l.layer(y))
	}
	return stack
}

// merge merges states, the lowest first.
func (l *lowerer) merge(stack []llb.State, name string, o ...llb.ConstraintsOpt) llb.State {
	switch len(stack) {
	case 0:
		return llb.Scratch()
	case 1:
		return stack[0]
	}
	return llb.Merge(stack, append(o, l.from(name, "merge", source.Span{}))...)
}

// layer returns the state of a planned layer. For a base or spine layer it includes everything
// below; for a portable layer or a delta it is only the layer's own content.
func (l *lowerer) layer(y *plan.Layer) llb.State {
	if y.Kind == plan.Base || y.Kind == plan.Spine {
		return l.ground(y).state
	}
	s, ok := l.layers[y]
	if !ok {
		s = l.portable(y.Members)
		l.layers[y] = s
	}
	return s
}

// ground is everything up to a base or spine layer.
func (l *lowerer) ground(y *plan.Layer) ground {
	if g, ok := l.grounds[y]; ok {
		return g
	}
	g := l.newGround(llb.Scratch())
	switch {
	case y.Kind == plan.Base:
		g = l.newGround(l.base(y.Members[0]), y.Members[0])
	case y.Parent != nil:
		g = l.ground(y.Parent)
	}
	if y.Kind == plan.Spine {
		var on []llb.State
		var members []*model.Instance
		for _, o := range y.On {
			on, members = append(on, l.layer(o)), append(members, o.Members...)
		}
		g = l.stacked(l.merged(g, on, members, y.Components()[0]), y.Members)
	}
	l.grounds[y] = g
	return g
}

// portable returns the state of a portable layer. For a single instance it is that instance's
// content, which other vertices use, too. For several, their content is merged and copied as a
// whole, so that it is one layer.
func (l *lowerer) portable(members []*model.Instance) llb.State {
	if len(members) == 1 {
		return l.content(members[0])
	}
	var stack []llb.State
	var names []string
	timed := slices.ContainsFunc(members, func(i *model.Instance) bool { return len(i.Timed) > 0 })
	for _, i := range members {
		if c := l.actions(i); c.chain != nil && timed {
			stack = append(stack, l.content(i))
		} else if c.chain != nil {
			stack = append(stack, c.state)
		}
		names = append(names, i.Title)
	}
	name := strings.Join(names, " + ")
	if timed {
		// A copy that sets no time keeps the times of the members.
		info := &llb.CopyInfo{CopyDirContentsOnly: true}
		return llb.Scratch().File(llb.Copy(l.merge(stack, name), "/", "/", info), l.from(name, "layer", members[0].Span))
	}
	return l.settled(l.merge(stack, name), "layer", name, members[0].Span)
}
