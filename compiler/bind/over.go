package bind

import (
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/paths"
	"github.com/layc-lang/layc/lang/source"
)

// Overwriting among the steps of one component. A file may replace a file, and directories
// add up. Copied files may also replace a link. In all other cases the engine would write
// through a link, fail, or keep what the earlier step made.

// written is what a step makes at a path.
type written struct {
	path string // clean
	what model.Made
	span source.Span
	copy bool // part of a copy of project files
}

// writtenOver reports steps that make another kind of file at a path than an earlier step.
// After a run or an installation, the paths are unknown.
func (x *binder) writtenOver(i *model.Instance) {
	was := map[string]written{}
	meets := meetings(i.Steps)
	for _, s := range i.Steps {
		if model.Unbounded(s) {
			clear(was)
		}
		for _, now := range x.writes(s, meets) {
			if old, ok := inTheWay(was, now); ok {
				d := x.Found.Errorf(diag.ConflictingPaths, now.span, "%s is %s and also %s", old.path, old.what, differently(now, old)).
					See(old.span, "it is %s here", old.what).
					Note("a step can overwrite a file or add to a directory, and nothing else").
					Hint("change the path of one step, or remove one")
				x.involve(d, i, nil)
				return
			}
			was[now.path] = now
			for dir := range paths.Above(now.path) {
				was[dir] = written{path: dir, what: model.ADirectory, span: now.span}
			}
		}
	}
}

// differently returns what a step makes where an earlier step made old.
func differently(now, old written) model.Made {
	switch {
	case now.path != old.path:
		return model.ADirectory
	case now.what == old.what:
		return "another link"
	}
	return now.what
}

// inTheWay returns what earlier steps made at a path, or at one above it, that a step cannot
// overwrite.
func inTheWay(was map[string]written, now written) (written, bool) {
	if old, ok := was[now.path]; ok {
		differs := old.what != now.what || now.what == model.ALink
		if now.copy {
			differs = (old.what == model.ADirectory) != (now.what == model.ADirectory)
		}
		if differs {
			return old, true
		}
	}
	for dir := range paths.Above(now.path) {
		if old, ok := was[dir]; ok && old.what != model.ADirectory {
			return old, true
		}
	}
	return written{}, false
}

// writes returns what a step makes at which paths, as far as that is known. It includes the
// contents of a copy of project files only if the copy meets another step.
func (x *binder) writes(s model.Step, meets func(*model.Copy) bool) []written {
	var all []written
	if what := s.Makes(); what != model.Unknown {
		all = append(all, written{path: path.Clean(s.At().Path), what: what, span: s.Where()})
	}
	c, ok := s.(*model.Copy)
	if !ok || c.Taken == nil || !meets(c) {
		return all
	}
	placed := x.own.placedBy(c)
	for _, p := range slices.Sorted(maps.Keys(placed)) {
		what := model.AFile
		switch t := placed[p]; {
		case t.IsDir():
			what = model.ADirectory
		case t.Type()&fs.ModeSymlink != 0:
			what = model.ALink
		}
		all = append(all, written{path: p, what: what, span: c.Span, copy: true})
	}
	return all
}

// meetings returns a function that reports whether a copy puts something where another step
// does.
func meetings(steps []model.Step) func(*model.Copy) bool {
	at, copies := map[string]int{}, map[string]int{} // steps at or beneath a directory, copies into it
	for _, s := range steps {
		p, ok := model.Placed(s)
		if !ok {
			continue
		}
		p = path.Clean(p)
		for dir := range paths.From(p) {
			at[dir]++
		}
		if c, ok := s.(*model.Copy); ok && c.Taken != nil {
			copies[p]++
		}
	}
	return func(c *model.Copy) bool {
		to := path.Clean(c.Path)
		if to == "/" {
			return len(steps) > 1
		}
		if at[to] > 1 || copies["/"] > 0 {
			return true
		}
		for dir := range paths.Above(to) {
			if copies[dir] > 0 {
				return true
			}
		}
		return false
	}
}
