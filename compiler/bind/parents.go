package bind

import (
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/paths"
)

// A layer contains the directories above what it places, and the last layer of an image that
// contains a directory decides its owner and mode. So an instance repeats the owner and mode
// that the directory has. The first of these that knows the directory decides: `dir` or `owns`
// of the instance or of what it needs; the base that it would be built on (for an app's own
// steps, the app's base); else it is 0755 root, which is plain and not listed. The directories
// are part of the layer, and so of the recipe.

// declarations are the directories that instances declare with another owner or mode than
// 0755 root. For an instance, those in its closure count.
type declarations struct {
	declarers marks
	dirs      map[string][]declared // exact
	trees     map[string][]declared // with everything beneath
	timed     []declared            // for the times of the files beneath
}

// declared is a directory that an instance declares.
type declared struct {
	by  int // the declarer's number, larger than the numbers of its needs
	dir model.Place
}

func newDeclarations() *declarations {
	return &declarations{declarers: marks{closures: map[*model.Instance]bitset{}}, dirs: map[string][]declared{}, trees: map[string][]declared{}}
}

// enter notes what an instance declares, and returns the declarers in its closure. Its needs
// must have been entered.
func (d *declarations) enter(i *model.Instance) bitset { return d.declarers.enter(i, d.note(i)) }

// note adds the instance's own declarations; false if it has none.
func (d *declarations) note(i *model.Instance) bool {
	found := false
	for _, s := range i.Steps {
		if s, ok := s.(*model.Dir); ok {
			p := path.Clean(s.Path)
			d.dirs[p] = append(d.dirs[p], declared{d.declarers.count, model.Place{Path: p, Owner: s.Owner, Mode: s.Mode}})
			if s.Times {
				d.timed = append(d.timed, declared{d.declarers.count, model.Place{Path: p}})
			}
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

// of returns a directory as a closure declares it; false if it does not. A dir takes
// precedence over an owns, and an owns with a longer path over a shorter one.
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

// timedFor returns the directories below which a portable instance may place files whose times depend
// on their content: what it places is in such a directory of its closure, or above it.
func (d *declarations) timedFor(i *model.Instance, closure bitset) []string {
	if i.Kind != model.Portable || len(d.timed) == 0 {
		return nil
	}
	var out []string
	for _, t := range d.timed {
		fills := func(p string) bool {
			p = path.Clean(p)
			return p == "/" || paths.Beneath(p, t.dir.Path) || paths.Beneath(t.dir.Path, p)
		}
		if closure.has(t.by) && (slices.ContainsFunc(i.Steps, func(s model.Step) bool {
			p, ok := model.Placed(s)
			return ok && s.Makes() != model.ALink && !isDir(s) && fills(p)
		}) || slices.ContainsFunc(i.Owns, func(o model.Own) bool { return model.Executes(i.Steps) && fills(o.Path) })) {
			out = append(out, t.dir.Path)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func isDir(s model.Step) bool { _, ok := s.(*model.Dir); return ok }

// parents returns the directories above what an instance places that are not 0755 root, sorted
// by path. base applies where nothing is declared. It includes the directories of held
// that the instance may hold beneath what it places. closure are the declarers in its closure.
func (x *binder) parents(i *model.Instance, closure bitset, base, held []model.Place) []model.Place {
	if len(closure) == 0 && len(base) == 0 && len(held) == 0 {
		return nil
	}
	var out []model.Place
	seen := map[string]bool{}
	for _, p := range places(i) {
		dir := path.Dir(path.Clean(p))
		if strings.HasSuffix(p, "/") {
			dir = path.Clean(p) // the step places files in it
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

// heldDirs returns the directories of the base that are not 0755 root, and that an instance may
// hold beneath what it unpacks and copies. It leaves out those in seen.
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

// mayHold returns a function that reports whether a step may make a directory, including its
// target.
func (x *owners) mayHold(s model.Step) func(dir string) bool {
	target, _ := model.Placed(s)
	target = strings.TrimSuffix(path.Clean(target), "/")
	within := func(dir string) bool { return dir == target || strings.HasPrefix(dir, target+"/") }
	switch s := s.(type) {
	case *model.Copy:
		if s.Taken == nil {
			return within
		}
		return func(dir string) bool {
			if to, file := s.Target(); dir == target && path.Clean(to) == target {
				return file == ""
			}
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

// dirsBelow returns the directories that are not 0755 root in the base that an instance is made
// for.
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

// inherit sets the owner and mode of directories that an instance makes without declaring them:
// those that the directory has in the instance's needs, else in the base. A stacked instance
// makes such a directory only if it does not exist.
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
			i.Steps[n] = &model.Dir{Place: model.Place{Path: d.Path, Owner: m.Owner, Mode: m.Mode}, Inherited: i.Kind == model.Stacked, Times: d.Times, Span: d.Span}
		}
	}
}

// dirsOfFleetBase returns the directories of the fleet's base that are not 0755 root.
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

// places returns the paths that an instance's steps fill and that it owns.
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
