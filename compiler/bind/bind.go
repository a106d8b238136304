// Package bind makes the model of a program: it binds the references that package
// evaluate leaves, and turns blocks into instances and apps.
//
// [Bind] binds each app. closure.go closes an app over its needs and binds slots, and
// intern.go turns the result into instances, equal ones only once. stage.go makes what
// `from` names, config.go merges image configuration, and own.go checks that no path has
// two writers. cross.go binds what builds on another platform. fragments.go composes
// files that several components write, user.go makes users, packages.go makes instances of
// packages, install.go chooses those of `install`, and publish.go makes the images of
// published components.
package bind

import (
	"slices"
	"strings"
	"sync"

	"github.com/layc-lang/layc/compiler/evaluate"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// Bind evaluates a program on one platform and binds the result. Even if there are errors,
// the graph is usable as far as it goes. Its Refs are complete if all errors have the code
// diag.NotPinned or diag.ChecksumUnchanged, and nothing unpinned names further things to
// pin.
func Bind(in evaluate.Input) (*model.Graph, diag.List) {
	e := evaluate.New(in)
	graph := &model.Graph{Platform: in.Platform, Fleet: e.Fleet, Repositories: e.Repositories, Ignore: e.Ignore}
	x := newBinder(in, e, graph, &[]made{})
	x.apps()
	x.published()
	checkNaming(x)
	x.own.stagesOnBase()
	x.tellApart()
	tellTitlesApart(graph)
	x.CheckSecrets()
	graph.Refs, graph.Askers, graph.Systems = x.ToPin(), x.Askers(), x.Systems()
	if x.across != nil {
		graph.Refs = lock.JoinRefs(graph.Refs, x.across.ToPin())
		for name, places := range x.across.Askers() {
			graph.Askers[name] = append(graph.Askers[name], places...)
		}
		for name, places := range x.across.Systems() {
			graph.Systems[name] = append(graph.Systems[name], places...)
		}
	}
	return graph, x.Finish()
}

func newBinder(in evaluate.Input, e *evaluate.Evaluator, graph *model.Graph, all *[]made) *binder {
	x := &binder{
		Evaluator: e, in: in, graph: graph, made: all,
		interned: map[string]*model.Instance{}, shown: map[string]string{},
		any:      map[*check.Component]int32{},
		bases:    map[*evaluate.Block]*model.Instance{},
		stages:   map[string]*model.Instance{},
		idle:     map[source.Span]bool{},
		packages: map[string]*model.Instance{},
		linkers:  marks{closures: map[*model.Instance]bitset{}},
		linked:   map[string][]linked{},
		builds:   map[built][]*model.Instance{},

		declarations: newDeclarations(),
	}
	x.own = newOwners(x)
	x.fleetDirs = sync.OnceValue(x.dirsOfFleetBase)
	return x
}

// binder binds the blocks of an evaluator: it makes instances of references, and apps of
// instances.
type binder struct {
	*evaluate.Evaluator
	in    evaluate.Input
	graph *model.Graph
	made  *[]made // by number of the instance
	own   *owners

	across *binder                    // on the fleet's builder; nil: not needed so far. See cross.go
	on     model.Platform             // of the builder, if x is the binder there
	whole  map[*evaluate.Block]*block // of other binders' blocks: what they build with here

	blocks   []*block // by number of the evaluated block
	building []*block // the stack of blocks with stages under construction

	refs     int // more than the number of any reference in a closure
	interned map[string]*model.Instance
	shown    map[string]string          // IDs without passwords → full IDs
	key      []byte                     // scratch: a key of interned
	any      map[*check.Component]int32 // numbers of references without arguments
	bases    map[*evaluate.Block]*model.Instance
	stages   map[string]*model.Instance // of builds, by reference key
	packages map[string]*model.Instance // by distribution and name
	// installing is set once a component installs packages.
	installing bool
	idle       map[source.Span]bool        // `update` clauses with nothing to refresh
	linkers    marks                       // instances with links
	linked     map[string][]linked         // by path
	builds     map[built][]*model.Instance // what is built with; nil: an error that was reported
	depth      int                         // of closures within closures
	tooDeep    bool                        // depth exceeded the limit, which was reported

	declarations *declarations
	fleetDirs    func() []model.Place // directories of the fleet's base that are not 0755 root
}

// apps binds all apps and sorts them by name.
func (x *binder) apps() {
	named := map[string]*model.App{}
	twice := map[string]bool{}
	for _, v := range x.Variants() {
		if x.Exhausted {
			break
		}
		a := x.app(v)
		if a == nil {
			continue
		}
		for _, name := range append([]string{a.Name}, a.References()...) {
			old := named[name]
			if old == nil {
				named[name] = a
				continue
			}
			if old == a || twice[name] {
				continue
			}
			twice[name] = true
			what := "images"
			if name == a.Name {
				what = "apps"
			}
			d := x.Found.Errorf(diag.DuplicateImage, v.Decl.Name.At, "two %s are named %s", what, name)
			if old.Span != a.Span {
				d.See(old.Span, "first defined here")
			}
			d.Note("an app's name is the name of its image").
				Hint("add what differs to the name or the tag: `app \"…-${version}\"`")
		}
		if named[a.Name] == a {
			x.graph.Apps = append(x.graph.Apps, a)
		}
	}
	slices.SortFunc(x.graph.Apps, func(a, b *model.App) int { return strings.Compare(a.Name, b.Name) })
}

// app binds one app: it closes the app over its needs.
func (x *binder) app(v *evaluate.Variant) *model.App {
	found := len(x.Found)
	e := x.Evaluator.App(v)
	if e == nil {
		return nil
	}
	name := e.Name
	b := &block{Block: e.Block}
	x.bindStages(b)
	base := e.Base
	if base == nil {
		base = x.Base
	}
	if base == nil {
		x.Once("app "+name, diag.NoBase, source.Span{}, source.Span{}, func() *diag.Diagnostic {
			return x.Found.Errorf(diag.NoBase, e.Span, "app %s has no base system", name).
				Note("every image is built on a base system, such as Debian").
				Hint("import \"std/debian\", and write `base debian.release(\"12\")` in the fleet")
		})
		return nil
	}
	a := &model.App{
		Name: name, Repository: e.Repository, Doc: e.Decl.Doc, Span: e.Span, Layers: e.Layers, LayersAt: e.LayersAt, Replicas: max(1, e.Replicas), Tags: e.Tags, Tests: e.Tests,
	}
	uses := slices.Concat(e.Uses, e.Mentions)
	c := x.close(base, uses, "app "+name)
	if c == nil {
		return nil
	}
	a.Base = c.base
	for _, r := range uses {
		a.Uses = union(a.Uses, c.instances(r))
	}
	replaced := c.after(e.Replaces)
	a.Closure = model.Topological(append([]*model.Instance{c.base}, c.all()...))
	x.sameAccounts(a)
	notCross(x, a.Closure)
	notElsewhere(x, c.base, a.Closure)
	shared := x.shared(a.Closure, a, appends(x.linksOf(a.Closure).settle(b.steps)))
	a.Delta = x.delta(a, b, c)
	a.Config = x.config(a, e.Settings)
	a.Closure = append(a.Closure, shared...)
	x.holdApp(a)
	x.own.overlaps(a, replaced)
	if a.Delta == nil && len(x.Found) == found && !slices.ContainsFunc(a.Closure, (*model.Instance).HasLayer) {
		x.Found.Errorf(diag.NoBase, a.Span, "app %s is empty", name).
			Note("its base is `scratch`, and nothing that it uses has files").
			Hint("add what the app runs, such as `copy \"server\" to \"/server\"`, or remove it")
	}
	return a
}
