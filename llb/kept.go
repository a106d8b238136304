package llb

import (
	"path"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client/llb"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/paths"
	"github.com/layc-lang/layc/lang/source"
)

// A layer with a file at the path of a directory deletes the directory with all that
// it holds, and one with a directory at the path of a file deletes the file. Of what
// a base, packages and archives hold only the build knows: one proof for each image
// looks at every layer that is merged into it, over the layers below.

// Merged is a part of what an image is merged from.
type Merged struct {
	// System is a base or a spine layer, with all that it stands on; nil: an instance.
	System   *plan.Layer
	Instance *model.Instance
}

// kept proves that what is merged into an image keeps directories and files below. An
// image of stacked layers alone has no proof, and images of the same parts share one.
func (v *prover) kept(i *plan.Image) {
	var stack []Merged
	var key []string
	args, trees := []string{"kept"}, []mountedTree{}
	for _, m := range merged(i) {
		tree, ok := v.tree(m)
		if !ok {
			continue
		}
		dir := treeDir + strconv.Itoa(len(stack))
		// The names in a tree are all that is asked of it: its files are not read.
		trees = append(trees, mountedTree{dir, tree.Output()})
		if m.System != nil {
			args, key = append(args, "="+dir), append(key, m.System.ID)
		} else {
			args, key = append(args, dir), append(key, string(m.Instance.Key[:]))
		}
		stack = append(stack, m)
	}
	if len(stack) < 2 || !v.first(Kept, key...) {
		return
	}
	opts := v.help(i.App.Name, "look for what layers replace", i.App.Span, args...)
	opts = append(opts, v.apart(key))
	if v.err != nil {
		return
	}
	p := v.add(Kept, i.App.Name, i.App.Span, looking(llb.Scratch().Run(opts...).Root(), trees))
	p.App, p.Stack = i.App, stack
}

// merged are the instances that are merged into an image, the lowest first, with each
// system that some of them are merged on before these.
func merged(i *plan.Image) []Merged {
	var stack []Merged
	var system *plan.Layer
	for _, y := range i.Layers {
		if y.Kind == plan.Base || y.Kind == plan.Spine {
			system = y
			continue
		}
		if system != nil {
			stack, system = append(stack, Merged{System: system}), nil
		}
		for _, m := range y.Members {
			stack = append(stack, Merged{Instance: m})
		}
	}
	return stack
}

// tree is a part of an image; false if it holds nothing. Of an instance in a layer with
// others there is no more than what its actions make.
func (l *lowerer) tree(m Merged) (llb.State, bool) {
	if m.System != nil {
		return l.layer(m.System), true
	}
	c := l.actions(m.Instance)
	return c.state, c.chain != nil
}

// Placing is a step or an `owns` that puts something at a path, as far as the program
// says it.
type Placing struct {
	Step model.Step // nil: the instance owns the path
	Path string     // the target; a trailing slash means into it
	Span source.Span
}

// PlacingAt finds what puts something at a path of an instance's content: the last step
// with this target, else the one with the longest target above the path, which may place
// it, else one beneath it, which makes the path a directory.
func PlacingAt(i *model.Instance, at string) (found Placing, ok bool) {
	best := -1
	for _, p := range placed(i) {
		target, rank := path.Clean(p.Path), -1
		switch {
		case target == at:
			rank = 1 << 16
		case within(at, target):
			rank = len(target)
		case paths.Beneath(target, at):
			rank = 0
		}
		if rank >= 0 && rank >= best {
			found, best = p, rank
		}
	}
	return found, best >= 0
}

// placed are the targets of an instance: of its steps, and what it owns.
func placed(i *model.Instance) []Placing {
	var all []Placing
	for _, o := range i.Owns {
		all = append(all, Placing{Path: o.Path, Span: o.Span})
	}
	for _, s := range i.Steps {
		if p, ok := model.Placed(s); ok {
			all = append(all, Placing{s, p, s.Where()})
		}
	}
	return all
}

// Into reports whether a step puts something into the directory that its target names.
func (p Placing) Into() bool {
	if s, ok := p.Step.(*model.Fetch); ok && s.Unpack {
		return true
	}
	return strings.HasSuffix(p.Path, "/")
}
