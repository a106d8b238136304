package importing

import (
	"path"
	"slices"
	"strings"
)

// takes returns the steps of an app that become components because they take files from a stage, with the
// component that they are from. In a Dockerfile such a copy has a layer of its own. Among the app's own
// steps it would be in one layer with the files of the project, which change more often: each new version
// of a program would store and pull its environment or its modules again.
//
// An app without files of its own needs no such component. A copy over something that the app places before
// stays among its steps, since the app's steps are above its components, and so does one that the app replaces. But nothing is in the way of a
// copy to a directory that the project does not have.
func (im *importer) takes(t *target, last int, whole bool, shared func(*unit) *block) map[*unit]string {
	if whole {
		return nil
	}
	var own []*unit
	for _, u := range t.stage.units[last+1:] {
		if u.kind == step && shared(u) == nil {
			own = append(own, u)
		}
	}
	local := false
	for _, u := range own {
		local = local || u.taken == "" && strings.HasPrefix(u.text, "copy ")
	}
	if !local {
		return nil
	}
	out := map[*unit]string{}
	for n, u := range own {
		if u.taken == "" || im.covers(t.stage, own[:n], u, out) || replacedLater(own[n+1:], u) {
			continue
		}
		for _, v := range own { // with the directories that the instruction creates
			if v.from == u.from {
				out[v] = u.taken
			}
		}
	}
	return out
}

// replacedLater reports whether a later step places the same file, which an app cannot do over a component.
func replacedLater(after []*unit, u *unit) bool {
	return slices.ContainsFunc(after, func(v *unit) bool {
		return v.from != u.from && v.target == u.target && !strings.HasSuffix(u.target, "/")
	})
}

// covers reports whether a step changes what steps before it place, that are not in components.
func (im *importer) covers(s *stage, before []*unit, u *unit, moved map[*unit]string) bool {
	for _, p := range before {
		if moved[p] != "" || p.from == u.from || p.target == "" || strings.HasPrefix(p.text, "dir ") {
			continue
		}
		at, to := strings.TrimSuffix(p.target, "/")+"/", strings.TrimSuffix(u.target, "/")+"/"
		switch rest, within := strings.CutPrefix(to, at); {
		case within && rest != "":
			m := copiedFile().FindStringSubmatch(p.text)
			if m == nil || !strings.HasSuffix(m[1], "/") {
				return true
			}
			if _, there := s.stat(path.Join(m[1], rest)); there {
				return true
			}
		case within, strings.HasPrefix(at, to):
			return true
		}
	}
	return false
}

// nameTaken names a component by what it has.
func (b *block) nameTaken(t *target) string {
	what := path.Base(strings.TrimSuffix(b.units[len(b.units)-1].target, "/"))
	if symbolic(what) || what == "/" || what == "." {
		what = "files"
	}
	if identifier(what) == identifier(t.label()) {
		return identifier(what)
	}
	return identifier(t.label() + "_" + what)
}
