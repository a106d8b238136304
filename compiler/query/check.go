package query

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/compiler/debian"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// node is a checked part of an expression.
type node struct {
	at    source.Span
	kinds kinds // what it can be about; none only after an error
	// eval tells which of the items of a kind are in the set. The kind is one of
	// kinds.
	eval func(*world, Kind) []bool
}

// checker finds the kinds of an expression's parts, from the inside out.
type checker struct {
	fleet *Fleet
	file  *source.File
	found *diag.List
}

// bad is what stands for a part with an error.
func bad(at source.Span) node { return node{at: at} }

// span is the text between two positions, without the space before the second.
func (c *checker) span(p place) source.Span {
	text := c.file.Text()[p.Pos.Offset:p.EndPos.Offset]
	return source.Span{File: c.file, Start: p.Pos.Offset, End: p.Pos.Offset + len(strings.TrimRight(text, " \t\r\n"))}
}

func (c *checker) query(q *query) node {
	out := c.term(q.Terms[0])
	for _, t := range q.Terms[1:] {
		out = c.combine("or", out, c.term(t), func(a, b bool) bool { return a || b })
	}
	return out
}

func (c *checker) term(t *term) node {
	out := c.factor(t.First)
	for _, l := range t.Rest {
		join := func(a, b bool) bool { return a && b }
		if l.Op == "except" {
			join = func(a, b bool) bool { return a && !b }
		}
		out = c.combine(l.Op, out, c.factor(l.Factor), join)
	}
	return out
}

// combine joins two sets that are about one kind.
func (c *checker) combine(word string, a, b node, join func(a, b bool) bool) node {
	out := node{at: a.at.Cover(b.at), kinds: a.kinds & b.kinds}
	switch {
	case a.kinds == 0 || b.kinds == 0:
		return bad(out.at)
	case out.kinds == 0:
		c.found.Errorf(diag.QueryKinds, b.at, "conflicting kinds: %s and %s", a.kinds, b.kinds).
			At("this is about %s", b.kinds).See(a.at, "this is about %s", a.kinds).
			Note("both sides of `%s` are about the same kind of thing", word).
			Hint("relate different kinds with `has`, `in`, `uses`, `needs` or `depends on`")
		return bad(out.at)
	}
	out.eval = func(w *world, k Kind) []bool {
		x, y := a.eval(w, k), b.eval(w, k)
		for n := range x {
			x[n] = join(x[n], y[n])
		}
		return x
	}
	return out
}

func (c *checker) factor(f *factor) node {
	if f.Not == nil {
		return c.test(f.Test)
	}
	in := c.factor(f.Not)
	out := node{at: c.span(f.place), kinds: in.kinds}
	out.eval = func(w *world, k Kind) []bool {
		x := in.eval(w, k)
		for n := range x {
			x[n] = !x[n]
		}
		return x
	}
	return out
}

func (c *checker) test(t *test) node {
	if t.Alone != nil {
		return c.condition(t.Alone)
	}
	out := c.set(t.Set)
	var with node
	switch {
	case t.With != nil:
		with = c.condition(t.With)
	case t.Bounds != nil:
		with = c.version(t.Bounds)
	default:
		return out
	}
	if out.kinds == 0 || with.kinds == 0 {
		return bad(c.span(t.place))
	}
	if out.kinds&with.kinds == 0 {
		c.found.Errorf(diag.QueryKinds, with.at, "%s has no meaning for %s", strings.TrimSpace(describe(t)), out.kinds).
			At("this is about %s", with.kinds).See(out.at, "this is about %s", out.kinds)
		return bad(c.span(t.place))
	}
	return c.combine("and", out, with, func(a, b bool) bool { return a && b })
}

// describe is what a condition is called in an error.
func describe(t *test) string {
	switch {
	case t.Bounds != nil:
		return "a version"
	case t.With.Relation != nil:
		return "`" + verbOf(t.With.Relation.Verb).String() + "`"
	case t.With.Comparison != nil:
		return "`" + t.With.Comparison.What + "`"
	}
	return "`" + t.With.Flag + "`"
}

func (c *checker) set(s *set) node {
	switch {
	case s.All != "":
		k := Kind(slices.Index(kindNames[:], s.All))
		return node{c.span(s.place), of(k), func(w *world, k Kind) []bool { return c.each(w, k, func(*Item) bool { return true }) }}
	case s.Named != nil:
		return c.named(s)
	case s.Inner != nil:
		return c.query(s.Inner)
	}
	return c.reference(s.Reference)
}

// each tests the items of a kind.
func (c *checker) each(w *world, k Kind, test func(*Item) bool) []bool {
	out := make([]bool, len(w.items[k]))
	for n, i := range w.items[k] {
		out[n] = test(i)
	}
	return out
}

// named are the items of a kind whose names match a pattern.
func (c *checker) named(s *set) node {
	k := Kind(slices.Index(kindNames[:], s.Named.Kind+"s"))
	var patterns []string
	for _, p := range s.Named.Patterns {
		text := unquote(p.Text)
		patterns = append(patterns, text)
		if !c.fleet.some(k, func(i *Item) bool { return i.called(text) }) {
			d := c.found.Warnf(diag.QueryMatchesNothing, c.span(p.place), "no %s is named %s", s.Named.Kind, strconv.Quote(text))
			if near := diag.Nearest(text, c.fleet.names(of(k))); near != "" {
				d.Hint("did you mean %s?", strconv.Quote(near))
			}
		}
	}
	return node{c.span(s.place), of(k), func(w *world, k Kind) []bool {
		return c.each(w, k, func(i *Item) bool { return slices.ContainsFunc(patterns, i.called) })
	}}
}

// some reports whether an item of a kind fulfils a test on some platform.
func (f *Fleet) some(k Kind, test func(*Item) bool) bool {
	return slices.ContainsFunc(f.worlds, func(w *world) bool { return slices.ContainsFunc(w.items[k], test) })
}

// names are all names of items of some kinds, sorted.
func (f *Fleet) names(kinds kinds) []string {
	var out []string
	for _, w := range f.worlds {
		for k := range kinds.each() {
			for _, i := range w.items[k] {
				out = append(out, i.names...)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// called reports whether a pattern matches one of the item's names.
func (i *Item) called(pattern string) bool {
	return slices.ContainsFunc(i.names, func(n string) bool { return matches(pattern, n) }) ||
		i.Kind == Components && i.Instances[0].Means(model.ParseName(pattern))
}

// is reports whether a reference means the item.
func (i *Item) is(r *reference) bool {
	if len(r.name.Args) == 0 {
		return i.called(r.text)
	}
	return i.Kind == Components && (slices.Contains(i.names, r.text) || i.Instances[0].Means(r.name))
}

func (c *checker) reference(r *reference) node {
	out := node{at: c.span(r.place)}
	test := func(i *Item) bool { return i.is(r) }
	for k := range of(Apps, Components, Packages, Layers).each() {
		if c.fleet.some(k, test) {
			out.kinds |= of(k)
		}
	}
	if out.kinds == 0 {
		c.unknown(r, out.at)
		return out
	}
	out.eval = func(w *world, k Kind) []bool { return c.each(w, k, test) }
	return out
}

// unknown reports a name that nothing has.
func (c *checker) unknown(r *reference, at source.Span) {
	if strings.ContainsAny(r.text, "*?") {
		c.found.Errorf(diag.UnknownInQuery, at, "%s matches no app, component, package or layer", r.text)
		return
	}
	d := c.found.Errorf(diag.UnknownInQuery, at, "unknown name %s", r.text)
	switch near := diag.Nearest(r.text, append(words(), c.fleet.names(of(Apps, Components, Packages, Layers))...)); {
	case near != "" && !strings.ContainsAny(near, " \""):
		d.Hint("did you mean `%s`?", near).Fix(at, near)
	case near != "":
		d.Hint("did you mean `%s`?", near)
	default:
		d.Note("no image has an app, a component, a package or a layer with that name").
			Hint("`layc query components` lists the components; patterns such as `package(\"%s\")` may match nothing", r.text)
	}
}

func (c *checker) condition(p *condition) node {
	switch {
	case p.Relation != nil:
		return c.relation(p)
	case p.Comparison != nil:
		return c.comparison(p)
	}
	f := flags[p.Flag]
	return node{c.span(p.place), f.kinds, func(w *world, k Kind) []bool { return c.each(w, k, f.test) }}
}

// flags are the conditions that are one word.
var flags = map[string]struct {
	kinds kinds
	test  func(*Item) bool
}{
	"base":      {of(Components, Layers), func(i *Item) bool { return i.Sort() == "base" }},
	"stacked":   {of(Components), func(i *Item) bool { return i.Sort() == "stacked" }},
	"portable":  {of(Components, Layers), func(i *Item) bool { return i.Sort() == "portable" }},
	"empty":     {of(Components), func(i *Item) bool { return i.Sort() == "empty" }},
	"spine":     {of(Layers), func(i *Item) bool { return i.Sort() == "spine" }},
	"delta":     {of(Layers), func(i *Item) bool { return i.Sort() == "delta" }},
	"published": {of(Components), func(i *Item) bool { return i.Instances[0].Publish != "" }},
}

// Sort is the kind of a component or of a layer, such as "portable"; "" of others.
func (i *Item) Sort() string {
	switch i.Kind {
	case Components:
		return i.Instances[0].Kind.String()
	case Layers:
		return string(i.Layer.Kind)
	}
	return ""
}

// verbOf is the verb that a grammar's word is, where `depends` and `on` are one.
func verbOf(word string) verb {
	return verb(slices.IndexFunc(verbNames[:], func(v string) bool { return strings.ReplaceAll(v, " ", "") == word }))
}

func (c *checker) relation(p *condition) node {
	v, of := verbOf(p.Relation.Verb), c.test(p.Relation.Of)
	out := node{at: c.span(p.place)}
	if of.kinds == 0 {
		return out
	}
	var possible kinds
	for k, others := range relations[v] {
		possible |= others
		if others&of.kinds != 0 {
			out.kinds |= 1 << k
		}
	}
	if out.kinds == 0 {
		c.found.Errorf(diag.QueryKinds, of.at, "expected %s after `%s`, found %s", possible, v, of.kinds)
		return out
	}
	out.eval = func(w *world, k Kind) []bool {
		related, v := make([]bool, len(w.items[k])), v
		if v == depends {
			wanted := map[*model.Instance]bool{}
			for t := range (relations[v][k] & of.kinds).each() {
				for _, i := range w.pick(t, of.eval(w, t)) {
					for _, n := range i.Instances {
						wanted[n] = true
					}
				}
			}
			related, v = w.dependent(k, wanted), needs // what a component needs, it may install itself
		}
		for t := range (relations[v][k] & of.kinds).each() {
			set := of.eval(w, t)
			for n, list := range w.links[v][k][t] {
				related[n] = related[n] || slices.ContainsFunc(list, func(to int32) bool { return set[to] })
			}
		}
		return related
	}
	return out
}

// comparison is a property compared with a value.
func (c *checker) comparison(p *condition) node {
	b := p.Comparison.Bounds
	out := node{at: c.span(p.place)}
	var test func(*Item) bool
	switch what := p.Comparison.What; what {
	case "version":
		out := c.version(b)
		out.at = c.span(p.place)
		return out
	case "size":
		out.kinds, test = of(Apps, Components, Packages, Layers), c.number(b, sizes, func(i *Item) float64 { return float64(i.Size.Bytes) })
	case "changes":
		out.kinds, test = of(Components, Packages, Layers), c.number(b, rates, func(i *Item) float64 { return i.Rate })
	case "replicas":
		out.kinds, test = of(Apps), c.number(b, counts, func(i *Item) float64 { return float64(i.App.Replicas) })
	case "tag":
		out.kinds, test = of(Apps), c.text(b, func(i *Item) []string { return i.App.Tags })
	case "platform":
		out.kinds, test = of(Apps, Components, Packages, Layers), c.text(b, func(i *Item) []string {
			p := i.Platform
			return []string{p.String(), p.OS + "/" + p.Arch, p.Arch, p.OS}
		})
	case "distribution":
		out.kinds, test = of(Packages), c.text(b, func(i *Item) []string { return []string{i.Package.Distribution} })
	default:
		return c.count(Kind(slices.Index(kindNames[:], what)), b, out.at)
	}
	if test == nil {
		return bad(out.at)
	}
	out.eval = func(w *world, k Kind) []bool { return c.each(w, k, test) }
	return out
}

// number compares numbers. A negative one is not known: no comparison holds.
func (c *checker) number(b *bounds, read quantity, of func(*Item) float64) func(*Item) bool {
	want, ok := c.numeral(b, read)
	if !ok {
		return nil
	}
	holds := operators[b.Op]
	return func(i *Item) bool { return of(i) >= 0 && holds(cmp.Compare(of(i), want)) }
}

// operators tell whether a comparison holds, from what the comparison finds.
var operators = map[string]func(int) bool{
	"==": func(c int) bool { return c == 0 }, "!=": func(c int) bool { return c != 0 },
	"<": func(c int) bool { return c < 0 }, "<=": func(c int) bool { return c <= 0 },
	">": func(c int) bool { return c > 0 }, ">=": func(c int) bool { return c >= 0 },
}

// text compares texts with a pattern.
func (c *checker) text(b *bounds, of func(*Item) []string) func(*Item) bool {
	pattern, ok := c.string(b)
	if !ok {
		return nil
	}
	if b.Op != "==" && b.Op != "!=" {
		c.unordered(b, "this property has no order")
		return nil
	}
	return func(i *Item) bool {
		return slices.ContainsFunc(of(i), func(s string) bool { return matches(pattern, s) }) == (b.Op == "==")
	}
}

// version compares versions: of packages as Debian does, of components as the
// language does.
func (c *checker) version(b *bounds) node {
	want, ok := c.string(b)
	out := node{at: c.span(b.place)}
	pattern := strings.ContainsAny(want, "*?")
	switch {
	case !ok:
		return out
	case pattern && b.Op != "==" && b.Op != "!=":
		c.unordered(b, "a pattern has no order")
		return out
	}
	out.kinds = of(Components, Packages)
	holds := operators[b.Op]
	out.eval = func(w *world, k Kind) []bool {
		compare := model.CompareVersions
		if k == Packages {
			compare = debian.CompareVersions
		}
		return c.each(w, k, func(i *Item) bool {
			switch {
			case i.Version == "":
				return false
			case pattern:
				return matches(want, i.Version) == (b.Op == "==")
			}
			return holds(compare(i.Version, want))
		})
	}
	return out
}

func (c *checker) unordered(b *bounds, why string) {
	at := source.Span{File: c.file, Start: b.Pos.Offset, End: b.Pos.Offset + len(b.Op)}
	c.found.Errorf(diag.QueryValue, at, "expected `==` or `!=`, found `%s`", b.Op).Note("%s", why)
}

// count compares the number of things of a kind that an item has or is in.
func (c *checker) count(of Kind, b *bounds, at source.Span) node {
	out := node{at: at}
	if v := b.Value; v.Text != nil {
		c.found.Errorf(diag.QueryValue, c.span(v.place), "expected %s; found `%s`", counts.what, *v.Text).
			Hint("to compare versions, write `version %s %s`", b.Op, *v.Text)
		return out
	}
	want, ok := c.numeral(b, counts)
	if !ok {
		return out
	}
	for k := range kinds(15).each() {
		if counted(k).has(of) {
			out.kinds |= 1 << k
		}
	}
	holds := operators[b.Op]
	out.eval = func(w *world, k Kind) []bool {
		v := has
		if !relations[has][k].has(of) {
			v = in
		}
		set := make([]bool, len(w.items[k]))
		for n, list := range w.links[v][k][of] {
			set[n] = holds(cmp.Compare(float64(len(list)), want))
		}
		return set
	}
	return out
}

// string is a value that has to be a string.
func (c *checker) string(b *bounds) (string, bool) {
	v := b.Value
	if v.Text != nil {
		return unquote(*v.Text), true
	}
	at := c.span(v.place)
	c.found.Errorf(diag.QueryValue, at, "expected a string, found `%s`", at.Text()).
		Hint("strings use double quotes; write \"%s\"", at.Text()).Fix(at, strconv.Quote(at.Text()))
	return "", false
}

// numeral is a value that has to be a quantity.
func (c *checker) numeral(b *bounds, q quantity) (float64, bool) {
	v := b.Value
	at := c.span(v.place)
	if v.Text == nil {
		if n, ok := q.read(at.Text()); ok {
			return n, true
		}
	}
	d := c.found.Errorf(diag.QueryValue, at, "expected %s; found `%s`", q.what, at.Text())
	if v.Text != nil {
		if _, ok := q.read(unquote(*v.Text)); ok {
			d.Hint("remove the quotes").Fix(at, unquote(*v.Text))
		}
	}
	return 0, false
}

// String lists the kinds: "apps, packages or layers".
func (s kinds) String() string {
	var list []string
	for k := range s.each() {
		list = append(list, k.String())
	}
	if n := len(list) - 1; n > 0 {
		return strings.Join(list[:n], ", ") + " or " + list[n]
	}
	return strings.Join(list, "")
}
