package bind

import (
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/paths"
)

// A layer carries the directories above what it places, and the last layer of
// an image that has a directory decides its owner and mode. So an instance
// gives them as the directory's owner would: as declared by `dir` or `owns`,
// by itself or by what it needs; else as the base has them that it would be
// built on, or that of the app whose own steps it is; else 0755 root, which is
// plain and not listed. They are part of the recipe, since they are part of the
// layer.

// declarations are the directories that instances declare to be other than
// plain. Of an instance those of its closure count.
type declarations struct {
	declarers marks
	dirs      map[string][]declared // exact
	trees     map[string][]declared // and all beneath
}

// declared is a directory as an instance declares it.
type declared struct {
	by  int // the declarer's number: larger than those of its needs
	dir model.Place
}

func newDeclarations() *declarations {
	return &declarations{declarers: marks{closures: map[*model.Instance]bitset{}}, dirs: map[string][]declared{}, trees: map[string][]declared{}}
}

// enter notes what an instance declares, and returns the declarers among its
// closure. What it needs has been entered.
func (d *declarations) enter(i *model.Instance) bitset { return d.declarers.enter(i, d.note(i)) }

// note enters what an instance itself declares; false if that is nothing.
func (d *declarations) note(i *model.Instance) bool {
	found := false
	for _, s := range i.Steps {
		if s, ok := s.(*model.Dir); ok {
			p := path.Clean(s.Path)
			d.dirs[p] = append(d.dirs[p], declared{d.declarers.count, model.Place{Path: p, Owner: s.Owner, Mode: s.Mode}})
			found = true
		}
	}
	for _, o := range i.Owns {
		if o.Owner != nil || o.Mode != "" {
			d.trees[o.Path] = append(d.trees[o.Path], declared{d.declarers.count, o.Place})
			found = true
		}
	}
	return found
}

// of is a directory as a closure declares it; false if it does not. A dir says
// more than an owns, the owns of a longer path more than that of a shorter one.
func (d *declarations) of(closure bitset, dir string) (model.Place, bool) {
	if m, ok := uppermost(d.dirs[dir], closure); ok {
		return m, true
	}
	for p := range paths.From(dir) {
		if m, ok := uppermost(d.trees[p], closure); ok {
			return model.Place{Path: dir, Owner: m.Owner, Mode: m.Mode}, true
		}
	}
	return model.Place{}, false
}

func uppermost(list []declared, closure bitset) (model.Place, bool) {
	for _, x := range slices.Backward(list) {
		if closure.has(x.by) {
			return x.dir, true
		}
	}
	return model.Place{}, false
}

// parents are the directories above what an instance places that are not
// plain, with base's where nothing else is said, and those of held that it may hold
// beneath; sorted by path.
func (x *binder) parents(i *model.Instance, base, held []model.Place) []model.Place {
	closure := x.declarations.enter(i)
	if len(closure) == 0 && len(base) == 0 && len(held) == 0 {
		return nil
	}
	var out []model.Place
	seen := map[string]bool{}
	for _, p := range places(i) {
		dir := path.Dir(path.Clean(p))
		if strings.HasSuffix(p, "/") {
			dir = path.Clean(p) // what is placed lies in it
		}
		for dir := range paths.From(dir) {
			if seen[dir] {
				break
			}
			seen[dir] = true
			if m, ok := x.declarations.of(closure, dir); ok {
				out = append(out, m)
			} else if n := slices.IndexFunc(base, func(b model.Place) bool { return b.Path == dir }); n >= 0 {
				out = append(out, base[n])
			}
		}
	}
	out = append(out, x.heldDirs(i, closure, held, seen)...)
	slices.SortFunc(out, func(a, b model.Place) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// heldDirs are the directories of the base beneath what an instance unpacks and copies
// that it may hold and that are not plain. What is seen is left out.
func (x *binder) heldDirs(i *model.Instance, closure bitset, base []model.Place, seen map[string]bool) []model.Place {
	var out []model.Place
	for _, s := range i.Steps {
		may := x.own.mayHold(s)
		for _, d := range base {
			if seen[d.Path] || !may(d.Path) {
				continue
			}
			seen[d.Path] = true
			if m, ok := x.declarations.of(closure, d.Path); ok {
				d = m
			}
			out = append(out, d)
		}
	}
	return out
}

// mayHold says of which paths a step may make directories, beside its target.
func (x *owners) mayHold(s model.Step) func(dir string) bool {
	target, _ := model.Placed(s)
	target = strings.TrimSuffix(path.Clean(target), "/")
	within := func(dir string) bool { return strings.HasPrefix(dir, target+"/") }
	switch s := s.(type) {
	case *model.Copy:
		if s.Taken == nil {
			return within
		}
		return func(dir string) bool {
			if !within(dir) {
				return false
			}
			held, ok := x.placedBy(s)[dir]
			return ok && held.IsDir()
		}
	case *model.Fetch:
		if s.Unpack {
			return within
		}
	}
	return func(string) bool { return false }
}

// dirsBelow are the directories that are not plain of the base that an instance
// is made for.
func (x *binder) dirsBelow(i, base *model.Instance) []model.Place {
	switch {
	case base != nil:
		return base.System.Dirs
	case i.Root != nil:
		return i.Root[0].System.Dirs
	case i.Kind == model.Portable:
		return x.fleetDirs()
	}
	return nil
}

// inherit gives a directory that an instance makes without saying an owner or a
// mode those that it has in what the instance needs, else in the base. A stacked
// instance makes such a directory only where it is not there.
func (x *binder) inherit(i *model.Instance, base []model.Place) {
	if i.Kind != model.Portable && i.Kind != model.Stacked {
		return
	}
	var closure bitset
	for n, s := range i.Steps {
		d, ok := s.(*model.Dir)
		if !ok || d.Owner != nil || d.Mode != "" {
			continue
		}
		if closure == nil {
			closure = x.declarations.declarers.among(i.Needs)
		}
		m, found := x.declarations.of(closure, d.Path)
		if at := slices.IndexFunc(base, func(b model.Place) bool { return b.Path == d.Path }); !found && at >= 0 {
			m, found = base[at], true
		}
		if found {
			i.Steps = slices.Clone(i.Steps)
			i.Steps[n] = &model.Dir{Place: model.Place{Path: d.Path, Owner: m.Owner, Mode: m.Mode}, Inherited: i.Kind == model.Stacked, Span: d.Span}
		}
	}
}

// dirsOfFleetBase are the directories of the fleet's base that are not plain.
func (x *binder) dirsOfFleetBase() []model.Place {
	base := x.Base
	if base == nil || base.Component == nil || base.Args == nil {
		return nil
	}
	b := x.blockOf(base)
	if b.System == nil {
		return nil
	}
	return x.declared(b.System, b.steps).Dirs
}

// places are the paths that an instance's steps fill and that it owns.
func places(i *model.Instance) []string {
	var out []string
	for _, s := range i.Steps {
		if p, ok := model.Placed(s); ok {
			out = append(out, p)
		}
	}
	for _, o := range i.Owns {
		out = append(out, o.Path)
	}
	return out
}
