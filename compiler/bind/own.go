package bind

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/evaluate"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/paths"
	"github.com/layc-lang/layc/lang/source"
)

// Who writes where. Each step claims a path, or a whole directory. Within one
// image two components may not claim the same; one may add beneath a directory
// of another that it needs. Declared links are followed first: /config/apps
// beneath a link from /config is a path beneath what the link points to.

// claim is a path that an instance writes.
type claim struct {
	path string
	at   *place
	tree bool         // and everything beneath it
	into bool         // not the path itself, but what lies beneath, of which nobody knows the names
	held bool         // it is copied together with what lies beside it, see overLinks
	dir  *model.Place // only the directory itself: several may make the same; else nil
	span source.Span
	by   *model.Instance
}

// place is a path in all images. What one image has there is noted only while
// that image is looked at.
type place struct {
	up     *place // the directory above; nil: the root
	app    *model.App
	claims []*claim
}

// owners know who writes where in the images of one graph.
type owners struct {
	*binder
	claimed map[*model.Instance][]claim
	placed  map[*model.Copy]map[string]model.Taken
	places  map[string]*place
}

func newOwners(x *binder) *owners {
	return &owners{binder: x, claimed: map[*model.Instance][]claim{}, placed: map[*model.Copy]map[string]model.Taken{}, places: map[string]*place{}}
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

// overlaps reports claims of one image that collide. Its own steps may write what is
// replaced.
func (x *owners) overlaps(a *model.App, replaced []*model.Instance) {
	all := a.Closure
	if a.Delta != nil {
		all = append(slices.Clone(all), a.Delta)
	}
	for _, i := range all {
		x.overLinks(a, i)
		claims := x.claims(i)
		for n := range claims {
			c := &claims[n]
			if len(a.Base.System.Links) > 0 {
				x.throughLink(a, c)
			}
			if c.at.app != a {
				c.at.app, c.at.claims = a, c.at.claims[:0]
			}
			c.at.claims = append(c.at.claims, c)
		}
	}
	needs := newReach()
	for _, i := range all {
		claims := x.claims(i)
		var told []*claim // directories of others that i has been reported in
		for n := range claims {
			c := &claims[n]
			other := collision(a, c, needs, replaced)
			if other == nil || slices.Contains(told, other) {
				continue
			}
			if other.at != c.at {
				told = append(told, other)
			}
			x.collide(a, c, other)
		}
	}
}

// throughLink reports a claim beneath a directory link of the base: a layer
// with a real directory there would delete the link.
func (x *owners) throughLink(a *model.App, c *claim) {
	for dir := range paths.From(c.path) {
		to, ok := a.Base.System.Links[dir]
		if !ok || c.held && dir == c.path {
			continue
		}
		canonical := path.Join(to, strings.TrimPrefix(c.path, dir))
		d := x.Found.Errorf(diag.PathThroughLink, c.span, "%s is a link to %s on %s", dir, to, a.Base.Title).
			Note("a layer with a directory of that name would replace the link").
			Hint("write `%q`", canonical)
		if old, ok := literally(c.span, c.path); ok && !x.Foreign(c.span) {
			d.Fix(old, canonical)
		}
		x.involve(d, c.by, nil)
	}
}

// literally finds text in the quotes of a span.
func literally(at source.Span, text string) (source.Span, bool) {
	n := strings.Index(at.Text(), `"`+text)
	if n < 0 {
		return source.Span{}, false
	}
	start := at.Start + n + 1
	return source.Span{File: at.File, Start: start, End: start + len(text)}, true
}

// collision is a claim of the same path, or of a directory above it, that a
// claim collides with in an image, or nil. What needs another may add beneath its
// directories, and what an app `replaces` it may write as it likes: its own steps
// lie above all that it uses.
func collision(a *model.App, c *claim, needs *reach, replaced []*model.Instance) *claim {
	for at := c.at; at != nil; at = at.up {
		if at.app != a {
			continue
		}
		for _, other := range at.claims {
			same := at == c.at
			beneath := !same || c.into && other.tree && !other.into
			switch {
			case other.by == c.by, beneath && !other.tree:
			case c.by == a.Delta && slices.Contains(replaced, other.by), other.by == a.Delta && slices.Contains(replaced, c.by):
			case beneath && (c.by == a.Delta || needs.reaches(c.by, other.by)):
			case same && other.dir != nil && c.dir != nil && alike(c.dir, other.dir):
			case same && (other.dir != nil && (c.tree || c.into) || c.dir != nil && (other.tree || other.into)):
			case same && c.into && other.into && (needs.reaches(c.by, other.by) || needs.reaches(other.by, c.by)):
			case same && other.into && !c.into && c.tree:
				// reported from the other side, as beneath
			case !beneath && c.span.Compare(other.span) < 0:
				// reported from the other side
			default:
				return other
			}
		}
	}
	return nil
}

// collide reports two claims that collide.
func (x *owners) collide(a *model.App, c, other *claim) {
	if c.at == other.at && c.dir != nil && other.dir != nil {
		d := x.Found.Errorf(diag.ConflictingPaths, c.span, "%s and %s give %s another owner or mode", evaluate.Shortened(other.by.Title), evaluate.Shortened(c.by.Title), c.path).
			See(other.span, "%s makes it here", evaluate.Shortened(other.by.Title)).
			Note("several may make one directory, if they make the same of it").
			Hint("say its owner and mode in one of them, and let the other need that, or write the same into both")
		x.involve(d, c.by, other.by)
		return
	}
	d := x.Found.Errorf(diag.ConflictingPaths, c.span, "%s and %s both write %s", evaluate.Shortened(other.by.Title), evaluate.Shortened(c.by.Title), c.path).
		At("%s writes it here", evaluate.Shortened(c.by.Title)).
		See(other.span, "%s writes %s here", evaluate.Shortened(other.by.Title), other.path).
		Note("an image holds what its components write in any order, so two of them cannot write one path")
	switch {
	case c.by == a.Delta || other.by == a.Delta:
		d.Hint("give one of them another path, or write `replaces` with the component into the app, which then writes over its files")
	case c.at != other.at:
		d.Hint("give one of them another path, or write `needs` into the one that adds to what the other owns")
	case c.tree || other.tree:
		d.Hint("give one of them another path; what needs the other may have one beneath it")
	default:
		d.Hint("give one of them another path")
	}
	x.involve(d, c.by, other.by)
}

// bestow gives steps the owner and mode of what their instance owns, where they
// say none of their own; the owns of a longer path says more. Of an instance that runs something the steps stay as they
// are, since all that it owns is given to the owner once it is built.
func bestow(owns []model.Own, steps []model.Step) []model.Step {
	if model.Runs(steps) {
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

// claims are the paths that an instance's layer holds.
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
	add := func(p string, tree bool, at source.Span) {
		into := p != "/" && strings.HasSuffix(p, "/")
		out = append(out, claim{path: path.Clean(p), tree: tree, into: into, span: at, by: i})
	}
	for _, o := range i.Owns {
		add(o.Path, true, o.Span)
	}
	if i.Kind != model.Portable {
		return out
	}
	for _, s := range i.Steps {
		switch s := s.(type) {
		case *model.Copy:
			for _, t := range s.Tops {
				to, _ := s.Target()
				add(t.Path, t.Tree, s.Span)
				out[len(out)-1].held = t.Path != path.Clean(to)
			}
			if s.From != nil {
				claimFrom(s, add)
			}
		case *model.Fetch:
			add(s.Path, s.Unpack, s.Span)
		case *model.File:
			add(s.Path, false, s.Span)
		case *model.Dir:
			out = append(out, claim{path: s.Path, dir: &s.Place, span: s.Span, by: i})
		case *model.Link:
			add(s.Path, false, s.Span)
		}
	}
	return out
}

// alike reports whether two places make the same of a directory.
func alike(a, b *model.Place) bool {
	return cmp.Or(a.Owner.String(), "0:0") == cmp.Or(b.Owner.String(), "0:0") && strings.TrimLeft(cmp.Or(a.Mode, "0755"), "0") == strings.TrimLeft(cmp.Or(b.Mode, "0755"), "0")
}

// claimFrom adds the claims of what is copied from a stage: what it fills, as
// nobody knows the names yet.
func claimFrom(s *model.Copy, add func(string, bool, source.Span)) {
	for _, src := range s.Sources {
		p := s.Path
		if strings.HasSuffix(p, "/") && !strings.HasSuffix(src, "/") && !model.IsPattern(src) {
			p += path.Base(src)
		}
		add(p, !model.IsPattern(src), s.Span)
	}
}

// reach answers what needs what, directly or not, and remembers it.
type reach struct {
	of map[*model.Instance]map[*model.Instance]bool
}

func newReach() *reach { return &reach{map[*model.Instance]map[*model.Instance]bool{}} }

func (r *reach) reaches(a, b *model.Instance) bool {
	set, ok := r.of[a]
	if !ok {
		set = map[*model.Instance]bool{}
		for _, n := range model.Topological(a.Needs) {
			set[n] = true
		}
		r.of[a] = set
	}
	return set[b]
}
