package bind

import (
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/paths"
)

// links are declared links and their targets: links that earlier steps made, and
// links of instances and their needs.
type links struct {
	x    *binder
	made map[string]string
	of   bitset // of x.linkers
}

// linked is a link that an instance declares.
type linked struct {
	by int // number among the instances with links
	to string
}

// linksOf returns the links that instances and their needs declare.
func (x *binder) linksOf(instances []*model.Instance) links {
	return links{x: x, of: x.linkers.among(instances)}
}

// enterLinks notes the links that an instance declares.
func (x *binder) enterLinks(i *model.Instance) {
	own := links{x: x}
	for _, s := range i.Steps {
		own = own.with(s)
	}
	for from, to := range own.made {
		x.linked[from] = append(x.linked[from], linked{x.linkers.count, to})
	}
	x.linkers.enter(i, len(own.made) > 0)
}

// with returns l with the link that a step makes, if it makes one.
func (l links) with(s model.Step) links {
	if made, ok := s.(*model.Link); ok {
		if l.made == nil {
			l.made = map[string]string{}
		}
		l.made[made.Path] = made.Leads()
	}
	return l
}

// at returns the target of the link at a path; false if there is none.
func (l links) at(p string) (string, bool) {
	if to, ok := l.made[p]; ok {
		return to, true
	}
	for _, m := range l.x.linked[p] {
		if l.of.has(m.by) {
			return m.to, true
		}
	}
	return "", false
}

// follow resolves a path through at most 40 links.
func (l links) follow(p string) string {
	for range 40 {
		next := p
		for dir := range paths.Above(p) {
			if to, ok := l.at(dir); ok {
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

// settle returns the steps with their targets moved to where links lead: the links in l, and
// links that earlier steps of the list make.
func (l links) settle(steps []model.Step) []model.Step {
	out := make([]model.Step, len(steps))
	for n, s := range steps {
		out[n] = s
		if len(l.made) > 0 || len(l.of) > 0 {
			out[n] = retarget(s, l.settled)
		}
		l = l.with(out[n])
	}
	return out
}

// owned returns the owned paths of a component, moved to where links lead.
func (l links) owned(owns []model.Own) []model.Own {
	out := slices.Clone(owns)
	for n := range out {
		out[n].Path = l.follow(out[n].Path)
	}
	return out
}

// retarget returns a step with its target changed.
func retarget(s model.Step, to func(string) string) model.Step {
	at := s.At()
	if at == nil {
		return s
	}
	moved := *at
	if moved.Path = to(at.Path); moved.Path == at.Path {
		return s
	}
	return s.With(moved)
}

// settled follows links to a target. It keeps a trailing slash, which means into what the
// target itself links to.
func (l links) settled(p string) string {
	if !strings.HasSuffix(p, "/") || p == "/" {
		return l.follow(p)
	}
	return strings.TrimSuffix(path.Dir(l.follow(p+"x")), "/") + "/"
}
