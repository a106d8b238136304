package evaluate

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/moby/patternmatcher"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"

	"github.com/layc-lang/layc/lang/lazy"
)

// replace adds an edit that replaces a string, if the source at the finding is exactly
// that string.
func replace(d *diag.Diagnostic, old, text string) {
	if d.Span.Text() == `"`+old+`"` {
		d.Fix(d.Span, `"`+text+`"`)
	}
}

// targetOf evaluates and checks an option that is a path in the image.
func (c *clause) targetOf(word string) (string, bool) {
	o := c.Option(word)
	if o == nil || len(o.Args) == 0 {
		return "", false
	}
	p, ok := c.eval(o.Args[0], c.env).(string)
	if !ok {
		return "", false
	}
	return c.target(p, o.Args[0].Span())
}

// ownership evaluates the options owner and mode.
func (c *clause) ownership() (*model.Owner, string) {
	var owner *model.Owner
	if o := c.Option("owner"); o != nil && len(o.Args) > 0 {
		switch t := c.eval(o.Args[0], c.env).(type) {
		case string:
			owner = c.owner(t, o.Args[0].Span())
		case *User:
			c.to.mention(t, o.Args[0].Span())
			owner = t.Owner()
		}
	}
	o := c.Option("mode")
	if o == nil || len(o.Args) == 0 {
		return owner, ""
	}
	switch m := c.eval(o.Args[0], c.env).(type) {
	case int64:
		if m >= 0 && m <= model.MaxMode {
			return owner, "0" + strconv.FormatInt(m, 8)
		}
		c.badMode(fmt.Sprintf("%#o", m), o.Args[0].Span())
	case string:
		switch parsed, ok := model.ParseMode(m); {
		case ok && !parsed.Symbolic():
			return owner, parsed.String()
		case ok:
			return owner, m
		}
		c.badMode(strconv.Quote(m), o.Args[0].Span())
	}
	return owner, ""
}

func (x *Findings) badMode(mode string, at source.Span) {
	d := x.Found.Errorf(diag.InvalidOwnerOrMode, at, "not a valid mode: %s", mode)
	if n := strings.IndexAny(mode, "89"); n >= 0 && strings.Trim(mode, `"0123456789`) == "" {
		d.Note("a mode is octal, with digits from 0 to 7, not %c", mode[n])
	} else {
		d.Note("a mode is octal or symbolic, as for chmod; `X` must come before any change of `x`")
	}
	d.Hint("write a mode such as `0755` or `\"g+rw\"`")
}

func (c *clause) copy() {
	step := &model.Copy{Span: c.At}
	step.Owner, step.Mode = c.ownership()
	ok := true
	step.Path, ok = c.targetOf("to")
	if o := c.Option("include"); o != nil {
		step.Include = c.globs(o.Args, c.env)
	}
	if o := c.Option("exclude"); o != nil {
		step.Exclude = c.globs(o.Args, c.env)
	}
	var of *Ref
	var at []source.Span // places of the sources
	if c.Option("from") != nil {
		of, at = c.copyFrom(step)
		ok = of != nil && ok
	} else {
		ok = c.copyOwn(step) && ok
	}
	if !ok || len(step.Sources) == 0 {
		return
	}
	if (len(step.Sources) > 1 || matches(step)) && !strings.HasSuffix(step.Path, "/") {
		replace(c.Found.Errorf(diag.AmbiguousTarget, c.Option("to").Args[0].Span(), "cannot copy several files to one path: %s", step.Path).
			Note("a target that ends with `/` is a directory to copy into").
			Hint("write `to %q`", step.Path+"/"), step.Path, step.Path+"/")
		return
	}
	if of == nil {
		c.taken(step)
	} else {
		c.to.From = append(c.to.From, From{Step: len(c.to.Steps), Sources: at, Ref: of})
	}
	c.to.Steps = append(c.to.Steps, step)
}

func (x *Evaluator) globs(args []syntax.Expr, v *env) []string {
	var out []string
	for _, a := range args {
		for _, g := range x.texts(a, v) {
			if m, err := patternmatcher.New([]string{g}); err != nil || len(m.Patterns()) == 0 {
				x.Found.Errorf(diag.InvalidPattern, a.Span(), "not a valid pattern: %q", g).
					Note("patterns are as in .dockerignore: *, ?, [a-z], and ** for any directories").
					Hint("%s", fixPattern(g))
				continue
			}
			out = append(out, g)
		}
	}
	return out
}

// copyOwn evaluates the sources of a copy of the project's files.
func (c *clause) copyOwn(step *model.Copy) bool {
	ok := true
	var sources []model.Source
	for _, a := range c.Args {
		for _, p := range c.paths(a, c.env) {
			p, src, found := c.projectSource(p, a.Span(), c.env.module)
			if ok = ok && found; found {
				step.Sources, sources = append(step.Sources, p), append(sources, src)
			}
		}
	}
	if len(sources) > 1 {
		for n, p := range step.Sources {
			sources[n].Contents = strings.HasSuffix(p, "/")
		}
	}
	step.Taken = c.selection(sources...)
	step.Taken.Include, step.Taken.Exclude = step.Include, step.Exclude
	return ok
}

// matches reports whether a copy's only source is a pattern.
func matches(s *model.Copy) bool {
	if s.Taken != nil {
		return s.Taken.Sources[0].Pattern
	}
	return model.IsPattern(s.Sources[0])
}

// copyFrom evaluates the sources and the origin of `copy … from`. It also returns the
// places of the sources.
func (c *clause) copyFrom(step *model.Copy) (of *Ref, sources []source.Span) {
	ok := true
	for _, a := range c.Args {
		for _, p := range c.texts(a, c.env) {
			p, fine := c.target(p, a.Span())
			step.Sources, sources = append(step.Sources, p), append(sources, a.Span())
			ok = ok && fine
		}
	}
	refs := c.optionRefs("from")
	if len(refs) == 0 || !ok {
		return nil, nil
	}
	return refs[0], sources
}

// plainName turns a string into a valid name of a declaration.
func plainName(s string) string {
	s, _, _ = strings.Cut(s, ":")
	name := strings.Map(func(c rune) rune {
		if c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			return c
		}
		return '_'
	}, s)
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return "NAME"
	}
	return name
}

func (c *clause) run() {
	script, ok := c.operand().(string)
	if !ok || !c.Passable(script, c.Args[0].Span()) {
		return
	}
	step := &model.Run{Script: script, Span: c.At, User: c.runAs()}
	if c.Option("in") != nil {
		step.Dir, _ = c.targetOf("in")
	}
	for _, o := range c.Program.Mentions[c.Clause] {
		if val := c.object(o, c.At, c.env); val != nil {
			c.variable(&step.Vars, o.Ident().Name, text(val), c.At)
		}
	}
	if o := c.Option("with"); o != nil {
		for _, i := range o.Items {
			c.item(i, step)
		}
	}
	c.to.Steps = append(c.to.Steps, step)
}

// item evaluates one item of run … with.
func (c *clause) item(o *syntax.Option, step *model.Run) {
	switch o.Word.Name {
	case "cache":
		step.Caches = append(step.Caches, c.itemTargets(o.Args)...)
	case "tmpfs":
		step.Tmpfs = append(step.Tmpfs, c.itemTargets(o.Args)...)
	case "network":
		step.NoNetwork = true
	case "secret":
		c.secret(o, step)
	case "ssh":
		step.SSH = true
	case "env":
		c.runEnv(o, step)
	case "bind":
		c.bind(o, step)
	}
}

// runEnv evaluates a variable of one run.
func (c *clause) runEnv(o *syntax.Option, step *model.Run) {
	if o.Assign == nil {
		return
	}
	key, _ := c.eval(o.Assign.Key, c.env).(string)
	val, ok := c.content(o.Assign.Value, c.env)
	if !ok {
		return
	}
	if !variableName().MatchString(key) {
		c.Found.Errorf(diag.InvalidVariable, o.Assign.Key.At, "not a valid variable name: %q", key).
			Note("a variable name has letters, digits and `_`, and does not begin with a digit").
			Hint("write `env %s = …`", plainName(key))
		return
	}
	c.variable(&step.Vars, key, val, o.Assign.Value.Span())
}

// variableName matches the names of variables that a shell accepts.
var variableName = lazy.Regexp(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (c *clause) itemTargets(args []syntax.Expr) []string {
	var out []string
	for _, a := range args {
		for _, p := range c.texts(a, c.env) {
			if p, ok := c.target(p, a.Span()); ok && !c.isRoot(p, a.Span()) {
				out = append(out, p)
			}
		}
	}
	return out
}

func (c *clause) secret(o *syntax.Option, step *model.Run) {
	if len(o.Args) != 1 {
		return
	}
	n, ok := o.Args[0].(*syntax.Name)
	if !ok {
		return
	}
	sec := model.Secret{Name: n.Name}
	for _, sub := range o.Options {
		switch {
		case len(sub.Args) == 0:
		case sub.Word.Name == "as":
			if as, ok := sub.Args[0].(*syntax.Name); ok {
				sec.Env = as.Name
			}
		case sub.Word.Name == "to":
			for _, p := range c.itemTargets(sub.Args) {
				sec.File = p
			}
		}
	}
	if sec.Env == "" && sec.File == "" {
		sec.File = "/run/secrets/" + sec.Name
	}
	c.secretUses = append(c.secretUses, secretUse{n.Name, n.At})
	step.Secrets = append(step.Secrets, sec)
}

func (c *clause) bind(o *syntax.Option, step *model.Run) {
	b := model.Bind{}
	var of *Ref
	for _, sub := range o.Options {
		switch sub.Word.Name {
		case "to":
			for _, p := range c.itemTargets(sub.Args) {
				b.To = p
			}
		case "from":
			for _, r := range c.allRefs(sub.Args, c.env) {
				of = r
			}
			if of == nil {
				return // reported already
			}
		}
	}
	for _, a := range o.Args {
		for _, p := range c.paths(a, c.env) {
			ok := true
			if of == nil {
				p, ok = c.bound(p, a.Span(), &b)
			}
			if ok && b.To != "" {
				b.Source = p
				if of != nil {
					c.to.From = append(c.to.From, From{Step: len(c.to.Steps), Mount: len(step.Binds), Ref: of})
				}
				step.Binds = append(step.Binds, b)
			}
		}
	}
}

// bound evaluates a path of the project that is mounted. It follows links, as the mount
// itself would.
func (c *clause) bound(p string, at source.Span, b *model.Bind) (string, bool) {
	written, src, ok := c.projectSource(p, at, c.env.module)
	if !ok {
		return "", false
	}
	if src.Pattern {
		c.Found.Errorf(diag.AmbiguousTarget, at, "cannot mount a pattern: %q", p).
			Note("a mount is one file or directory").
			Hint("mount the directory: %q", path.Dir(p)+"/")
		return "", false
	}
	real, err := model.Resolve(c.Files, c.selection().Mounts, src.Path, true)
	if err != nil {
		c.unfit(err, written, at)
		return "", false
	}
	info, err := fs.Lstat(c.Files, real)
	if err != nil {
		c.noFile(real, err, at)
		return "", false
	}
	b.Taken = c.selection(model.Source{Path: real, Contents: info.IsDir()})
	return written, true
}

func (c *clause) fileStep() {
	owner, mode := c.ownership()
	p, ok := c.operand().(string)
	if !ok {
		return
	}
	if p, ok = c.target(p, c.Args[0].Span()); !ok {
		return
	}
	if strings.HasSuffix(p, "/") {
		c.Found.Errorf(diag.InvalidPath, c.Args[0].Span(), "%q is a directory", p).Hint("add a file name: `\"%s…\"`", p)
		return
	}
	word := "text"
	if c.Option("append") != nil {
		word = "append"
	}
	content := ""
	if o := c.Option(word); o != nil && len(o.Args) > 0 {
		content, _ = c.content(o.Args[0], c.env)
	}
	if word == "append" {
		c.to.Steps = append(c.to.Steps, &model.Append{Place: model.Place{Path: p, Owner: owner, Mode: mode}, Text: content, Span: c.At})
		return
	}
	c.to.Steps = append(c.to.Steps, &model.File{Place: model.Place{Path: p, Owner: owner, Mode: mode}, Text: content, Span: c.At})
}

// runAs returns the user that a run declares: numbers, or a name of the system.
func (c *clause) runAs() string {
	o := c.Option("as")
	if o == nil || len(o.Args) == 0 {
		return ""
	}
	switch u := c.eval(o.Args[0], c.env).(type) {
	case string:
		if c.validUser(u, o.Args[0].Span()) {
			return u
		}
	case *User:
		c.to.mention(u, o.Args[0].Span())
		return text(u)
	}
	return ""
}

func (c *clause) dir() {
	owner, mode := c.ownership()
	for _, p := range c.itemTargets(c.Args) {
		c.to.Steps = append(c.to.Steps, &model.Dir{Place: model.Place{Path: strings.TrimSuffix(p, "/"), Owner: owner, Mode: mode}, Times: c.Option("times") != nil, Span: c.At})
	}
}

func (c *clause) link() {
	p, ok := c.operand().(string)
	to := c.optional("to")
	if !ok || to == nil {
		return
	}
	holds := text(to)
	p, ok = c.target(p, c.Args[0].Span())
	if c.linkTarget(holds, c.Option("to").Args[0].Span()) && ok && !c.isRoot(p, c.Args[0].Span()) {
		c.to.Steps = append(c.to.Steps, &model.Link{Path: strings.TrimSuffix(p, "/"), To: holds, Span: c.At})
	}
}
