package bind

import (
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/evaluate"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// Build stages: what `copy … from` and `bind … from` name. They are made when the block that
// names them is first requested.

// block is an evaluated block with its steps bound.
type block struct {
	*evaluate.Block
	ref   *evaluate.Ref // the reference that requested it
	steps []model.Step
	round bool // it copies from itself, perhaps indirectly, which was reported
	// installs is set if a step installs packages.
	installs bool
}

// blockOf returns the block of a component with given arguments.
func (x *binder) blockOf(r *evaluate.Ref) *block {
	b := x.Block(r)
	if b.Number < len(x.blocks) {
		in := x.blocks[b.Number]
		if slices.Contains(x.building, in) {
			x.roundBuild(r, in)
		}
		return in
	}
	in := &block{Block: b, ref: r}
	x.blocks = append(x.blocks, in)
	x.building = append(x.building, in)
	found := len(x.Found)
	x.bindStages(in)
	x.Turn(found, b.Origin)
	x.building = x.building[:len(x.building)-1]
	return in
}

// bindStages binds the steps of a block. While it makes stages, the block has only the steps
// that need none. It leaves out steps and mounts with invalid stages, which it reports.
func (x *binder) bindStages(b *block) {
	b.steps, b.installs = b.Block.Steps, model.Installs(b.Block.Steps)
	if len(b.From) == 0 {
		return
	}
	steps := slices.Clone(b.steps)
	b.steps = complete(steps)
	for _, f := range b.From {
		of := x.stage(f.Ref)
		switch s := steps[f.Step].(type) {
		case *model.Copy:
			if of != nil && x.namesDirectories(s, of, f.Sources) {
				c := *s
				c.From = of
				steps[f.Step] = &c
			}
		case *model.Run:
			r := *s
			r.Binds = slices.Clone(s.Binds)
			r.Binds[f.Mount].From = of
			steps[f.Step] = &r
		}
	}
	b.steps = complete(steps)
}

// namesDirectories reports sources of a copy that end in a slash but are files of the stage. It
// cannot see files that runs make.
func (x *binder) namesDirectories(s *model.Copy, stage *model.Instance, at []source.Span) bool {
	ok := true
	for n, src := range s.Sources {
		p := path.Clean(src)
		makesFile := func(s model.Step) bool { return s.Makes() == model.AFile && s.At().Path == p }
		if strings.HasSuffix(src, "/") && slices.ContainsFunc(stage.Steps, makesFile) {
			x.Found.Errorf(diag.NoSuchFile, at[n], "%s of %s is a file, not a directory", p, evaluate.Shortened(stage.Title)).
				Note("a source that ends with `/` means the contents of a directory").Hint("remove the `/`")
			ok = false
		}
	}
	return ok
}

// complete returns steps without the copies and mounts that have no stage.
func complete(steps []model.Step) []model.Step {
	var out []model.Step
	for _, s := range steps {
		switch old := s.(type) {
		case *model.Copy:
			if old.From == nil && old.Taken == nil {
				continue
			}
		case *model.Run:
			lacks := func(b model.Bind) bool { return b.From == nil && b.Taken == nil }
			if slices.ContainsFunc(old.Binds, lacks) {
				r := *old
				r.Binds = slices.DeleteFunc(slices.Clone(old.Binds), lacks)
				s = &r
			}
		}
		out = append(out, s)
	}
	return out
}

// stage returns the instance that `from` names. It is closed over its own arguments and defaults,
// never over an app's choices.
func (x *binder) stage(r *evaluate.Ref) *model.Instance {
	if r.Packages != nil {
		if x.Base == nil {
			return nil
		}
		c := x.close(x.Base, []*evaluate.Ref{r}, "a build stage")
		if c == nil {
			return nil
		}
		i := &model.Instance{ID: "stage " + r.Key(), Title: r.Title(), Span: r.Span, Name: model.Name{Path: "os.packages"}, Needs: c.all()}
		i.Root = x.root(&block{Block: &evaluate.Block{Span: r.Span}}, nil, i.Needs, x.Base)
		return x.intern(i.ID, i, made{})
	}
	key := r.Key()
	if i, ok := x.stages[key]; ok {
		return i
	}
	if !x.deeper(r) {
		return nil
	}
	system := x.isSystem(r)
	if x.depth--; system {
		x.stages[key] = x.baseInstance(r)
		return x.stages[key]
	}
	base := x.Base
	if base == nil {
		x.Found.Errorf(diag.NoBase, r.Span, "no base system for this build stage").
			Hint("write `base debian.release(\"12\")` in the fleet")
		return nil
	}
	// What it needs is of the base that it is built on.
	if on := x.blockOf(r).BuildsOn; on != nil {
		base = on
	}
	var out *model.Instance
	if c := x.close(base, []*evaluate.Ref{r}, "a build stage"); c != nil {
		if all := c.instances(r); len(all) == 1 {
			out = x.staged(all[0], c, r)
		}
	}
	x.stages[key] = out
	return out
}

// staged returns an instance with the root file system that files are copied from. It returns nil
// if that is not possible, which it reports. An instance that runs something has a root already.
func (x *binder) staged(i *model.Instance, c *closure, r *evaluate.Ref) *model.Instance {
	if i.Root != nil || i.Stage != nil {
		return i
	}
	b := &block{Block: &evaluate.Block{Span: r.Span}}
	if r.Flexible() {
		if all := c.at(r).providers; len(all) == 1 {
			r = all[0]
		}
	}
	if r.Component != nil && !r.Flexible() {
		b = x.blockOf(r)
	}
	if i.Stage, _ = c.root(b, i); i.Stage == nil {
		return nil
	}
	return i
}

// isSystem reports whether a reference is to a base system.
func (x *binder) isSystem(r *evaluate.Ref) bool {
	if r.Flexible() && r.Component != nil {
		if d := x.ByDefault(r.Component); d != nil {
			r = d
		}
	}
	return !r.Flexible() && r.Component != nil && x.blockOf(r).System != nil
}

// roundBuild reports a component that copies from something that cannot be built without it. Its
// block lacks these steps.
func (x *binder) roundBuild(r *evaluate.Ref, b *block) {
	if b.round {
		return
	}
	b.round = true
	var names []string
	for _, o := range x.building[slices.Index(x.building, b):] {
		names = append(names, o.ref.Label())
	}
	x.Found.Errorf(diag.NeedCycle, x.Told(r.Span, r.Origin), "%s is built from itself: %s", r.Label(), strings.Join(append(elided(names), r.Label()), " → ")).
		Note("a build stage cannot copy from a stage that copies from it").
		Hint("remove the copy from one of them")
}

// deeper enters one more level of builds within builds. It returns false if there are too many,
// which it reports.
func (x *binder) deeper(needed ...*evaluate.Ref) bool {
	if x.depth < maxBuilds {
		x.depth++
		return true
	}
	if !x.tooDeep {
		x.tooDeep = true
		r := needed[0]
		x.Found.Errorf(diag.EndlessClosure, r.Span, "build stages are nested more than %d levels deep", maxBuilds).
			Note("the last one is %s", r.Label()).
			Note("a build that needs itself with other arguments must stop at some point").
			Hint("put `from` or `builds with` into an `if`")
	}
	return false
}
