package plan

import (
	"cmp"
	"slices"

	"github.com/layc-lang/layc/compiler/model"
)

// Published images are the inner nodes of the plan. A published image consists of layers of one
// app's image: the layers that hold the published component and its needs, and the layers below
// these. Of all apps with the component, the one with the fewest bytes is used, so the image
// shares each of its blobs with that app. Layers stay whole, so it may hold more than the
// component needs. It never moves a layer, since it is made after the plan.
//
// The components' appends to a file may differ from app to app. If no app has the file with
// exactly these appends, the image gets layers of its own on top.

// publish makes the published images.
func (t *translation) publish(p *Plan) {
	for _, a := range t.graph.Published {
		var best *Image
		for _, i := range p.Images {
			if i.App.Base != a.Base || !slices.Contains(i.App.Closure, a.Published) {
				continue
			}
			image := t.innerNode(a, i)
			if best == nil || cmp.Or(cmp.Compare(image.size().Bytes, best.size().Bytes), cmp.Compare(len(image.Layers), len(best.Layers))) < 0 {
				best = image
			}
		}
		p.Published = append(p.Published, best)
	}
}

func (i *Image) size() Size {
	var sum Size
	for _, l := range i.Layers {
		sum = sum.Plus(l.Size)
	}
	return sum
}

// innerNode returns the published image made from an app's layers.
func (t *translation) innerNode(a *model.App, of *Image) *Image {
	missing := map[model.Key]*model.Instance{}
	for _, i := range a.Closure {
		if i.HasLayer() {
			missing[i.Key] = i
		}
	}
	taken := map[*Layer]bool{}
	var take func(l *Layer)
	take = func(l *Layer) {
		if l == nil || taken[l] {
			return
		}
		taken[l] = true
		take(l.Parent)
		for _, o := range l.On {
			take(o)
		}
	}
	for _, l := range of.Layers {
		for _, m := range l.Members {
			if missing[m.Key] != nil && l.Kind != Delta {
				take(l)
			}
		}
	}
	out := &Image{App: a}
	for _, l := range of.Layers {
		if taken[l] {
			out.Layers = append(out.Layers, l)
			for _, m := range l.Members {
				delete(missing, m.Key)
			}
		}
	}
	t.complete(out, missing)
	return out
}

// complete adds layers for appended files that the app has with other content: one spine layer
// for appends to files that may exist already, a portable layer for new files.
func (t *translation) complete(i *Image, missing map[model.Key]*model.Instance) {
	spine := &Layer{Kind: Spine, index: -1}
	files := &Layer{Kind: Portable, index: -1}
	for _, m := range i.App.Closure {
		if missing[m.Key] != m {
			continue
		}
		to := files
		if m.Kind == model.Stacked {
			to = spine
		}
		to.Members = append(to.Members, m)
		to.Size = to.Size.Plus(sizeOf(m, t.lock))
	}
	if len(spine.Members) > 0 {
		below := map[*Layer]bool{}
		for _, l := range i.Layers {
			for _, o := range l.On {
				below[o] = true
			}
		}
		needed := map[model.Key]bool{}
		for _, m := range spine.Members {
			for _, n := range model.Needed(m) {
				needed[n.Key] = true
			}
		}
		var lower, upper []*Layer
		for _, l := range i.Layers {
			switch {
			case l.Kind != Portable:
				spine.Parent = l
			case below[l]:
			case slices.ContainsFunc(l.Members, func(m *model.Instance) bool { return needed[m.Key] }):
				spine.On = append(spine.On, l)
			default:
				upper = append(upper, l)
				continue
			}
			lower = append(lower, l)
		}
		spine.ID = identify(spine)
		i.Layers = slices.Concat(lower, []*Layer{spine}, upper)
	}
	if len(files.Members) > 0 {
		files.ID = identify(files)
		i.Layers = append(i.Layers, files)
	}
}

// onlyPublished returns the published images that are named or that belong to a named app.
func (p *Plan) onlyPublished(apps map[string]bool) []*Image {
	var out []*Image
	for _, i := range p.Published {
		if apps[i.App.Name] || slices.ContainsFunc(p.Graph.Apps, func(a *model.App) bool {
			return apps[a.Name] && slices.Contains(a.Closure, i.App.Published)
		}) {
			out = append(out, i)
		}
	}
	return out
}
