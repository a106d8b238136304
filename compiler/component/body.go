package component

import (
	"strings"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// body is what the block of a component, an app or the fleet says for given
// arguments: everything that does not depend on who uses it.
type body struct {
	module *check.Module
	span   source.Span // of the declaration's name

	uses, needs, buildsWith, runsWith, after []*ref
	buildsOn                                 *ref
	fills, replaces                          []*ref
	mentions                                 []*ref   // users
	account                                  *account // of a user declaration, whose block this is
	repeatable                               bool

	system   *System
	steps    []Step
	owns     []Own
	misowned bool // it says `owns`, and a path that is none
	settings []setting

	rate     Rate
	rateWith *ref
	update   *updating
	size     int64
	publish  string
	tests    []Test

	said map[string]source.Span // what holds one value, where it was said

	round bool // it copies from what copies from it, which is reported

	layers    int
	layersAt  source.Span
	replicas  int
	tags      []string
	tagsAt    []source.Span // of each
	base      *ref
	registry  string
	platforms []string
	secrets   []string
}

// setting is one clause of image configuration.
type setting struct {
	word   string // "env", "user", …
	key    string // of env and label
	name   string // what it sets: the word, and the key if there is one
	append bool
	by     string // separator of an appending env; "" is the default
	value  value
	span   source.Span
	health *Healthcheck
}

// propose adds a setting.
func (b *body) propose(s setting) {
	s.name = s.word
	if s.key != "" {
		s.name += " " + s.key
	}
	b.settings = append(b.settings, s)
}

// statements evaluates the statements of a block in order.
func (x *expander) statements(b *syntax.Block, v *env, to *body) {
	if b == nil {
		return
	}
	in := v.block(b)
	for _, s := range b.Stmts {
		x.statement(s, in, to)
	}
}

func (x *expander) statement(s syntax.Stmt, v *env, to *body) {
	if !x.spend(s.Span()) {
		return
	}
	switch s := s.(type) {
	case *syntax.Clause:
		x.clause(s, v, to)
	case *syntax.If:
		switch x.eval(s.Cond, v) {
		case true:
			x.statements(s.Then, v, to)
		case false:
			if s.Else != nil {
				x.statement(s.Else, v, to)
			}
		}
	case *syntax.Else:
		x.statements(s.Body, v, to)
	case *syntax.For:
		x.generate(s.Generator, v, func(in *env) { x.statements(s.Body, in, to) })
	case *syntax.Match:
		subject := x.eval(s.Subject, v)
		if subject == nil {
			return
		}
		if a := x.arm(s.Arms, subject, v); a != nil {
			x.statements(a.Body, v, to)
		}
	}
}

// generate calls f for each element of a generator's list or map.
func (x *expander) generate(g *syntax.Generator, v *env, f func(*env)) {
	bind := func(key, val value) {
		in := v.child()
		if g.Key != nil {
			in.values[g.Key.At] = key
		}
		in.values[g.Value.At] = val
		f(in)
	}
	switch c := x.eval(g.In, v).(type) {
	case list:
		for i, val := range c {
			bind(int64(i), val)
		}
	case *mapping:
		for _, k := range c.keys {
			bind(k, c.values[k])
		}
	}
}

// clause evaluates one clause into the body.
func (x *expander) clause(s *syntax.Clause, v *env, to *body) {
	x.saidOnce(s, to)
	if to.account != nil {
		x.accountClause(s, v, to.account)
		return
	}
	switch s.Word.Name {
	case "uses":
		to.uses = append(to.uses, x.allRefs(s.Args, v)...)
	case "needs":
		to.needs = append(to.needs, x.allRefs(s.Args, v)...)
	case "builds":
		to.buildsWith = append(to.buildsWith, x.optionRefs(s, "with", v)...)
		for _, r := range x.optionRefs(s, "on", v) {
			to.buildsOn = r
		}
	case "runs":
		to.runsWith = append(to.runsWith, x.optionRefs(s, "with", v)...)
	case "after":
		to.after = append(to.after, x.allRefs(s.Args, v)...)
	case "fills":
		to.fills = append(to.fills, x.allRefs(s.Args, v)...)
	case "replaces":
		to.replaces = append(to.replaces, x.allRefs(s.Args, v)...)
	case "repeatable":
		to.repeatable = true
	case "owns":
		x.owns(s, v, to)
	case "changes":
		x.changes(s, v, to)
	case "size":
		if n, ok := x.operand(s, v).(size); ok {
			to.size = int64(n)
		}
	case "publish":
		to.publish, _ = x.operand(s, v).(string)
	case "test":
		x.test(s, v, to)
	case "layers":
		to.layers = x.count(s, v, 2, "a base and the app's own layer are two")
		if len(s.Args) == 1 {
			to.layersAt = s.Args[0].Span()
		}
	case "replicas":
		to.replicas = x.count(s, v, 1, "")
	case "tag":
		for _, a := range s.Args {
			for _, t := range x.texts(a, v) {
				to.tags, to.tagsAt = append(to.tags, t), append(to.tagsAt, a.Span())
			}
		}
	case "base":
		for _, r := range x.allRefs(s.Args, v) {
			to.base = r
		}
	case "registry":
		to.registry, _ = x.operand(s, v).(string)
	case "platforms":
		to.platforms = append(to.platforms, x.allTexts(s.Args, v)...)
	case "secret":
		for _, a := range s.Args {
			if n, ok := a.(*syntax.Name); ok {
				to.secrets = append(to.secrets, n.Name)
			}
		}
	case "distribution", "image", "layout", "rootfs":
		x.system(s, v, to)
	case "copy":
		x.copy(s, v, to)
	case "fetch":
		x.fetch(s, v, to)
	case "run":
		x.run(s, v, to)
	case "file":
		x.fileStep(s, v, to)
	case "dir":
		x.dir(s, v, to)
	case "link":
		x.link(s, v, to)
	case "env", "label":
		x.assigned(s, v, to)
	case "healthcheck":
		x.healthcheck(s, v, to)
	case "user", "workdir", "expose", "volume", "entrypoint", "command", "stopsignal", "shell":
		x.configured(s, v, to)
	case "update":
		x.update(s, v, to)
	}
}

// saidOnce reports what holds one value and is said again, in another block: which of
// them counts must not depend on their order. Within one block the checker has
// said so.
func (x *expander) saidOnce(s *syntax.Clause, to *body) {
	word := s.Word.Name
	switch {
	case word == "changes" && len(s.Args) == 0:
		word = "changes with"
	case word == "builds" && s.Option("on") != nil:
		word = "builds on"
	case !check.Once(word, to.account != nil):
		return
	}
	first, again := to.said[word]
	if !again {
		if to.said == nil {
			to.said = map[string]source.Span{}
		}
		to.said[word] = s.At
		return
	}
	d := x.found.Errorf("E0340", s.At, "`%s` is said twice", word)
	if first != s.At {
		d.See(first, "first here").Hint("keep one of them, or put one into the `else` of the other")
	} else {
		d.Note("a loop says it each time").Hint("take it out of the `for`")
	}
}

// operand evaluates the single operand of a clause.
func (x *expander) operand(s *syntax.Clause, v *env) value {
	if len(s.Args) == 0 {
		return nil
	}
	return x.eval(s.Args[0], v)
}

func (x *expander) allRefs(args []syntax.Expr, v *env) []*ref {
	var out []*ref
	for _, a := range args {
		out = append(out, x.refs(a, v)...)
	}
	return out
}

func (x *expander) optionRefs(s *syntax.Clause, word string, v *env) []*ref {
	if o := s.Option(word); o != nil {
		return x.allRefs(o.Args, v)
	}
	return nil
}

func (x *expander) allTexts(args []syntax.Expr, v *env) []string {
	var out []string
	for _, a := range args {
		out = append(out, x.texts(a, v)...)
	}
	return out
}

// optional evaluates the first operand of an option; nil without it.
func (x *expander) optional(s *syntax.Clause, word string, v *env) value {
	o := s.Option(word)
	if o == nil || len(o.Args) == 0 {
		return nil
	}
	return x.eval(o.Args[0], v)
}

// option evaluates the first operand of an option as text; "" without it.
func (x *expander) option(s *syntax.Clause, word string, v *env) string {
	val := x.optional(s, word, v)
	if val == nil {
		return ""
	}
	return text(val)
}

// count evaluates an operand that is a number of at least low.
func (x *expander) count(s *syntax.Clause, v *env, low int64, why string) int {
	n, ok := x.operand(s, v).(int64)
	if !ok {
		return 0
	}
	if n < low || n > 1<<20 {
		d := x.found.Errorf("E0306", s.Args[0].Span(), "`%s` cannot be %d", s.Word.Name, n).
			Hint("write a number from %d to %d", low, 1<<20)
		if why != "" {
			d.Note("%s", why)
		}
		return int(low)
	}
	return int(n)
}

func (x *expander) owns(s *syntax.Clause, v *env, to *body) {
	owner, mode := x.ownership(s, v, to)
	for _, a := range s.Args {
		for _, p := range x.texts(a, v) {
			p, ok := x.target(p, a.Span())
			if !ok || x.isRoot(p, a.Span()) {
				to.misowned = true
				continue
			}
			to.owns = append(to.owns, Own{Place: Place{strings.TrimSuffix(p, "/"), owner, mode}, Span: a.Span()})
		}
	}
}

var perYear = map[string]int64{
	"never": 0, "yearly": 1, "quarterly": 4, "monthly": 12, "weekly": 52, "daily": 365, "hourly": 8760,
	"year": 1, "quarter": 4, "month": 12, "week": 52, "day": 365, "hour": 8760,
}

func (x *expander) changes(s *syntax.Clause, v *env, to *body) {
	for _, r := range x.optionRefs(s, "with", v) {
		to.rateWith = r
	}
	if len(s.Args) != 1 {
		return
	}
	switch a := s.Args[0].(type) {
	case *syntax.Name:
		to.rate = Rate{PerYear: perYear[a.Name], Set: true}
	case *syntax.Binary:
		n, ok := x.eval(a.X, v).(int64)
		if period, isName := a.Y.(*syntax.Name); ok && isName {
			if n < 0 || n > 1<<20 {
				x.found.Errorf("E0306", a.X.Span(), "%d changes a %s", n, period.Name).
					Hint("write a number from 0 to %d", 1<<20)
				return
			}
			to.rate = Rate{PerYear: n * perYear[period.Name], Set: true}
		}
	}
}

func (x *expander) test(s *syntax.Clause, v *env, to *body) {
	command, ok := x.operand(s, v).(string)
	if !ok || !x.passable(command, s.Args[0].Span()) {
		return
	}
	to.tests = append(to.tests, Test{Command: command, Prints: x.option(s, "prints", v), Span: s.At})
}

// unpinned reports something that the lock file has to pin and does not.
func (x *expander) unpinned(at source.Span, format string, args ...any) *diag.Diagnostic {
	return x.found.Errorf(Unpinned, at, format+" are not pinned", args...).
		Note("a plan depends on nothing but the files and what layc.lock pins").
		Hint("run `%s`", x.lockCommand())
}

// lockCommand is what pins things for the platform.
func (x *expander) lockCommand() string {
	if x.asked {
		return "layc lock --platform " + x.platform.String()
	}
	return "layc lock"
}

// Unpinned is the code of findings that `layc lock` mends.
const Unpinned diag.Code = "E0310"
