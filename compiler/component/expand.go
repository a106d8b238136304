package component

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Input is all that an expansion depends on.
type Input struct {
	Program  *check.Program
	Lock     *lock.File // never nil; the zero File pins nothing
	Platform Platform
	Asked    bool              // the platform is not one of the fleet's own, or not because it is
	Files    fs.FS             // the project's files and those of repositories: their names and sizes
	Set      map[string]string // values of the module's parameters
	Override *Override         // nil: none
}

// Expand evaluates a program on one platform. The graph is usable, as far as
// it goes, even if there are errors; its Refs are complete if the only errors
// are of codes Unpinned and Renamed and nothing unpinned names further things to pin.
func Expand(in Input) (*Graph, diag.List) {
	x := &expander{
		p: in.Program, lock: in.Lock, platform: in.Platform, asked: in.Asked, files: in.Files, set: in.Set, override: in.Override,
		graph:    &Graph{Platform: in.Platform, Refs: lock.Refs{Mirrors: map[string][]string{}}},
		moduleOf: map[*source.File]*check.Module{},
		lets:     map[source.Span]value{},
		bodies:   map[string]*body{},
		interned: map[string]*Instance{}, shown: map[string]string{},
		numbers:  map[string]int32{},
		any:      map[*check.Component]int32{},
		bases:    map[*body]*Instance{},
		defaults: map[*check.Component]*ref{},
		slots:    map[*check.Slot]*ref{},
		stages:   map[string]*Instance{},
		unlocked: map[source.Span]bool{},
		idle:     map[source.Span]bool{},
		packages: map[string]*Instance{},
		accounts: map[*check.User]*account{},
		linkers:  marks{closures: map[*Instance]bitset{}},
		linked:   map[string][]linked{},
		builds:   map[*body][]*Instance{},
		claimed:  map[*Instance][]claim{},
		placed:   map[*Copy]map[string]Taken{},
		places:   map[string]*place{},
		wanted:   map[string]map[string]bool{},
		repeated: map[string]*repeats{},
		absent:   map[absent]*diag.Diagnostic{},

		declarations: newDeclarations(),
		nameless:     map[*syntax.App]bool{},
	}
	x.fleetDirs = sync.OnceValue(x.dirsOfFleetBase)
	for _, m := range in.Program.Modules {
		for _, f := range m.Files {
			x.moduleOf[f.Source] = m
		}
	}
	for _, m := range in.Program.Modules {
		if (m.Git != load.Repository{}) {
			pin, _ := x.lock.Module(m.Git.URL, m.Git.Version)
			x.graph.Repositories = append(x.graph.Repositories, Repository{m.Git.Mount(), pin.Digest})
		}
	}
	slices.SortFunc(x.graph.Repositories, func(a, b Repository) int { return strings.Compare(a.Mount, b.Mount) })
	x.graph.Repositories = slices.Compact(x.graph.Repositories)
	x.readIgnore()
	x.readSettings()
	x.fleet()
	x.apps()
	x.published()
	x.tellApart()
	x.checkSecrets()
	x.noteRepeats()
	if x.exhausted {
		x.found = x.found[:min(x.enough, len(x.found))]
	}
	x.finishRefs()
	return x.graph, x.found
}

type expander struct {
	p        *check.Program
	lock     *lock.File
	platform Platform
	asked    bool
	files    fs.FS
	set      map[string]string
	settings map[*check.Param]value // what set says, as values
	override *Override
	graph    *Graph
	found    diag.List

	moduleOf  map[*source.File]*check.Module
	lets      map[source.Span]value // of modules
	bodies    map[string]*body      // by reference key
	interned  map[string]*Instance
	shown     map[string]string          // IDs without passwords → what they are short for
	key       []byte                     // scratch: one of interned
	numbers   map[string]int32           // of references, by key
	any       map[*check.Component]int32 // of them those without arguments
	bases     map[*body]*Instance
	defaults  map[*check.Component]*ref
	slots     map[*check.Slot]*ref // their defaults
	stages    map[string]*Instance // build world, by reference key
	packages  map[string]*Instance // by distribution and name
	unlocked  map[source.Span]bool // fetches that are not pinned, which is reported
	idle      map[source.Span]bool // `update` clauses without anything to refresh
	accounts  map[*check.User]*account
	linkers   marks                 // instances with links
	linked    map[string][]linked   // by path
	builds    map[*body][]*Instance // what a body builds with; nil: an error, reported
	claimed   map[*Instance][]claim
	placed    map[*Copy]map[string]Taken
	places    map[string]*place
	combined  int  // apps, of all matrices
	depth     int  // of closures within closures
	tooDeep   bool // which is reported
	wanted    map[string]map[string]bool
	fleetBase *ref

	nameless     map[*syntax.App]bool // matrices of which that is reported
	declarations *declarations
	fleetDirs    func() []Place              // of the fleet's base, those that are not plain
	origin       source.Span                 // of the body under evaluation
	repeated     map[string]*repeats         // findings about closures
	absent       map[absent]*diag.Diagnostic // findings about maps
	exhausted    bool                        // a limit is reached, which is reported
	enough       int                         // findings up to that
	building     []*ref                      // whose blocks are under evaluation, each for a stage of the one before

	secretUses []secretUse
	spent      int64 // of maxSpent
	held       int64 // of maxHeld
}

type secretUse struct {
	name string
	span source.Span
}

// fleet evaluates the fleet declaration.
func (x *expander) fleet() {
	if x.p.Fleet == nil {
		return
	}
	b := &body{module: x.p.Root, span: x.p.Fleet.At}
	x.statements(x.p.Fleet.Body, &env{module: x.p.Root}, b)
	x.fleetBase = b.base
	slices.Sort(b.secrets)
	x.graph.Fleet = Fleet{Registry: b.registry, Layers: b.layers, LayersAt: b.layersAt, Platforms: b.platforms, Secrets: slices.Compact(b.secrets)}
}

// variant is one app of a matrix, before it is evaluated.
type variant struct {
	app        *syntax.App
	env        *env
	repository string
	shared     bool // with other variants of its matrix: its tag tells it apart
}

// apps evaluates all apps and sorts them by name.
func (x *expander) apps() {
	var variants []*variant
	for _, d := range x.p.Apps {
		same := map[string]*variant{}
		w := newWhere(d)
		x.matrix(d, w, d.Generators, &env{module: x.p.Root, values: map[source.Span]value{}}, func(v *env) {
			name, ok := x.eval(d.Name, v).(string)
			if !ok {
				return
			}
			one := &variant{app: d, env: v, repository: name}
			if first := same[name]; first != nil {
				first.shared, one.shared = true, true
			} else {
				same[name] = one
			}
			variants = append(variants, one)
		})
		w.idle(x, d)
	}
	named := map[string]*App{}
	twice := map[string]bool{}
	for _, v := range variants {
		if x.exhausted {
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
			d := x.found.Errorf("E0312", v.app.Name.At, "two %s are called %s", what, name)
			if old.Span != a.Span {
				d.See(old.Span, "the first is here")
			}
			d.Note("an app's name is the name of its image").
				Hint("put what tells them apart into the name or the tag: `app \"…-${version}\"`")
		}
		if named[a.Name] == a {
			x.graph.Apps = append(x.graph.Apps, a)
		}
	}
	slices.SortFunc(x.graph.Apps, func(a, b *App) int { return strings.Compare(a.Name, b.Name) })
}

// matrix calls f for each combination of the generators that where allows.
func (x *expander) matrix(d *syntax.App, w *where, rest []*syntax.Generator, v *env, f func(*env)) {
	if len(rest) > 0 {
		x.generate(rest[0], v, func(in *env) { x.matrix(d, w, rest[1:], in, f) })
		return
	}
	if !w.allows(x, v) {
		return
	}
	if x.combined++; x.combined > MaxApps {
		if !x.exhausted {
			x.exhaust()
			x.found.Errorf("E0311", d.Name.At, "more than %d apps", MaxApps).
				Note("a matrix has one app for each combination of what its `for` goes through").
				Hint("make the lists shorter, or leave combinations out with `where`")
		}
		return
	}
	f(v)
}

// app evaluates one app and closes it over its needs.
func (x *expander) app(v *variant) *App {
	d, name := v.app, v.repository
	if !validName(name) {
		wrong := x.found.Errorf("E0313", d.Name.At, "%q cannot be the name of an app", name).
			Note("it becomes the name of an image: lower-case letters, digits, and . _ - / between them")
		if strings.ContainsAny(name, "${}%") {
			wrong.Hint("a value is put into text by `${NAME}`")
		} else {
			replace(wrong.Hint("write `app %q`", imageLike(name)), name, imageLike(name))
		}
		return nil
	}
	b := &body{module: x.p.Root, span: d.Name.At}
	x.statements(d.Body, v.env, b)
	x.otherShell(b)
	for n, t := range b.tags {
		if !imageTag.MatchString(t) {
			x.found.Errorf("E0313", b.tagsAt[n], "%q cannot be a tag of app %s", t, name).
				Note("a tag has letters, digits, and . _ - between them, at most 128").
				Hint("write another, such as `tag \"1.0\"`")
			return nil
		}
	}
	if v.shared {
		if len(b.tags) == 0 {
			x.sameName(v)
			return nil
		}
		name += ":" + b.tags[0]
	}
	base := b.base
	if base == nil {
		base = x.fleetBase
	}
	if base == nil {
		x.once("app "+name, "E0314", source.Span{}, source.Span{}, func() *diag.Diagnostic {
			return x.found.Errorf("E0314", d.Name.At, "app %s has no base system", name).
				Note("a base system is what all else stands on, such as Debian").
				Hint("import \"std/debian\", and write `base debian.release(\"12\")` into the fleet")
		})
		return nil
	}
	a := &App{
		Name: name, Repository: v.repository, Doc: d.Doc, Span: d.Name.At, Layers: b.layers, LayersAt: b.layersAt, Replicas: max(1, b.replicas), Tags: b.tags, Tests: b.tests,
	}
	uses := append(b.uses, b.mentions...)
	c := x.close(base, uses, "app "+name)
	if c == nil {
		return nil
	}
	a.Base = c.base
	for _, r := range uses {
		a.Uses = union(a.Uses, c.instances(r))
	}
	a.replaced = c.after(b.replaces)
	a.Closure = topological(append([]*Instance{c.base}, c.all()...))
	x.sameAccounts(a)
	shared := x.shared(a.Closure, a, appends(x.linksOf(a.Closure).settle(b.steps)))
	a.Delta = x.delta(a, b, c)
	a.Config = x.config(a, b.settings)
	a.Closure = append(a.Closure, shared...)
	x.holdApp(a)
	x.overlaps(a)
	return a
}

// sameName reports variants of a matrix that nothing tells apart.
func (x *expander) sameName(v *variant) {
	if x.nameless[v.app] {
		return
	}
	x.nameless[v.app] = true
	x.found.Errorf("E0312", v.app.Name.At, "several apps are called %s", v.repository).
		Note("there is one for each combination of what its `for` goes through").
		Hint("%s", tellApart(v.app))
}

// tellApart says how the apps of a matrix can get names of their own.
func tellApart(d *syntax.App) string {
	g := d.Generators[0].Value.Name
	if name, ok := d.Name.Literal(); ok {
		return fmt.Sprintf("put what tells them apart into the name: `app \"%s-${%s}\"`, or into a tag: `tag %s`", name, g, g)
	}
	return "put all that tells them apart into the name, or write a tag into the app: `tag …`"
}

// imageLike is a name made fit for an image.
func imageLike(name string) string {
	return strings.Trim(strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '.', c == '_', c == '/', c == '-':
			return c
		}
		return '-'
	}, strings.ToLower(name)), "-._/")
}

// validName reports whether an app's name can be part of an image reference.
func validName(s string) bool {
	alnum := false
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			alnum = true
		case (c == '.' || c == '_' || c == '-' || c == '/') && alnum:
			alnum = c == '-' || c == '_' && i > 0 && s[i-1] != '_'
			if c == '-' || c == '_' {
				alnum = true
			}
		default:
			return false
		}
	}
	return s != "" && len(s) <= 128 && s[len(s)-1] != '-' && s[len(s)-1] != '_' && alnum
}

// checkSecrets reports secrets that runs mention and the fleet does not declare.
func (x *expander) checkSecrets() {
	for _, u := range x.secretUses {
		if slices.Contains(x.graph.Fleet.Secrets, u.name) {
			continue
		}
		d := x.found.Errorf("E0316", u.span, "the fleet declares no secret `%s`", u.name)
		if near := diag.Nearest(u.name, x.graph.Fleet.Secrets); near != "" {
			d.Hint("did you mean `%s`?", near).Fix(u.span, near)
		} else {
			d.Hint("write `secret %s` into the fleet", u.name)
		}
	}
}

// wantPackages notes that a distribution, and packages of it, have to be pinned.
func (x *expander) wantPackages(distribution string, names ...string) {
	if x.wanted[distribution] == nil {
		x.wanted[distribution] = map[string]bool{}
	}
	for _, n := range names {
		x.wanted[distribution][n] = true
	}
}

// finishRefs puts the references in order.
func (x *expander) finishRefs() {
	r := &x.graph.Refs
	slices.Sort(r.URLs)
	r.URLs = slices.Compact(r.URLs)
	for id, names := range x.wanted {
		d := lock.Distribution{ID: id, Arch: x.debianArch()}
		for n := range names {
			d.Packages = append(d.Packages, n)
		}
		slices.Sort(d.Packages)
		r.Distributions = append(r.Distributions, d)
	}
	slices.SortFunc(r.Images, func(a, b lock.ImageRef) int { return strings.Compare(a.Reference, b.Reference) })
	r.Images = slices.Compact(r.Images)
	slices.SortStableFunc(r.Bases, func(a, b lock.BaseRef) int { return strings.Compare(a.Digest, b.Digest) })
	r.Bases = slices.Compact(r.Bases)
	slices.SortStableFunc(r.Updates, func(a, b lock.UpdateRef) int { return strings.Compare(a.Component, b.Component) })
	slices.SortFunc(r.Distributions, func(a, b lock.Distribution) int { return strings.Compare(a.ID, b.ID) })
}

// number is equal for equal references.
func (x *expander) number(r *ref) int32 {
	if r.id == 0 {
		key := r.key()
		r.id = x.numbers[key]
		if r.id == 0 {
			r.id = int32(len(x.numbers) + 1)
			x.numbers[key] = r.id
			x.hold(3*len(key), r.span)
		}
	}
	return r.id
}

// byDefault is a component with its defaults; nil if it has none.
func (x *expander) byDefault(o *check.Component) *ref {
	d := x.defaults[o]
	if d == nil {
		if args := x.complete(make([]value, len(o.Params)), o); args != nil {
			d = &ref{component: o, args: args, span: o.Decl.Name.At}
			x.number(d)
			x.defaults[o] = d
		}
	}
	return d
}

// bodyOf evaluates a component's block for given arguments, once.
func (x *expander) bodyOf(r *ref) *body {
	if r.body != nil {
		return r.body
	}
	key := r.key()
	if b := x.bodies[key]; b != nil {
		if slices.ContainsFunc(x.building, func(o *ref) bool { return o.body == b }) {
			x.roundBuild(r, b)
		}
		r.body = b
		return b
	}
	b := &body{module: r.component.Module, span: r.component.Decl.Name.At}
	x.bodies[key], r.body = b, b
	x.building = append(x.building, r)
	defer func() { x.building = x.building[:len(x.building)-1] }()
	v := &env{module: b.module, values: map[source.Span]value{}}
	for i, p := range r.component.Params {
		v.values[p.Decl.Name.At] = r.args[i]
	}
	outer, found := x.origin, len(x.found)
	x.origin = r.origin
	x.statements(r.component.Decl.Body, v, b)
	x.otherShell(b)
	x.turn(found, r.origin)
	x.origin = outer
	return b
}
