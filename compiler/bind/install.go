package bind

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/compiler/evaluate"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// Installations. A step installs the packages that it names above the files of the steps
// before it. What these packages need is installed below the component, as packages that
// images share and that the plan places, unless it needs a package that is installed by
// the step, by one before it, or by a component below. Then only this step can install it.
//
// So each package of an image is installed once: below all components, or by one of them.

// installs returns the steps of a block with the packages that they install. It adds to
// bound what lies below for them. It returns false if the block cannot install anything
// here, which it reports.
func (c *closure) installs(b *block, r *evaluate.Ref, to *bound) (steps []model.Step, ok bool) {
	if !b.installs {
		return b.steps, true
	}
	x := c.x
	x.installing = true
	steps = slices.Clone(b.steps)
	at := func(s *model.Install) source.Span { return x.Told(s.Span, r.Origin) }
	to.distribution = x.distributionOf(c.baseRef)
	in := installing{closure: c, by: map[string]*model.Instance{}, own: map[string]bool{}, below: map[string]string{}}
	in.inherit(to.needs)
	var appended []*model.Append
	for n, step := range steps {
		if a, is := step.(*model.Append); is {
			appended = append(appended, a)
		}
		s, is := step.(*model.Install)
		if !is {
			continue
		}
		for _, a := range appended {
			tooLate(x, a, x.Told(a.Span, r.Origin), at(s))
		}
		appended = nil
		switch {
		case to.distribution == "" && unclear(x, c.baseRef):
			return nil, false
		case to.distribution == "":
			x.OnceAt(diag.NoDistribution, at(s), func() *diag.Diagnostic { return noDistribution(x, "install", c.baseRef, at(s)) })
			return nil, false
		case len(b.Owns) > 0 || b.Misowned:
			x.OnceAt(diag.MisplacedInstall, at(s), func() *diag.Diagnostic {
				return x.Found.Errorf(diag.MisplacedInstall, at(s), "%s has `install` and `owns`", r.Label()).
					Note("packages write all over the system, and a component with `owns` keeps only what it owns").
					Hint("remove `owns`; if only the build needs the packages, write `builds with os.packages(%s)`", quoted(s.Names))
			})
			return nil, false
		case b.BuildsOn != nil || !b.Cross.IsZero():
			word := "builds on"
			if b.BuildsOn == nil {
				word = "builds cross"
			}
			x.OnceAt(diag.MisplacedInstall, at(s), func() *diag.Diagnostic {
				return x.Found.Errorf(diag.MisplacedInstall, at(s), "%s has `install` and `%s`", r.Label(), word).
					Note("`install` changes the system of the image, with the packages of the image's base").
					Hint("remove `%s`", word)
			})
			return nil, false
		}
		steps[n] = in.step(s, r.Origin, to)
	}
	return steps, true
}

// tooLate reports text that a step appends, before one that installs packages.
func tooLate(x *binder, a *model.Append, at, install source.Span) {
	x.OnceAt(diag.MisplacedInstall, at, func() *diag.Diagnostic {
		return x.Found.Errorf(diag.MisplacedInstall, at, "`install` does not see what the component appends to %s", a.Path).
			See(install, "it is installed here").
			Note("a file that several components append to is put together after all their steps").
			Hint("if the packages read it, write the file with `text`, or append in a component that this one needs").
			Hint("otherwise append below the `install`")
	})
}

// installing is a component whose packages are chosen.
type installing struct {
	*closure
	by    map[string]*model.Instance // components below, by what they install
	own   map[string]bool            // what steps so far install
	below map[string]string          // what lies below for them, and the package that it is for
}

// inherit notes what the needs of the component install.
func (in *installing) inherit(needs []*model.Instance) {
	seen := map[*model.Instance]bool{}
	var visit func([]*model.Instance)
	visit = func(list []*model.Instance) {
		for _, n := range list {
			if seen[n] {
				continue
			}
			seen[n] = true
			if n.Package == nil {
				for _, p := range n.Consists() {
					in.by[p.Name] = n
				}
			}
			visit(n.Needs)
		}
	}
	visit(needs)
}

// step returns a step with its packages, and adds to bound what lies below for them.
// origin is where the component is used.
func (in *installing) step(s *model.Install, origin source.Span, to *bound) *model.Install {
	x := in.x
	at := x.Told(s.Span, origin)
	out := *s
	out.Distribution = to.distribution
	var names []string
	for n, name := range s.Names {
		at := x.Told(s.Places[n], origin)
		if !packageName().MatchString(name) {
			x.notPackage(name, "install %s", at)
			continue
		}
		x.WantPackage(to.distribution, name, at)
		if in.installable(name, at, to.distribution) {
			names = append(names, name)
		}
	}
	var all []lock.Package
	of := map[string]string{} // the name that a package is for
	for _, name := range names {
		closure, err := x.Lock.Closure(to.distribution, x.DebianArch(), name)
		if err != nil {
			x.UnpinnedPackage(at, name)
			continue
		}
		for _, p := range closure {
			if of[p.Name] == "" {
				of[p.Name] = name
				all = append(all, p)
			}
		}
	}
	above := in.above(names, all)
	for _, p := range all {
		switch {
		case !above[p.Name]:
			in.below[p.Name] = of[p.Name]
		case in.own[p.Name] || in.by[p.Name] != nil:
		case in.below[p.Name] != "":
			x.OnceAt(diag.MisplacedInstall, at, func() *diag.Diagnostic {
				return x.Found.Errorf(diag.MisplacedInstall, at, "%s is installed too late: %s needs it, which an earlier step installs", p.Name, in.below[p.Name]).
					Note("what a package needs is installed before it").
					Hint("name both in the earlier step: `install \"%s\", \"%s\"`", p.Name, in.below[p.Name])
			})
		default:
			in.own[p.Name] = true
			out.Packages = append(out.Packages, p)
		}
	}
	slices.SortFunc(out.Packages, func(a, b lock.Package) int { return strings.Compare(a.Name, b.Name) })
	for _, p := range out.Packages {
		for _, need := range p.Needs {
			if above[need] {
				continue
			}
			i, err := x.packageInstance(to.distribution, need, s.Span)
			if err == nil && i != nil && !slices.Contains(to.needs, i) { // nil: part of the base
				to.needs = append(slices.Clip(to.needs), i)
			}
		}
	}
	return &out
}

// installable reports a package that nothing can install here any more.
func (in *installing) installable(name string, at source.Span, distribution string) bool {
	x := in.x
	fail := func(message, note, hint string) bool {
		x.OnceAt(diag.MisplacedInstall, at, func() *diag.Diagnostic {
			return x.Found.Errorf(diag.MisplacedInstall, at, "%s", message).Note("%s", note).Hint("%s", hint)
		})
		return false
	}
	if p, ok := x.Lock.Package(distribution, x.DebianArch(), name); ok && p.Minimal {
		return fail(name+" is part of the base system", "it is installed before any step of a component", "remove it; a `run` can change its configuration")
	}
	if by := in.by[name]; by != nil {
		return fail(name+" is installed already, by "+by.Title, "the component needs "+by.Title, "remove it here")
	}
	if in.own[name] {
		return fail(name+" is installed already, by an earlier step", "a package is installed once in an image", "remove it here")
	}
	return true
}

// above returns the names of packages that cannot lie below the component: those with the
// names, those that are installed by steps so far or by components below, and all that need
// one of these.
func (in *installing) above(names []string, all []lock.Package) map[string]bool {
	users := map[string][]string{}
	for _, p := range all {
		for _, n := range p.Needs {
			users[n] = append(users[n], p.Name)
		}
	}
	out := map[string]bool{}
	queue := slices.Concat(names, slices.Collect(maps.Keys(in.own)), slices.Collect(maps.Keys(in.by)))
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		if !out[n] {
			out[n] = true
			queue = append(queue, users[n]...)
		}
	}
	return out
}

// installedOnce reports packages that two instances of a list install: two components, or
// a component and the packages below all of them. direct are the places of the packages
// that the program asks for by name. told are parts of the list that are checked for themselves.
func installedOnce(x *binder, list []*model.Instance, direct map[string]*evaluate.Ref, what string, told ...[]*model.Instance) {
	if !x.installing {
		return
	}
	known := func(one, other *model.Instance) bool {
		return slices.ContainsFunc(told, func(part []*model.Instance) bool { return slices.Contains(part, one) && slices.Contains(part, other) })
	}
	by := map[string]*model.Instance{}
	for _, ordinary := range []bool{true, false} {
		for _, i := range list {
			if i.System != nil || ordinary != (i.Package != nil) {
				continue
			}
			for _, p := range i.Consists() {
				if other := by[p.Name]; other == nil {
					by[p.Name] = i
				} else if other != i && !known(i, other) {
					twice{what: what, name: p.Name, one: i, other: other, list: list, direct: direct}.report(x)
				}
			}
		}
	}
}

// twice is a package that one component and another instance install.
type twice struct {
	what, name string
	one, other *model.Instance
	list       []*model.Instance // of the image
	direct     map[string]*evaluate.Ref
}

// report reports it.
func (t twice) report(x *binder) {
	const once = "a package is installed once in an image: below all components, or by the `install` of one"
	at, named := installOf(t.one, t.name)
	if t.other.Package == nil {
		first, _ := installOf(t.other, t.name)
		x.Once(t.what, diag.InstalledTwice, at, first, func() *diag.Diagnostic {
			d := x.Found.Errorf(diag.InstalledTwice, at, "%s has %s twice: from %s and from %s", t.what, t.name, t.other.Title, t.one.Title).
				See(first, "%s installs it here", t.other.Title).Note(once)
			if !named {
				d.Note("%s is installed with the packages that need it", t.name)
			}
			hint := "write `needs %s` in %s, or the other way round"
			if named {
				hint += ", and name %s in one `install` only"
				d.Hint(hint, t.other.Title, t.one.Title, t.name)
			} else {
				d.Hint(hint, t.other.Title, t.one.Title)
			}
			x.involve(d, t.one, t.other)
			return d
		})
		return
	}
	user := t.user()
	var second source.Span
	if name := t.asked(user); t.direct[name] != nil {
		second = t.direct[name].PlaceOf(name)
	}
	x.Once(t.what, diag.InstalledTwice, at, second, func() *diag.Diagnostic {
		d := x.Found.Errorf(diag.InstalledTwice, at, "%s has %s twice: from %s, and as a package below all components", t.what, t.name, t.one.Title).Note(once)
		if !second.IsZero() {
			d.See(second, "`os.packages` asks for %s here", t.asked(user))
		}
		switch {
		case user == nil && t.direct == nil:
			d.Hint("remove %q from what the component needs and builds with", t.name)
		case user == nil:
			d.Hint("remove %q from `os.packages`, and write `needs %s` where it is needed", t.name, t.one.Title)
		case user.Package == nil:
			d.Note("%s installs a package that needs it", user.Title).Hint("write `needs %s` in %s", t.one.Title, user.Title)
		default:
			p := user.Package.Packages[0].Name
			d.Note("%s needs it", p).Hint("remove %q from `os.packages`, and write `install %q, %q` in %s", p, t.name, p, t.one.Title)
		}
		x.involve(d, t.one, nil)
		return d
	})
}

// asked is the package that the program asks for by name.
func (t twice) asked(user *model.Instance) string {
	if user != nil && user.Package != nil {
		return user.Package.Packages[0].Name
	}
	return t.name
}

// user returns what brings the package that is below all components: nil if the program
// names it, else the package that the program names and that needs it, or the component
// whose `install` needs it.
func (t twice) user() *model.Instance {
	asked := func(i *model.Instance) bool {
		return slices.ContainsFunc(i.Package.Packages, func(p lock.Package) bool { _, ok := t.direct[p.Name]; return ok })
	}
	if _, ok := t.direct[t.name]; ok {
		return nil
	}
	seen := map[*model.Instance]bool{t.other: true}
	for queue := []*model.Instance{t.other}; len(queue) > 0; queue = queue[1:] {
		for _, u := range t.list {
			if seen[u] || !slices.Contains(u.Needs, queue[0]) {
				continue
			}
			seen[u] = true
			if u.Package == nil || asked(u) {
				return u
			}
			queue = append(queue, u)
		}
	}
	return nil
}

// installOf returns the place of the step that installs a package, and whether the step
// names it.
func installOf(i *model.Instance, name string) (at source.Span, named bool) {
	for _, s := range i.Steps {
		s, ok := s.(*model.Install)
		if ok && slices.ContainsFunc(s.Packages, func(p lock.Package) bool { return p.Name == name }) {
			return s.Span, slices.Contains(s.Names, name)
		}
	}
	return i.Span, false
}

// quoted are names as operands.
func quoted(names []string) string {
	var out []string
	for _, n := range names {
		out = append(out, strconv.Quote(n))
	}
	return strings.Join(out, ", ")
}
