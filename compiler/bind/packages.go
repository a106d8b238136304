package bind

import (
	"slices"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/compiler/evaluate"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"

	"github.com/layc-lang/layc/lang/lazy"
)

// packageInstances returns the instances of OS packages, by name: one for each group that
// can only be installed together.
func (x *binder) packageInstances(base, r *evaluate.Ref) []*model.Instance {
	distribution := x.distributionOf(base)
	if distribution == "" && unclear(x, base) {
		return nil
	}
	if distribution == "" {
		noDistribution(x, "os.packages", base, x.Told(r.Span, r.Origin))
		return nil
	}
	var out []*model.Instance
	for _, name := range r.Packages {
		at := x.Told(r.Span, r.Origin)
		if !packageName().MatchString(name) {
			x.notPackage(name, "os.packages(%s)", x.Told(r.PlaceOf(name), r.Origin))
			continue
		}
		x.WantPackage(distribution, name, at)
		i, err := x.packageInstance(distribution, name, r.Span)
		if err != nil {
			x.UnpinnedPackage(at, name)
		} else if i != nil {
			out = append(out, i)
		}
	}
	return out
}

// packageInstance returns the instance of an OS package; nil if it is part of the base. The
// error is of a package that is not pinned.
func (x *binder) packageInstance(distribution, name string, at source.Span) (*model.Instance, error) {
	if i := x.packages[distribution+" "+name]; i != nil {
		return i, nil
	}
	arch := x.DebianArch()
	if p, ok := x.Lock.Package(distribution, arch, name); ok && p.Minimal {
		return nil, nil
	}
	closure, err := x.Lock.Closure(distribution, arch, name)
	if err != nil {
		return nil, err
	}
	for _, g := range lock.Groups(closure) {
		packageGroup(x, distribution, g, at)
	}
	return x.packages[distribution+" "+name], nil
}

func packageGroup(x *binder, distribution string, group []lock.Package, at source.Span) {
	if x.packages[distribution+" "+group[0].Name] != nil {
		return
	}
	i := &model.Instance{Kind: model.Stacked, Name: model.Name{Path: "os.package"}, Builder: x.on, Package: &model.PackageGroup{Distribution: distribution, Packages: group}, Span: at}
	for _, p := range group {
		i.Args = append(i.Args, strconv.Quote(p.Name))
		x.packages[distribution+" "+p.Name] = i
	}
	i.Title = i.Name.String()
	if b := x.Base; b == nil || x.blockOf(b).System == nil || x.blockOf(b).System.Distribution != distribution {
		i.On = []string{distribution}
	}
	i.ID = i.Name.String()
	for _, p := range group {
		for _, n := range p.Needs {
			if need := x.packages[distribution+" "+n]; need != nil && need != i && !slices.Contains(i.Needs, need) {
				i.Needs = append(i.Needs, need)
			}
		}
	}
	i.Key = model.Recipe(i)
	x.enter(i, made{})
}

// unclear reports whether a base has an error, which is reported already.
func unclear(x *binder, base *evaluate.Ref) bool {
	s := x.blockOf(base).System
	return s != nil && !s.Known()
}

// noDistribution reports packages on a base that is not made from packages.
func noDistribution(x *binder, word string, base *evaluate.Ref, at source.Span) *diag.Diagnostic {
	d := x.Found.Errorf(diag.NoDistribution, at, "`%s` on a base without packages", word).
		See(base.Span, "the base").
		Note("the base system is not built from the packages of a distribution")
	if base.Component == check.Scratch {
		return d.Hint("copy files of the packages instead: `copy \"/etc/ssl/certs/\" from os.packages(\"ca-certificates\") to \"/etc/ssl/certs/\"`")
	}
	return d.Hint("use a base that is, such as `debian.release(\"12\")`, or run the package manager in a step")
}

// packageName matches the name of a Debian package.
var packageName = lazy.Regexp(`^[a-z0-9][a-z0-9+.-]+$`)

// notPackage reports a string that cannot be the name of a package. form is what takes names:
// "os.packages(%s)".
func (x *binder) notPackage(name, form string, at source.Span) {
	x.OnceAt(diag.NoDistribution, at, func() *diag.Diagnostic {
		d := x.Found.Errorf(diag.NoDistribution, at, "not a valid package name: %q", name).
			Note("a package name has lower-case letters, digits, `+`, `-` and `.`")
		words := strings.Fields(name)
		spelled := func(d *diag.Diagnostic, right string) *diag.Diagnostic {
			if at.Text() == strconv.Quote(name) {
				d.Fix(at, strconv.Quote(right))
			}
			return d
		}
		base, version := name, ""
		if n := strings.IndexAny(name, "=:@/"); n > 0 { // as apt, Docker, npm and apt's releases have them
			base, version = name[:n], name[n+1:]
		}
		taking := func(names ...string) string {
			return strings.Replace(form, "%s", `"`+strings.Join(names, `", "`)+`"`, 1)
		}
		switch {
		case len(words) > 1:
			return d.Hint("write the names separately: `%s`", taking(words...))
		case version != "" && packageName().MatchString(base):
			return spelled(d.Hint("write %q: layc.lock pins the version", base), base)
		case packageName().MatchString(strings.ToLower(name)):
			return spelled(d.Hint("write %q", strings.ToLower(name)), strings.ToLower(name))
		}
		return d.Hint("write a name such as `%s`", taking("curl"))
	})
}
