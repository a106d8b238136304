package bind

import (
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/evaluate"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/paths"
	"github.com/layc-lang/layc/lang/source"
)

// Ownership of paths. Each step claims a path, or a whole directory. Two components of one
// image must not claim the same path. One may add files beneath a directory of another that
// it needs. Declared links are followed first: if /config is a link, /config/apps is a path
// beneath its target.

// place is a path in all images. Its claims are valid only for the image under examination.
type place struct {
	up     *place // the directory above; nil: the root
	app    *model.App
	claims []*claim
}

// owners knows who writes which path in the images of one graph.
type owners struct {
	*binder
	claimed map[*model.Instance][]claim
	placed  map[*model.Copy]map[string]model.Taken
	checked map[*model.Instance]map[*model.Instance]bool // by base: instances checked on it
	places  map[string]*place
}

func newOwners(x *binder) *owners {
	return &owners{
		binder:  x,
		claimed: map[*model.Instance][]claim{},
		placed:  map[*model.Copy]map[string]model.Taken{},
		checked: map[*model.Instance]map[*model.Instance]bool{},
		places:  map[string]*place{},
	}
}

// place returns the place of a clean absolute path.
func (x *owners) place(p string) *place {
	at := x.places[p]
	if at == nil {
		at = &place{}
		x.places[p] = at
		if p != "/" {
			at.up = x.place(path.Dir(p))
		}
	}
	return at
}

// overlaps reports colliding claims of one image. The app's own steps may write the paths of
// replaced instances.
func (x *owners) overlaps(a *model.App, replaced []*model.Instance) {
	all := a.Closure
	if a.Delta != nil {
		all = append(slices.Clone(all), a.Delta)
	}
	for _, i := range all {
		x.onBase(a.Base, i)
		claims := x.claims(i)
		for n := range claims {
			c := &claims[n]
			if c.at.app != a {
				c.at.app, c.at.claims = a, c.at.claims[:0]
			}
			c.at.claims = append(c.at.claims, c)
		}
	}
	in := &image{app: a, replaced: replaced, needs: newReach()}
	for _, i := range all {
		claims := x.claims(i)
		var seen []*claim // directories of others with a reported collision of i
		for n := range claims {
			c := &claims[n]
			other := in.collision(c)
			if other == nil || slices.Contains(seen, other) {
				continue
			}
			if other.at != c.at {
				seen = append(seen, other)
			}
			x.collide(a, c, other)
		}
	}
}

// throughLink reports a claim beneath a link to a directory of the base: a layer with a real
// directory there would delete the link.
func (x *owners) throughLink(base *model.Instance, c *claim) {
	for dir := range paths.From(c.path) {
		to, ok := base.System.Links[dir]
		if !ok || c.held && dir == c.path {
			continue
		}
		if dir == c.path && declares(c.by, dir) != "" {
			x.overBaseLink(base, c, to)
			continue
		}
		canonical := path.Join(to, strings.TrimPrefix(c.path, dir))
		d := x.Found.Errorf(diag.PathThroughLink, c.span, "%s is a link to %s on %s", dir, to, base.Title).
			Note("a directory of that name in a layer would replace the link").
			Hint("write `%q`", canonical)
		if old, ok := literally(c.span, c.path); ok && !x.Foreign(c.span) {
			d.Fix(old, canonical)
		}
		x.involve(d, c.by, nil)
	}
}

// overBaseLink reports a declared link over a link of the base with another target.
func (x *owners) overBaseLink(base *model.Instance, c *claim, to string) {
	if declares(c.by, c.path) == to {
		return
	}
	d := x.Found.Errorf(diag.PathThroughLink, c.span, "%s is a link to %s on %s", c.path, to, base.Title).
		Note("another link in a layer would replace it").
		Hint("remove the step, or link to `%q`", to)
	x.involve(d, c.by, nil)
}

// declares returns the target of the link that an instance declares at a path, or "".
func declares(i *model.Instance, at string) string {
	for _, s := range i.Steps {
		if l, ok := s.(*model.Link); ok && l.Path == at {
			return l.Leads()
		}
	}
	return ""
}

// literally finds a string literal that begins with text in a span.
func literally(at source.Span, text string) (source.Span, bool) {
	n := strings.Index(at.Text(), `"`+text)
	if n < 0 {
		return source.Span{}, false
	}
	start := at.Start + n + 1
	return source.Span{File: at.File, Start: start, End: start + len(text)}, true
}

// collide reports two claims that collide.
func (x *owners) collide(a *model.App, c, other *claim) {
	if c.at == other.at && c.of == itself && other.of == itself {
		d := x.Found.Errorf(diag.ConflictingPaths, c.span, "conflicting owners or modes of %s in %s and %s", c.path, evaluate.Shortened(other.by.Title), evaluate.Shortened(c.by.Title)).
			See(other.span, "%s creates it here", evaluate.Shortened(other.by.Title)).
			Note("components that create the same directory must agree on its owner and mode").
			Hint("set the same owner and mode in both, or create it in one of them and add `needs` to the other")
		x.involve(d, c.by, other.by)
		return
	}
	if c.at != other.at && !other.of.fills() {
		x.blocked(c, other)
		return
	}
	// What fills a directory may or may not write that very file: the compiler does not look.
	both, it := "both write "+c.path, "it"
	if c.at != other.at {
		both, it = "both write to "+min(c.path, other.path), c.path
	}
	d := x.Found.Errorf(diag.ConflictingPaths, c.span, "%s and %s %s", evaluate.Shortened(other.by.Title), evaluate.Shortened(c.by.Title), both).
		At("%s writes %s here", evaluate.Shortened(c.by.Title), it).
		See(other.span, "%s writes %s here", evaluate.Shortened(other.by.Title), other.path).
		Note("layers can be stacked in any order, so two components cannot write the same path")
	switch {
	case c.by == a.Delta || other.by == a.Delta:
		d.Hint("change one of the paths, or write `replaces` with the component in the app, which can then overwrite its files")
	case c.at != other.at:
		d.Hint("change one of the paths, or add `needs` to the component that writes below the directory of the other")
	case c.of.fills() || other.of.fills():
		d.Hint("change one of the paths; a component can write below a directory of one that it needs")
	default:
		d.Hint("change one of the paths")
	}
	x.involve(d, c.by, other.by)
}

// blocked reports a claim beneath a file or a link.
func (x *owners) blocked(c, other *claim) {
	what, help := "file", "change one of the paths"
	if declares(other.by, other.path) != "" {
		what, help = "link", "add `needs` to the component that writes below the link; its files are then where the link leads"
	}
	d := x.Found.Errorf(diag.ConflictingPaths, c.span, "%s writes %s, but %s is a %s of %s", evaluate.Shortened(c.by.Title), c.path, other.path, what, evaluate.Shortened(other.by.Title)).
		See(other.span, "%s creates the %s here", evaluate.Shortened(other.by.Title), what).
		Note("a path cannot be a directory in one layer and something else in another").
		Hint("%s", help)
	x.involve(d, c.by, other.by)
}

// bestow gives steps the owner and mode that their instance declares with `owns`, unless
// they have their own. The owns with the longest path applies. It leaves the steps of an
// instance that runs something unchanged: everything that such an instance owns gets its
// owner after the build.
func bestow(owns []model.Own, steps []model.Step) []model.Step {
	if model.Executes(steps) {
		return steps
	}
	out := steps
	for n, s := range steps {
		p, ok := model.Placed(s)
		if !ok {
			continue
		}
		var by model.Own
		for _, o := range owns {
			if paths.Beneath(path.Clean(p), o.Path) && len(o.Path) > len(by.Path) {
				by = o
			}
		}
		if !s.At().Lacks(by.Place) {
			continue
		}
		if &out[0] == &steps[0] {
			out = slices.Clone(steps)
		}
		out[n] = s.With(s.At().Or(by.Place))
	}
	return out
}

// claims returns the paths in an instance's layer.
func (x *owners) claims(i *model.Instance) []claim {
	out, ok := x.claimed[i]
	if !ok {
		out = x.findClaims(i)
		if !x.Hold(heldClaim*len(out), i.Span) {
			out = nil
		}
		for n := range out {
			out[n].at = x.place(out[n].path)
		}
		x.claimed[i] = out
	}
	return out
}

func (x *owners) findClaims(i *model.Instance) []claim {
	var out []claim
	add := func(p string, of extent, at source.Span) {
		if p != "/" && strings.HasSuffix(p, "/") {
			of = of.within()
		}
		out = append(out, claim{path: path.Clean(p), of: of, span: at, by: i})
	}
	for _, o := range i.Owns {
		add(o.Path, tree, o.Span)
	}
	if i.Kind != model.Portable {
		return out
	}
	for _, s := range i.Steps {
		switch s := s.(type) {
		case *model.Copy:
			for _, t := range s.Tops {
				to, _ := s.Target()
				add(t.Path, treeIf(t.Tree), s.Span)
				out[len(out)-1].held = t.Path != path.Clean(to)
			}
			if s.From != nil {
				claimFrom(s, add)
			}
		case *model.Fetch:
			add(s.Path, treeIf(s.Unpack), s.Span)
		case *model.File:
			add(s.Path, file, s.Span)
		case *model.Dir:
			out = append(out, claim{path: s.Path, of: itself, dir: s.Place, span: s.Span, by: i})
		case *model.Link:
			add(s.Path, file, s.Span)
		}
	}
	return out
}

// claimFrom adds the claims of a copy from a stage. The names in the stage are not known, so
// the copy fills its target.
func claimFrom(s *model.Copy, add func(string, extent, source.Span)) {
	for _, src := range s.Sources {
		p := s.Path
		if strings.HasSuffix(p, "/") && !strings.HasSuffix(src, "/") && !model.IsPattern(src) {
			p += path.Base(src)
		}
		add(p, treeIf(!model.IsPattern(src)), s.Span)
	}
}
