package bind

import (
	"path"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/paths"
	"github.com/layc-lang/layc/lang/source"
)

// What steps of one component write over. A file may take a file's place, and
// directories add up. For anything else the engine would write through a link, or
// keep what the earlier step has made.

// written is what a step has made of a path.
type written struct {
	what model.Made
	span source.Span
}

// writtenOver reports steps that make something else of a path than an earlier
// step has. After a run nobody knows what is there.
func (x *binder) writtenOver(i *model.Instance) {
	was := map[string]written{}
	for _, s := range i.Steps {
		if _, ok := s.(*model.Run); ok {
			clear(was)
		}
		p, now, ok := makes(s)
		if !ok {
			continue
		}
		if at, old, ok := inTheWay(was, p, now); ok {
			d := x.Found.Errorf(diag.ConflictingPaths, now.span, "%s is %s and %s", at, old.what, differently(now.what, old.what, at == p)).
				See(old.span, "it is %s here", old.what).
				Note("a step may write over a file, and add to a directory").
				Hint("give one of them another path, or leave one out")
			x.involve(d, i, nil)
			return
		}
		was[p] = now
		for dir := range paths.Above(p) {
			was[dir] = written{model.ADirectory, now.span}
		}
	}
}

// differently is what a step makes of a path of which another one has made old.
func differently(what, old model.Made, same bool) model.Made {
	switch {
	case !same:
		return model.ADirectory
	case what == old:
		return "another link"
	}
	return what
}

// inTheWay is what earlier steps have made of a path, or of one above it, that a
// step cannot write over.
func inTheWay(was map[string]written, p string, now written) (string, written, bool) {
	if old, ok := was[p]; ok && (old.what != now.what || now.what == model.ALink) {
		return p, old, true
	}
	for dir := range paths.Above(p) {
		if old, ok := was[dir]; ok && old.what != model.ADirectory {
			return dir, old, true
		}
	}
	return "", written{}, false
}

// makes is the path that a step makes; false if its text does not say what of.
func makes(s model.Step) (string, written, bool) {
	what := s.Makes()
	if what == model.Unknown {
		return "", written{}, false
	}
	return path.Clean(s.At().Path), written{what, s.Where()}, true
}
