package llb

import (
	"os"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	mode "github.com/tonistiigi/dchapes-mode"

	"github.com/layc-lang/layc/compiler/component"
)

// Every layer carries the parents of what it holds, and the last layer of an
// image that has a directory decides its owner and mode. So each layer gives
// them as the directory's owner would: as declared by `dir` or `owns`, by the
// component itself or by what it needs; else as the base has them; else 0755
// root.

// dirMode is the owner and mode of a directory.
type dirMode struct {
	owner *component.Owner
	mode  os.FileMode
}

// plainDir is a directory that nobody has declared.
var plainDir = dirMode{mode: 0o755}

// declared tells the owner and mode of directories for one instance's layer.
type declared struct {
	dirs  map[string]dirMode // exact
	trees []component.Own    // and all beneath, the longest path first
}

// declaredFor collects what an instance and all that it needs declare.
func (l *lowerer) declaredFor(i *component.Instance) *declared {
	if d, ok := l.declared[i]; ok {
		return d
	}
	d := &declared{dirs: map[string]dirMode{}}
	for _, n := range append(component.Needed(i), i) {
		if n.System != nil {
			for _, b := range n.System.Dirs {
				d.dirs[b.Path] = dirMode{b.Owner, fileMode(b.Mode, 0o755)}
			}
		}
		for _, s := range n.Steps {
			if s, ok := s.(*component.Dir); ok {
				d.dirs[s.Path] = dirMode{s.Owner, fileMode(s.Mode, 0o755)}
			}
		}
		d.trees = append(d.trees, n.Owns...)
	}
	slices.SortStableFunc(d.trees, func(a, b component.Own) int {
		if c := len(b.Path) - len(a.Path); c != 0 {
			return c
		}
		return strings.Compare(a.Path, b.Path)
	})
	l.declared[i] = d
	return d
}

// of is the owner and mode of a directory; false if nobody has declared it.
func (d *declared) of(dir string) (dirMode, bool) {
	if m, ok := d.dirs[dir]; ok {
		return m, true
	}
	for _, t := range d.trees {
		if within(dir, t.Path) && (t.Owner != nil || t.Mode != "") {
			return dirMode{t.Owner, treeMode(t.Mode)}, true
		}
	}
	return plainDir, false
}

// treeMode is the mode that a declared mode gives to a directory. A symbolic
// one that does not set all bits (as "u=rwX,go=rX" does) is taken to change
// 0755.
func treeMode(m string) os.FileMode {
	if set, err := mode.ParseWithUmask(m, 0); err == nil && m != "" {
		return set.Apply(os.ModeDir|0o755) & 0o7777
	}
	return 0o755
}

// parents appends the making of a path's parents, where they are not all
// plain; own says that the action to follow gives what it makes an owner,
// which would reach the parents that it makes, too.
func (l *lowerer) parents(c *contents, i *component.Instance, p string, own bool) {
	d := l.declaredFor(i)
	var dirs []string
	special := own
	for dir := path.Dir(path.Clean(p)); dir != "/"; dir = path.Dir(dir) {
		dirs = append(dirs, dir)
		_, found := d.of(dir)
		special = special || found
	}
	if !special {
		return
	}
	for _, dir := range slices.Backward(dirs) {
		m, _ := d.of(dir)
		c.mixed = c.mixed || c.touched[dir]
		opts := []llb.MkdirOption{llb.WithCreatedTime(epoch)}
		if m.owner != nil {
			opts = append(opts, llb.WithUIDGID(m.owner.UID, m.owner.GID))
		}
		c.chain = c.chain.Mkdir(dir, m.mode, opts...)
		c.mixed = true // what follows is put into it
	}
}
