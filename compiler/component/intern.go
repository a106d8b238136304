package component

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/redact"
	"github.com/layc-lang/layc/lang/source"
)

// Instances. A reference whose needs are bound becomes an instance; equal
// ones, wherever they were written, become the same.

// instance returns the instance of a fixed reference in this closure, nil if
// there is none, which is reported.
func (c *closure) instance(r *ref) *Instance {
	m := c.at(r)
	if m.made {
		return m.instance
	}
	if m.making {
		c.cycle(m, r)
		m.made = true
		return nil
	}
	c.active, m.making = append(c.active, m), true
	i := c.build(m, r)
	c.active, m.making = c.active[:len(c.active)-1], false
	if m.made { // a cycle, reported
		return nil
	}
	m.instance, m.made = i, true
	return i
}

// cycle reports needs that go round.
func (c *closure) cycle(m *member, r *ref) {
	at := slices.Index(c.active, m)
	var names []string
	for _, k := range c.active[at:] {
		names = append(names, k.ref.label())
	}
	names = append(names, r.label())
	e := c.x.found.Errorf("E0334", c.x.bodyOf(r).span, "%s needs itself: %s", r.label(), strings.Join(elided(names), " → ")).
		Note("what a component needs is built before it, so needs cannot go round")
	if with := c.runsRound(c.active[at:]); with != nil {
		e.Hint("take out the `runs with`: let the app use %s, too, or whoever uses the component", with.label())
	} else {
		e.Hint("take out one of the needs, or let the app use it where it is needed in the image only")
	}
	if len(c.active)-at > maxPath {
		return
	}
	for i, k := range c.active[at+1:] {
		e.See(c.x.bodyOf(k.ref).span, "which %s needs", c.active[at+i].ref.label())
	}
}

// runsRound is what one of the members of a cycle runs with that leads on in the
// cycle; nil if all of it are needs.
func (c *closure) runsRound(cycle []*member) *ref {
	for n, m := range cycle {
		next := cycle[(n+1)%len(cycle)]
		for _, r := range c.x.bodyOf(m.ref).runsWith {
			r = c.substitute(r)
			if r.flexible() {
				r = c.at(r).bound
			}
			if r != nil && c.at(r) == next {
				return r
			}
		}
	}
	return nil
}

// instances returns what a reference, fixed or flexible, stands for in this
// closure: one instance, or one for each group of packages.
func (c *closure) instances(r *ref) []*Instance { return c.appendInstances(nil, r) }

func (c *closure) appendInstances(out []*Instance, r *ref) []*Instance {
	if r.packages != nil {
		return append(out, c.x.packageInstances(c.distribution(), r)...)
	}
	if r.account != nil {
		return append(out, c.x.accountInstance(r.account))
	}
	r = c.substitute(r)
	if r.flexible() {
		if r = c.at(r).bound; r == nil {
			return out
		}
	}
	if i := c.instance(r); i != nil {
		out = append(out, i)
	}
	return out
}

// resolve is what references stand for, each instance once.
func (c *closure) resolve(lists ...[]*ref) []*Instance {
	n := 0
	for _, refs := range lists {
		n += len(refs)
	}
	if n == 0 {
		return nil
	}
	out := make([]*Instance, 0, n)
	for _, refs := range lists {
		for _, r := range refs {
			known := len(out)
			for _, i := range c.appendInstances(out, r)[known:] {
				if !slices.Contains(out, i) {
					out = append(out, i)
				}
			}
		}
	}
	return out
}

// distribution is the one whose packages the closure's os.packages names.
func (c *closure) distribution() string { return c.x.distributionOf(c.baseRef) }

// distributionOf is the distribution of a base; "" if it is not put together
// from one.
func (x *expander) distributionOf(base *ref) string {
	if base.component == nil || base.args == nil {
		return ""
	}
	if b := x.bodyOf(base); b.system != nil {
		return b.system.Distribution
	}
	return ""
}

// all are the instances of the closure, without the base.
func (c *closure) all() []*Instance {
	var out []*Instance
	for _, m := range c.order {
		if m.instance != nil {
			out = append(out, m.instance)
		}
	}
	names := make([]string, 0, len(c.packs))
	for n := range c.packs {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		out = append(out, c.x.packageInstances(c.distribution(), &ref{packages: []string{n}, span: c.packs[n]})...)
	}
	for u := range c.users {
		out = append(out, c.x.accountInstance(u))
	}
	return out // in no order: see topological
}

// build makes the instance of a reference from its body and its bound needs.
func (c *closure) build(m *member, r *ref) *Instance {
	b := c.x.bodyOf(r)
	bound := bound{needs: c.resolve(b.needs, b.mentions), runsWith: c.resolve(b.runsWith)}
	if b.system != nil {
		c.x.found.Errorf("E0335", c.place(m), "`%s` is a base system", r.label()).
			Note("an app stands on one base system, which it does not use").
			Hint("write `base %s` into the fleet or the app, or copy files `from` it", r.label())
		return nil
	}
	bound.after = c.after(b.after)
	if b.rateWith != nil {
		if with := c.instances(b.rateWith); len(with) == 1 {
			bound.rateWith = with[0]
		}
	}
	c.x.key = bound.appendKey(append(c.x.key[:0], r.key()...))
	if old := c.x.interned[string(c.x.key)]; old != nil {
		return old
	}
	interned := string(c.x.key)
	i := &Instance{
		Title: r.title(), Span: b.span, Doc: r.component.Decl.Doc,
		Path:     qualified(r.component.Module, r.component.Decl.Name.Name),
		settings: b.settings, asked: r.origin,
		Rate: b.rate, Size: b.size, Publish: b.publish, Tests: b.tests,
		Needs: bound.needs, RunsWith: bound.runsWith, After: bound.after, RateWith: bound.rateWith,
	}
	l := c.x.linksOf(i.Needs)
	i.Owns = l.owned(b.owns)
	i.Steps, i.Fragments = apart(l.settle(b.steps))
	i.Steps = bestow(i.Owns, i.Steps)
	c.x.writtenOver(i)
	c.x.enterLinks(i)
	if c.x.classify(i); hasRun(i.Steps) {
		i.Root = c.x.root(b, i.Needs, c.baseRef)
		if i.Root == nil {
			return nil
		}
		i.Env = c.x.stepEnv(i)
	}
	c.x.updated(i, b)
	i.choices, i.runChoices = c.choices(b.needs), c.choices(b.runsWith)
	if i.Kind == Stacked {
		i.choices = joined(i.choices, names(i.After))
	}
	i.name = r.key()
	i.ID = i.name
	if i.Kind != Portable || i.Root != nil {
		i.ID += c.suffix(b, i)
		i.told = true
	}
	return c.x.keep(interned, i)
}

// after are the instances that an order clause names and the closure has
// anyway.
func (c *closure) after(refs []*ref) []*Instance {
	var out []*Instance
	for _, r := range refs {
		if r.component == nil && r.slot == nil {
			continue
		}
		if r.flexible() {
			for _, p := range c.at(r).providers {
				out = c.appendInstances(out, p)
			}
		} else if c.at(r).ref != nil {
			out = c.appendInstances(out, r)
		}
	}
	return out
}

// bound is what the references of an instance stand for.
type bound struct {
	needs, runsWith, after []*Instance
	rateWith               *Instance // nil: none
}

// appendKey appends what is equal for equal ones.
func (b *bound) appendKey(k []byte) []byte {
	k = append(k, '|')
	for _, l := range [][]*Instance{b.needs, b.runsWith, b.after} {
		for _, n := range l {
			k = strconv.AppendInt(append(k, ' '), int64(n.number), 10)
		}
		k = append(k, '|')
	}
	if b.rateWith != nil {
		k = strconv.AppendInt(k, int64(b.rateWith.number), 10)
	}
	return k
}

// internKey is equal for equal instances: equal reference, equal bound needs.
func internKey(key string, i *Instance) string {
	b := bound{i.Needs, i.RunsWith, i.After, i.RateWith}
	return string(b.appendKey([]byte(key)))
}

// intern returns the instance that is equal to i, or i itself if it is the
// first of its kind.
func (x *expander) intern(key string, i *Instance) *Instance {
	key = internKey(key, i)
	if old := x.interned[key]; old != nil {
		return old
	}
	return x.keep(key, i)
}

// keep makes an instance the one of its intern key.
func (x *expander) keep(key string, i *Instance) *Instance {
	x.inherit(i)
	i.Parents = x.parents(i)
	i.Key = recipe(i)
	x.interned[key] = i
	x.enter(i)
	x.holdInstance(i)
	return i
}

// enter puts an instance into the graph.
func (x *expander) enter(i *Instance) {
	i.ID, i.Title = x.shownID(i.ID), redact.Text(i.Title)
	x.graph.Instances = append(x.graph.Instances, i)
	i.number = len(x.graph.Instances)
	i.sortedNeeds, i.sortedRuns = byID(i.Needs), byID(i.RunsWith)
}

// shownID is an ID without passwords of URLs among the arguments: IDs get into the
// lock file and onto the screen. Two that differ in nothing else are numbered.
func (x *expander) shownID(id string) string {
	plain := redact.Text(id)
	if plain == id {
		return id
	}
	for n := 1; ; n++ {
		shown := plain
		if n > 1 {
			shown += " #" + strconv.Itoa(n)
		}
		if of, ok := x.shown[shown]; !ok || of == id {
			x.shown[shown] = id
			return shown
		}
	}
}

// byID are instances in the order of their IDs.
func byID(list []*Instance) []*Instance {
	less := func(a, b *Instance) int { return strings.Compare(a.ID, b.ID) }
	if slices.IsSortedFunc(list, less) {
		return list
	}
	list = slices.Clone(list)
	slices.SortFunc(list, less)
	return list
}

// classify decides how an instance's content gets into an image.
func (x *expander) classify(i *Instance) {
	switch {
	case len(i.Steps) == 0 && len(i.Owns) == 0:
		i.Kind = Empty
	case hasRun(i.Steps) && len(i.Owns) == 0:
		i.Kind = Stacked
	default:
		i.Kind = Portable
	}
}

// HasRun reports whether any of an instance's steps is a run.
func HasRun(i *Instance) bool { return hasRun(i.Steps) }

func hasRun(steps []Step) bool {
	return slices.ContainsFunc(steps, func(s Step) bool { _, ok := s.(*Run); return ok })
}

// root is what the steps of a body run on: a base, then the closures of its
// bound needs and of what it builds with. The base is the one that the body
// names, else the fleet's, so that all apps share what is built; but packages
// that it needs can stand only on the distribution that they are of, and that
// is the base of the app, chosen.
func (x *expander) root(b *body, needs []*Instance, chosen *ref) []*Instance {
	ref := b.buildsOn
	if ref == nil {
		ref = x.fleetBase
		if ref == nil || slices.ContainsFunc(topological(needs), func(n *Instance) bool {
			return n.Package != nil && n.Package.Account == nil && n.Package.Distribution != x.distributionOf(ref)
		}) {
			ref = chosen
		}
	}
	if ref == nil {
		x.found.Errorf("E0314", b.span, "there is no base system to run this on").
			Hint("write `base debian.release(\"12\")` into the fleet, or `builds on …` into the component")
		return nil
	}
	base := x.baseInstance(ref)
	if base == nil {
		return nil
	}
	all := []*Instance{base}
	all = append(all, needs...)
	if len(b.buildsWith) > 0 {
		with, ok := x.builds[b]
		if !ok {
			if c := x.close(ref, b.buildsWith, "the build of this component"); c != nil {
				with = append([]*Instance{}, c.all()...)
			}
			x.builds[b] = with
		}
		if with == nil {
			return nil
		}
		all = append(all, with...)
	}
	all = topological(all)
	return append(all, x.shared(all, nil, nil)...)
}

// baseInstance is the instance of a base system.
func (x *expander) baseInstance(r *ref) *Instance {
	if r.component == nil {
		x.found.Errorf("E0335", r.span, "`%s` is no base system", r.label()).
			Hint("write a component that is one: `base debian.release(\"12\")`")
		return nil
	}
	if r.args == nil {
		d := x.byDefault(r.component)
		if d == nil {
			x.found.Errorf("E0331", r.span, "`%s` needs arguments", r.title()).
				See(r.component.Decl.Name.At, "declared here").Hint("%s", x.writeArguments(r.component))
			return nil
		}
		at := *d
		at.span, at.origin = r.span, r.origin
		r = &at
	}
	b := x.bodyOf(r)
	if i := x.bases[b]; i != nil {
		return i
	}
	if b.system == nil {
		x.found.Errorf("E0335", r.span, "`%s` is no base system", r.label()).
			See(b.span, "declared here").
			Note("a base system says what it is made of: `distribution`, `image`, `layout` or `rootfs`").
			Hint("write a component that is one: `base debian.release(\"12\")`")
		return nil
	}
	i := &Instance{
		ID: r.key(), Title: r.title(), Kind: Base, Span: b.span, Doc: r.component.Decl.Doc,
		Path: qualified(r.component.Module, r.component.Decl.Name.Name), System: x.declared(b.system, b.steps),
		settings: withDefaults(b.settings),
		Rate:     b.rate, Size: b.size, Publish: b.publish, Tests: b.tests,
	}
	x.updated(i, b)
	x.bases[b] = x.keep(internKey(i.ID, i), i)
	return i
}

// withDefaults is what a base declares, and a PATH if it sets none.
func withDefaults(settings []setting) []setting {
	const path = "env PATH"
	if slices.ContainsFunc(settings, func(s setting) bool { return s.name == path && !s.append }) {
		return settings
	}
	return append([]setting{{word: "env", key: "PATH", name: path, value: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}}, settings...)
}

// packageInstances are the instances of OS packages, by name: one for each
// group that can only be installed together.
func (x *expander) packageInstances(distribution string, r *ref) []*Instance {
	if distribution == "" {
		x.found.Errorf("E0336", x.told(r.span, r.origin), "`os.packages` on a base without packages").
			Note("the base system is not put together from a distribution").
			Hint("stand on a base that is, such as `debian.release(\"12\")`, or run the package manager in a step")
		return nil
	}
	x.wantPackages(distribution, r.packages...)
	arch := x.debianArch()
	var out []*Instance
	for _, name := range r.packages {
		if i := x.packages[distribution+" "+name]; i != nil {
			out = append(out, i)
			continue
		}
		if p, ok := x.lock.Package(distribution, arch, name); ok && p.Minimal {
			continue // part of the base
		}
		closure, err := x.lock.Closure(distribution, arch, name)
		if err != nil {
			x.unpinned(x.told(r.span, r.origin), "%s and what it needs", name)
			continue
		}
		for _, g := range lock.Groups(closure) {
			x.packageInstance(distribution, g, r.span)
		}
		out = append(out, x.packages[distribution+" "+name])
	}
	return out
}

func (x *expander) packageInstance(distribution string, group []lock.Package, at source.Span) {
	if x.packages[distribution+" "+group[0].Name] != nil {
		return
	}
	i := &Instance{Kind: Stacked, Path: "os.package", Package: &PackageGroup{Distribution: distribution, Packages: group}, Span: at}
	var names []string
	for _, p := range group {
		names = append(names, p.Name)
		x.packages[distribution+" "+p.Name] = i
		i.Size += p.Size
	}
	i.Title = "os.package(" + strings.TrimSuffix(strings.TrimPrefix(show(strs(names)), "["), "]") + ")"
	i.ID = i.Title
	if b := x.fleetBase; b == nil || x.bodyOf(b).system == nil || x.bodyOf(b).system.Distribution != distribution {
		i.ID += " on " + distribution
	}
	for _, p := range group {
		for _, n := range p.Needs {
			if need := x.packages[distribution+" "+n]; need != nil && need != i && !slices.Contains(i.Needs, need) {
				i.Needs = append(i.Needs, need)
			}
		}
	}
	i.Key = recipe(i)
	x.enter(i)
}

// delta is the instance of an app's own steps, or nil. It is in no other image,
// and so is made on the app's base, whatever the fleet's is.
func (x *expander) delta(a *App, b *body, c *closure) *Instance {
	l := x.linksOf(a.Closure)
	steps, _ := apart(l.settle(b.steps))
	owns := l.owned(b.owns)
	if len(steps) == 0 {
		return nil
	}
	i := &Instance{
		ID: "app " + a.Name, Title: a.Name, Kind: Portable, Span: a.Span, Path: "app " + a.Name,
		Steps: bestow(owns, steps), Owns: owns, settings: b.settings, Rate: b.rate, Size: b.size, Needs: a.Uses, base: a.Base,
	}
	x.writtenOver(i)
	if b.rateWith != nil {
		if with := c.instances(b.rateWith); len(with) == 1 {
			i.RateWith = with[0]
		}
	}
	if hasRun(i.Steps) {
		if len(i.Owns) == 0 && !b.misowned {
			x.found.Errorf("E0337", firstRun(i.Steps), "an app's own `run` needs `owns`").
				Note("what an app runs is built beside all else, and then taken from the paths that the app owns").
				Hint("write `owns \"/srv/%s\"`, with the directory that the step writes to", path.Base(a.Name))
			return nil
		}
		b.buildsOn = c.baseRef
		if i.Root = x.root(b, a.Uses, c.baseRef); i.Root == nil {
			return nil
		}
		i.Env = x.stepEnv(i)
	}
	return x.intern(i.ID, i)
}

func firstRun(steps []Step) source.Span {
	for _, s := range steps {
		if r, ok := s.(*Run); ok {
			return r.Span
		}
	}
	return source.Span{}
}
