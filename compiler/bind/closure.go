package bind

import (
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/evaluate"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Binding. An app's closure is everything that it reaches through uses, needs and runs
// with. References with arguments are fixed. A flexible reference (a slot, or a component
// without arguments) is bound to the one provider in the closure: an instance of that
// component, or a filler of that slot. When nothing more is fixed and a flexible reference
// has no provider, the default of the first such target (by path) joins the closure. That
// may bring further needs, and so on to a fixpoint. Two different instances of one
// component, or two fillers of one slot, are an error, unless the component is repeatable
// or one replaces the other. Then the replacement takes all places of the other, and the
// closure is made again.

// closure is a set of references under construction, and then their instances.
type closure struct {
	x       *binder
	what    string // "app app1"
	base    *model.Instance
	baseRef *evaluate.Ref

	members []*member       // by number of the reference
	order   []*member       // fixed ones, in the order of discovery
	wants   []*evaluate.Ref // unbound flexible references, sorted by key
	instead map[check.Object]replacement
	packs   map[string]*evaluate.Ref
	users   map[*evaluate.User]bool
	endless bool // it is too large, which was reported
	wrong   bool // components replace each other, which was reported

	active []*member // members with instances under construction
	free   []member  // storage for the next members
}

// replacement is a component that replaces another. The replaced one is kept because its
// replacement fills the same slots.
type replacement struct{ by, of *evaluate.Ref }

// member is a reference in a closure, or a possible one.
type member struct {
	ref  *evaluate.Ref // as first reached; nil: not reached
	by   *member       // the member that led to it; nil: the root
	span source.Span

	// If it is flexible:
	providers []*evaluate.Ref // fixed references that it can be bound to, sorted by key
	bound     *evaluate.Ref

	// If it is fixed:
	instance *model.Instance
	making   bool
	made     bool
}

// at returns the member of a reference.
func (c *closure) at(r *evaluate.Ref) *member { return c.numbered(c.x.Number(r)) }

// anyOf returns the member of a component without arguments.
func (c *closure) anyOf(o *check.Component) *member {
	id, ok := c.x.any[o]
	if !ok {
		id = c.x.Number(&evaluate.Ref{Component: o})
		c.x.any[o] = id
	}
	return c.numbered(id)
}

func (c *closure) numbered(id int32) *member {
	if int(id) >= len(c.members) {
		c.x.refs = max(c.x.refs, int(id)+64)
		c.members = append(c.members, make([]*member, c.x.refs-len(c.members))...)
	}
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

// close closes a base and the used references over everything that they need. It returns
// nil if a reference cannot be bound or if bound instances conflict, which it reports.
func (x *binder) close(base *evaluate.Ref, uses []*evaluate.Ref, what string) *closure {
	if !x.deeper(uses...) {
		return nil
	}
	defer func() { x.depth-- }()
	root := x.baseInstance(base)
	instead := map[check.Object]replacement{}
	for {
		c := &closure{x: x, what: what, baseRef: base, instead: instead, members: make([]*member, x.refs),
			packs: map[string]*evaluate.Ref{}, users: map[*evaluate.User]bool{}}
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
		if c.base = root; x.Exhausted || !c.single() || c.base == nil {
			return nil
		}
		ok := true
		for _, m := range c.order {
			ok = c.instance(m.ref) != nil && ok
		}
		if !ok {
			return nil
		}
		if x.installing {
			installedOnce(x, model.Topological(append([]*model.Instance{c.base}, c.all()...)), c.packs, what)
		}
		return c
	}
}

// add puts a reference and all that it needs into the closure. Chains may be long, so it
// uses a list instead of recursion.
func (c *closure) add(r *evaluate.Ref, by *member) {
	type item struct {
		r  *evaluate.Ref
		by *member
	}
	for queue := []item{{r, by}}; len(queue) > 0; {
		r, by := queue[0].r, queue[0].by
		queue = queue[1:]
		if r.Packages != nil {
			for _, p := range r.Packages {
				if _, ok := c.packs[p]; !ok {
					c.packs[p] = r.OfPackage(p, c.x.Told)
				}
			}
			continue
		}
		if r.User != nil {
			c.users[r.User] = true
			continue
		}
		r = c.substitute(r)
		m := c.at(r)
		if m.ref != nil {
			continue
		}
		m.ref, m.by, m.span = r, by, r.Span
		if r.Flexible() {
			insert(&c.wants, r)
			continue
		}
		if len(c.order) == maxClosure {
			c.tooLarge(r)
			return
		}
		c.order = append(c.order, m)
		b := c.x.blockOf(r)
		c.provides(r, b)
		for _, list := range [][]*evaluate.Ref{b.Needs, b.Mentions, b.RunsWith} {
			for _, n := range list {
				queue = append(queue, item{n, m})
			}
		}
	}
}

// substitute returns the last replacement of a reference, or the reference itself. It does
// not end if components replace each other, which is an error.
func (c *closure) substitute(r *evaluate.Ref) *evaluate.Ref {
	out := r
	for range c.instead {
		s := c.instead[out.Component].by
		if s == nil || s.Component == r.Component {
			break
		}
		out = s
	}
	return out
}

// insert inserts a reference into a list that is sorted by key.
func insert(list *[]*evaluate.Ref, r *evaluate.Ref) {
	at, _ := slices.BinarySearchFunc(*list, r, func(a, b *evaluate.Ref) int { return strings.Compare(a.Key(), b.Key()) })
	*list = slices.Insert(*list, at, r)
}

// provides notes what a fixed reference can be bound to: its component, the slots that it
// fills, and the slots that the components that it replaces fill.
func (c *closure) provides(r *evaluate.Ref, b *block) {
	insert(&c.anyOf(r.Component).providers, r)
	c.fills(r, b)
	for _, s := range c.instead {
		if c.substitute(s.of).Key() == r.Key() {
			c.fills(r, c.x.blockOf(s.of))
		}
	}
}

// fills notes a reference for the slots that its block fills.
func (c *closure) fills(r *evaluate.Ref, b *block) {
	for _, f := range b.Fills {
		if f.Slot == nil {
			continue
		}
		if m := c.at(f); !slices.Contains(m.providers, r) {
			insert(&m.providers, r)
		}
	}
}

// maxBuilds is the maximum nesting of builds (from, builds with).
const maxBuilds = 100

// maxClosure is the maximum number of components in a closure. It stops components that
// need themselves with ever other arguments.
const maxClosure = 20_000

// tooLarge reports an endless closure and the way into it.
func (c *closure) tooLarge(r *evaluate.Ref) {
	if c.endless {
		return
	}
	c.endless = true
	c.x.Exhaust()
	d := c.x.Found.Errorf(diag.EndlessClosure, c.x.Told(r.Span, r.Origin), "%s needs more than %d components", c.what, maxClosure)
	d.Note("the last one is %s", r.Label())
	if len(r.Args) > 0 {
		d.Note("a component that needs itself with other arguments must stop at some point").
			Hint("put the clause that needs `%s` into an `if`", r.Component.Decl.Name.Name)
		return
	}
	d.Hint("check what needs `%s`", r.Component.Decl.Name.Name)
}

func (c *closure) bind() bool {
	for {
		var open *evaluate.Ref
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
		if len(asked.providers) == 0 && !d.Flexible() {
			c.x.Found.Errorf(diag.InvalidDefault, d.Span, "the default of slot `%s` does not fill it", open.Title()).
				See(c.x.blockOf(d).Span, "this component has no `fills %s`", open.Title()).
				Hint("add `fills %s` to `%s`, or choose another default", open.Title(), d.Component.Decl.Name.Name)
			return false
		}
	}
}

// fallback returns the binding of a flexible reference without a provider: a component with
// its defaults, or a slot's default.
func (c *closure) fallback(w *evaluate.Ref) *evaluate.Ref {
	asked := c.at(w)
	if w.Slot != nil {
		d := w.Slot.Decl
		if d.Default != nil {
			if r := c.x.SlotRef(w.Slot, asked.ref.Origin); r != nil {
				return c.withDefaults(r, asked)
			}
			return nil
		}
		at := c.place(asked)
		c.x.Once(c.what, diag.UnboundNeed, at, d.Name.At, func() *diag.Diagnostic {
			e := c.x.Found.Errorf(diag.UnboundNeed, at, "nothing in %s fills slot `%s`", c.what, d.Name.Name).
				See(d.Name.At, "the slot is declared here, without a default")
			c.explain(e, asked.by)
			if fillers := c.x.fillers(w.Slot); len(fillers) > 0 {
				return e.Hint("use a component that fills it in the app: %s", strings.Join(fillers, ", "))
			}
			return e.Hint("add `fills %s` to a component, and use the component in the app", d.Name.Name)
		})
		return nil
	}
	return c.withDefaults(w, asked)
}

// withDefaults returns a component with its defaults as arguments.
func (c *closure) withDefaults(w *evaluate.Ref, asked *member) *evaluate.Ref {
	if !w.Flexible() || w.Slot != nil {
		return w
	}
	d := c.x.ByDefault(w.Component)
	if d == nil {
		at := c.place(asked)
		c.x.Once(c.what, diag.UnboundNeed, at, w.Component.Decl.Name.At, func() *diag.Diagnostic {
			e := c.x.Found.Errorf(diag.UnboundNeed, at, "missing arguments for `%s` in %s", w.Title(), c.what).
				See(w.Component.Decl.Name.At, "declared here")
			c.explain(e, asked.by)
			return e.Hint("%s", c.x.writeArguments(w.Component))
		})
		return nil
	}
	at := *d
	at.Span, at.Origin = w.Span, w.Origin
	return &at
}

// writeArguments returns the hint to write a component's arguments.
func (x *binder) writeArguments(o *check.Component) string {
	var missing []string
	for _, p := range o.Params {
		if p.Decl.Default == nil {
			missing = append(missing, p.Decl.Name.Name+": …")
		}
	}
	return "write `" + o.Decl.Name.Name + "(" + strings.Join(missing, ", ") + ")` here, or in a `uses` of the app"
}

// replaced notes the replacements that the closure requires, and reports whether one is
// new.
func (c *closure) replaced() bool {
	found := false
	for _, m := range c.order {
		for _, old := range c.x.blockOf(m.ref).Replaces {
			if old.Component == nil || old.Component == m.ref.Component || c.instead[old.Component].by != nil {
				continue
			}
			if n := slices.IndexFunc(c.order, func(o *member) bool { return o.ref.Component == old.Component }); n >= 0 {
				c.instead[old.Component] = replacement{by: m.ref, of: c.order[n].ref}
				found = true
				if c.substitute(m.ref).Component == old.Component {
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
	c.x.Once(c.what, diag.NeedCycle, c.place(a), c.place(b), func() *diag.Diagnostic {
		return c.x.Found.Errorf(diag.NeedCycle, c.place(a), "%s and %s replace each other in %s", a.ref.Label(), b.ref.Label(), c.what).
			See(c.place(b), "%s comes from here", b.ref.Label()).
			Note("%s: %s", a.ref.Label(), c.path(a)).Note("%s: %s", b.ref.Label(), c.path(b)).
			Hint("remove one of them, or one `replaces`")
	})
}

// single reports two instances of one component, two fillers of one slot, and two
// components that replace the same one.
func (c *closure) single() bool {
	if c.alone() {
		return true
	}
	ok := true
	seen := map[check.Object]*member{}
	replacers := map[check.Object]*member{}
	byKey := slices.SortedFunc(slices.Values(c.order), func(a, b *member) int { return strings.Compare(a.ref.Key(), b.ref.Key()) })
	for _, m := range byKey {
		r := m.ref
		b := c.x.blockOf(r)
		if !b.Repeatable {
			ok = c.claim(seen, r.Component, m, diag.ConflictingInstances, "two instances of `"+r.Component.Decl.Name.Name+"`") && ok
		}
		for _, f := range b.Fills {
			if f.Slot != nil {
				ok = c.claim(seen, f.Slot, m, diag.SlotFilledTwice, "two components that fill `"+f.Slot.Decl.Name.Name+"`") && ok
			}
		}
		for _, old := range b.Replaces {
			if c.instead[old.Component].by != nil && old.Component != r.Component {
				ok = c.claim(replacers, old.Component, m, diag.SlotFilledTwice, "two components that replace `"+old.Component.Decl.Name.Name+"`") && ok
			}
		}
	}
	return ok
}

// alone is a faster check that single has nothing to report.
func (c *closure) alone() bool {
	if len(c.instead) > 0 {
		return false
	}
	for _, m := range c.order {
		b := c.x.blockOf(m.ref)
		if !b.Repeatable && len(c.anyOf(m.ref.Component).providers) > 1 {
			return false
		}
		for _, f := range b.Fills {
			if f.Slot != nil && len(c.at(f).providers) > 1 {
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
	if first != nil && o != first.ref.Component && first.ref.Component == m.ref.Component {
		return true // report the two instances of one component instead
	}
	if first == nil {
		return false // two are enough to see the fault
	}
	seen[o] = nil
	if c.place(first).Compare(c.place(m)) > 0 {
		first, m = m, first
	}
	c.x.Once(c.what, code, c.place(m), c.place(first), func() *diag.Diagnostic {
		e := c.x.Found.Errorf(code, c.place(m), "%s has %s: %s and %s", c.what, what, first.ref.Label(), m.ref.Label()).
			At("%s comes from here", m.ref.Label()).See(c.place(first), "%s comes from here", first.ref.Label())
		e.Note("%s: %s", first.ref.Label(), c.path(first))
		e.Note("%s: %s", m.ref.Label(), c.path(m))
		if code == diag.SlotFilledTwice {
			return e.Hint("remove one of them, or let one of them declare that it `replaces` the other")
		}
		return e.Hint("write the same arguments in both places, or omit them where any instance will do")
	})
	return false
}

// place returns the place that an error about a member points at.
func (c *closure) place(m *member) source.Span { return c.x.Told(m.span, m.ref.Origin) }

// maxPath is the maximum number of components in a chain that an error shows.
const maxPath = 12

// path returns the chain of references that led to a member: "app app1 → server → jdk".
func (c *closure) path(m *member) string {
	var names []string
	for ; m != nil; m = m.by {
		names = append(names, m.ref.Label())
	}
	names = append(elided(names), c.what)
	slices.Reverse(names)
	return strings.Join(names, " → ")
}

// elided returns the names of a chain without the middle of a long one.
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

// fillers returns the components of the program that fill a slot, for help.
func (x *binder) fillers(s *check.Slot) []string {
	var out []string
	for _, o := range x.Program.Components {
		if o.Module == s.Module || strings.HasPrefix(o.Module.Path, "std/") {
			if fillsByName(o, s.Decl.Name.Name) {
				out = append(out, strings.TrimPrefix(o.Module.Name+"."+o.Decl.Name.Name, ".."))
			}
		}
	}
	slices.Sort(out)
	return out
}

// fillsByName reports whether a component's block fills a slot of that name, whatever its
// arguments are.
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
