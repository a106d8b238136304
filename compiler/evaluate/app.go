package evaluate

import (
	"fmt"
	"path"
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/naming"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"

	"github.com/layc-lang/layc/lang/lazy"
)

// Variant is one app of a matrix before its evaluation.
type Variant struct {
	Decl       *syntax.App
	env        *env
	repository string
	shared     bool // other variants of its matrix have the same repository; tags distinguish them
}

// App is an app before it is bound.
type App struct {
	Name       string // unique among all apps
	Repository string
	Decl       *syntax.App
	*Block
}

// Variants returns the apps of all matrices in the order of the program.
func (x *Evaluator) Variants() []*Variant {
	var variants []*Variant
	for _, d := range x.Program.Apps {
		same := map[string]*Variant{}
		w := newWhere(d)
		x.matrix(d, w, d.Generators, &env{module: x.Program.Root, values: map[source.Span]value{}}, func(v *env) {
			name, ok := x.eval(d.Name, v).(string)
			if !ok {
				return
			}
			one := &Variant{Decl: d, env: v, repository: name}
			if first := same[name]; first != nil {
				first.shared, one.shared = true, true
			} else {
				same[name] = one
			}
			variants = append(variants, one)
		})
		w.idle(x, d)
	}
	return variants
}

// matrix calls f for each combination of the generators that w allows.
func (x *Evaluator) matrix(d *syntax.App, w *where, rest []*syntax.Generator, v *env, f func(*env)) {
	if len(rest) > 0 {
		x.generate(rest[0], v, func(in *env) { x.matrix(d, w, rest[1:], in, f) })
		return
	}
	if !w.allows(x, v) {
		return
	}
	if x.combined++; x.combined > MaxApps {
		if !x.Exhausted {
			x.Exhaust()
			x.Found.Errorf(diag.TooMuchToEvaluate, d.Name.At, "more than %d apps", MaxApps).
				Note("a matrix has one app for each combination of its `for` values").
				Hint("shorten the lists, or exclude combinations with `where`")
		}
		return
	}
	f(v)
}

// App evaluates the block of one app and names it. It returns nil if the app has no
// valid name, which it reports.
func (x *Evaluator) App(v *Variant) *App {
	d, name := v.Decl, v.repository
	if !ValidName(name) {
		wrong := x.Found.Errorf(diag.InvalidImageName, d.Name.At, "not a valid app name: %q", name).
			Note("an app's name is an image name: lower-case letters and digits, with . _ - / between them")
		if strings.ContainsAny(name, "${}%") {
			wrong.Hint("write `${NAME}` to insert a value into a string")
		} else {
			replace(wrong.Hint("write `app %q`", imageLike(name)), name, imageLike(name))
		}
		return nil
	}
	if name == model.NoApps {
		x.Found.Errorf(diag.InvalidImageName, d.Name.At, "no app can have the name %s", name).
			Note("where a command takes names of apps, `%s` selects none of them", name).
			Hint("choose another name")
		return nil
	}
	b := &Block{module: x.Program.Root, Span: d.Name.At}
	x.statements(d.Body, v.env, b)
	x.otherShell(b)
	namePlatforms(b, x.Fleet.Builder, x.platform)
	for n, t := range b.Tags {
		if !ValidTag(t) {
			x.Found.Errorf(diag.InvalidImageName, b.tagsAt[n], "not a valid tag of app %s: %q", name, t).
				Note("a tag has at most 128 letters, digits, `_`, `.` and `-`, and does not begin with `.` or `-`").
				Hint("write a valid tag, such as `tag \"1.0\"`")
			return nil
		}
	}
	if v.shared {
		if len(b.Tags) == 0 {
			x.sameName(v)
			return nil
		}
		name += ":" + b.Tags[0]
	}
	return &App{Name: name, Repository: v.repository, Decl: d, Block: b}
}

// sameName reports variants of a matrix that have the same name.
func (x *Evaluator) sameName(v *Variant) {
	if x.nameless[v.Decl] {
		return
	}
	x.nameless[v.Decl] = true
	x.Found.Errorf(diag.DuplicateImage, v.Decl.Name.At, "several apps are named %s", v.repository).
		Note("the matrix has one app for each combination of its `for` values, and several have this name").
		Hint("%s", tellApart(v.Decl))
}

// tellApart returns the hint that gives each app of a matrix its own name.
func tellApart(d *syntax.App) string {
	g := d.Generators[0].Value.Name
	if name, ok := d.Name.Literal(); ok {
		return fmt.Sprintf("add what differs to the name: `app \"%s-${%s}\"`, or to a tag: `tag %s`", name, g, g)
	}
	return "add everything that differs to the name, or add a tag to the app: `tag …`"
}

// imageLike turns a name into one that is valid for an image.
func imageLike(name string) string {
	return strings.Trim(strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '.', c == '_', c == '/', c == '-':
			return c
		}
		return '-'
	}, strings.ToLower(name)), "-._/")
}

// ValidName reports whether an app's name can be part of an image reference.
func ValidName(s string) bool {
	alnum := false
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			alnum = true
		case (c == '.' || c == '_' || c == '-' || c == '/') && alnum:
			alnum = c == '-' || c == '_' && i > 0 && s[i-1] != '_'
			if c == '-' || c == '_' {
				alnum = true
			}
		default:
			return false
		}
	}
	return s != "" && len(s) <= 128 && s[len(s)-1] != '-' && s[len(s)-1] != '_' && alnum
}

// ValidTag reports whether a string can follow a name and a colon in an image reference.
func ValidTag(s string) bool { return imageTag().MatchString(s) }

// imageTag matches the tag of an image reference.
var imageTag = lazy.Regexp(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)

// registryHost matches a host with an optional port.
var registryHost = lazy.Regexp(`^([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\])(:[0-9]+)?$`)

// registry evaluates the registry that images are pushed to.
func (c *clause) registry() string {
	r, ok := c.operand().(string)
	if !ok {
		return ""
	}
	host, dir, deeper := strings.Cut(strings.TrimSuffix(r, "/"), "/")
	if registryHost().MatchString(host) && (!deeper || ValidName(dir)) {
		return r
	}
	d := c.Found.Errorf(diag.InvalidImageName, c.Args[0].Span(), "not a valid registry: %q", r).
		Note("a registry is a host, optionally followed by a port and a path of lower-case letters and digits, with . _ - / between them")
	if _, plain, ok := strings.Cut(r, "://"); ok {
		// Without its protocol, nothing would recognize the password and hide it.
		host, dir, _ := strings.Cut(plain, "/")
		plain = path.Join(host[strings.LastIndexByte(host, '@')+1:], dir)
		replace(d.Hint("remove the protocol: `registry %q`", plain), r, plain)
	} else {
		d.Hint("write a registry such as `\"registry.example.com/team\"`")
	}
	return ""
}

// identityOf evaluates the name of the fleet.
func identityOf(c *clause) string {
	n, ok := c.operand().(string)
	if !ok || ValidName(n) {
		return n
	}
	d := c.Found.Errorf(diag.InvalidImageName, c.Args[0].Span(), "not a valid name of a fleet: %q", n).
		Note("a name has lower-case letters and digits, with . _ - / between them")
	if like := imageLike(n); ValidName(like) {
		replace(d.Hint("write `identity %q`", like), n, like)
	} else {
		d.Hint("write a name such as `\"shop\"`")
	}
	return ""
}

// namingOf evaluates the template of image names. Whether all apps get valid names is checked when these
// are known.
func namingOf(c *clause) {
	text, ok := c.operand().(string)
	if !ok {
		return
	}
	if _, err := naming.Parse(text); err != nil {
		c.Found.Errorf(diag.InvalidImageName, c.Args[0].Span(), "not a valid template for image names: %s", err).
			Note("a template has the placeholders {registry}, {app}, {tag} and {revision}, the git commit").
			Hint("write a template such as `\"{registry}/team/{app}:{tag}\"`")
		return
	}
	c.to.naming, c.to.namingAt = text, c.Args[0].Span()
}
