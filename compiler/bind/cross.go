package bind

import (
	"cmp"
	"slices"

	"github.com/layc-lang/layc/compiler/evaluate"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
)

// Building cross. A component that builds cross is for the platform of the graph, but its runs
// execute on the fleet's builder. So its build root consists of instances for the builder: a
// second binder makes them, with a second evaluation of the program for that platform. It enters
// them into the same graph. They have IDs and recipes of their own, even if the builder has the
// platform of the graph: so the component has one recipe on all platforms, unless its runs
// mention the platform.

// builder returns the binder that makes the build root of a block. It is the closure's own, unless
// the block builds cross. It returns nil without a builder, which it reports.
func (c *closure) builder(b *block) *binder {
	x := c.x
	if b.Cross.IsZero() || x.on != (model.Platform{}) {
		return x
	}
	p := x.Fleet.Builder
	if p == (model.Platform{}) {
		x.OnceAt(diag.CannotCross, b.Cross, func() *diag.Diagnostic {
			return x.Found.Errorf(diag.CannotCross, x.Told(b.Cross, b.Origin), "`builds cross` in a fleet without a `builder`").
				Note("the builder is the platform that such a component is built on, and its result may depend on it").
				Hint("write `builder \"linux/amd64\"` in the fleet")
		})
		return nil
	}
	if x.across == nil {
		y := newBinder(x.in, evaluate.NewBeside(x.Evaluator, x.in, p), x.graph, x.made)
		y.on, y.whole = p, map[*evaluate.Block]*block{}
		x.across = y
	}
	return x.across
}

// root returns what the steps of an instance run on, and the platform of the builder, if they run
// there. It returns nil if there is no such root, which it reports.
func (c *closure) root(b *block, i *model.Instance) ([]*model.Instance, model.Platform) {
	y := c.builder(b)
	switch {
	case y == nil:
		return nil, model.Platform{}
	case y == c.x:
		on := b.BuildsOn
		if i.Kind == model.Stacked && c.apart(b, i.Needs) {
			on = c.baseRef
		}
		return y.root(b, on, i.Needs, c.baseRef), y.on
	}
	base, on := c.baseRef.Elsewhere(), b.BuildsOn
	if on != nil {
		on = on.Elsewhere()
	}
	needs := elsewhere(b.Needs, b.Mentions)
	under := cmp.Or(on, y.Base, base) // the base of the needs
	if len(needs) > 0 {
		all := model.Topological(i.Needs)
		if slices.ContainsFunc(all, func(n *model.Instance) bool { return n.Package != nil && n.Package.Account == nil }) {
			under = base
		}
		// What the needs are bound to is bound there, too.
		for _, m := range c.order {
			if m.instance != nil && slices.Contains(all, m.instance) {
				needs = append(needs, m.ref.Elsewhere())
			}
		}
	}
	var bound []*model.Instance
	if len(needs) > 0 {
		there := y.close(under, needs, "the build of "+i.Title)
		if there == nil {
			return nil, y.on
		}
		bound = there.all()
	}
	w := y.whole[b.Block]
	if w == nil {
		w = &block{Block: &evaluate.Block{Span: b.Span, BuildsWith: elsewhere(b.BuildsWith)}}
		y.whole[b.Block] = w
	}
	return y.root(w, on, bound, base), y.on
}

// elsewhere returns references for another evaluator.
func elsewhere(lists ...[]*evaluate.Ref) []*evaluate.Ref {
	var out []*evaluate.Ref
	for _, r := range slices.Concat(lists...) {
		out = append(out, r.Elsewhere())
	}
	return out
}

// fleetBase returns the fleet's base on the platform that an instance is built on; nil if there
// is none.
func (c *closure) fleetBase(i *model.Instance) *model.Instance {
	x := c.x
	if i.Cross {
		x = x.across
	}
	if x.Base == nil {
		return nil
	}
	return x.baseInstance(x.Base)
}

// notCross reports stacked instances that build cross among the parts of a system: their runs
// change the system itself, which is for another platform.
func notCross(x *binder, all []*model.Instance) {
	for _, i := range all {
		if !i.Cross || i.Kind != model.Stacked {
			continue
		}
		at := firstRun(i.Steps)
		x.OnceAt(diag.CannotCross, at, func() *diag.Diagnostic {
			d := x.Found.Errorf(diag.CannotCross, at, "%s builds cross, but its runs change the image itself", evaluate.Shortened(i.Title)).
				Note("they run on another system, whose platform is the fleet's `builder`").
				Hint("add `owns` with the paths that the runs write, or copy them `from` %s in another component", evaluate.Shortened(i.Title))
			x.involve(d, i, nil)
			return d
		})
	}
}

// notElsewhere reports stacked instances whose block builds on another base than this system has: their
// runs change the system itself, so they would run on a base that the block does not name.
func notElsewhere(x *binder, base *model.Instance, all []*model.Instance) {
	for _, i := range all {
		on := x.of(i).buildsOn
		if on == nil || i.Cross || i.Kind != model.Stacked || i.Root[0] == base {
			continue
		}
		at := x.Told(on.Span, on.Origin)
		x.OnceAt(diag.BuiltElsewhere, at, func() *diag.Diagnostic {
			d := x.Found.Errorf(diag.BuiltElsewhere, at, "%s builds on %s, but its runs change a system that is based on %s", evaluate.Shortened(i.Title), evaluate.Shortened(i.Root[0].Title), evaluate.Shortened(base.Title)).
				Note("a component without `owns` runs on the system that it changes").
				Hint("add `owns` with the paths that the runs write, or remove `builds on`").
				Hint("if other components only copy its files, name it after `from` alone")
			x.involve(d, i, nil)
			return d
		})
	}
}
