package component

import (
	"io/fs"
	"maps"
	"path"
	"slices"
)

// overLinks reports what copies of project files would put in the place of directory
// links of the base, beneath their targets.
func (x *expander) overLinks(a *App, i *Instance) {
	for _, s := range i.Steps {
		c, ok := s.(*Copy)
		if !ok || c.Taken == nil {
			continue
		}
		to, _ := c.Target()
		for _, link := range slices.Sorted(maps.Keys(a.Base.System.Links)) {
			if link != path.Clean(to) && slices.ContainsFunc(c.tops, func(t top) bool { return beneath(link, t.path) }) {
				x.overLink(a, i, c, link)
			}
		}
	}
}

func (x *expander) overLink(a *App, i *Instance, s *Copy, link string) {
	held, ok := x.placedBy(s)[link]
	if !ok {
		return
	}
	leads := a.Base.System.Links[link]
	if held.Type()&fs.ModeSymlink != 0 {
		target, err := fs.ReadLink(x.files, held.Name)
		if err == nil && (&Link{Path: link, To: target}).Leads() == leads {
			return
		}
	}
	d := x.found.Errorf("E0342", s.Span, "%s becomes %s, which is a link to %s on %s", held.Name, link, leads, a.Base.Title).
		Note("a layer with a directory of that name would replace the link").
		Hint("move it to where it becomes `%q`, or leave it out with `exclude`", leads)
	x.involve(d, i, nil)
}

// placedBy is what a copy of project files places, by its path in the image.
func (x *expander) placedBy(s *Copy) map[string]Taken {
	if all, ok := x.placed[s]; ok {
		return all
	}
	all := map[string]Taken{}
	to, _ := s.Target()
	taken, _, err := s.Taken.Files(x.files, func() bool { return x.spend(s.Span) })
	if err == nil { // else it is reported by the copy
		for _, t := range taken {
			all[path.Join(to, t.Path)] = t
		}
	}
	x.placed[s] = all
	return all
}
