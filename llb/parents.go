package llb

import (
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/paths"
)

// parents appends actions that create a path's parents with the owners and modes from the
// instance's layer, if the following action would create them differently. That is so if a parent
// is not a plain directory, if a directory may pass on its group, or if the action sets an owner
// (own), which BuildKit also gives to parents that it creates. It is false if it created none.
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
		c.mixed = true // the following action writes into it
	}
	return true
}

// into appends actions that make a directory that a step fills, unless it is plain, and its
// parents: see parents.
func (l *lowerer) into(c *contents, i *model.Instance, to string, own bool) {
	to = path.Clean(to)
	if _, found := parent(i, to); found {
		to = path.Join(to, "x")
	}
	l.parents(c, i, to, own)
}

// parent returns a directory in the instance's layer; false if it is plain.
func parent(i *model.Instance, dir string) (model.Place, bool) {
	n, found := slices.BinarySearchFunc(i.Parents, dir, func(d model.Place, dir string) int { return strings.Compare(d.Path, dir) })
	if !found {
		return model.Place{}, false
	}
	return i.Parents[n], true
}
