package llb

import (
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/paths"
)

// parents appends the making of a path's parents, with the owners and modes
// that the instance's layer carries, where the action to follow would not make
// them like this: they are not all plain, or something may be handed down to
// them, or, as own says, the action gives what it makes an owner, which would
// reach the parents that it makes, too. False: none was made.
func (l *lowerer) parents(c *contents, i *model.Instance, p string, own bool) bool {
	var dirs []string
	special := own || c.handsDown()
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
		c.makeDir(dir, d.Owner, fileMode(d.Mode, 0o755))
		c.mixed = true // what follows is put into it
	}
	return true
}

// parent is a directory as an instance's layer carries it; false if it is
// plain.
func parent(i *model.Instance, dir string) (model.Place, bool) {
	n, found := slices.BinarySearchFunc(i.Parents, dir, func(d model.Place, dir string) int { return strings.Compare(d.Path, dir) })
	if !found {
		return model.Place{}, false
	}
	return i.Parents[n], true
}
