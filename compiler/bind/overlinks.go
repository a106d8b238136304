package bind

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/paths"
)

// onBase reports, once for each base, owners that the base does not have, and what an
// instance would put in the place of links of the base, or beneath them.
func (x *owners) onBase(base, i *model.Instance) {
	if len(base.System.Links) == 0 && len(i.Named) == 0 {
		return
	}
	seen := x.checked[base]
	if seen == nil {
		seen = map[*model.Instance]bool{}
		x.checked[base] = seen
	}
	if seen[i] {
		return
	}
	seen[i] = true
	x.named(base, i)
	x.overLinks(base, i)
	claims := x.claims(i)
	for n := range claims {
		x.throughLink(base, &claims[n])
	}
}

// stagesOnBase does the same for build stages and for what is copied from them. The steps of
// an instance that runs something are applied on its base, where they write through links. A
// copied directory replaces them.
func (x *owners) stagesOnBase() {
	for _, i := range x.graph.Instances {
		root := i.Root
		if root == nil {
			root = i.Stage
		}
		if len(root) == 0 {
			continue
		}
		for _, below := range root[1:] {
			x.onBase(root[0], below)
		}
		if i.Root == nil {
			x.onBase(root[0], i)
		} else if !x.checked[root[0]][i] {
			x.overLinks(root[0], i)
		}
	}
}

// overLinks reports copies of project files that would replace links to directories of a base
// beneath their targets.
func (x *owners) overLinks(base, i *model.Instance) {
	for _, s := range i.Steps {
		c, ok := s.(*model.Copy)
		if !ok || c.Taken == nil {
			continue
		}
		to, _ := c.Target()
		for _, link := range slices.Sorted(maps.Keys(base.System.Links)) {
			if link != path.Clean(to) && slices.ContainsFunc(c.Tops, func(t model.Top) bool { return paths.Beneath(link, t.Path) }) {
				x.overLink(base, i, c, link)
			}
		}
	}
}

func (x *owners) overLink(base, i *model.Instance, s *model.Copy, link string) {
	held, ok := x.placedBy(s)[link]
	if !ok {
		return
	}
	leads := base.System.Links[link]
	if held.Type()&fs.ModeSymlink != 0 {
		target, err := fs.ReadLink(x.Files, held.Name)
		if err == nil && (&model.Link{Path: link, To: target}).Leads() == leads {
			return
		}
	}
	d := x.Found.Errorf(diag.PathThroughLink, s.Span, "%s is copied to %s, which is a link to %s on %s", held.Name, link, leads, base.Title).
		Note("a directory of that name in a layer would replace the link").
		Hint("copy it to `%q`, or exclude it with `exclude`", leads)
	x.involve(d, i, nil)
}

// placedBy returns what a copy of project files places, by path in the image.
func (x *owners) placedBy(s *model.Copy) map[string]model.Taken {
	if all, ok := x.placed[s]; ok {
		return all
	}
	all := map[string]model.Taken{}
	to, from := s.Target()
	taken, _, err := s.Taken.Files(x.Files, func() bool { return x.Spend(s.Span) })
	if err == nil { // else the copy reports it
		for _, t := range taken {
			all[path.Join(to, strings.TrimPrefix(t.Path, from))] = t
		}
	}
	x.placed[s] = all
	return all
}
