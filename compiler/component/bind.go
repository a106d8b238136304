package component

import (
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Binding. An app's closure is all that it reaches through uses, needs and
// runs with. References with arguments are fixed. A flexible one (a slot, or a
// component without arguments) is bound to the one provider that the closure
// has anyway: an instance of that component, or a filler of that slot. When
// nothing more is fixed and a flexible reference has no provider, the default
// of the first such target (by path) joins the closure, which may bring
// further needs, and so on to a fixpoint. Two different instances of one
// component, or two fillers of one slot, are an error, unless the component is
// repeatable or one replaces the other: then the replacing one takes all the
// other's places, and the closure is made anew.

// closure is a set of references under construction, and then their instances.
type closure struct {
	x       *expander
	what    string // "app app1"
	base    *Instance
	baseRef *ref

	members map[int32]*member // by number of their references
	order   []*member         // those that are fixed, as found
	wants   []*ref            // flexible references that are not bound yet, by key
	instead map[check.Object]replacement
	packs   map[string]source.Span
	users   map[*account]bool
	endless bool // it is too large, which is reported
	wrong   bool // components replace each other, which is reported

	active []*member // those whose instance is being made
	free   []member  // for the next ones
}

// replacement is what replaces a component, and the one that it replaces, by
// which the slots are known that it fills.
type replacement struct{ by, of *ref }

// member is a reference in a closure, or what could be one.
type member struct {
	ref  *ref    // as it was reached first; nil: not at all
	by   *member // by which; nil: by the root
	span source.Span

	// Of a flexible one:
	providers []*ref // fixed references that it can be bound to, by key
	bound     *ref

	// Of a fixed one:
	instance *Instance
	making   bool
	made     bool
}

// at is the member of a reference.
func (c *closure) at(r *ref) *member { return c.numbered(c.x.number(r)) }

// anyOf is the member of a component without arguments.
func (c *closure) anyOf(o *check.Component) *member {
	id, ok := c.x.any[o]
	if !ok {
		id = c.x.number(&ref{component: o})
		c.x.any[o] = id
	}
	return c.numbered(id)
}

func (c *closure) numbered(id int32) *member {
	m := c.members[id]
	if m == nil {
		if len(c.free) == 0 {
			c.free = make([]member, 32)
		}
		m, c.free = &c.free[0], c.free[1:]
		c.members[id] = m
	}
	return m
}

// close closes a base and the references that are used over all they need.
// It returns nil if a reference cannot be bound or bound instances conflict,
// which it reports.
func (x *expander) close(base *ref, uses []*ref, what string) *closure {
	if !x.deeper(uses...) {
		return nil
	}
	defer func() { x.depth-- }()
	root := x.baseInstance(base)
	instead := map[check.Object]replacement{}
	for {
		c := &closure{x: x, what: what, baseRef: base, instead: instead, members: map[int32]*member{},
			packs: map[string]source.Span{}, users: map[*account]bool{}}
		for _, r := range uses {
			c.add(r, nil)
		}
		if !c.bind() {
			return nil
		}
		again := c.replaced()
		if c.wrong {
			return nil
		}
		if again {
			continue
		}
		if c.base = root; x.exhausted || !c.single() || c.base == nil {
			return nil
		}
		ok := true
		for _, m := range c.order {
			ok = c.instance(m.ref) != nil && ok
		}
		if !ok {
			return nil
		}
		return c
	}
}

// add puts a reference and all that it needs into the closure. It works
// through a list of its own, not by recursion: chains may be long.
func (c *closure) add(r *ref, by *member) {
	type item struct {
		r  *ref
		by *member
	}
	for queue := []item{{r, by}}; len(queue) > 0; {
		r, by := queue[0].r, queue[0].by
		queue = queue[1:]
		if r.packages != nil {
			for _, p := range r.packages {
				if _, ok := c.packs[p]; !ok {
					c.packs[p] = c.x.told(r.span, r.origin)
				}
			}
			continue
		}
		if r.account != nil {
			c.users[r.account] = true
			continue
		}
		r = c.substitute(r)
		m := c.at(r)
		if m.ref != nil {
			continue
		}
		m.ref, m.by, m.span = r, by, r.span
		if r.flexible() {
			insert(&c.wants, r)
			continue
		}
		if len(c.order) == maxClosure {
			c.tooLarge(r)
			return
		}
		c.order = append(c.order, m)
		b := c.x.bodyOf(r)
		c.provides(r, b)
		for _, list := range [][]*ref{b.needs, b.mentions, b.runsWith} {
			for _, n := range list {
				queue = append(queue, item{n, m})
			}
		}
	}
}

// substitute returns what replaces a reference in the end, or the reference
// itself. What replaces each other, which is an error, has no end.
func (c *closure) substitute(r *ref) *ref {
	out := r
	for range c.instead {
		s := c.instead[out.component].by
		if s == nil || s.component == r.component {
			break
		}
		out = s
	}
	return out
}

// insert puts a reference into a list in the order of keys.
func insert(list *[]*ref, r *ref) {
	at, _ := slices.BinarySearchFunc(*list, r, func(a, b *ref) int { return strings.Compare(a.key(), b.key()) })
	*list = slices.Insert(*list, at, r)
}

// provides notes what a fixed reference can be bound to: what it is itself, the
// slots that it fills, and those that what it replaces fills.
func (c *closure) provides(r *ref, b *body) {
	insert(&c.anyOf(r.component).providers, r)
	c.fills(r, b)
	for _, s := range c.instead {
		if c.substitute(s.of).key() == r.key() {
			c.fills(r, c.x.bodyOf(s.of))
		}
	}
}

// fills notes the slots that a block fills, for a reference.
func (c *closure) fills(r *ref, b *body) {
	for _, f := range b.fills {
		if f.slot == nil {
			continue
		}
		if m := c.at(f); !slices.Contains(m.providers, r) {
			insert(&m.providers, r)
		}
	}
}

// maxBuilds bounds how deep builds (from, builds with) need further builds.
const maxBuilds = 100

// maxClosure bounds the components of one closure. Some program needs a bound,
// since a component may need itself with other arguments.
const maxClosure = 20_000

// tooLarge reports a closure without end, and the way into it.
func (c *closure) tooLarge(r *ref) {
	if c.endless {
		return
	}
	c.endless = true
	c.x.exhaust()
	d := c.x.found.Errorf("E0338", c.x.told(r.span, r.origin), "%s needs more than %d components", c.what, maxClosure)
	d.Note("the last one is %s", r.label())
	if len(r.args) > 0 {
		d.Note("a component that needs itself with other arguments has to come to an end").
			Hint("put what needs `%s` into an `if`", r.component.Decl.Name.Name)
		return
	}
	d.Hint("see what needs `%s`", r.component.Decl.Name.Name)
}

// bind binds all flexible references.
func (c *closure) bind() bool {
	for {
		var open *ref
		for len(c.wants) > 0 && open == nil {
			w := c.wants[0]
			c.wants = c.wants[1:]
			switch m := c.at(w); {
			case m.bound != nil:
			case len(m.providers) > 0:
				m.bound = m.providers[0]
			default:
				open = w
			}
		}
		if c.endless {
			return false
		}
		if open == nil {
			return true
		}
		d := c.fallback(open)
		if d == nil {
			return false
		}
		insert(&c.wants, open)
		asked := c.at(open)
		c.add(d, asked.by)
		if len(asked.providers) == 0 && !d.flexible() {
			c.x.found.Errorf("E0330", d.span, "the default of slot `%s` does not fill it", open.title()).
				See(c.x.bodyOf(d).span, "this component does not say `fills %s`", open.title()).
				Hint("write `fills %s` into `%s`, or name another default", open.title(), d.component.Decl.Name.Name)
			return false
		}
	}
}

// fallback is what a flexible reference is bound to when nothing else provides
// it: a component with its defaults, a slot's default.
func (c *closure) fallback(w *ref) *ref {
	asked := c.at(w)
	if w.slot != nil {
		d := w.slot.Decl
		if d.Default != nil {
			outer := c.x.origin
			c.x.origin = asked.ref.origin
			refs := c.x.refs(d.Default, &env{module: w.slot.Module})
			c.x.origin = outer
			if len(refs) > 0 {
				return c.withDefaults(refs[0], asked)
			}
			return nil
		}
		at := c.place(asked)
		c.x.once(c.what, "E0331", at, d.Name.At, func() *diag.Diagnostic {
			e := c.x.found.Errorf("E0331", at, "nothing in %s fills slot `%s`", c.what, d.Name.Name).
				See(d.Name.At, "the slot is declared here, without a default")
			c.explain(e, asked.by)
			if fillers := c.x.fillers(w.slot); len(fillers) > 0 {
				return e.Hint("let the app use a component that fills it: %s", strings.Join(fillers, ", "))
			}
			return e.Hint("write `fills %s` into a component, and let the app use that", d.Name.Name)
		})
		return nil
	}
	return c.withDefaults(w, asked)
}

// withDefaults gives a component without arguments its defaults.
func (c *closure) withDefaults(w *ref, asked *member) *ref {
	if !w.flexible() || w.slot != nil {
		return w
	}
	d := c.x.byDefault(w.component)
	if d == nil {
		at := c.place(asked)
		c.x.once(c.what, "E0331", at, w.component.Decl.Name.At, func() *diag.Diagnostic {
			e := c.x.found.Errorf("E0331", at, "`%s` needs arguments, and nothing in %s gives them", w.title(), c.what).
				See(w.component.Decl.Name.At, "declared here")
			c.explain(e, asked.by)
			return e.Hint("%s", c.x.writeArguments(w.component))
		})
		return nil
	}
	at := *d
	at.span, at.origin = w.span, w.origin
	return &at
}

// writeArguments says how a component is given its arguments.
func (x *expander) writeArguments(o *check.Component) string {
	var missing []string
	for _, p := range o.Params {
		if p.Decl.Default == nil {
			missing = append(missing, p.Decl.Name.Name+": …")
		}
	}
	return "write `" + o.Decl.Name.Name + "(" + strings.Join(missing, ", ") + ")` here, or let the app use it so"
}

// replaced notes replacements that the closure calls for and reports whether
// there is a new one.
func (c *closure) replaced() bool {
	found := false
	for _, m := range c.order {
		for _, old := range c.x.bodyOf(m.ref).replaces {
			if old.component == nil || old.component == m.ref.component || c.instead[old.component].by != nil {
				continue
			}
			if n := slices.IndexFunc(c.order, func(o *member) bool { return o.ref.component == old.component }); n >= 0 {
				c.instead[old.component] = replacement{by: m.ref, of: c.order[n].ref}
				found = true
				if c.substitute(m.ref).component == old.component {
					c.mutual(m, c.order[n])
				}
			}
		}
	}
	return found
}

// mutual reports components that replace each other.
func (c *closure) mutual(a, b *member) {
	c.wrong = true
	c.x.once(c.what, "E0334", c.place(a), c.place(b), func() *diag.Diagnostic {
		return c.x.found.Errorf("E0334", c.place(a), "%s and %s replace each other in %s", a.ref.label(), b.ref.label(), c.what).
			See(c.place(b), "%s comes from here", b.ref.label()).
			Note("%s: %s", a.ref.label(), c.path(a)).Note("%s: %s", b.ref.label(), c.path(b)).
			Hint("keep one of them, or take out one `replaces`")
	})
}

// single reports two instances of one component, two fillers of one slot, and
// two components that replace one.
func (c *closure) single() bool {
	if c.alone() {
		return true
	}
	ok := true
	seen := map[check.Object]*member{}
	replacers := map[check.Object]*member{}
	byKey := slices.SortedFunc(slices.Values(c.order), func(a, b *member) int { return strings.Compare(a.ref.key(), b.ref.key()) })
	for _, m := range byKey {
		r := m.ref
		b := c.x.bodyOf(r)
		if !b.repeatable {
			ok = c.claim(seen, r.component, m, "E0332", "two instances of `"+r.component.Decl.Name.Name+"`") && ok
		}
		for _, f := range b.fills {
			if f.slot != nil {
				ok = c.claim(seen, f.slot, m, "E0333", "two components that fill `"+f.slot.Decl.Name.Name+"`") && ok
			}
		}
		for _, old := range b.replaces {
			if c.instead[old.component].by != nil && old.component != r.component {
				ok = c.claim(replacers, old.component, m, "E0333", "two components that replace `"+old.component.Decl.Name.Name+"`") && ok
			}
		}
	}
	return ok
}

// alone says, more quickly, that there is nothing for single to report.
func (c *closure) alone() bool {
	if len(c.instead) > 0 {
		return false
	}
	for _, m := range c.order {
		b := c.x.bodyOf(m.ref)
		if !b.repeatable && len(c.anyOf(m.ref.component).providers) > 1 {
			return false
		}
		for _, f := range b.fills {
			if f.slot != nil && len(c.at(f).providers) > 1 {
				return false
			}
		}
	}
	return true
}

func (c *closure) claim(seen map[check.Object]*member, o check.Object, m *member, code diag.Code, what string) bool {
	first, met := seen[o]
	if !met {
		seen[o] = m
		return true
	}
	if first != nil && o != first.ref.component && first.ref.component == m.ref.component {
		return true // two instances of one component are what is wrong
	}
	if first == nil {
		return false // two are enough to see what is wrong
	}
	seen[o] = nil
	if c.place(first).Compare(c.place(m)) > 0 {
		first, m = m, first
	}
	c.x.once(c.what, code, c.place(m), c.place(first), func() *diag.Diagnostic {
		e := c.x.found.Errorf(code, c.place(m), "%s has %s: %s and %s", c.what, what, first.ref.label(), m.ref.label()).
			At("%s comes from here", m.ref.label()).See(c.place(first), "%s comes from here", first.ref.label())
		e.Note("%s: %s", first.ref.label(), c.path(first))
		e.Note("%s: %s", m.ref.label(), c.path(m))
		if code == "E0333" {
			return e.Hint("keep one of them, or let one say that it `replaces` the other")
		}
		return e.Hint("ask for the same one in both places, or leave out the arguments where any will do")
	})
	return false
}

// place is what a finding about a member points at.
func (c *closure) place(m *member) source.Span { return c.x.told(m.span, m.ref.origin) }

// maxPath is how many components of a chain are shown.
const maxPath = 12

// path is the chain of references that led to a member: "app app1 → server → jdk".
func (c *closure) path(m *member) string {
	var names []string
	for ; m != nil; m = m.by {
		names = append(names, m.ref.label())
	}
	names = append(elided(names), c.what)
	slices.Reverse(names)
	return strings.Join(names, " → ")
}

// elided are the names of a chain without the middle of a long one.
func elided(names []string) []string {
	n := len(names)
	if n <= maxPath {
		return names
	}
	return slices.Concat(names[:maxPath/2], []string{"…"}, names[n-maxPath/2:])
}

func (c *closure) explain(e *diag.Diagnostic, by *member) {
	if by != nil {
		e.Note("needed by %s", c.path(by))
	}
}

// fillers are the components of the program that fill a slot, for help lines.
func (x *expander) fillers(s *check.Slot) []string {
	var out []string
	for _, o := range x.p.Components {
		if o.Module == s.Module || strings.HasPrefix(o.Module.Path, "std/") {
			if fillsByName(o, s.Decl.Name.Name) {
				out = append(out, strings.TrimPrefix(o.Module.Name+"."+o.Decl.Name.Name, ".."))
			}
		}
	}
	slices.Sort(out)
	return out
}

// fillsByName reports whether a component's block says that it fills a slot of
// that name, whatever its arguments.
func fillsByName(o *check.Component, slot string) bool {
	if o.Decl.Body == nil {
		return false
	}
	for _, s := range o.Decl.Body.Stmts {
		c, ok := s.(*syntax.Clause)
		if !ok || c.Word.Name != "fills" {
			continue
		}
		for _, a := range c.Args {
			switch a := a.(type) {
			case *syntax.Name:
				if a.Name == slot {
					return true
				}
			case *syntax.Select:
				if a.Name.Name == slot {
					return true
				}
			}
		}
	}
	return false
}
