package component

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/source"
)

// Who writes where. Each step claims a path, or a whole directory. Within one
// image two components may not claim the same; one may add beneath a directory
// of another that it needs. Declared links are followed first: /config/apps
// beneath a link from /config is a path beneath what the link points to.

// claim is a path that an instance writes.
type claim struct {
	path string
	tree bool // and everything beneath it
	dir  bool // only the directory itself: several may make the same
	span source.Span
	by   *Instance
}

// overlaps reports claims of one image that collide.
func (x *expander) overlaps(a *App) {
	all := a.Closure
	if a.Delta != nil {
		all = append(slices.Clone(all), a.Delta)
	}
	byPath := map[string][]claim{}
	var claims []claim
	for _, i := range all {
		for _, c := range x.claims(i) {
			if len(a.Base.System.Links) > 0 {
				x.throughLink(a, c)
			}
			byPath[c.path] = append(byPath[c.path], c)
			claims = append(claims, c)
		}
	}
	needs := newReach()
	for _, c := range claims {
		x.collide(c, byPath, func(by, on *Instance) bool { return by == a.Delta || needs.reaches(by, on) })
	}
}

// throughLink reports a claim beneath a directory link of the base: a layer
// with a real directory there would delete the link.
func (x *expander) throughLink(a *App, c claim) {
	for dir := c.path; dir != "/"; dir = path.Dir(dir) {
		to, ok := a.Base.System.Links[dir]
		if !ok {
			continue
		}
		canonical := path.Join(to, strings.TrimPrefix(c.path, dir))
		x.found.Errorf("E0342", c.span, "%s is a link to %s on %s", dir, to, a.Base.Title).
			Note("a layer with a directory of that name would replace the link").
			Hint("write %s", canonical)
	}
}

// collide reports the claims of the same path, or of a directory above it,
// that a claim collides with. What needs another may add beneath its
// directories.
func (x *expander) collide(c claim, byPath map[string][]claim, needs func(by, on *Instance) bool) {
	for p := c.path; ; p = path.Dir(p) {
		for _, other := range byPath[p] {
			beneath := p != c.path
			switch {
			case other.by == c.by, beneath && !other.tree:
			case beneath && needs(c.by, other.by):
			case !beneath && other.dir && c.dir:
			case !beneath && (other.dir && c.tree || c.dir && other.tree):
			case !beneath && c.span.Compare(other.span) < 0:
				// reported from the other side
			default:
				x.found.Errorf("E0341", c.span, "%s and %s both write %s", other.by.Title, c.by.Title, c.path).
					See(other.span, "%s writes %s here", other.by.Title, other.path).
					Note("an image holds what its components write in any order, so two of them cannot write one path").
					Hint("give one of them another path, or let the one that adds to the other need it")
				return
			}
		}
		if p == "/" {
			return
		}
	}
}

// follow resolves a path through declared links, at most 40 of them.
func follow(links map[string]string, p string) string {
	for range 40 {
		next := p
		for dir := p; dir != "/"; dir = path.Dir(dir) {
			if to, ok := links[dir]; ok && dir != p {
				next = path.Join(to, strings.TrimPrefix(p, dir))
				break
			}
		}
		if next == p {
			return p
		}
		p = next
	}
	return p
}

// linksOf are the links that instances and what they need declare. The maps
// are shared and never changed.
func (x *expander) linksOf(instances []*Instance) map[string]string {
	var out map[string]string
	shared := true
	for _, i := range instances {
		more := x.links[i]
		if len(more) == 0 {
			continue
		}
		if out == nil {
			out = more
			continue
		}
		for from, to := range more {
			if _, ok := out[from]; ok {
				continue
			}
			if shared {
				out, shared = maps.Clone(out), false
			}
			out[from] = to
		}
	}
	return out
}

// ownLinks are links and those that steps make.
func ownLinks(steps []Step, links map[string]string) map[string]string {
	shared := true
	for _, s := range steps {
		if l, ok := s.(*Link); ok && strings.HasPrefix(l.To, "/") {
			if shared {
				links, shared = maps.Clone(links), false
			}
			if links == nil {
				links = map[string]string{}
			}
			links[l.Path] = path.Clean(l.To)
		}
	}
	return links
}

// settle returns the steps with each target that lies beneath a link, which
// is given or which the steps themselves made before, moved to where the link
// leads.
func settle(steps []Step, links map[string]string) []Step {
	out := make([]Step, len(steps))
	for n, s := range steps {
		out[n] = s
		if len(links) > 0 {
			out[n] = retarget(s, func(p string) string { return settled(links, p) })
		}
		if _, ok := s.(*Link); ok {
			links = ownLinks(steps[n:n+1], links)
		}
	}
	return out
}

// retarget returns a step with its target changed.
func retarget(s Step, to func(string) string) Step {
	switch s := s.(type) {
	case *Copy:
		c := *s
		c.To = to(s.To)
		return &c
	case *Fetch:
		c := *s
		c.To = to(s.To)
		return &c
	case *File:
		c := *s
		c.Path = to(s.Path)
		return &c
	case *Append:
		c := *s
		c.Path = to(s.Path)
		return &c
	case *Dir:
		c := *s
		c.Path = to(s.Path)
		return &c
	}
	return s
}

// settled follows links to a target; a trailing slash, which is kept, means
// into what the target itself links to.
func settled(links map[string]string, p string) string {
	if !strings.HasSuffix(p, "/") || p == "/" {
		return follow(links, p)
	}
	return strings.TrimSuffix(path.Dir(follow(links, p+"x")), "/") + "/"
}

// claims are the paths that an instance's layer holds.
func (x *expander) claims(i *Instance) []claim {
	out, ok := x.claimed[i]
	if !ok {
		out = x.findClaims(i)
		x.claimed[i] = out
	}
	return out
}

func (x *expander) findClaims(i *Instance) []claim {
	var out []claim
	add := func(p string, tree bool, at source.Span) {
		if !Scratch(p) {
			out = append(out, claim{path: path.Clean(p), tree: tree, span: at, by: i})
		}
	}
	for _, o := range i.Owns {
		add(o.Path, true, o.Span)
	}
	if i.Kind != Portable {
		return out
	}
	for _, s := range i.Steps {
		switch s := s.(type) {
		case *Copy:
			for _, src := range s.Sources {
				x.copyClaims(s, src, add)
			}
		case *Fetch:
			p := s.To
			if strings.HasSuffix(p, "/") && !s.Unpack {
				p += path.Base(s.URLs[0])
			}
			add(p, s.Unpack, s.Span)
		case *File:
			add(s.Path, false, s.Span)
		case *Dir:
			out = append(out, claim{path: s.Path, dir: true, span: s.Span, by: i})
		case *Link:
			add(s.Path, false, s.Span)
		}
	}
	return out
}

// copyClaims adds the claims of one source of a copy.
func (x *expander) copyClaims(s *Copy, src string, add func(string, bool, source.Span)) {
	contents := strings.HasSuffix(src, "/")
	into := strings.HasSuffix(s.To, "/")
	if s.From == nil && pattern(src) {
		names, _ := fs.Glob(x.files, src)
		for _, n := range names {
			info, err := fs.Stat(x.files, n)
			add(path.Join(s.To, path.Base(n)), err == nil && info.IsDir(), s.Span)
		}
		return
	}
	if s.From != nil {
		p := s.To
		if into && !contents && !pattern(src) {
			p += path.Base(src)
		}
		add(p, s.From != nil && !into || contents, s.Span)
		return
	}
	if !contents {
		p := s.To
		if into {
			p += path.Base(src)
		}
		info, err := fs.Stat(x.files, src)
		add(p, err == nil && info.IsDir(), s.Span)
		return
	}
	entries, err := fs.ReadDir(x.files, path.Clean(src))
	if err != nil {
		return
	}
	for _, e := range entries {
		add(path.Join(s.To, e.Name()), e.IsDir(), s.Span)
	}
}

// Scratch reports whether a path is every component's scratch space.
func Scratch(p string) bool { return p == "/tmp" || strings.HasPrefix(p, "/tmp/") }

// reach answers what needs what, directly or not, and remembers it.
type reach struct {
	of map[*Instance]map[*Instance]bool
}

func newReach() *reach { return &reach{map[*Instance]map[*Instance]bool{}} }

func (r *reach) reaches(a, b *Instance) bool {
	set, ok := r.of[a]
	if !ok {
		set = map[*Instance]bool{}
		for _, n := range topological(a.Needs) {
			set[n] = true
		}
		r.of[a] = set
	}
	return set[b]
}
