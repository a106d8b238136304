package evaluate

import (
	"math"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Block is the evaluated block of a component, an app or the fleet for given arguments:
// everything that does not depend on who uses it.
type Block struct {
	module *check.Module
	Span   source.Span // of the declaration's name
	Number int         // number among the components' blocks
	Origin source.Span // of the first reference to it

	Uses, Needs, BuildsWith, RunsWith, After []*Ref
	BuildsOn                                 *Ref
	Cross                                    source.Span // where it declares that it builds cross; zero: nowhere
	Fills, Replaces                          []*Ref
	Mentions                                 []*Ref // users
	account                                  *User  // the user declaration that has this block; else nil
	Repeatable                               bool

	System   *model.System
	systemAt source.Span // of the clause that defines System
	// repositories are the package repositories of third parties, in the order of the program.
	repositories []repository
	unfit        bool // one of its repositories is not valid

	Steps    []model.Step // their stages are in From
	From     []From       // in the order of the program
	Owns     []model.Own
	Named    []model.NamedOwner
	Misowned bool // an `owns` has no valid path
	Settings []model.Setting

	Rate     model.Rate
	RateWith *Ref
	Update   *Update
	Size     int64
	Publish  string
	Tests    []model.Test

	declared map[string]source.Span // clauses with a single value, and where they are declared

	Layers    int
	LayersAt  source.Span
	Replicas  int
	Tags      []string
	tagsAt    []source.Span // of each tag
	Base      *Ref
	identity  string
	registry  string
	naming    string
	namingAt  source.Span
	platforms []string
	builder   model.Platform
	secrets   []string
}

// From is an unbound `from` of a copy, or of a mount of a run.
type From struct {
	Step    int           // index of the step
	Mount   int           // index of the run's mount
	Sources []source.Span // the sources of a copy
	Ref     *Ref
}

func (b *Block) propose(s model.Setting) {
	s.Name = s.Word
	if s.Key != "" {
		s.Name += " " + s.Key
	}
	b.Settings = append(b.Settings, s)
}

func installs(c *clause) {
	s := &model.Install{Span: c.At}
	for _, a := range c.Args {
		names, places := placed(c.Evaluator, a, c.env)
		s.Names, s.Places = append(s.Names, names...), append(s.Places, places...)
	}
	if len(s.Names) > 0 {
		c.to.Steps = append(c.to.Steps, s)
	}
}

// statements evaluates the statements of a block in order.
func (x *Evaluator) statements(b *syntax.Block, v *env, to *Block) {
	if b == nil {
		return
	}
	in := v.block(b)
	for _, s := range b.Stmts {
		x.statement(s, in, to)
	}
}

func (x *Evaluator) statement(s syntax.Stmt, v *env, to *Block) {
	if !x.Spend(s.Span()) {
		return
	}
	switch s := s.(type) {
	case *syntax.Clause:
		(&clause{x, s, v, to}).evaluate()
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
func (x *Evaluator) generate(g *syntax.Generator, v *env, f func(*env)) {
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

// clause is a clause during its evaluation.
type clause struct {
	*Evaluator
	*syntax.Clause
	env *env
	to  *Block // receives the result
}

func (c *clause) evaluate() {
	c.declaredOnce()
	if c.to.account != nil {
		c.accountClause(c.to.account)
		return
	}
	switch c.Word.Name {
	case "uses":
		c.to.Uses = append(c.to.Uses, c.allRefs(c.Args, c.env)...)
	case "needs":
		c.to.Needs = append(c.to.Needs, c.allRefs(c.Args, c.env)...)
	case "builds":
		c.to.BuildsWith = append(c.to.BuildsWith, c.optionRefs("with")...)
		for _, r := range c.optionRefs("on") {
			c.to.BuildsOn = r
		}
		if c.Option("cross") != nil {
			c.to.Cross = c.At
		}
	case "runs":
		c.to.RunsWith = append(c.to.RunsWith, c.optionRefs("with")...)
	case "after":
		c.to.After = append(c.to.After, c.allRefs(c.Args, c.env)...)
	case "fills":
		c.to.Fills = append(c.to.Fills, c.allRefs(c.Args, c.env)...)
	case "replaces":
		c.to.Replaces = append(c.to.Replaces, c.allRefs(c.Args, c.env)...)
	case "repeatable":
		c.to.Repeatable = true
	case "owns":
		c.owns()
	case "changes":
		c.changes()
	case "size":
		if n, ok := c.operand().(size); ok {
			c.to.Size = int64(n)
		}
	case "publish":
		c.to.Publish, _ = c.operand().(string)
	case "test":
		c.test()
	case "layers":
		c.to.Layers = c.count(1)
		if len(c.Args) == 1 {
			c.to.LayersAt = c.Args[0].Span()
		}
	case "replicas":
		c.to.Replicas = c.count(1)
	case "tag":
		for _, a := range c.Args {
			for _, t := range c.texts(a, c.env) {
				c.to.Tags, c.to.tagsAt = append(c.to.Tags, t), append(c.to.tagsAt, a.Span())
			}
		}
	case "base":
		for _, r := range c.allRefs(c.Args, c.env) {
			c.to.Base = r
		}
	case "identity":
		c.to.identity = identityOf(c)
	case "registry":
		c.to.registry = c.registry()
	case "naming":
		namingOf(c)
	case "platforms":
		c.to.platforms = append(c.to.platforms, c.allTexts(c.Args, c.env)...)
	case "builder":
		c.to.builder = builderOf(c)
	case "secret":
		for _, a := range c.Args {
			if n, ok := a.(*syntax.Name); ok {
				c.to.secrets = append(c.to.secrets, n.Name)
			}
		}
	case "distribution", "image", "layout", "rootfs":
		c.system()
	case "repository":
		c.repository()
	case "copy":
		c.copy()
	case "fetch":
		c.fetch()
	case "run":
		c.run()
	case "install":
		installs(c)
	case "file":
		c.fileStep()
	case "dir":
		c.dir()
	case "link":
		c.link()
	case "env", "label", "annotation":
		c.assigned()
	case "healthcheck":
		c.healthcheck()
	case "user", "workdir", "expose", "volume", "entrypoint", "command", "stopsignal", "shell":
		c.configured()
	case "update":
		c.update()
	}
}

// declaredOnce reports a clause with a single value that another block repeats: the
// result must not depend on the order of blocks. The checker reports repetitions within
// one block.
func (c *clause) declaredOnce() {
	word := c.Word.Name
	switch {
	case word == "changes" && len(c.Args) == 0:
		word = "changes with"
	case word == "builds" && c.Option("on") != nil:
		word = "builds on"
	case !check.Once(word, c.to.account != nil):
		return
	}
	first, again := c.to.declared[word]
	if !again {
		if c.to.declared == nil {
			c.to.declared = map[string]source.Span{}
		}
		c.to.declared[word] = c.At
		return
	}
	d := c.Found.Errorf(diag.ConflictingConfiguration, c.At, "`%s` is defined twice", word)
	if first != c.At {
		d.See(first, "first defined here").Hint("remove one of them, or move one into the `else` of the other")
	} else {
		d.Note("the loop repeats it").Hint("move it out of the `for`")
	}
}

// operand evaluates the single operand of a clause.
func (c *clause) operand() value {
	if len(c.Args) == 0 {
		return nil
	}
	return c.eval(c.Args[0], c.env)
}

func (x *Evaluator) allRefs(args []syntax.Expr, v *env) []*Ref {
	var out []*Ref
	for _, a := range args {
		out = append(out, x.refs(a, v)...)
	}
	return out
}

func (c *clause) optionRefs(word string) []*Ref {
	if o := c.Option(word); o != nil {
		return c.allRefs(o.Args, c.env)
	}
	return nil
}

func (x *Evaluator) allTexts(args []syntax.Expr, v *env) []string {
	var out []string
	for _, a := range args {
		out = append(out, x.texts(a, v)...)
	}
	return out
}

// optional evaluates the first operand of an option; nil without the option.
func (c *clause) optional(word string) value {
	o := c.Option(word)
	if o == nil || len(o.Args) == 0 {
		return nil
	}
	return c.eval(o.Args[0], c.env)
}

// option evaluates the first operand of an option as a string; "" without the option.
func (c *clause) option(word string) string {
	val := c.optional(word)
	if val == nil {
		return ""
	}
	return text(val)
}

// count evaluates an operand that must be a number of at least low.
func (c *clause) count(low int64) int {
	n, ok := c.operand().(int64)
	if !ok {
		return 0
	}
	if n < low || n > 1<<20 {
		c.Found.Errorf(diag.OutOfRange, c.Args[0].Span(), "`%s` cannot be %d", c.Word.Name, n).
			Hint("write a number from %d to %d", low, 1<<20)
		return int(low)
	}
	return int(n)
}

func (c *clause) owns() {
	owner, mode := c.ownership()
	for _, a := range c.Args {
		for _, p := range c.texts(a, c.env) {
			p, ok := c.target(p, a.Span())
			if !ok || c.isRoot(p, a.Span()) {
				c.to.Misowned = true
				continue
			}
			c.to.Owns = append(c.to.Owns, model.Own{Place: model.Place{Path: strings.TrimSuffix(p, "/"), Owner: owner, Mode: mode}, Span: a.Span()})
		}
	}
}

// perYear returns how often a year a rate is, by its word or its period.
func perYear(word string) int64 {
	if r := syntax.FindRate(word); r != nil {
		return r.Yearly
	}
	return 0 // which the checker has reported
}

func (c *clause) changes() {
	for _, r := range c.optionRefs("with") {
		c.to.RateWith = r
	}
	if len(c.Args) != 1 {
		return
	}
	switch a := c.Args[0].(type) {
	case *syntax.Name:
		c.to.Rate = model.Rate{Micros: perYear(a.Name) * model.OnceAYear, Set: true}
	case *syntax.Binary:
		n, ok := c.eval(a.X, c.env).(int64)
		if period, isName := a.Y.(*syntax.Name); ok && isName {
			if n < 0 || n > mostChanges {
				c.outOfRange(a.X, strconv.FormatInt(n, 10), period.Name)
				return
			}
			c.to.Rate = model.Rate{Micros: n * perYear(period.Name) * model.OnceAYear, Set: true}
		}
	case *syntax.Number:
		n, err := strconv.ParseFloat(a.Text, 64)
		if err != nil || n > mostChanges {
			c.outOfRange(a, a.Text, strings.TrimPrefix(a.Unit, "/"))
			return
		}
		c.to.Rate = model.Rate{Micros: int64(math.Round(n*model.OnceAYear)) * perYear(strings.TrimPrefix(a.Unit, "/")), Set: true}
	}
}

// mostChanges is the largest number of changes in a period.
const mostChanges = 1 << 20

func (c *clause) outOfRange(e syntax.Expr, n, period string) {
	c.Found.Errorf(diag.OutOfRange, e.Span(), "out of range: %s changes a %s", n, period).
		Hint("write a number from 0 to %d", mostChanges)
}

func (c *clause) test() {
	t := model.Test{Prints: c.option("prints"), Span: c.At}
	switch command := c.operand().(type) {
	case string:
		t.Command, t.Args = command, []string{"/bin/sh", "-c", command}
	case list:
		t.Command, t.Args = settingOf(command).String(), textsOf(command)
		if len(command) == 0 || t.Args[0] == "" {
			c.NothingToRun(c.Args[0].Span(), "the test has no program").
				Hint("write the program and its arguments, such as `test [\"/server\", \"--version\"] prints \"1.2\"`")
			return
		}
	default:
		return
	}
	for n, a := range t.Args {
		if !c.Passable(a, elementAt(c.Args[0], n)) {
			return
		}
	}
	c.to.Tests = append(c.to.Tests, t)
}
