package report

import (
	"cmp"
	"io/fs"
	"reflect"
	"slices"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
)

// Side is one of the two sides that Compare compares.
type Side struct {
	Plan  *plan.Plan
	Files fs.FS // the project's
	// Touched are instances with content that counts as changed, even with an equal recipe.
	Touched map[*model.Instance]bool
}

// Fate is what happens to a layer.
type Fate string

// The fates, from the least to the most work.
const (
	Kept       Fate = "kept"         // the same blob
	Repacked   Fate = "repacked"     // packed again on new layers below, executing nothing; mostly an equal blob
	MaybeEqual Fate = "may be equal" // built again on a new foundation; equal bytes are an equal blob
	Regrouped  Fate = "regrouped"    // new blob with content from other layers
	Rebuilt    Fate = "rebuilt"      // new blob
)

// mayBeEqual reports whether the layer's blob may be equal to an existing one.
func (f Fate) mayBeEqual() bool { return f == Repacked || f == MaybeEqual }

// Difference is the difference between two plans of a fleet.
type Difference struct {
	Layers []Layer // of the new plan, in its order; then the layers of published images only
	Images []Image // by app, then the published ones by name; then removed ones
	// NewBytes is what the registry has to store: all layers that are not kept. NewAtLeast counts
	// only layers that can't be equal to existing ones.
	NewBytes, NewAtLeast plan.Size
	// Pull and AtLeast are the sums over all images and replicas.
	Pull, AtLeast plan.Size
}

// Layer is the fate of a layer of the new plan.
type Layer struct {
	*plan.Layer
	Fate   Fate
	Causes []Cause // why it isn't kept, members before the layers below; none if kept
}

// Cause is a reason to build a layer again.
type Cause struct {
	Reason   Reason
	Instance *model.Instance // of the new plan; nil for a cause in the layers below
	Was      *model.Instance // its counterpart in the old plan; nil if it is new
}

// Reason is a kind of Cause.
type Reason string

// The reasons.
const (
	Added   Reason = "new"       // the old plan doesn't have it
	Changed Reason = "changed"   // its steps, its pins or its copied files changed
	Base    Reason = "built on"  // only its foundation changed
	Below   Reason = "stands on" // a layer below is built again
	Moved   Reason = "moved"     // the members are unchanged, but were in other layers
)

// Image is the change of an app's image, or of a published component's.
type Image struct {
	App       *model.App // of the new plan; of the old one if it is gone. Its Published tells these two kinds apart
	New, Gone bool
	Digest    bool    // it has a new digest; true for a new image
	Config    bool    // its configuration changes
	Layers    []Layer // bottom up; nil if it is gone
	// Pull is the number of bytes that a host with the old image pulls if every rebuilt layer
	// differs. AtLeast assumes that layers that may be equal are equal.
	Pull, AtLeast plan.Size
}

// Compare compares two plans of a fleet on one platform.
func Compare(old, now Side) *Difference {
	c := &comparison{
		was: newContents(old), is: newContents(now),
		whole: map[string]bool{}, own: map[string]bool{}, members: map[string]bool{},
		byID: map[string]*model.Instance{}, gone: map[string]*model.Instance{},
	}
	c.learn(old.Plan, now.Plan)
	d := &Difference{}
	layers := map[*plan.Layer]Layer{}
	for _, l := range now.Plan.Layers {
		layers[l] = c.layer(l)
		d.add(layers[l])
	}
	seen := map[string]bool{}
	for _, l := range onlyPublished(now.Plan) {
		layers[l] = c.layer(l)
		if !seen[l.ID] { // two images may share it
			seen[l.ID] = true
			d.add(layers[l])
		}
	}
	before := map[imageName]*plan.Image{}
	for _, i := range images(old.Plan) {
		before[nameOf(i)] = i
	}
	for _, i := range images(now.Plan) {
		image := c.image(i, before[nameOf(i)], layers)
		delete(before, nameOf(i))
		d.Images = append(d.Images, image)
		d.Pull = d.Pull.Plus(image.Pull.Times(image.Replicas()))
		d.AtLeast = d.AtLeast.Plus(image.AtLeast.Times(image.Replicas()))
	}
	for _, i := range images(old.Plan) {
		if before[nameOf(i)] != nil {
			d.Images = append(d.Images, Image{App: i.App, Gone: true})
		}
	}
	return d
}

// add adds a layer of the new plan.
func (d *Difference) add(l Layer) {
	d.Layers = append(d.Layers, l)
	if l.Fate != Kept {
		d.NewBytes = d.NewBytes.Plus(l.Size)
	}
	if l.Fate != Kept && !l.Fate.mayBeEqual() {
		d.NewAtLeast = d.NewAtLeast.Plus(l.Size)
	}
}

// images returns a plan's images: the apps' images, then the published ones.
func images(p *plan.Plan) []*plan.Image { return slices.Concat(p.Images, p.Published) }

// imageName identifies an image.
type imageName struct {
	name      string
	published bool
}

func nameOf(i *plan.Image) imageName { return imageName{i.App.Name, i.App.Published != nil} }

// onlyPublished returns the layers that only published images have.
func onlyPublished(p *plan.Plan) []*plan.Layer {
	var out []*plan.Layer
	for _, i := range p.Published {
		for _, l := range i.Layers {
			if !slices.Contains(p.Layers, l) {
				out = append(out, l)
			}
		}
	}
	return out
}

// comparison is the old side of a comparison.
type comparison struct {
	was, is    *contents
	whole, own map[string]bool // contents of layers
	members    map[string]bool // whole contents of instances
	byID       map[string]*model.Instance
	gone       map[string]*model.Instance // missing from the new side, by family
}

func (c *comparison) learn(old, now *plan.Plan) {
	stay := map[string]bool{}
	for _, l := range slices.Concat(now.Layers, onlyPublished(now)) {
		for _, m := range l.Members {
			stay[m.ID] = true
		}
	}
	for _, l := range slices.Concat(old.Layers, onlyPublished(old)) {
		of := c.was.layer(l)
		c.whole[of.whole], c.own[of.own] = true, true
		for _, m := range l.Members {
			c.members[c.was.instance(m).whole] = true
			c.byID[m.ID] = m
			if !stay[m.ID] {
				c.gone[family(m)] = m
			}
		}
	}
}

// family is equal for all versions of an instance.
func family(i *model.Instance) string {
	if i.Package != nil {
		return i.ID
	}
	return i.Path
}

func (c *comparison) layer(l *plan.Layer) Layer {
	of := c.is.layer(l)
	if c.whole[of.whole] {
		return Layer{Layer: l, Fate: Kept}
	}
	out := Layer{Layer: l, Fate: Rebuilt}
	touched := false
	for _, m := range l.Members {
		is := c.is.instance(m)
		if c.members[is.whole] {
			continue
		}
		cause := Cause{Reason: Added, Instance: m, Was: cmp.Or(c.byID[m.ID], c.gone[family(m)])}
		if cause.Was != nil {
			cause.Reason = Changed
			if c.was.instance(cause.Was).own == is.own {
				cause.Reason = Base
			}
		}
		touched = touched || cause.Reason != Base
		out.Causes = append(out.Causes, cause)
	}
	for _, below := range append(slices.Clone(l.On), l.Parent) {
		if below != nil && !c.whole[c.is.layer(below).whole] {
			out.Causes = append(out.Causes, Cause{Reason: Below})
			break
		}
	}
	switch {
	case len(out.Causes) == 0:
		out.Fate = Regrouped
		out.Causes = []Cause{{Reason: Moved}}
	case touched || !c.own[of.own]:
	case out.Causes[0].Reason == Below:
		out.Fate = Repacked
	default:
		out.Fate = MaybeEqual
	}
	return out
}

func (c *comparison) image(i, before *plan.Image, layers map[*plan.Layer]Layer) Image {
	out := Image{App: i.App, New: before == nil, Digest: before == nil}
	had := map[string]bool{}
	owned := map[string]bool{}
	if before != nil {
		out.Config = !reflect.DeepEqual(i.App.Config, before.App.Config)
		out.Digest = out.Config || len(i.Layers) != len(before.Layers)
		for _, l := range before.Layers {
			had[c.was.layer(l).whole], owned[c.was.layer(l).own] = true, true
		}
	}
	for n, l := range i.Layers {
		out.Layers = append(out.Layers, layers[l])
		of := c.is.layer(l)
		if !out.Digest && of.whole != c.was.layer(before.Layers[n]).whole {
			out.Digest = true
		}
		if had[of.whole] {
			continue
		}
		out.Pull = out.Pull.Plus(l.Size)
		if !layers[l].Fate.mayBeEqual() || !owned[of.own] {
			out.AtLeast = out.AtLeast.Plus(l.Size)
		}
	}
	return out
}

// Replicas returns the replicas of an image's app. No host runs a published component.
func (i Image) Replicas() int64 {
	if i.App.Published != nil {
		return 0
	}
	return int64(i.App.Replicas)
}

// Affected returns the images with a new digest, which must be built.
func (d *Difference) Affected() []Image {
	return slices.DeleteFunc(slices.Clone(d.Images), func(i Image) bool { return i.Gone || !i.Digest })
}
