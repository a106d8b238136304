package component

import (
	"slices"
	"strings"
)

// Build stages: what `copy … from` and `bind … from` name. Their blocks are
// evaluated while that of the component that names them is.

// stage is the instance that `from` names: closed over its own arguments and
// defaults, never over an app's choice.
func (x *expander) stage(r *ref) *Instance {
	if r.packages != nil {
		if x.fleetBase == nil {
			return nil
		}
		c := x.close(x.fleetBase, []*ref{r}, "a build stage")
		if c == nil {
			return nil
		}
		i := &Instance{ID: "stage " + r.key(), Title: r.title(), Span: r.span, Path: "os.packages", Needs: c.all()}
		i.Root = x.root(&body{span: r.span}, i.Needs, x.fleetBase)
		return x.intern(i.ID, i)
	}
	key := r.key()
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
	base := x.fleetBase
	if base == nil {
		x.found.Errorf("E0314", r.span, "there is no base system for this build stage").
			Hint("write `base debian.release(\"12\")` into the fleet")
		return nil
	}
	var out *Instance
	if c := x.close(base, []*ref{r}, "a build stage"); c != nil {
		if all := c.instances(r); len(all) == 1 {
			out = x.staged(all[0], c, r)
		}
	}
	x.stages[key] = out
	return out
}

// staged is an instance with what it stands on when files are copied from it;
// nil if that cannot be, which it reports. What runs something has that anyway.
func (x *expander) staged(i *Instance, c *closure, r *ref) *Instance {
	if i.Root != nil || i.stage != nil {
		return i
	}
	b := &body{span: r.span}
	if r.flexible() {
		if all := c.at(r).providers; len(all) == 1 {
			r = all[0]
		}
	}
	if r.component != nil && !r.flexible() {
		b = x.bodyOf(r)
	}
	if i.stage = x.root(b, i.Needs, x.fleetBase); i.stage == nil {
		return nil
	}
	return i
}

// isSystem reports whether a reference is to a base system.
func (x *expander) isSystem(r *ref) bool {
	if r.flexible() && r.component != nil {
		if d := x.byDefault(r.component); d != nil {
			r = d
		}
	}
	return !r.flexible() && r.component != nil && x.bodyOf(r).system != nil
}

// roundBuild reports a component that copies from what cannot be built without
// it. Its block, which is under evaluation, stays incomplete.
func (x *expander) roundBuild(r *ref, b *body) {
	if b.round {
		return
	}
	b.round = true
	var names []string
	for _, o := range x.building[slices.IndexFunc(x.building, func(o *ref) bool { return o.body == b }):] {
		names = append(names, o.label())
	}
	x.found.Errorf("E0334", x.told(r.span, r.origin), "%s is built from itself: %s", r.label(), strings.Join(append(elided(names), r.label()), " → ")).
		Note("a build stage cannot copy from what copies from it").
		Hint("take the copy out of one of them")
}

// deeper counts one more build that another one needs, unless there are too many,
// which it reports. An app alone needs nothing.
func (x *expander) deeper(needed ...*ref) bool {
	if x.depth < maxBuilds {
		x.depth++
		return true
	}
	if !x.tooDeep {
		x.tooDeep = true
		r := needed[0]
		x.found.Errorf("E0338", r.span, "builds that need builds are nested more than %d deep", maxBuilds).
			Note("the last one is %s", r.label()).
			Note("a build that needs itself with other arguments has to come to an end").
			Hint("put `from` or `builds with` into an `if`")
	}
	return false
}
