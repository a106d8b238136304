package query_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
)

// The oracle knows each expression as a predicate of one thing, asks the graph and
// the plan anew for each thing, and orders versions by a list. It shares nothing with
// the package but the grammar's words.

// thing is an app, a component, a package or a layer.
type thing struct {
	kind      int // of kindWords
	at        *plan.Plan
	name      string
	app       *model.App
	stack     []*plan.Layer
	instances []*model.Instance
	pkg       *lock.Package
	layer     *plan.Layer
}

var kindWords = []string{"apps", "components", "packages", "layers"}

const (
	anApp = iota
	aComponent
	aPackage
	aLayer
)

// things are all things of plans.
func things(plans []*plan.Plan) []*thing {
	var all []*thing
	for _, p := range plans {
		for _, i := range p.Images {
			all = append(all, &thing{kind: anApp, at: p, name: i.App.Name, app: i.App, stack: i.Layers})
		}
		for _, l := range p.Layers {
			all = append(all, &thing{kind: aLayer, at: p, name: l.ID, layer: l})
		}
		same := func(kind int, name, version string) *thing {
			for _, t := range all {
				if t.at == p && t.kind == kind && t.name == name && (t.pkg == nil || t.pkg.Version == version) {
					return t
				}
			}
			return nil
		}
		for _, i := range p.Graph.Instances {
			var packages []lock.Package
			if i.System != nil {
				packages = i.System.Packages
			}
			if i.Package != nil {
				packages = i.Package.Packages
			}
			for _, k := range packages {
				t := same(aPackage, k.Name, k.Version)
				if t == nil {
					t = &thing{kind: aPackage, at: p, name: k.Name, pkg: &k}
					all = append(all, t)
				}
				t.instances = append(t.instances, i)
			}
			if len(packages) > 0 && i.System == nil || strings.HasPrefix(i.ID, "app ") {
				continue
			}
			t := same(aComponent, i.ID, "")
			if t == nil {
				t = &thing{kind: aComponent, at: p, name: i.ID}
				all = append(all, t)
			}
			t.instances = append(t.instances, i)
		}
	}
	return all
}

// any reports whether one of the thing's instances is in a list.
func (t *thing) any(list []*model.Instance) bool {
	return slices.ContainsFunc(t.instances, func(i *model.Instance) bool { return slices.Contains(list, i) })
}

// related reports whether a verb relates two things.
func related(verb string, x, y *thing) bool {
	if x.at != y.at {
		return false
	}
	switch verb {
	case "in":
		return related("has", y, x)
	case "uses":
		return x.kind == anApp && y.any(x.app.Uses)
	case "has":
		switch {
		case x.kind == anApp && y.kind == aLayer:
			return slices.Contains(x.stack, y.layer)
		case x.kind == anApp:
			return y.any(x.app.Closure)
		case x.kind == aLayer:
			return y.any(x.layer.Members) || y.any(x.layer.Marks)
		}
	case "needs":
		if x.kind == aPackage {
			return y.kind == aPackage && slices.Contains(x.pkg.Needs, y.name)
		}
		return slices.ContainsFunc(x.instances, func(i *model.Instance) bool { return y.any(i.Needs) })
	case "depends on":
		from := x.instances
		if x.kind == anApp {
			if y.any(x.app.Closure) {
				return true
			}
			from = slices.Clone(x.app.Closure)
			if x.app.Delta != nil {
				from = append(from, x.app.Delta)
			}
		}
		seen := map[*model.Instance]bool{}
		for len(from) > 0 {
			i := from[0]
			next := slices.Concat(i.Needs, i.Root)
			for _, s := range i.Stages() {
				next = append(append(next, s.Instance), s.Below...)
			}
			from = from[1:]
			for _, n := range next {
				if y.any([]*model.Instance{n}) {
					return true
				}
				if !seen[n] {
					seen[n] = true
					from = append(from, n)
				}
			}
		}
	}
	return false
}

// relates are the kinds that a verb relates.
func relates(verb string, x, y int) bool {
	content := y == aComponent || y == aPackage
	switch verb {
	case "uses":
		return x == anApp && content
	case "needs":
		return x == aComponent && content || x == aPackage && y == aPackage
	case "has":
		return x == anApp && y != anApp || x == aLayer && content
	case "in":
		return relates("has", y, x)
	}
	return (x == anApp || x == aComponent) && content
}

var verbs = []string{"uses", "needs", "has", "in", "depends on"}

// Versions of packages and of components, and both in the order of each.
var (
	packageVersions   = []string{"1.0~rc1", "1.0", "1.0-1", "1.0-2", "1.9", "1.10", "1:0.5"}
	componentVersions = []string{"8", "11", "17", "17.0.2", "17.0.10", "21-ea"}
	debianOrder       = []string{"1.0~rc1", "1.0", "1.0-1", "1.0-2", "1.9", "1.10", "8", "11", "12", "17", "17.0.2", "17.0.10", "21-ea", "1:0.5"}
	languageOrder     = []string{"1.0", "1.0-1", "1.0-2", "1.0~rc1", "1.9", "1.10", "1:0.5", "8", "11", "12", "17", "17.0.2", "17.0.10", "21-ea"}
)

// quantities of a thing; false if it has none.
func (t *thing) size() (float64, bool) {
	switch t.kind {
	case anApp:
		sum := int64(0)
		for _, l := range t.stack {
			sum += l.Size.Bytes
		}
		return float64(sum), true
	case aPackage:
		return float64(t.pkg.Size), true
	case aLayer:
		return float64(t.layer.Size.Bytes), true
	}
	problem, items := t.at.Problem()
	for n, i := range items {
		if i.Key == t.instances[0].Key {
			return float64(problem.Items[n].Size), true
		}
	}
	return 0, false
}

func (t *thing) rate() (float64, bool) {
	switch t.kind {
	case aLayer:
		return math.Round(t.layer.Rate*1000) / 1000, true
	case aPackage:
		most := 0.0
		for _, i := range t.instances {
			r := 4.0
			if i.System != nil {
				r = 6
			}
			told := -1.0
			for _, c := range t.at.Graph.Instances {
				if c.Kind == model.Empty && c.Rate.Set && slices.Contains(c.Needs, i) && i.System == nil {
					told = max(told, float64(c.Rate.Micros)/1e6)
				}
			}
			if told >= 0 {
				r = told
			}
			if i.Rate.Set {
				r = float64(i.Rate.Micros) / 1e6
			}
			most = max(most, r)
		}
		return most, true
	}
	i := t.instances[0]
	if i.Rate.Set {
		return float64(i.Rate.Micros) / 1e6, true
	}
	return 6, i.Kind != model.Empty
}

func (t *thing) names() []string {
	switch t.kind {
	case anApp:
		return append([]string{t.name, t.app.Repository}, t.app.References()...)
	case aComponent:
		i := t.instances[0]
		return []string{t.name, i.Title, strings.ReplaceAll(i.Title, `"`, ""), i.Path, i.Path[strings.LastIndexAny(i.Path, "/")+1:], i.Path[strings.LastIndexAny(i.Path, ".")+1:]}
	}
	return []string{t.name}
}

// like is a pattern as a regular expression.
func like(pattern string) *regexp.Regexp {
	text := regexp.QuoteMeta(pattern)
	text = strings.ReplaceAll(strings.ReplaceAll(text, `\*`, ".*"), `\?`, ".")
	return regexp.MustCompile("^(?s:" + text + ")$")
}

func anyLike(pattern string, texts []string) bool {
	return slices.ContainsFunc(texts, like(pattern).MatchString)
}

// expression is a text and what it means. kinds are those that it can be about.
type expression struct {
	text  string
	kinds [4]bool
	holds func(*thing) bool
}

// generator makes random expressions about a fleet.
type generator struct {
	*rand.Rand
	all []*thing
}

func (g *generator) one(list ...string) string { return list[g.IntN(len(list))] }

func holds(op string, c int) bool {
	return map[string]bool{"==": c == 0, "!=": c != 0, "<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}[op]
}

func sign(f float64) int {
	switch {
	case f < 0:
		return -1
	case f > 0:
		return 1
	}
	return 0
}

// query, term and factor make an expression that can be about a kind.
func (g *generator) query(k, depth int) expression {
	e := g.term(k, depth)
	for range g.IntN(2) {
		e = join(e, "or", g.term(k, depth))
	}
	return e
}

func (g *generator) term(k, depth int) expression {
	e := g.factor(k, depth)
	for range g.IntN(2) {
		e = join(e, g.one("and", "except"), g.factor(k, depth))
	}
	return e
}

func join(a expression, word string, b expression) expression {
	e := expression{text: a.text + " " + word + " " + b.text}
	for k := range e.kinds {
		e.kinds[k] = a.kinds[k] && b.kinds[k]
	}
	e.holds = func(t *thing) bool {
		switch word {
		case "or":
			return a.holds(t) || b.holds(t)
		case "except":
			return a.holds(t) && !b.holds(t)
		}
		return a.holds(t) && b.holds(t)
	}
	return e
}

func (g *generator) factor(k, depth int) expression {
	if g.IntN(4) == 0 {
		e := g.factor(k, depth)
		return expression{"not " + e.text, e.kinds, func(t *thing) bool { return !e.holds(t) }}
	}
	return g.test(k, depth)
}

// test is a condition, or a set that may have one.
func (g *generator) test(k, depth int) expression {
	if g.IntN(2) == 0 {
		return g.condition(k, depth)
	}
	e := g.set(k, depth)
	switch n := g.IntN(3); {
	case n == 0 && (k == aComponent || k == aPackage):
		v := g.version(k)
		j := join(e, "and", v)
		j.text = e.text + strings.TrimPrefix(v.text, "version")
		if e.text == kindWords[k] {
			j.text = e.text + " " + v.text
		}
		return j
	case n == 1:
		c := g.condition(k, depth)
		j := join(e, "and", c)
		j.text = e.text + " " + c.text
		return j
	}
	return e
}

// set is a set of things of a kind.
func (g *generator) set(k, depth int) expression {
	var e expression
	e.kinds[k] = true
	switch n := g.IntN(4); {
	case n == 0 && depth > 0:
		e = g.query(k, depth-1)
		e.text = "(" + e.text + ")"
	case n == 1:
		pattern := g.name(k)
		if at := g.IntN(len(pattern) + 1); g.IntN(2) == 0 {
			pattern = pattern[:at] + g.one("*", "?") + pattern[min(len(pattern), at+g.IntN(3)):]
		}
		e.text = fmt.Sprintf("%s(%s)", strings.TrimSuffix(kindWords[k], "s"), `"`+strings.ReplaceAll(pattern, `"`, `\"`)+`"`)
		e.holds = func(t *thing) bool { return anyLike(pattern, t.names()) }
	case n == 2:
		name := g.name(k)
		e.text = name
		e.holds = func(t *thing) bool { return slices.Contains(t.names(), name) }
		for _, t := range g.all {
			e.kinds[t.kind] = e.kinds[t.kind] || e.holds(t)
		}
	default:
		e.text, e.holds = kindWords[k], func(*thing) bool { return true }
	}
	return e
}

// name is a name of something of a kind.
func (g *generator) name(k int) string {
	var names []string
	for _, t := range g.all {
		if t.kind == k {
			names = append(names, t.names()...)
		}
	}
	return g.one(names...)
}

func (g *generator) version(k int) expression {
	list := componentVersions
	if k == aPackage {
		list = packageVersions
	}
	op, want := g.one("==", "!=", "<", "<=", ">", ">="), g.one(list...)
	return expression{fmt.Sprintf("version %s %q", op, want), [4]bool{aComponent: true, aPackage: true}, func(t *thing) bool {
		order, v := debianOrder, ""
		if t.kind == aPackage {
			v = t.pkg.Version
		} else if args := t.instances[0].Args; len(args) > 0 {
			order, v = languageOrder, strings.Trim(args[0], `"`)
		}
		at := slices.Index(order, v)
		if v != "" && at < 0 {
			panic("a version without a place: " + v)
		}
		return v != "" && holds(op, at-slices.Index(order, want))
	}}
}

// condition is a condition that can be about a kind.
func (g *generator) condition(k, depth int) expression {
	for {
		e, ok := g.anyCondition(k, depth)
		if ok && e.kinds[k] {
			return e
		}
	}
}

func (g *generator) anyCondition(k, depth int) (expression, bool) {
	everything := [4]bool{true, true, true, true}
	op := g.one("==", "!=", "<", "<=", ">", ">=")
	eq := g.one("==", "!=")
	quantity := func(word, value string, want float64, kinds [4]bool, of func(*thing) (float64, bool)) expression {
		return expression{fmt.Sprintf("%s %s %s", word, op, value), kinds, func(t *thing) bool {
			n, ok := of(t)
			return ok && holds(op, sign(n-want))
		}}
	}
	switch g.IntN(11) {
	case 0:
		n := g.IntN(300)
		return quantity("size", fmt.Sprintf("%dMB", n), float64(n)*1e6, everything, (*thing).size), true
	case 1:
		n := []string{"never", "yearly", "monthly", "weekly", "6/year", "1.5/month"}
		at := g.IntN(len(n))
		return quantity("changes", n[at], []float64{0, 1, 12, 52, 6, 18}[at], [4]bool{aComponent: true, aPackage: true, aLayer: true}, (*thing).rate), true
	case 2:
		n := g.IntN(5)
		return quantity("replicas", fmt.Sprint(n), float64(n), [4]bool{anApp: true}, func(t *thing) (float64, bool) { return float64(t.app.Replicas), true }), true
	case 3:
		pattern := g.one("17-*", "*-jre", "8-jdk", "21-?re", "*")
		return expression{fmt.Sprintf("tag %s %q", eq, pattern), [4]bool{anApp: true}, func(t *thing) bool { return anyLike(pattern, t.app.Tags) == (eq == "==") }}, true
	case 4:
		pattern := g.one("linux/amd64", "arm64", "*/arm64", "linux", "windows", "*64")
		return expression{fmt.Sprintf("platform %s %q", eq, pattern), everything, func(t *thing) bool {
			p := t.at.Graph.Platform
			return anyLike(pattern, []string{p.OS, p.Arch, p.OS + "/" + p.Arch}) == (eq == "==")
		}}, true
	case 5:
		return g.version(k), k == aComponent || k == aPackage
	case 6:
		of, n := g.IntN(4), g.IntN(6)
		e := quantity(kindWords[of], fmt.Sprint(n), float64(n), [4]bool{}, func(t *thing) (float64, bool) {
			sum := 0
			for _, o := range g.all {
				if o.kind == of && (relates("has", t.kind, of) && related("has", t, o) || relates("in", t.kind, of) && related("in", t, o)) {
					sum++
				}
			}
			return float64(sum), true
		})
		for x := range e.kinds {
			e.kinds[x] = relates("has", x, of) || relates("in", x, of)
		}
		return e, true
	case 7:
		flag := g.one("base", "stacked", "portable", "empty", "spine", "delta", "published")
		kinds := [4]bool{aComponent: true, aLayer: flag == "base" || flag == "portable"}
		if flag == "spine" || flag == "delta" {
			kinds = [4]bool{aLayer: true}
		}
		return expression{flag, kinds, func(t *thing) bool {
			switch {
			case t.kind == aLayer:
				return string(t.layer.Kind) == flag
			case flag == "published":
				return t.instances[0].Publish != ""
			}
			return t.instances[0].Kind.String() == flag
		}}, true
	}
	if depth == 0 {
		return expression{}, false
	}
	verb := g.one(verbs...)
	var others []int
	for y := range kindWords {
		if relates(verb, k, y) {
			others = append(others, y)
		}
	}
	if len(others) == 0 {
		return expression{}, false
	}
	of := g.test(others[g.IntN(len(others))], depth-1)
	e := expression{text: verb + " " + of.text}
	for x := range e.kinds {
		for y := range of.kinds {
			e.kinds[x] = e.kinds[x] || of.kinds[y] && relates(verb, x, y)
		}
	}
	e.holds = func(x *thing) bool {
		return slices.ContainsFunc(g.all, func(y *thing) bool {
			return of.kinds[y.kind] && relates(verb, x.kind, y.kind) && related(verb, x, y) && of.holds(y)
		})
	}
	return e, true
}
