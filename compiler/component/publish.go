package component

import (
	"regexp"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/syntax"
)

// Publishing. A component that says `publish` ends a base image: what it needs
// and itself, without anything of the apps that use it. For what follows such
// an image is an app that chooses that component alone. It takes no part in the
// plan: package plan makes it of the layers that the apps' images have anyway.

// imageTag is what may follow a name and a colon.
var imageTag = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)

// published makes the images of all published components that apps have.
func (x *expander) published() {
	names := map[string]*App{} // by full reference
	for _, a := range x.graph.Apps {
		for _, r := range a.References() {
			names[withTag(r)] = a
		}
	}
	seen := map[*Instance]bool{}
	paths := map[string]bool{}
	for _, base := range []func(*App) bool{x.onFleetBase, func(*App) bool { return true }} {
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
					x.found.Errorf("E0312", i.Span, "two images are called %s", i.Publish).
						See(old.Span, "the other one is made of this").
						Note("each instance of a published component is an image of its own").
						Hint("put what tells them apart into the name, such as `publish \"jdk:${version}\"`")
					continue
				}
				names[full] = p
				x.graph.Published = append(x.graph.Published, p)
			}
		}
	}
	slices.SortFunc(x.graph.Published, func(a, b *App) int { return strings.Compare(a.Name, b.Name) })
	if len(x.graph.Apps) > 0 {
		x.unpublished(paths)
	}
}

// withTag is a reference in full: without a tag, its tag is latest.
func withTag(reference string) string {
	if strings.Contains(reference, ":") {
		return reference
	}
	return reference + ":latest"
}

// onFleetBase says whether an app stands on the fleet's own base, on which a
// published image stands if it can.
func (x *expander) onFleetBase(a *App) bool {
	return x.fleetBase != nil && x.fleetBase.component != nil && a.Base == x.baseInstance(x.fleetBase)
}

// publish is the image of one published instance.
func (x *expander) publish(i, base *Instance) *App {
	name, tag, tagged := strings.Cut(i.Publish, ":")
	if !validName(name) || tagged && !imageTag.MatchString(tag) {
		x.found.Errorf("E0313", i.Span, "%q cannot be the name of an image", i.Publish).
			Note("lower-case letters, digits, and . _ - / between them; perhaps a colon and a tag").
			Hint("write a name such as `\"jdk\"` or `\"base/jdk:17\"`")
		return nil
	}
	p := &App{Name: i.Publish, Repository: name, Doc: i.Doc, Span: i.Span, Base: base, Replicas: 1, Published: i}
	if tagged {
		p.Tags = []string{tag}
	}
	all := []*Instance{base}
	if i != base {
		all = append(all, i)
		p.Uses = []*Instance{i}
	}
	p.Closure = topological(all)
	shared := x.shared(p.Closure, nil, nil)
	p.Config = x.config(p, nil)
	p.Closure = append(p.Closure, shared...)
	return p
}

// unpublished warns about components of the module that say publish and are
// in no image.
func (x *expander) unpublished(inImages map[string]bool) {
	var names []string
	for n := range x.p.Root.Scope {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		c, ok := x.p.Root.Scope[n].(*check.Component)
		if !ok || inImages[n] {
			continue
		}
		syntax.Inspect(c.Decl, func(node syntax.Node) bool {
			if s, ok := node.(*syntax.Clause); ok && s.Word.Name == "publish" {
				x.found.Warnf("E0319", s.At, "%s is in no image, and so is not published", n).
					Note("a published image is made of layers that apps have").
					Hint("let an app have it by `uses %s`", n)
			}
			return true
		})
	}
}
