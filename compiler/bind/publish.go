package bind

import (
	"cmp"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/evaluate"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/naming"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/syntax"
)

// Publishing. A component with `publish` becomes the top of a base image: its needs and itself,
// without anything of the apps that use it. Later stages see such an image as an app that uses
// only that component. It takes no part in planning: package plan composes it from the layers
// of the apps' images.

// published makes the images of all published components that apps contain.
func (x *binder) published() {
	names := map[string]*model.App{} // by full reference
	for _, a := range x.graph.Apps {
		for _, r := range a.References() {
			names[withTag(r)] = a
		}
	}
	seen := map[*model.Instance]bool{}
	paths := map[string]bool{}
	for _, base := range []func(*model.App) bool{x.onFleetBase, func(*model.App) bool { return true }} {
		for _, a := range x.graph.Apps {
			for _, i := range a.Closure {
				paths[i.Path] = true
				if i.Publish == "" || seen[i] || !base(a) {
					continue
				}
				seen[i] = true
				p := x.publish(i, a.Base)
				if p == nil {
					continue
				}
				full := withTag(i.Publish)
				if old := names[full]; old != nil {
					x.Found.Errorf(diag.DuplicateImage, i.Span, "two images are named %s", i.Publish).
						See(old.Span, "the other image is defined here").
						Note("each instance of a published component is an image of its own").
						Hint("add what differs to the name, such as `publish \"jdk:${version}\"`")
					continue
				}
				names[full] = p
				x.graph.Published = append(x.graph.Published, p)
			}
		}
	}
	slices.SortFunc(x.graph.Published, func(a, b *model.App) int { return strings.Compare(a.Name, b.Name) })
	if len(x.graph.Apps) > 0 {
		x.unpublished(paths)
	}
}

// checkNaming checks that the fleet's template gives valid names to all images, and different names to
// different ones. The registry and the commit may come from the command line, and any will do.
func checkNaming(x *binder) {
	fleet := x.graph.Fleet
	if fleet.Naming == "" {
		return
	}
	var all [][]string
	for _, a := range slices.Concat(x.graph.Apps, x.graph.Published) {
		all = append(all, a.References())
	}
	values := naming.Values{Registry: cmp.Or(fleet.Registry, "registry.example.com"), Revision: "revision"}
	if _, err := naming.Template(fleet.Naming).Names(all, values); err != nil {
		x.Found.Errorf(diag.InvalidImageName, fleet.NamingAt, "%s", err).
			Hint("write a template such as `\"{registry}/team/{app}:{tag}\"`")
	}
}

// withTag returns a full reference: the default tag is latest.
func withTag(reference string) string {
	if strings.Contains(reference, ":") {
		return reference
	}
	return reference + ":latest"
}

// onFleetBase reports whether an app is built on the fleet's base. Published images are built
// on that base if possible.
func (x *binder) onFleetBase(a *model.App) bool {
	return x.Base != nil && x.Base.Component != nil && a.Base == x.baseInstance(x.Base)
}

// publish returns the image of one published instance.
func (x *binder) publish(i, base *model.Instance) *model.App {
	name, tag, tagged := strings.Cut(i.Publish, ":")
	if !evaluate.ValidName(name) || tagged && !evaluate.ValidTag(tag) {
		x.Found.Errorf(diag.InvalidImageName, i.Span, "not a valid image name: %q", i.Publish).
			Note("an image name has lower-case letters and digits, with . _ - / between them, and optionally a colon and a tag").
			Hint("write a name such as `\"jdk\"` or `\"base/jdk:17\"`")
		return nil
	}
	if name == model.NoApps {
		x.Found.Errorf(diag.InvalidImageName, i.Span, "no image can have the name %s", name).
			Note("where a command takes names of apps, `%s` selects none of them", name).
			Hint("choose another name")
		return nil
	}
	p := &model.App{Name: i.Publish, Repository: name, Doc: i.Doc, Span: i.Span, Base: base, Replicas: 1, Published: i}
	if tagged {
		p.Tags = []string{tag}
	}
	all := []*model.Instance{base}
	if i != base {
		all = append(all, i)
		p.Uses = []*model.Instance{i}
	}
	p.Closure = model.Topological(all)
	shared := x.shared(p.Closure, nil, nil)
	p.Config = x.config(p, nil)
	p.Closure = append(p.Closure, shared...)
	return p
}

// unpublished warns about components of the module that have a publish clause and are not in any
// image.
func (x *binder) unpublished(inImages map[string]bool) {
	var names []string
	for n := range x.Program.Root.Scope {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		c, ok := x.Program.Root.Scope[n].(*check.Component)
		if !ok || inImages[n] {
			continue
		}
		syntax.Inspect(c.Decl, func(node syntax.Node) bool {
			if s, ok := node.(*syntax.Clause); ok && s.Word.Name == "publish" {
				x.Found.Warnf(diag.PublishedNowhere, s.At, "%s is not published, because no image contains it", n).
					Note("a published image consists of layers of apps").
					Hint("add `uses %s` to an app", n)
			}
			return true
		})
	}
}
