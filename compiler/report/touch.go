package report

import (
	"path"
	"slices"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
)

// Named returns the instances in images that a name means: a component (jdk, std/java.jdk), an
// instance (jdk("17")), an OS package (libssl3), or an app, which means its own steps. A name of none of these
// means the OS packages of a source (util-linux). They are in the graph's order, each once.
func Named(g *model.Graph, name string) []*model.Instance {
	var out []*model.Instance
	written := model.ParseName(name)
	for _, i := range inImages(g) {
		if slices.Contains(names(i), name) || i.Package == nil && i.Means(written) {
			out = append(out, i)
		}
	}
	if len(out) > 0 {
		return out
	}
	return slices.DeleteFunc(inImages(g), func(i *model.Instance) bool { return !builtFrom(i, name) })
}

// builtFrom reports whether an instance has OS packages of a source.
func builtFrom(i *model.Instance, source string) bool {
	return slices.ContainsFunc(i.Consists(), func(p lock.Package) bool { return p.Source() == source })
}

// Names returns the names that Named knows but for those of sources, sorted, for suggestions.
func Names(g *model.Graph) []string {
	var out []string
	for _, i := range inImages(g) {
		out = append(out, names(i)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func inImages(g *model.Graph) []*model.Instance {
	var out []*model.Instance
	seen := map[*model.Instance]bool{}
	add := func(i *model.Instance) {
		if i != nil && !seen[i] {
			seen[i] = true
			out = append(out, i)
		}
	}
	for _, a := range g.Apps {
		for _, i := range a.Closure {
			add(i)
		}
		add(a.Delta)
	}
	return out
}

// names returns the names of an instance, and of the OS packages in it.
func names(i *model.Instance) []string {
	out := i.Called()
	for _, p := range i.Consists() {
		out = append(out, p.Name)
	}
	return out
}

// Touch returns everything that changes with some instances: the instances; for those without
// content, the OS packages that they bring; and with an OS package, all packages from the same
// source, since they are released together.
func Touch(g *model.Graph, changed []*model.Instance) map[*model.Instance]bool {
	touched := map[*model.Instance]bool{}
	sources := map[string]bool{}
	var visit func(list []*model.Instance, bring bool)
	visit = func(list []*model.Instance, bring bool) {
		for _, i := range list {
			switch {
			case i.Package != nil:
				touched[i] = true
				for _, s := range packageSources(i) {
					sources[s] = true
				}
			case i.Kind == model.Empty:
				visit(i.Needs, true)
			case !bring:
				touched[i] = true
			}
		}
	}
	visit(changed, false)
	for _, i := range g.Instances {
		if slices.ContainsFunc(packageSources(i), func(s string) bool { return sources[s] }) {
			touched[i] = true
		}
	}
	return touched
}

// packageSources returns the archive's directories of an instance's packages, one for each
// source.
func packageSources(i *model.Instance) []string {
	var out []string
	for _, p := range i.Consists() {
		out = append(out, p.Distribution+" "+path.Dir(p.URL))
	}
	return out
}
