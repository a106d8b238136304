package check

import (
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/syntax"
)

// operandTypes has the type of each operand of a clause ("copy") and of its options ("copy from").
// Operands without an entry are words, not values, or have a rule of their own in clause. Where
// several operands are allowed, a list of them is, too.
var operandTypes = map[string]*Type{
	"uses": componentType, "needs": componentType, "builds with": componentType, "builds on": componentType,
	"runs with": componentType, "after": componentType, "fills": componentType, "replaces": componentType,
	"changes with": componentType, "base": componentType, "copy from": componentType, "bind from": componentType,

	"owns": stringType, "owns mode": nil, "owns owner": stringType,
	"size": sizeType, "layers": intType, "replicas": intType,
	"publish": stringType, "platforms": stringType, "builder": stringType, "tag": stringType, "registry": stringType,
	"identity": stringType, "naming": stringType,
	"image": stringType, "layout": pathType, "rootfs": stringType, "rootfs sha256": stringType, "rootfs sha512": stringType,
	"distribution": stringType, "distribution suite": stringType, "distribution with": stringType,
	"repository": stringType, "repository from": stringType, "repository suite": stringType, "repository components": stringType,
	"repository key": pathType, "repository sha256": stringType, "repository priority": intType,

	"copy": pathType, "copy to": stringType, "copy owner": stringType, "copy include": stringType, "copy exclude": stringType,
	"fetch": stringType, "fetch sha256": stringType, "fetch sha512": stringType, "fetch strip": intType, "fetch limit": sizeType,
	"fetch to": stringType, "fetch owner": stringType,
	"run": stringType, "run as": stringType, "run in": stringType, "install": stringType,
	"cache": stringType, "bind": pathType, "bind to": stringType, "secret to": stringType, "tmpfs": stringType,
	"file": stringType, "file text": stringType, "file append": stringType, "file owner": stringType,
	"dir": stringType, "dir owner": stringType, "link": stringType, "link to": stringType,

	"env by": stringType, "user": stringType, "workdir": stringType, "volume": stringType,
	"entrypoint": listOf(stringType), "command": listOf(stringType), "shell": listOf(stringType), "stopsignal": stringType,
	"healthcheck": listOf(stringType), "healthcheck every": durationType, "healthcheck timeout": durationType,
	"healthcheck start": durationType, "healthcheck retries": intType,
	"test prints": stringType,

	"user shell": stringType, "uid": intType, "gid": intType, "home": stringType, "groups": stringType,
}

// OperandType returns the type of a key of operandTypes in the terms of spec.md; "" for words or
// nothing.
func OperandType(key string) string {
	switch key {
	case "changes":
		return "rate"
	case "update":
		return "interval"
	case "expose":
		return "port"
	case "fills":
		return "slot"
	case "healthcheck":
		return "list(string) or none"
	case "test":
		return "string or list(string)"
	case "network":
		return "none"
	case "dir times":
		return "content"
	}
	if strings.HasSuffix(key, " mode") {
		return "mode"
	}
	if t := operandTypes[key]; t != nil {
		return t.String()
	}
	return ""
}

// block checks the statements of a block in a scope of its own. All lets of a block are visible in
// the whole block.
func (c *checker) block(b *syntax.Block) {
	if b == nil {
		return
	}
	c.push(b.At)
	defer c.pop()
	for _, s := range b.Stmts {
		if l, ok := s.(*syntax.Let); ok && l.Name.Name != "" {
			if old, ok := c.scope.names[l.Name.Name]; ok {
				c.list.Errorf(diag.DeclaredTwice, l.Name.At, "`%s` is defined twice here", l.Name.Name).
					See(old.Ident().At, "first defined here").Hint("rename one of them")
				continue
			}
			c.scope.names[l.Name.Name] = &Let{Decl: l, scope: c.scope}
		}
	}
	declared := map[string]*syntax.Clause{}
	for _, s := range b.Stmts {
		c.stmt(s)
		if s, ok := s.(*syntax.Clause); ok {
			c.once(s, declared)
		}
	}
}

// singles are the properties with a single value.
var singles = []string{
	"base", "identity", "registry", "naming", "builder", "layers", "replicas", "size", "changes", "update", "publish", "image", "layout", "rootfs", "distribution",
	"uid", "gid", "home",
}

// Once reports whether a property has a single value, so that it is declared at most once. Shell is
// such a property only in the block of a user.
func Once(word string, user bool) bool {
	return slices.Contains(singles, word) || user && word == "shell"
}

// once reports a property that the block declares twice.
func (c *checker) once(s *syntax.Clause, declared map[string]*syntax.Clause) {
	word := s.Word.Name
	if !Once(word, c.user) || len(s.Args) == 0 {
		return // `changes with` is another property than `changes`
	}
	if first := declared[word]; first != nil {
		c.list.Errorf(diag.DeclaredTwice, s.At, "`%s` is defined twice", word).
			See(first.At, "first defined here").Hint("keep one of them")
		return
	}
	declared[word] = s
}

func (c *checker) stmt(s syntax.Stmt) {
	switch s := s.(type) {
	case *syntax.Clause:
		c.clause(s)
	case *syntax.Let:
		if o, ok := c.scope.names[s.Name.Name].(*Let); ok && o.Decl == s {
			c.letType(o)
		}
	case *syntax.If:
		c.expect(s.Cond, boolType, "the condition")
		c.block(s.Then)
		if s.Else != nil {
			c.stmt(s.Else)
		}
	case *syntax.Else:
		c.block(s.Body)
	case *syntax.For:
		c.push(s.At)
		c.generator(s.Generator)
		c.block(s.Body)
		c.pop()
	case *syntax.Match:
		subject := c.expr(s.Subject)
		for _, a := range s.Arms {
			for _, p := range a.Patterns {
				c.fitsSubject(p, subject, s.Subject)
			}
			c.block(a.Body)
		}
	}
}

func (c *checker) clause(s *syntax.Clause) {
	word := s.Word.Name
	switch word {
	case "changes":
		if s.Option("with") == nil {
			c.rate(s)
			return
		}
	case "update":
		c.interval(s.Args)
		return
	case "secret":
		return
	case "healthcheck":
		if isWord(s.Args, "none") {
			return
		}
		if n, ok := s.Args[0].(*syntax.Name); ok && strings.EqualFold(n.Name, "none") && c.scope.lookup(n.Name) == nil {
			c.list.Errorf(diag.UnknownName, n.At, "unknown name `%s`", n.Name).
				Hint("did you mean `none`?").Fix(n.At, "none")
			return
		}
	case "expose":
		c.ports(s.Args)
		return
	case "test":
		for _, a := range s.Args {
			c.oneOrMore(a, stringType, "`test`")
		}
		for _, o := range s.Options {
			c.option(word, o)
		}
		return
	case "run":
		c.mentions(s)
	case "shell":
		if c.user {
			c.operands("user shell", "`shell`", s.Args)
			return
		}
	}
	c.operands(word, "`"+word+"`", s.Args)
	if word == "fills" {
		c.slots(s.Args)
	}
	if s.Assign != nil {
		c.assign(word, s.Assign)
	}
	for _, o := range s.Options {
		c.option(word, o)
	}
}

// slots reports components where slots are expected.
func (c *checker) slots(args []syntax.Expr) {
	for _, a := range args {
		named := a
		if call, ok := a.(*syntax.Call); ok {
			named = call.Fun
		}
		if o, ok := c.p.Callee(named).(*Component); ok {
			c.list.Errorf(diag.WrongType, a.Span(), "`fills` expects a slot, found a component").
				See(o.Decl.Name.At, "declared here").
				Note("to take the place of a component, use `replaces`").
				Hint("name a slot, such as a slot that `%s` fills", o.Decl.Name.Name)
		}
	}
}

func (c *checker) assign(word string, a *syntax.Assign) {
	c.expect(a.Key, stringType, "the key of `"+word+"`")
	if word == "env" {
		c.key, _ = a.Key.Literal()
		defer func() { c.key = "" }()
		c.selfReference(a)
	}
	if t := c.value(a.Value, stringType); !t.scalar() {
		c.notInText(a.Value, t)
	}
}

// ports checks the operands of `expose`: numbers, or strings with a protocol.
func (c *checker) ports(args []syntax.Expr) {
	for _, a := range args {
		if c.bare(a) {
			continue
		}
		t := c.expr(a)
		each := t
		if t.Kind == List {
			each = t.Elem
		}
		if !each.text() && !each.assignable(intType) {
			c.fits(a, t, intType, "`expose`")
		}
	}
}

// operands checks operands by their key in operandTypes.
func (c *checker) operands(key, shown string, args []syntax.Expr) {
	want := operandTypes[key]
	for _, a := range args {
		if want == nil {
			c.expr(a)
			continue
		}
		if (key == "needs" || key == "uses") && c.isUser(a) {
			c.expr(a)
			continue
		}
		if several[key] {
			c.oneOrMore(a, want, shown)
		} else {
			c.expect(a, want, shown)
		}
	}
}

// isUser reports whether an expression names a declared user.
func (c *checker) isUser(e syntax.Expr) bool {
	var o Object
	switch e := e.(type) {
	case *syntax.Name:
		o = c.scope.lookup(e.Name)
	case *syntax.Select:
		if n, ok := e.X.(*syntax.Name); ok {
			if i, ok := c.scope.lookup(n.Name).(*Import); ok && i.Module != nil {
				o = i.Module.Scope[e.Name.Name]
			}
		}
	}
	_, ok := o.(*User)
	return ok
}

// several are the clauses and options that take any number of values, and so also lists of them.
var several = func() map[string]bool {
	m := map[string]bool{}
	for _, f := range syntax.Forms() {
		m[f.Word] = f.Takes == syntax.Many
		for _, o := range f.Options {
			m[f.Word+" "+o.Word] = o.Takes == syntax.Many
		}
	}
	return m
}()

func (c *checker) option(word string, o *syntax.Option) {
	key := word + " " + o.Word.Name
	switch {
	case o.Word.Name == "mode":
		for _, a := range o.Args {
			c.mode(a)
		}
	case o.Word.Name == "times":
		c.onlyWord("times", "content", "by default, all files have the same time", o.Args)
	case word == "run" && o.Word.Name == "with":
		for _, item := range o.Items {
			c.item(item)
		}
	default:
		c.operands(key, "`"+o.Word.Name+"` of `"+word+"`", o.Args)
	}
}

// mode checks permissions: octal digits after a zero, or a string in the syntax of chmod.
func (c *checker) mode(a syntax.Expr) {
	n, ok := a.(*syntax.Number)
	if ok && n.Unit == "" && len(n.Text) > 1 && n.Text[0] != '0' {
		d := c.list.Errorf(diag.InvalidOwnerOrMode, a.Span(), "%s is not a valid mode", n.Text).
			Note("modes are octal and begin with 0")
		if strings.Trim(n.Text, "01234567") == "" {
			d.Hint("write `0%s`", n.Text).Fix(a.Span(), "0"+n.Text)
		} else {
			d.Hint("write `0755` or `\"g+rw\"`")
		}
		return
	}
	if t := c.value(a, stringType); t.Kind != Int && !t.text() && t.Kind != Invalid {
		c.list.Errorf(diag.WrongType, a.Span(), "`mode` must be a number or a string, not %s", t.article()).
			Hint("write `0755` or `\"g+rw\"`")
	}
}

// onlyWord checks an option that takes nothing but one word. A note says what holds without it.
func (c *checker) onlyWord(option, word, note string, args []syntax.Expr) {
	if len(args) != 1 || isWord(args, word) {
		return
	}
	if _, bad := args[0].(*syntax.BadExpr); !bad {
		at := args[0].Span()
		c.list.Errorf(diag.WrongType, at, "`%s` must be `%s`, not `%s`", option, word, at.Text()).
			Note("%s", note).
			Hint("write `%s %s`, or remove it", option, word)
	}
}

// item checks one item of run … with.
func (c *checker) item(o *syntax.Option) {
	switch o.Word.Name {
	case "secret", "ssh":
	case "network":
		c.onlyWord("network", "none", "by default, `run` uses the host's network", o.Args)
	case "env":
		if o.Assign != nil {
			c.assign(o.Word.Name, o.Assign)
		}
		return
	default:
		c.operands(o.Word.Name, "`"+o.Word.Name+"`", o.Args)
	}
	for _, x := range o.Options {
		if x.Word.Name != "as" {
			c.operands(o.Word.Name+" "+x.Word.Name, "`"+x.Word.Name+"` of `"+o.Word.Name+"`", x.Args)
		}
	}
}

// rate checks `changes monthly`, `changes 12/year` and `changes 1.5/year`.
func (c *checker) rate(s *syntax.Clause) {
	if len(s.Args) != 1 {
		return
	}
	if n, ok := s.Args[0].(*syntax.Number); ok && strings.HasPrefix(n.Unit, "/") {
		return
	}
	if b, ok := s.Args[0].(*syntax.Binary); ok && b.Op == "/" {
		c.expect(b.X, intType, "the number of changes")
		c.rateWord([]syntax.Expr{b.Y}, syntax.Periods)
		return
	}
	c.rateWord(s.Args, syntax.Rates)
}

// interval checks `update weekly` and `update 10d`.
func (c *checker) interval(args []syntax.Expr) {
	for _, a := range args {
		if _, bad := a.(*syntax.BadExpr); bad {
			continue // reported by the parser
		}
		n, ok := a.(*syntax.Name)
		if !ok || c.scope.lookup(n.Name) != nil {
			if !ok || !slices.Contains(syntax.Intervals, n.Name) {
				c.expect(a, durationType, "`update`")
			}
			continue
		}
		if slices.Contains(syntax.Intervals, n.Name) {
			continue
		}
		d := c.list.Errorf(diag.InvalidRate, a.Span(), "not a valid interval: `%s`", n.Name).
			Note("intervals are %s, or a duration of at least one day", strings.Join(syntax.Intervals, ", "))
		if near := diag.Nearest(n.Name, syntax.Intervals); near != "" {
			d.Hint("did you mean `%s`?", near).Fix(a.Span(), near)
		} else {
			d.Hint("write one of them, or a duration such as `14d`")
		}
	}
}

func (c *checker) rateWord(args []syntax.Expr, known []string) {
	for _, a := range args {
		if _, bad := a.(*syntax.BadExpr); bad {
			continue // reported by the parser
		}
		n, ok := a.(*syntax.Name)
		if ok && slices.Contains(known, n.Name) {
			continue
		}
		d := c.list.Errorf(diag.InvalidRate, a.Span(), "not a valid rate of change: `%s`", a.Span().Text())
		if known[0] == syntax.Periods[0] {
			d.Note("a rate is a number of times per %s", either(syntax.Periods))
		} else {
			d.Note("rates are %s, or a number of times, such as `12/year`", strings.Join(known, ", "))
		}
		if s, text := a.(*syntax.String); text {
			if word, _ := s.Literal(); slices.Contains(known, word) {
				d.Hint("write it without quotes: `%s`", word).Fix(a.Span(), word)
				continue
			}
		}
		if ok {
			near := diag.Nearest(n.Name, known)
			for _, k := range known {
				if len(n.Name) > 1 && strings.HasPrefix(k, n.Name[:1]) && strings.HasSuffix(k, n.Name[len(n.Name)-1:]) && near == "" {
					near = k // yr
				}
			}
			if near != "" {
				d.Hint("did you mean `%s`?", near).Fix(a.Span(), near)
				continue
			}
		}
		d.Hint("write the closest rate, such as `%s`", known[3%len(known)])
	}
}

// either lists words: a, b or c.
func either(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// mentions records the bindings that a run's script mentions as $name or ${name. It includes text
// that the shell quotes: an unnecessary binding in a key is harmless.
func (c *checker) mentions(s *syntax.Clause) {
	if len(s.Args) == 0 {
		return
	}
	str, ok := s.Args[0].(*syntax.String)
	if !ok {
		return
	}
	text, _ := str.Literal()
	seen := map[string]Object{}
	for _, name := range Mentioned(text) {
		if o := c.scope.lookup(name); o != nil && seen[name] == nil && c.isBinding(o, s) {
			seen[name] = o
			c.used[o] = true
		}
	}
	names := make([]string, 0, len(seen))
	for n := range seen {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		c.p.Mentions[s] = append(c.p.Mentions[s], seen[n])
	}
}

// Mentioned returns the names that a script mentions as $name or ${name, in order.
func Mentioned(script string) []string {
	var names []string
	for _, at := range strings.Split(script, "$")[1:] {
		if n := shellName(strings.TrimPrefix(at, "{")); n != "" {
			names = append(names, n)
		}
	}
	return names
}

// shellName returns the longest shell variable name at the start of s.
func shellName(s string) string {
	i := 0
	for i < len(s) && (s[i] == '_' || s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z' || i > 0 && s[i] >= '0' && s[i] <= '9') {
		i++
	}
	return s[:i]
}

// isBinding reports whether a name is a value that can be a shell variable.
func (c *checker) isBinding(o Object, s *syntax.Clause) bool {
	switch o.(type) {
	case *Let, *Param, *Var:
		return c.objectType(o, s.At).scalar()
	}
	return false
}

func isWord(args []syntax.Expr, word string) bool {
	if len(args) != 1 {
		return false
	}
	n, ok := args[0].(*syntax.Name)
	return ok && n.Name == word
}
