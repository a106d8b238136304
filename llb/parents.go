package llb

import (
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/component"
	"github.com/layc-lang/layc/lang/paths"
)

// parents appends the making of a path's parents, where they are not all
// plain, with the owners and modes that the instance's layer carries; own says
// that the action to follow gives what it makes an owner, which would reach
// the parents that it makes, too. False: they are plain, and none was made.
func (l *lowerer) parents(c *contents, i *component.Instance, p string, own bool) bool {
	var dirs []string
	special := own
	for dir := range paths.Above(p) {
		dirs = append(dirs, dir)
		_, found := parent(i, dir)
		special = special || found
	}
	if !special {
		return false
	}
	for _, dir := range slices.Backward(dirs) {
		d, _ := parent(i, dir)
		l.makeDir(c, i, dir, d.Owner, fileMode(d.Mode, 0o755))
		c.mixed = true // what follows is put into it
	}
	return true
}

// parent is a directory as an instance's layer carries it; false if it is
// plain.
func parent(i *component.Instance, dir string) (component.Place, bool) {
	n, found := slices.BinarySearchFunc(i.Parents, dir, func(d component.Place, dir string) int { return strings.Compare(d.Path, dir) })
	if !found {
		return component.Place{}, false
	}
	return i.Parents[n], true
}
