package component

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/patternmatcher"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// replace adds the edit that puts a text in the place of the one that a finding
// points at, if that stands there as it is.
func replace(d *diag.Diagnostic, old, text string) {
	if d.Span.Text() == `"`+old+`"` {
		d.Fix(d.Span, `"`+text+`"`)
	}
}

// targetOf evaluates and checks an option that is a path within the image.
func (x *expander) targetOf(s *syntax.Clause, word string, v *env) (string, bool) {
	o := s.Option(word)
	if o == nil || len(o.Args) == 0 {
		return "", false
	}
	p, ok := x.eval(o.Args[0], v).(string)
	if !ok {
		return "", false
	}
	return x.target(p, o.Args[0].Span())
}

var (
	numericOwner = regexp.MustCompile(`^([0-9]{1,10})(?::([0-9]{1,10}))?$`)
)

// ownership evaluates the options owner and mode.
func (x *expander) ownership(s *syntax.Clause, v *env, to *body) (*Owner, string) {
	var owner *Owner
	if o := s.Option("owner"); o != nil && len(o.Args) > 0 {
		switch t := x.eval(o.Args[0], v).(type) {
		case string:
			owner = x.owner(t, o.Args[0].Span())
		case *account:
			to.mention(t, o.Args[0].Span())
			owner = t.owner()
		}
	}
	o := s.Option("mode")
	if o == nil || len(o.Args) == 0 {
		return owner, ""
	}
	switch m := x.eval(o.Args[0], v).(type) {
	case int64:
		if m >= 0 && m <= maxMode {
			return owner, "0" + strconv.FormatInt(m, 8)
		}
		x.badMode(o.Args[0])
	case string:
		switch parsed, ok := ParseMode(m); {
		case ok && parsed.octal >= 0:
			return owner, parsed.String()
		case ok:
			return owner, m
		}
		x.badMode(o.Args[0])
	}
	return owner, ""
}

func (x *expander) badMode(e syntax.Expr) {
	x.found.Errorf("E0321", e.Span(), "%s is not a valid mode", e.Span().Text()).
		Note("a mode is octal, or as chmod takes it; it changes something, and `X` stands before what changes `x`").
		Hint("write `0755` or `\"g+rw\"`")
}

// owner reads an owner in numbers. Names are refused: a portable layer is made
// without knowing the system that it will lie on, and a name may have another
// number on each.
func (x *expander) owner(t string, at source.Span) *Owner {
	m := numericOwner.FindStringSubmatch(t)
	if m == nil {
		d := x.found.Errorf("E0321", at, "%q is not a valid owner", t).
			Note("an owner is numbers or a declared user: layers are made without knowing which system they will lie on, and a name may have another number on each")
		if numbers, ok := debianUsers[t]; ok {
			replace(d.Hint("write `%q`, which is %s on Debian, or declare `user %s { uid … }` and write `owner %s`", numbers, t, plainName(t), plainName(t)), t, numbers)
		} else {
			d.Hint("write the numbers, such as `\"1001\"` or `\"1001:0\"`, or declare `user %s { uid … }` and write `owner %s`", plainName(t), plainName(t))
		}
		return nil
	}
	uid, err := strconv.Atoi(m[1])
	gid := uid
	if m[2] != "" {
		var bad error
		gid, bad = strconv.Atoi(m[2])
		err = cmp.Or(err, bad)
	}
	if err != nil || uid > maxID || gid > maxID {
		x.found.Errorf("E0321", at, "%q is not a valid owner", t).Hint("write numbers from 0 to %d", maxID)
		return nil
	}
	return &Owner{UID: uid, GID: gid}
}

// debianUsers are the owners that have fixed numbers on Debian, in package
// base-passwd, and that programs use.
var debianUsers = map[string]string{
	"root": "0:0", "daemon": "1:1", "bin": "2:2", "sys": "3:3", "games": "5:60", "man": "6:12", "lp": "7:7", "mail": "8:8", "news": "9:9",
	"uucp": "10:10", "proxy": "13:13", "www-data": "33:33", "backup": "34:34", "list": "38:38", "irc": "39:39", "nobody": "65534:65534",
}

func (x *expander) copy(s *syntax.Clause, v *env, to *body) {
	step := &Copy{Span: s.At}
	step.Owner, step.Mode = x.ownership(s, v, to)
	ok := true
	step.Path, ok = x.targetOf(s, "to", v)
	if o := s.Option("include"); o != nil {
		step.Include = x.globs(o.Args, v)
	}
	if o := s.Option("exclude"); o != nil {
		step.Exclude = x.globs(o.Args, v)
	}
	if s.Option("from") != nil {
		ok = x.copyFrom(s, step, v) && ok
	} else {
		ok = x.copyOwn(s, step, v) && ok
	}
	if !ok || len(step.Sources) == 0 {
		return
	}
	if several := len(step.Sources) > 1 || step.matches(); several && !strings.HasSuffix(step.Path, "/") {
		replace(x.found.Errorf("E0327", s.Option("to").Args[0].Span(), "several files cannot all become %s", step.Path).
			Note("a target that ends in `/` means into it").
			Hint("write `to %q`", step.Path+"/"), step.Path, step.Path+"/")
		return
	}
	if step.From == nil {
		x.taken(step)
	}
	to.steps = append(to.steps, step)
}

func (x *expander) globs(args []syntax.Expr, v *env) []string {
	var out []string
	for _, a := range args {
		for _, g := range x.texts(a, v) {
			if m, err := patternmatcher.New([]string{g}); err != nil || len(m.Patterns()) == 0 {
				x.found.Errorf("E0322", a.Span(), "%q is no pattern", g).
					Note("patterns are those of .dockerignore: *, ?, [a-z], ** for any directories").
					Hint("%s", mendPattern(g))
				continue
			}
			out = append(out, g)
		}
	}
	return out
}

// copyOwn evaluates the sources of a copy of the project's files.
func (x *expander) copyOwn(s *syntax.Clause, step *Copy, v *env) bool {
	ok := true
	var sources []Source
	for _, a := range s.Args {
		for _, p := range x.paths(a, v) {
			p, src, found := x.projectSource(p, a.Span(), v.module)
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
	step.Taken = x.selection(sources...)
	step.Taken.Include, step.Taken.Exclude = step.Include, step.Exclude
	return ok
}

// matches reports whether a copy's only source is a pattern.
func (s *Copy) matches() bool {
	if s.Taken != nil {
		return s.Taken.Sources[0].Pattern
	}
	return pattern(s.Sources[0])
}

// copyFrom evaluates the sources and the origin of `copy … from`.
func (x *expander) copyFrom(s *syntax.Clause, step *Copy, v *env) bool {
	ok := true
	for _, a := range s.Args {
		for _, p := range x.texts(a, v) {
			p, fine := x.target(p, a.Span())
			step.Sources = append(step.Sources, p)
			ok = ok && fine
		}
	}
	refs := x.optionRefs(s, "from", v)
	if len(refs) == 0 {
		return false
	}
	step.From = x.stage(refs[0])
	return ok && step.From != nil
}

// projectSource turns a path as a program writes it into one within the
// project, with its trailing slash, and says what is there. It reports what is
// not.
func (x *expander) projectSource(p string, at source.Span, m *check.Module) (string, Source, bool) {
	full, ok := x.within(p, at, m)
	if !ok {
		return "", Source{}, false
	}
	slash := strings.HasSuffix(p, "/")
	if strings.ContainsAny(full, "*?[") && !x.literal(full) {
		return full, Source{Path: full, Pattern: true}, x.matching(full, at)
	}
	real, err := Resolve(x.files, x.selection().Mounts, full, slash)
	var unfit *UnfitError
	if errors.As(err, &unfit) {
		x.unfit(err, full, at)
		return "", Source{}, false
	}
	var info fs.FileInfo
	if err == nil {
		info, err = fs.Lstat(x.files, real)
	}
	if err != nil {
		x.noFile(full, err, at)
		return "", Source{}, false
	}
	if !slash {
		return full, Source{Path: full, Contents: info.IsDir()}, true
	}
	if !info.IsDir() {
		x.found.Errorf("E0324", at, "%s is a file", full).
			Note("a source that ends in `/` is the contents of a directory").Hint("remove the `/`")
		return "", Source{}, false
	}
	return full + "/", Source{Path: full, Contents: true}, true
}

// literal reports whether a text that looks like a pattern is meant as it is:
// a file has that name, and the pattern matches none.
func (x *expander) literal(name string) bool {
	if _, err := fs.Lstat(x.files, name); err != nil {
		return false
	}
	found, err := fs.Glob(x.files, name)
	return err == nil && len(found) == 0 || err != nil
}

// within turns a path as a program writes it into a clean one within the
// project, and reports one that is not.
func (x *expander) within(p string, at source.Span, m *check.Module) (string, bool) {
	full := strings.TrimPrefix(p, "//")
	if full == p {
		dir, ok := m.Dir()
		if !ok {
			x.found.Errorf("E0323", at, "module %s has no files to copy", m.Path).
				Note("of the standard library only .layer files are read").
				Hint("take the path as a parameter of type `path`, or write the text with `file`")
			return "", false
		}
		if strings.HasPrefix(p, "/") {
			x.found.Errorf("E0323", at, "%q is not within the project", p).
				Note("`copy` takes files of the project, by a path relative to the module").
				Hint("write `%q`, or move the file into the project", strings.TrimLeft(p, "/"))
			return "", false
		}
		full = dir + "/" + p
	}
	full = path.Clean(full)
	if full == ".." || strings.HasPrefix(full, "../") {
		x.found.Errorf("E0323", at, "%q is outside the project", p).
			Note("an image is made of the project's own files only").
			Hint("move the file into the project")
		return "", false
	}
	if (m.Git != load.Repository{}) && !strings.HasPrefix(p, "//") && !beneath(full, m.Git.Mount()) {
		x.found.Errorf("E0323", at, "%q is outside the repository", p).
			Note("a module of a repository takes files of that repository only").
			Hint("move the file into the repository, or take the path as a parameter of type `path`")
		return "", false
	}
	return full, true
}

// beneath reports whether a path is a directory or lies beneath it.
func beneath(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

// matching checks that a pattern matches something, and reports one that also
// is the name of a file which it does not match.
func (x *expander) matching(pattern string, at source.Span) bool {
	found, err := fs.Glob(x.files, pattern)
	switch {
	case err != nil:
		x.found.Errorf("E0322", at, "%q is no pattern", pattern).
			Note("patterns have *, ? and [a-z]").Hint("%s", mendPattern(pattern))
		return false
	case len(found) == 0:
		x.found.Errorf("E0324", at, "no file matches %q", pattern).
			Note("patterns are relative to the directory of the module").
			Hint("%s", x.whatIsIn(path.Dir(pattern)))
		return false
	}
	if _, err := fs.Lstat(x.files, pattern); err == nil && !slices.Contains(found, pattern) {
		x.found.Errorf("E0322", at, "%q is the name of a file, and a pattern that matches %s instead", pattern, found[0]).
			Note("in a pattern, `[a-z]` stands for one character").
			Hint("write `\\\\` before each `[` to name the file, or rename it")
		return false
	}
	return true
}

// noFile reports a missing file, with the closest one that is there.
func (x *expander) noFile(full string, err error, at source.Span) {
	if !errors.Is(err, fs.ErrNotExist) {
		x.found.Errorf("E0324", at, "cannot read %s: %s", full, cause(err)).
			Hint("make it readable for you, or copy another file")
		return
	}
	d := x.found.Errorf("E0324", at, "no file %s in the project", full)
	if r, rest := x.graph.Repository(full); r.Mount != "" {
		d.Message = fmt.Sprintf("no file %s in %s", rest, strings.TrimPrefix(r.Mount, "@"))
		d.Note("of a repository, files are read in directories with .layer files and beneath them, but no links")
	}
	dir := path.Dir(full)
	entries, err := fs.ReadDir(x.files, dir)
	if err != nil {
		_, dir = x.graph.Repository(dir)
		d.Note("there is no directory %s either", dir).
			Hint("paths are relative to the directory of the module; what a build makes is copied `from` a component")
		return
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if near := diag.Nearest(path.Base(full), names); near != "" {
		_, near = x.graph.Repository(path.Join(dir, near))
		d.Hint("did you mean `%q`?", near)
		return
	}
	d.Hint("%s", x.whatIsIn(dir))
}

// whatIsIn says what a directory of the project holds, for help lines.
func (x *expander) whatIsIn(dir string) string {
	const shown = 8
	var names []string
	entries, _ := fs.ReadDir(x.files, dir)
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, ".") && !strings.HasSuffix(name, ".layer") && name != lock.Name {
			names = append(names, name)
		}
	}
	r, dir := x.graph.Repository(dir)
	switch {
	case dir == "" && r.Mount != "":
		dir = strings.TrimPrefix(r.Mount, "@")
	case dir == ".":
		dir = "the project's directory"
	}
	if len(names) == 0 {
		return dir + " holds nothing to copy"
	}
	return dir + " holds " + listed(names, shown)
}

// mendPattern says what is wrong with a pattern that is none.
func mendPattern(p string) string {
	if strings.Count(p, "[") > strings.Count(p, "]") {
		return "close the `[`, or write `\\\\[` for the character itself"
	}
	return "write a pattern such as `\"*.jar\"` or `\"**/test\"`"
}

// plainName is a text as the name of a declaration.
func plainName(s string) string {
	s, _, _ = strings.Cut(s, ":")
	name := strings.Map(func(c rune) rune {
		if c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			return c
		}
		return '_'
	}, s)
	if digits(name) > 0 || name == "" {
		return "NAME"
	}
	return name
}

func cause(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

func (x *expander) run(s *syntax.Clause, v *env, to *body) {
	script, ok := x.operand(s, v).(string)
	if !ok || !x.passable(script, s.Args[0].Span()) {
		return
	}
	step := &Run{Script: script, Span: s.At, User: x.runAs(s, v, to)}
	if s.Option("in") != nil {
		step.Dir, _ = x.targetOf(s, "in", v)
	}
	for _, o := range x.p.Mentions[s] {
		if val := x.object(o, s.At, v); val != nil {
			x.variable(&step.Vars, o.Ident().Name, text(val), s.At)
		}
	}
	if o := s.Option("with"); o != nil {
		for _, i := range o.Items {
			x.item(i, step, v)
		}
	}
	to.steps = append(to.steps, step)
}

// item evaluates one item of run … with.
func (x *expander) item(o *syntax.Option, step *Run, v *env) {
	switch o.Word.Name {
	case "cache":
		step.Caches = append(step.Caches, x.itemTargets(o.Args, v)...)
	case "tmpfs":
		step.Tmpfs = append(step.Tmpfs, x.itemTargets(o.Args, v)...)
	case "network":
		step.NoNetwork = true
	case "secret":
		x.secret(o, step, v)
	case "ssh":
		step.SSH = true
	case "env":
		x.runEnv(o, step, v)
	case "bind":
		x.bind(o, step, v)
	}
}

// runEnv evaluates a variable for one command.
func (x *expander) runEnv(o *syntax.Option, step *Run, v *env) {
	if o.Assign == nil {
		return
	}
	key, _ := x.eval(o.Assign.Key, v).(string)
	val, ok := x.content(o.Assign.Value, v)
	if !ok {
		return
	}
	if !variableName.MatchString(key) {
		x.found.Errorf("E0307", o.Assign.Key.At, "%q cannot be the name of a variable", key).
			Note("names of a command's variables have letters, digits and `_`, and begin with no digit").
			Hint("write `env %s = …`", plainName(key))
		return
	}
	x.variable(&step.Vars, key, val, o.Assign.Value.Span())
}

// variableName is what a shell takes for the name of a variable.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (x *expander) itemTargets(args []syntax.Expr, v *env) []string {
	var out []string
	for _, a := range args {
		for _, p := range x.texts(a, v) {
			if p, ok := x.target(p, a.Span()); ok && !x.isRoot(p, a.Span()) {
				out = append(out, p)
			}
		}
	}
	return out
}

func (x *expander) secret(o *syntax.Option, step *Run, v *env) {
	if len(o.Args) != 1 {
		return
	}
	n, ok := o.Args[0].(*syntax.Name)
	if !ok {
		return
	}
	sec := Secret{Name: n.Name}
	for _, sub := range o.Options {
		switch {
		case len(sub.Args) == 0:
		case sub.Word.Name == "as":
			if as, ok := sub.Args[0].(*syntax.Name); ok {
				sec.Env = as.Name
			}
		case sub.Word.Name == "to":
			for _, p := range x.itemTargets(sub.Args, v) {
				sec.File = p
			}
		}
	}
	if sec.Env == "" && sec.File == "" {
		sec.File = "/run/secrets/" + sec.Name
	}
	x.secretUses = append(x.secretUses, secretUse{n.Name, n.At})
	step.Secrets = append(step.Secrets, sec)
}

func (x *expander) bind(o *syntax.Option, step *Run, v *env) {
	b := Bind{}
	for _, sub := range o.Options {
		switch sub.Word.Name {
		case "to":
			for _, p := range x.itemTargets(sub.Args, v) {
				b.To = p
			}
		case "from":
			for _, r := range x.allRefs(sub.Args, v) {
				b.From = x.stage(r)
			}
			if b.From == nil {
				return // reported
			}
		}
	}
	for _, a := range o.Args {
		for _, p := range x.paths(a, v) {
			ok := true
			if b.From == nil {
				p, ok = x.bound(p, a.Span(), v, &b)
			}
			if ok && b.To != "" {
				b.Source = p
				step.Binds = append(step.Binds, b)
			}
		}
	}
}

// bound is a path of the project that is mounted: links are followed, as the
// mount would be one of the link's target anyway.
func (x *expander) bound(p string, at source.Span, v *env, b *Bind) (string, bool) {
	written, src, ok := x.projectSource(p, at, v.module)
	if !ok {
		return "", false
	}
	if src.Pattern {
		x.found.Errorf("E0327", at, "%q is a pattern, and a mount is of one file or directory", p).
			Hint("mount the directory, %q", path.Dir(p)+"/")
		return "", false
	}
	real, err := Resolve(x.files, x.selection().Mounts, src.Path, true)
	if err != nil {
		x.unfit(err, written, at)
		return "", false
	}
	info, err := fs.Lstat(x.files, real)
	if err != nil {
		x.noFile(real, err, at)
		return "", false
	}
	b.Taken = x.selection(Source{Path: real, Contents: info.IsDir()})
	return written, true
}

func (x *expander) fileStep(s *syntax.Clause, v *env, to *body) {
	owner, mode := x.ownership(s, v, to)
	p, ok := x.operand(s, v).(string)
	if !ok {
		return
	}
	if p, ok = x.target(p, s.Args[0].Span()); !ok {
		return
	}
	if strings.HasSuffix(p, "/") {
		x.found.Errorf("E0320", s.Args[0].Span(), "%q is a directory", p).Hint("write the name of the file behind it: `\"%s…\"`", p)
		return
	}
	word := "text"
	if s.Option("append") != nil {
		word = "append"
	}
	said := ""
	if o := s.Option(word); o != nil && len(o.Args) > 0 {
		said, _ = x.content(o.Args[0], v)
	}
	if word == "append" {
		to.steps = append(to.steps, &Append{Place: Place{p, owner, mode}, Text: said, Span: s.At})
		return
	}
	to.steps = append(to.steps, &File{Place: Place{p, owner, mode}, Text: said, Span: s.At})
}

// runAs is the user that a run asks for, as numbers or as a system's own name.
func (x *expander) runAs(s *syntax.Clause, v *env, to *body) string {
	o := s.Option("as")
	if o == nil || len(o.Args) == 0 {
		return ""
	}
	switch u := x.eval(o.Args[0], v).(type) {
	case string:
		if x.validUser(u, o.Args[0].Span()) {
			return u
		}
	case *account:
		to.mention(u, o.Args[0].Span())
		return text(u)
	}
	return ""
}

func (x *expander) dir(s *syntax.Clause, v *env, to *body) {
	owner, mode := x.ownership(s, v, to)
	for _, p := range x.itemTargets(s.Args, v) {
		to.steps = append(to.steps, &Dir{Place: Place{strings.TrimSuffix(p, "/"), owner, mode}, Span: s.At})
	}
}

func (x *expander) link(s *syntax.Clause, v *env, to *body) {
	p, ok := x.operand(s, v).(string)
	said := x.optional(s, "to", v)
	if !ok || said == nil {
		return
	}
	holds := text(said)
	p, ok = x.target(p, s.Args[0].Span())
	if x.linkTarget(holds, s.Option("to").Args[0].Span()) && ok && !x.isRoot(p, s.Args[0].Span()) {
		to.steps = append(to.steps, &Link{Path: strings.TrimSuffix(p, "/"), To: holds, Span: s.At})
	}
}
