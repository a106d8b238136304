package bind

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/compiler/evaluate"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/redact"
	"github.com/layc-lang/layc/lang/source"
)

// Instances. A reference with bound needs becomes an instance. Equal references become the
// same instance, wherever they were written.

// instance returns the instance of a fixed reference in this closure. It returns nil if
// there is none, which it reports.
func (c *closure) instance(r *evaluate.Ref) *model.Instance {
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
	if m.made { // a reported cycle
		return nil
	}
	m.instance, m.made = i, true
	return i
}

// cycle reports needs that form a cycle.
func (c *closure) cycle(m *member, r *evaluate.Ref) {
	at := slices.Index(c.active, m)
	var names []string
	for _, k := range c.active[at:] {
		names = append(names, k.ref.Label())
	}
	names = append(names, r.Label())
	e := c.x.Found.Errorf(diag.NeedCycle, c.x.blockOf(r).Span, "%s needs itself: %s", r.Label(), strings.Join(elided(names), " → ")).
		Note("a component is built after what it needs, so needs cannot form a cycle")
	if with := c.runsRound(c.active[at:]); with != nil {
		e.Hint("remove the `runs with`, and use %s in the app, or where the component is used", with.Label())
	} else {
		e.Hint("remove one of the needs; if only the image needs it, write `uses` in the app instead")
	}
	if len(c.active)-at > maxPath {
		return
	}
	for i, k := range c.active[at+1:] {
		e.See(c.x.blockOf(k.ref).Span, "which %s needs", c.active[at+i].ref.Label())
	}
}

// runsRound returns the reference by which a member of a cycle runs with the next one; nil if
// the cycle consists of needs.
func (c *closure) runsRound(cycle []*member) *evaluate.Ref {
	for n, m := range cycle {
		next := cycle[(n+1)%len(cycle)]
		for _, r := range c.x.blockOf(m.ref).RunsWith {
			r = c.substitute(r)
			if r.Flexible() {
				r = c.at(r).bound
			}
			if r != nil && c.at(r) == next {
				return r
			}
		}
	}
	return nil
}

// instances returns the instances of a reference in this closure, fixed or flexible: one
// instance, or one for each group of packages.
func (c *closure) instances(r *evaluate.Ref) []*model.Instance { return c.appendInstances(nil, r) }

func (c *closure) appendInstances(out []*model.Instance, r *evaluate.Ref) []*model.Instance {
	if r.Packages != nil {
		return append(out, c.x.packageInstances(c.baseRef, r)...)
	}
	if r.User != nil {
		return append(out, c.x.accountInstance(r.User))
	}
	r = c.substitute(r)
	if r.Flexible() {
		if r = c.at(r).bound; r == nil {
			return out
		}
	}
	if i := c.instance(r); i != nil {
		out = append(out, i)
	}
	return out
}

// resolve returns the instances of references without duplicates.
func (c *closure) resolve(lists ...[]*evaluate.Ref) []*model.Instance {
	n := 0
	for _, refs := range lists {
		n += len(refs)
	}
	if n == 0 {
		return nil
	}
	out := make([]*model.Instance, 0, n)
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

// distributionOf returns the distribution of a base; "" if the base is not made from its
// packages.
func (x *binder) distributionOf(base *evaluate.Ref) string {
	if base.Component == nil || base.Args == nil {
		return ""
	}
	if b := x.blockOf(base); b.System != nil {
		return b.System.Distribution
	}
	return ""
}

// all returns the instances of the closure, without the base.
func (c *closure) all() []*model.Instance {
	var out []*model.Instance
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
		out = append(out, c.x.packageInstances(c.baseRef, c.packs[n])...)
	}
	for u := range c.users {
		out = append(out, c.x.accountInstance(u))
	}
	return out // not sorted: see model.Topological
}

// build makes the instance of a reference from its block and its bound needs.
func (c *closure) build(m *member, r *evaluate.Ref) *model.Instance {
	b := c.x.blockOf(r)
	bound := bound{needs: c.resolve(b.Needs, b.Mentions), runsWith: c.resolve(b.RunsWith)}
	steps, ok := c.installs(b, r, &bound)
	if !ok {
		return nil
	}
	if b.System != nil {
		c.x.Found.Errorf(diag.MisplacedBase, c.place(m), "cannot use `%s`: it is a base system", r.Label()).
			Note("an app is built on one base system, which `base` sets").
			Hint("write `base %s` in the fleet or the app, or copy files `from` it", r.Label())
		return nil
	}
	bound.after = c.after(b.After)
	if model.Executes(steps) && (c.x.Base == nil && b.BuildsOn == nil || len(b.Owns) == 0 && c.apart(b, bound.needs)) {
		bound.base = c.base.ID
	}
	if b.RateWith != nil {
		if with := c.instances(b.RateWith); len(with) == 1 {
			bound.rateWith = with[0]
		}
	}
	c.x.key = bound.appendKey(append(c.x.key[:0], r.Key()...))
	if old := c.x.interned[string(c.x.key)]; old != nil {
		return old
	}
	interned := string(c.x.key)
	i := &model.Instance{
		Name: r.Name(), Given: r.Given(), Title: r.Title(), Span: b.Span, Asked: c.x.Asked(b.Span, r.Origin), Doc: r.Component.Decl.Doc, Settings: b.Settings,
		Rate: b.Rate, Size: b.Size, Publish: b.Publish, Tests: b.Tests, Named: b.Named,
		Needs: bound.needs, RunsWith: bound.runsWith, After: bound.after, RateWith: bound.rateWith,
	}
	l := c.x.linksOf(i.Needs)
	i.Owns = l.owned(b.Owns)
	i.Steps, i.Fragments = apart(l.settle(steps))
	i.Steps = bestow(i.Owns, i.Steps)
	c.x.writtenOver(i)
	c.x.enterLinks(i)
	if c.x.classify(i); model.Executes(i.Steps) {
		i.Root, i.Builder = c.root(b, i)
		if i.Root == nil {
			return nil
		}
		i.Cross = i.Builder != c.x.on
	}
	if model.Executes(i.Steps) {
		i.Env = c.x.stepEnv(i)
		i.Steps = model.Settled(i.Steps, i.Env)
	}
	if model.Installs(i.Steps) {
		installedOnce(c.x, append(slices.Clip(i.Root), i), nil, "the build of "+i.Title, i.Root)
	}
	c.x.updated(i, b)
	of := made{name: r.Key(), choices: c.choices(b.Needs), runChoices: c.choices(b.RunsWith), buildsOn: b.BuildsOn}
	if i.Kind == model.Stacked {
		of.choices = joined(of.choices, c.x.names(i.After))
	}
	if i.Kind != model.Portable || i.Root != nil {
		i.On = c.chosenFor(b, i, of.choices)
		if c.x.Base == nil && bound.distribution != "" {
			i.On = joined(i.On, []string{bound.distribution})
		}
		of.namesChoices = true
	}
	i.ID = i.Name.String()
	return c.x.keep(interned, i, of)
}

// after returns the instances that an order clause names and that the closure has anyway.
func (c *closure) after(refs []*evaluate.Ref) []*model.Instance {
	var out []*model.Instance
	for _, r := range refs {
		if r.Component == nil && r.Slot == nil {
			continue
		}
		if r.Flexible() {
			for _, p := range c.at(r).providers {
				out = c.appendInstances(out, p)
			}
		} else if c.at(r).ref != nil {
			out = c.appendInstances(out, r)
		}
	}
	return out
}

// bound is the bound references of an instance.
type bound struct {
	needs, runsWith, after []*model.Instance
	rateWith               *model.Instance // nil: none
	distribution           string          // that it installs packages of; "": none
	base                   string          // the ID of the base that its runs change; "": whatever the image has
}

// appendKey appends a key that is equal for equal bindings.
func (b *bound) appendKey(k []byte) []byte {
	k = append(k, '|')
	for _, l := range [][]*model.Instance{b.needs, b.runsWith, b.after} {
		for _, n := range l {
			k = strconv.AppendInt(append(k, ' '), int64(n.Number()), 10)
		}
		k = append(k, '|')
	}
	if b.rateWith != nil {
		k = strconv.AppendInt(k, int64(b.rateWith.Number()), 10)
	}
	return append(append(append(k, b.distribution...), ' '), b.base...)
}

// internKey returns the key of an instance, which is equal for equal references with equal
// bound needs.
func internKey(key string, i *model.Instance) string {
	b := bound{needs: i.Needs, runsWith: i.RunsWith, after: i.After, rateWith: i.RateWith}
	return string(b.appendKey([]byte(key)))
}

// intern returns the existing instance that is equal to i, or i itself if it is new.
func (x *binder) intern(key string, i *model.Instance, of made) *model.Instance {
	key = internKey(key, i)
	if old := x.interned[key]; old != nil {
		return old
	}
	return x.keep(key, i, of)
}

// keep registers an instance under its intern key.
func (x *binder) keep(key string, i *model.Instance, of made) *model.Instance {
	below := x.dirsBelow(i, of.base)
	x.inherit(i, below)
	held := below
	if i.Kind == model.Stacked && of.base == nil {
		held = x.fleetDirs()
	}
	closure := x.declarations.enter(i)
	i.Parents, i.Timed = x.parents(i, closure, below, held), x.declarations.timedFor(i, closure)
	if i.Builder == (model.Platform{}) {
		i.Builder = x.on
	}
	i.Key = model.Recipe(i)
	x.interned[key] = i
	x.enter(i, of)
	x.holdInstance(i, &of)
	return i
}

// enter adds an instance to the graph.
func (x *binder) enter(i *model.Instance, of made) {
	i.ID, i.Title = x.shownID(i.ID), redact.Text(i.Title)
	if x.on != (model.Platform{}) {
		i.ID += " for " + x.on.String()
	}
	for _, list := range [][]string{i.Args, i.Given} {
		for n, a := range list {
			list[n] = redact.Text(a)
		}
	}
	x.graph.Enter(i)
	*x.made = append(*x.made, of)
}

// shownID returns an ID without passwords of URLs in its arguments, since IDs appear in the
// lock file and on the screen. It numbers IDs that differ only in passwords.
func (x *binder) shownID(id string) string {
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

// classify decides how an instance's content gets into an image.
func (x *binder) classify(i *model.Instance) {
	switch {
	case len(i.Steps) == 0 && len(i.Owns) == 0:
		i.Kind = model.Empty
	case model.Executes(i.Steps) && len(i.Owns) == 0:
		i.Kind = model.Stacked
	default:
		i.Kind = model.Portable
	}
}

// apart reports whether the runs of a block that change the system of an image, on this base, take
// more than what the block needs: what it builds with, or files of fragments. Both depend on the base.
func (c *closure) apart(b *block, needs []*model.Instance) bool {
	if b.BuildsOn != nil || !b.Cross.IsZero() || c.x.Base != nil && c.base == c.x.baseInstance(c.x.Base) {
		return false
	}
	return len(b.BuildsWith) > 0 || slices.ContainsFunc(model.Topological(needs), func(n *model.Instance) bool { return len(n.Fragments) > 0 })
}

// built is a block with the base that it is built on.
type built struct {
	block *evaluate.Block
	base  string
}

// root returns what the steps of a block run on: a base, then the closures of its bound
// needs and of what it builds with. The base is the one that the block names, else the
// fleet's, so that all apps share the result. If the block needs packages of another
// distribution, the base is chosen, the app's base.
func (x *binder) root(b *block, on *evaluate.Ref, needs []*model.Instance, chosen *evaluate.Ref) []*model.Instance {
	ref := on
	if ref == nil {
		ref = x.Base
		if ref == nil || b.installs && x.distributionOf(chosen) != x.distributionOf(ref) || slices.ContainsFunc(model.Topological(needs), func(n *model.Instance) bool {
			return n.Package != nil && n.Package.Account == nil && n.Package.Distribution != x.distributionOf(ref)
		}) {
			ref = chosen
		}
	}
	if ref == nil {
		x.Found.Errorf(diag.NoBase, b.Span, "no base system to run this on").
			Hint("write `base debian.release(\"12\")` in the fleet, or `builds on …` in the component")
		return nil
	}
	base := x.baseInstance(ref)
	if base == nil {
		return nil
	}
	all := []*model.Instance{base}
	all = append(all, needs...)
	of := "the build of " + evaluate.Shortened(b.Span.Text())
	var with []*model.Instance
	if len(b.BuildsWith) > 0 {
		var ok bool
		key := built{b.Block, ref.Key()}
		with, ok = x.builds[key]
		if !ok {
			if c := x.close(ref, b.BuildsWith, of); c != nil {
				with = append([]*model.Instance{}, c.all()...)
			}
			x.builds[key] = with
		}
		if with == nil {
			return nil
		}
		all = append(all, with...)
	}
	all = model.Topological(all)
	notCross(x, all)
	notElsewhere(x, base, all)
	installedOnce(x, all, nil, of, model.Topological(needs), model.Topological(with))
	return append(all, x.shared(all, nil, nil)...)
}

// baseInstance returns the instance of a base system.
func (x *binder) baseInstance(r *evaluate.Ref) *model.Instance {
	if r.Component == nil {
		x.Found.Errorf(diag.MisplacedBase, r.Span, "`%s` is not a base system", r.Label()).
			Hint("write a base system, such as `base debian.release(\"12\")`")
		return nil
	}
	if r.Args == nil {
		d := x.ByDefault(r.Component)
		if d == nil {
			x.Found.Errorf(diag.UnboundNeed, r.Span, "missing arguments for `%s`", r.Title()).
				See(r.Component.Decl.Name.At, "declared here").Hint("%s", x.writeArguments(r.Component))
			return nil
		}
		at := *d
		at.Span, at.Origin = r.Span, r.Origin
		r = &at
	}
	b := x.blockOf(r)
	if i := x.bases[b.Block]; i != nil {
		return i
	}
	if b.System == nil {
		x.Found.Errorf(diag.MisplacedBase, r.Span, "`%s` is not a base system", r.Label()).
			See(b.Span, "declared here").
			Note("a base system declares its content with `distribution`, `image`, `layout` or `rootfs`").
			Hint("write a base system, such as `base debian.release(\"12\")`")
		return nil
	}
	i := &model.Instance{
		ID: r.Name().String(), Title: r.Title(), Kind: model.Base, Span: b.Span, Asked: x.Asked(b.Span, r.Origin), Doc: r.Component.Decl.Doc,
		Name: r.Name(), Given: r.Given(), System: x.declared(b.System, b.steps),
		Settings: withDefaults(b.Settings, b.System.Settings),
		Rate:     b.Rate, Size: b.Size, Publish: b.Publish, Tests: b.Tests,
	}
	if d := i.System.Distribution; d != "" {
		x.Systems()[d] = append(x.Systems()[d], x.Told(r.Span, r.Origin))
	}
	x.updated(i, b)
	x.bases[b.Block] = x.keep(internKey(i.ID, i), i, made{})
	return i
}

// withDefaults returns the settings of a base: its component's, its image's unless the component
// replaces them, and a PATH if neither has one.
func withDefaults(declared, image []model.Setting) []model.Setting {
	replaced := func(name string) bool {
		return slices.ContainsFunc(declared, func(s model.Setting) bool {
			return !s.Append && (s.Name == name || s.Name == "entrypoint" && name == "command")
		})
	}
	out := slices.Clone(declared)
	for _, s := range append(slices.Clone(image), defaultPath) {
		added := s.Word == "expose" || s.Word == "volume"
		if added || !replaced(s.Name) && !slices.ContainsFunc(out, func(o model.Setting) bool { return o.Name == s.Name && !o.Append }) {
			out = append(out, s)
		}
	}
	return out
}

// defaultPath is the PATH of a base that sets none.
var defaultPath = model.Setting{
	Word: "env", Key: "PATH", Name: "env PATH",
	Value: model.Value{Text: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
}

// delta returns the instance of an app's own steps, or nil. No other image has it, so it is
// built on the app's base, whatever the fleet's base is.
func (x *binder) delta(a *model.App, b *block, c *closure) *model.Instance {
	l := x.linksOf(a.Closure)
	steps, _ := apart(l.settle(b.steps))
	owns := l.owned(b.Owns)
	if len(steps) == 0 {
		return nil
	}
	i := &model.Instance{
		ID: "app " + a.Name, Title: a.Name, Kind: model.Portable, Span: a.Span, Name: model.Name{Path: "app " + a.Name},
		Steps: bestow(owns, steps), Owns: owns, Settings: b.Settings, Rate: b.Rate, Size: b.Size, Needs: a.Uses, Named: b.Named,
	}
	x.writtenOver(i)
	if b.RateWith != nil {
		if with := c.instances(b.RateWith); len(with) == 1 {
			i.RateWith = with[0]
		}
	}
	if model.Runs(i.Steps) {
		if len(i.Owns) == 0 && !b.Misowned {
			x.Found.Errorf(diag.RunOwnsNothing, firstRun(i.Steps), "an app's own `run` needs `owns`").
				Note("from its `run` steps, an app gets only the paths that it owns").
				Hint("add `owns \"/srv/%s\"`, with the directory that the step writes to", path.Base(a.Name))
			return nil
		}
		if i.Root = x.root(b, c.baseRef, a.Uses, c.baseRef); i.Root == nil {
			return nil
		}
		i.Env = x.stepEnv(i)
		i.Steps = model.Settled(i.Steps, i.Env)
	}
	return x.intern(i.ID, i, made{base: a.Base})
}

func firstRun(steps []model.Step) source.Span {
	for _, s := range steps {
		if r, ok := s.(*model.Run); ok {
			return r.Span
		}
	}
	return source.Span{}
}
