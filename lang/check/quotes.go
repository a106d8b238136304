package check

import (
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"

	"github.com/layc-lang/layc/lang/lazy"
)

// Missing and extra quotes: `user root`, `platforms linux/amd64`, `uses "tool"`,
// `base "debian:12"`.

// value checks an expression where a string may be expected. It reports an unquoted string as a
// whole, and returns the invalid type for it.
func (c *checker) value(e syntax.Expr, want *Type) *Type {
	if want.Kind == List {
		want = want.Elem
	}
	if !want.text() {
		return c.expr(e)
	}
	each := []syntax.Expr{e}
	if l, ok := e.(*syntax.List); ok {
		each = l.Items
	}
	for _, x := range each {
		if call, ok := x.(*syntax.Call); ok {
			c.textual[call.Fun] = true
		}
		if name, ok := x.(*syntax.Name); ok {
			c.textual[name] = true
		} else if c.bare(x) {
			c.quoteless[x] = true
			c.p.Types[x] = invalidType
		}
	}
	return c.expr(e)
}

// bare reports an expression that was meant as a string, such as linux/amd64 or www-data. It returns
// whether the expression is one: without spaces, quotes and brackets, and with an unknown name in it.
func (c *checker) bare(e syntax.Expr) bool {
	text := e.Span().Text()
	switch e.(type) {
	case *syntax.Binary, *syntax.Unary:
	default:
		return false
	}
	if strings.ContainsAny(text, " \t\n\"()[]{}#") {
		return false
	}
	unknown := (*syntax.Name)(nil)
	syntax.Inspect(e, func(n syntax.Node) bool {
		if name, ok := n.(*syntax.Name); ok && unknown == nil && c.scope.lookup(name.Name) == nil {
			unknown = name
		}
		return true
	})
	if unknown == nil || c.known(unknown) || c.unknowns[unknown.Name] != nil {
		return false
	}
	c.unknowns[unknown.Name] = c.list.Errorf(diag.UnknownName, e.Span(), "unknown name `%s`", unknown.Name).
		Note("strings use double quotes").
		Hint("write `\"%s\"`", text).Fix(e.Span(), `"`+text+`"`)
	return true
}

// known reports whether an unreadable line may declare an unknown name.
func (c *checker) known(e *syntax.Name) bool {
	if c.module.lost(e.Name) {
		return true
	}
	for _, f := range c.module.Files {
		if f.LostName {
			return true
		}
	}
	return false
}

// elsewhere explains a name that is unknown here but has a meaning elsewhere: for an app, as a
// variable, in another language. textual is whether a string may stand there. It returns whether it
// knows such a meaning.
func (c *checker) elsewhere(d *diag.Diagnostic, at source.Span, name string, textual bool) bool {
	for _, f := range c.module.Files {
		for _, decl := range f.Decls {
			app, ok := decl.(*syntax.App)
			if !ok {
				continue
			}
			if n, literal := app.Name.Literal(); literal && n == name {
				d.See(app.Name.At, "this is an app").
					Note("other declarations cannot use an app")
				if textual {
					d.Hint("write it in quotes if it is a string: `\"%s\"`", name)
				} else {
					d.Hint("move the shared parts into a component that both use")
				}
				return true
			}
		}
	}
	called := c.calling != nil && c.calling.Span() == at && c.textual[c.calling]
	switch {
	case called && (name == "env" || name == "getenv"):
		d.Note("layc does not read environment variables of the machine that it runs on").
			Hint("declare `param NAME: string = \"…\"` and set it with `--set NAME=VALUE`")
	case called && diag.Nearest(name, c.scope.visible()) == "":
		d.Note("layc does not have functions; only components take arguments").
			Hint("declare a component with this name, or write the value")
	case c.key != "" && name == c.key:
		d.Note("environment variables of the image are not names in the program").
			Hint("write `env %s += \"…\"` to add to the variable", name)
	case c.pattern != nil && (name == "_" || name == "default" || name == "otherwise"):
		d.Hint("write `else` for the default arm").Fix(at, "else")
	case name == "null" || name == "nil" || name == "none" || name == "None" || name == "undefined":
		d.Note("layc does not have a null value").
			Hint("remove the clause, or put it inside an `if`")
	case strings.EqualFold(name, "true") || strings.EqualFold(name, "false"):
		d.Hint("write `%s`", strings.ToLower(name)).Fix(at, strings.ToLower(name))
	case name == "yes" || name == "on":
		d.Hint("write `true`")
	case name == "no" || name == "off":
		d.Hint("write `false`")
	case name == "self" || name == "this":
		d.Hint("write only the name of the parameter")
	default:
		return false
	}
	return true
}

// systemImage matches references to the images of Debian and Ubuntu, with the release.
var systemImage = lazy.Regexp(`^(?:docker\.io/)?(?:library/)?(?:(debian):([a-z]+|[0-9]+)(?:[.-].*)?|(ubuntu):([a-z]+|[0-9]+\.[0-9]+)(?:[.-].*)?)$`)

// releases maps the names and numbers of releases of distributions to what their modules call them.
var releases = map[string]map[string]string{"debian": {
	"11": "11", "bullseye": "11", "oldstable": "12", "12": "12", "bookworm": "12", "stable": "13", "latest": "13", "13": "13", "trixie": "13",
	"testing": "testing", "unstable": "sid", "sid": "sid",
}, "ubuntu": {
	"22.04": "22.04", "jammy": "22.04", "24.04": "24.04", "noble": "24.04", "latest": "24.04",
}}

// needsNoQuotes adds what to write instead of a string where something else is expected, and reports
// whether that is known.
func (c *checker) needsNoQuotes(d *diag.Diagnostic, e syntax.Expr, want *Type, what string) bool {
	s, ok := e.(*syntax.String)
	if !ok {
		return false
	}
	text, ok := s.Literal()
	switch {
	case !ok:
		return false
	case want.Kind == List && (what == "`command`" || what == "`entrypoint`" || what == "`healthcheck`"):
		list := syntax.CommandList(text)
		d.Note("the command is a list of words; no shell splits a string").
			Hint("write `%s`", list).Fix(e.Span(), list)
	case want.Kind != Reference:
		return false
	case c.names(text):
		d.Hint("remove the quotes: `%s`", text).Fix(e.Span(), text)
	case strings.ContainsAny(text, ":/@"):
		if m := systemImage().FindStringSubmatch(text); m != nil && what == "`base`" {
			name, tag := m[1]+m[3], m[2]+m[4]
			if version := releases[name][tag]; version != "" {
				d.Hint("for a system that is made of the distribution's packages, write `import \"std/%[1]s\"`, and `%[1]s.release(%[2]q)` here", name, version)
			}
		}
		d.Note("an image reference is not a component").
			Hint("declare `component NAME { image %q }` and write NAME here", text)
	case what != "`base`" && what != "the default of a slot":
		d.Hint("write the name of a component, or `os.packages(%q)` for a package of the base system", text)
	default:
		d.Hint("write the name of a component, such as `debian.release(\"12\")`")
	}
	return true
}

// names reports whether a string is the name of a component or a slot, also of an imported module.
func (c *checker) names(text string) bool {
	name, member, dotted := strings.Cut(text, ".")
	switch o := c.scope.lookup(name).(type) {
	case *Component, *Slot:
		return !dotted
	case *Import:
		if !dotted {
			return o.Namesake() != nil
		}
		if o.Module == nil {
			return false
		}
		switch o.Module.Scope[member].(type) {
		case *Component, *Slot:
			return true
		}
	}
	return false
}

// selfReference warns of `env PATH = "$PATH:/opt/bin"`: the value is literal, so the variable would
// contain a dollar sign.
func (c *checker) selfReference(a *syntax.Assign) {
	key, ok := a.Key.Literal()
	s, isText := a.Value.(*syntax.String)
	if !ok || !isText || a.Append {
		return
	}
	text, ok := s.Literal()
	if !ok {
		return
	}
	at := -1
	for _, form := range []string{"$" + key, "${" + key + "}"} {
		if n := strings.Index(text, form); n >= 0 && (form[1] == '{' || len(shellName(text[n+1:])) == len(key)) {
			at = n
		}
	}
	if at < 0 {
		return
	}
	d := c.list.Warnf(diag.RecursiveVariable, a.Value.Span(), "`%s` would contain a literal dollar sign", key).
		Note("no shell expands the values of `env`")
	for _, form := range []string{"$" + key, "${" + key + "}"} {
		for _, by := range []string{":", " "} {
			rest, before := strings.CutPrefix(text, form+by)
			if !before {
				rest, before = strings.CutSuffix(text, by+form)
			}
			if before && !strings.ContainsAny(rest, "$\"\\") && (by == ":") == strings.HasSuffix(key, "PATH") {
				d.Hint("write `env %s += %q` to add to the variable", key, rest).
					Fix(source.Span{File: a.At.File, Start: a.Key.At.End, End: a.Value.Span().End}, ` += "`+rest+`"`)
				return
			}
		}
	}
	d.Hint("write `env %s += \"…\"` to add to the variable", key)
}
