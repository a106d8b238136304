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

	fixed   map[string]*ref         // by key
	order   []string                // keys of fixed, as found
	reached map[string]step         // how a key was reached first
	wants   []*ref                  // flexible references that are not bound yet, by key
	provide map[check.Object][]*ref // fixed references that a target can be bound to, by key
	bound   map[check.Object]*ref
	instead map[check.Object]*ref // what replaces a component
	packs   map[string]source.Span
	users   map[*account]bool
	endless bool // it is too large, which is reported

	made   map[string]*Instance // by key
	active []string             // keys whose instance is being made
	making map[string]bool      // the same as a set
}

// step tells who asked for something, and where.
type step struct {
	by   string // a key; "" for the root
	span source.Span
}

// close closes a base and the references that are used over all they need.
// It returns nil if a reference cannot be bound or bound instances conflict,
// which it reports.
func (x *expander) close(base *ref, uses []*ref, what string) *closure {
	if x.depth++; x.depth > maxBuilds {
		if x.depth == maxBuilds+1 && !x.tooDeep {
			x.tooDeep = true
			x.found.Errorf("E0338", uses[0].span, "builds that need builds are nested more than %d deep", maxBuilds).
				Note("the last one is %s", shortened(uses[0].title())).
				Note("a build that needs itself with other arguments has to come to an end: put it into an if")
		}
		x.depth--
		return nil
	}
	defer func() { x.depth-- }()
	instead := map[check.Object]*ref{}
	for {
		c := &closure{x: x, what: what, baseRef: base, instead: instead,
			fixed: map[string]*ref{}, reached: map[string]step{}, bound: map[check.Object]*ref{},
			provide: map[check.Object][]*ref{}, making: map[string]bool{},
			packs: map[string]source.Span{}, users: map[*account]bool{}, made: map[string]*Instance{}}
		for _, r := range uses {
			c.add(r, "")
		}
		if !c.bind() {
			return nil
		}
		if c.replaced() {
			continue
		}
		if !c.single() {
			return nil
		}
		if c.base = x.baseInstance(base); c.base == nil {
			return nil
		}
		ok := true
		for _, k := range c.order {
			ok = c.instance(c.fixed[k]) != nil && ok
		}
		if !ok {
			return nil
		}
		return c
	}
}

// add puts a reference and all that it needs into the closure. It works
// through a list of its own, not by recursion: chains may be long.
func (c *closure) add(r *ref, by string) {
	type item struct {
		r  *ref
		by string
	}
	for queue := []item{{r, by}}; len(queue) > 0; {
		r, by := queue[0].r, queue[0].by
		queue = queue[1:]
		if r.packages != nil {
			for _, p := range r.packages {
				if _, ok := c.packs[p]; !ok {
					c.packs[p] = r.span
				}
			}
			continue
		}
		if r.account != nil {
			c.users[r.account] = true
			continue
		}
		if s := c.substitute(r); s != r {
			c.standIn(s, r)
			r = s
		}
		key := r.key()
		if _, ok := c.reached[key]; ok {
			continue
		}
		c.reached[key] = step{by, r.span}
		if r.flexible() {
			insert(&c.wants, r)
			continue
		}
		if len(c.order) == maxClosure {
			c.tooLarge(r)
			return
		}
		c.fixed[key] = r
		c.order = append(c.order, key)
		b := c.x.bodyOf(r)
		c.provides(r, b)
		for _, n := range b.needs {
			queue = append(queue, item{n, key})
		}
		for _, n := range b.mentions {
			queue = append(queue, item{n, key})
		}
		for _, n := range b.runsWith {
			queue = append(queue, item{n, key})
		}
	}
}

// substitute returns what replaces a reference, or the reference itself.
func (c *closure) substitute(r *ref) *ref {
	if r.component == nil {
		return r
	}
	if s := c.instead[r.component]; s != nil && s.component != r.component {
		return s
	}
	return r
}

// insert puts a reference into a list in the order of keys.
func insert(list *[]*ref, r *ref) {
	at, _ := slices.BinarySearchFunc(*list, r, func(a, b *ref) int { return strings.Compare(a.key(), b.key()) })
	*list = slices.Insert(*list, at, r)
}

// provides notes what a fixed reference can be bound to.
func (c *closure) provides(r *ref, b *body) {
	add := func(t check.Object) {
		list := c.provide[t]
		insert(&list, r)
		c.provide[t] = list
	}
	add(r.component)
	for _, f := range b.fills {
		if f.slot != nil && !slices.Contains(c.provide[f.slot], r) {
			add(f.slot)
		}
	}
}

// standIn notes that a reference fills the slots of the one that it replaces.
func (c *closure) standIn(r, replaced *ref) {
	if replaced.flexible() {
		return
	}
	for _, f := range c.x.bodyOf(replaced).fills {
		if list := c.provide[f.slot]; f.slot != nil && !slices.Contains(list, r) {
			insert(&list, r)
			c.provide[f.slot] = list
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
	d := c.x.found.Errorf("E0338", r.span, "%s needs more than %d components", c.what, maxClosure)
	d.Note("the last one is %s", shortened(r.title()))
	if r.component != nil && len(r.args) > 0 {
		d.Note("a component that needs itself with other arguments has to come to an end: put the need into an if")
	}
	d.Hint("see what needs %s", r.component.Decl.Name.Name)
}

// shortened is a title that fits into a line.
func shortened(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return s
}

// bind binds all flexible references.
func (c *closure) bind() bool {
	for {
		var open *ref
		for len(c.wants) > 0 && open == nil {
			w := c.wants[0]
			c.wants = c.wants[1:]
			t := w.target()
			switch p := c.provide[t]; {
			case c.bound[t] != nil:
			case len(p) > 0:
				c.bound[t] = p[0]
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
		c.add(d, c.reached[open.key()].by)
		if len(c.provide[open.target()]) == 0 && !d.flexible() {
			c.x.found.Errorf("E0330", d.span, "the default of slot %s does not fill it", open.title()).
				Hint("write fills %s into that component", open.title())
			return false
		}
	}
}

// fallback is what a flexible reference is bound to when nothing else provides
// it: a component with its defaults, a slot's default.
func (c *closure) fallback(w *ref) *ref {
	asked := c.reached[w.key()]
	if w.slot != nil {
		d := w.slot.Decl
		if d.Default != nil {
			if refs := c.x.refs(d.Default, &env{module: w.slot.Module}); len(refs) > 0 {
				return c.withDefaults(refs[0], asked)
			}
			return nil
		}
		e := c.x.found.Errorf("E0331", asked.span, "nothing in %s fills slot %s", c.what, d.Name.Name).
			See(d.Name.At, "the slot is declared here, without a default")
		c.explain(e, asked.by)
		if fillers := c.x.fillers(w.slot); len(fillers) > 0 {
			e.Hint("use one of %s", strings.Join(fillers, ", "))
		}
		return nil
	}
	return c.withDefaults(w, asked)
}

// withDefaults gives a component without arguments its defaults.
func (c *closure) withDefaults(w *ref, asked step) *ref {
	if !w.flexible() {
		return w
	}
	if w.slot != nil {
		return w
	}
	args := c.x.complete(make([]value, len(w.component.Params)), w.component)
	if args == nil {
		e := c.x.found.Errorf("E0331", asked.span, "%s needs arguments, and nothing in %s gives them", w.title(), c.what).
			See(w.component.Decl.Name.At, "declared here")
		c.explain(e, asked.by)
		e.Hint("write its arguments here, or let the app use it with arguments")
		return nil
	}
	return &ref{component: w.component, args: args, span: w.span}
}

// replaced notes replacements that the closure calls for and reports whether
// there is a new one.
func (c *closure) replaced() bool {
	found := false
	for _, k := range c.order {
		r := c.fixed[k]
		for _, old := range c.x.bodyOf(r).replaces {
			if old.component == nil || old.component == r.component || c.instead[old.component] != nil {
				continue
			}
			for _, o := range c.fixed {
				if o.component == old.component {
					c.instead[old.component] = r
					found = true
				}
			}
		}
	}
	return found
}

// single reports two instances of one component and two fillers of one slot.
func (c *closure) single() bool {
	ok := true
	seen := map[check.Object]*ref{}
	for _, k := range slices.Sorted(slices.Values(c.order)) {
		r := c.fixed[k]
		b := c.x.bodyOf(r)
		if !b.repeatable {
			ok = c.claim(seen, r.component, r, "E0332", "two instances of "+r.component.Decl.Name.Name) && ok
		}
		for _, f := range b.fills {
			if f.slot != nil {
				ok = c.claim(seen, f.slot, r, "E0333", "two components that fill "+f.slot.Decl.Name.Name) && ok
			}
		}
	}
	return ok
}

func (c *closure) claim(seen map[check.Object]*ref, o check.Object, r *ref, code diag.Code, what string) bool {
	first := seen[o]
	if first == nil {
		seen[o] = r
		return true
	}
	e := c.x.found.Errorf(code, c.reached[r.key()].span, "%s has %s: %s and %s", c.what, what, first.title(), r.title()).
		See(c.reached[first.key()].span, "%s comes from here", first.title())
	e.Note("%s: %s", first.title(), c.path(first.key()))
	e.Note("%s: %s", r.title(), c.path(r.key()))
	e.Hint("let both ask for the same one, or leave out the arguments where any will do")
	return false
}

// path is the chain of references that led to a key: "app app1 → server → jdk".
func (c *closure) path(key string) string {
	var names []string
	for k := key; k != ""; k = c.reached[k].by {
		r := c.fixed[k]
		if r == nil {
			break
		}
		names = append(names, r.title())
	}
	names = append(names, c.what)
	slices.Reverse(names)
	return strings.Join(names, " → ")
}

func (c *closure) explain(e *diag.Diagnostic, by string) {
	if by != "" {
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
