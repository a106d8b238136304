package bind

import (
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/paths"
)

// overLinks reports what copies of project files would put in the place of directory
// links of the base, beneath their targets.
func (x *owners) overLinks(a *model.App, i *model.Instance) {
	for _, s := range i.Steps {
		c, ok := s.(*model.Copy)
		if !ok || c.Taken == nil {
			continue
		}
		to, _ := c.Target()
		for _, link := range slices.Sorted(maps.Keys(a.Base.System.Links)) {
			if link != path.Clean(to) && slices.ContainsFunc(c.Tops, func(t model.Top) bool { return paths.Beneath(link, t.Path) }) {
				x.overLink(a, i, c, link)
			}
		}
	}
}

func (x *owners) overLink(a *model.App, i *model.Instance, s *model.Copy, link string) {
	held, ok := x.placedBy(s)[link]
	if !ok {
		return
	}
	leads := a.Base.System.Links[link]
	if held.Type()&fs.ModeSymlink != 0 {
		target, err := fs.ReadLink(x.Files, held.Name)
		if err == nil && (&model.Link{Path: link, To: target}).Leads() == leads {
			return
		}
	}
	d := x.Found.Errorf(diag.PathThroughLink, s.Span, "%s becomes %s, which is a link to %s on %s", held.Name, link, leads, a.Base.Title).
		Note("a layer with a directory of that name would replace the link").
		Hint("move it to where it becomes `%q`, or leave it out with `exclude`", leads)
	x.involve(d, i, nil)
}

// placedBy is what a copy of project files places, by its path in the image.
func (x *owners) placedBy(s *model.Copy) map[string]model.Taken {
	if all, ok := x.placed[s]; ok {
		return all
	}
	all := map[string]model.Taken{}
	to, _ := s.Target()
	taken, _, err := s.Taken.Files(x.Files, func() bool { return x.Spend(s.Span) })
	if err == nil { // else it is reported by the copy
		for _, t := range taken {
			all[path.Join(to, t.Path)] = t
		}
	}
	x.placed[s] = all
	return all
}
