package component

import (
	"cmp"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/check"
)

// Naming. The lock file names instances for good, and the planner tells them
// apart by name, so that those of different content have different IDs: a
// component's path and arguments, and where its content may depend on it, what
// its own needs are bound to, and what has been chosen for all that these need.
// Of that, what is as by default is left out, so that names stay short in long
// chains.

// choices names what this closure has chosen for references and for all that
// these need: what replaces others, and what flexible ones are bound to, unless
// that is their default. The list is sorted, and may be an instance's own.
func (c *closure) choices(refs []*ref) []string {
	var out []string
	for _, r := range refs {
		var own []string
		all := c.instances(r)
		if c.chosen(r) && !c.byDefault(r) {
			own = names(all)
		}
		for _, n := range all {
			out = joined(joined(out, n.choices), n.runChoices)
		}
		out = joined(out, own)
	}
	return out
}

// chosen reports whether an app may choose what a reference stands for.
func (c *closure) chosen(r *ref) bool { return r.flexible() || c.substitute(r) != r }

// byDefault reports whether a flexible reference is bound to its default.
func (c *closure) byDefault(r *ref) bool {
	if c.substitute(r) != r {
		return false
	}
	d := c.x.slotDefault(r.slot)
	if r.component != nil {
		d = c.x.byDefault(r.component)
	}
	bound := c.at(r).bound
	return d != nil && bound != nil && d.key() == bound.key()
}

// slotDefault is the default of a slot; nil if it has none.
func (x *expander) slotDefault(s *check.Slot) *ref {
	if s == nil || s.Decl.Default == nil {
		return nil
	}
	if d, ok := x.slots[s]; ok {
		return d
	}
	var d *ref
	known := len(x.found)
	if refs := x.refs(s.Decl.Default, &env{module: s.Module}); len(refs) > 0 {
		if d = refs[0]; d.slot == nil && d.flexible() {
			d = x.byDefault(d.component)
		}
	}
	x.found = x.found[:known] // it is reported where the default is needed
	x.slots[s] = d
	return d
}

// names are the IDs of instances without what was chosen for them, sorted.
func names(list []*Instance) []string {
	var out []string
	for _, n := range list {
		out = append(out, cmp.Or(n.name, n.ID))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// joined is two sorted lists in one, each text once; one of them if the other
// adds nothing.
func joined(a, b []string) []string {
	switch {
	case len(b) == 0 || len(a) == len(b) && slices.Equal(a, b):
		return a
	case len(a) == 0:
		return b
	}
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

// suffix names what was chosen, so that instances of different content have
// different IDs: " on std/java.jdk("17")".
func (c *closure) suffix(b *body, i *Instance) string {
	on := i.choices
	for _, r := range b.needs {
		if c.chosen(r) {
			on = joined(on, names(c.instances(r)))
		}
	}
	if fleet := c.x.fleetBase; i.Root != nil && b.buildsOn == nil && fleet != nil && i.Root[0] != c.x.baseInstance(fleet) {
		on = joined(on, []string{i.Root[0].ID})
	}
	return ending(on)
}

// tellApart gives instances that have the same ID, but not the same content, IDs
// that say what was chosen. It is about portable ones that run nothing: their
// content seldom depends on a choice, such as on where its links lead.
func (x *expander) tellApart() {
	first := map[string]*Instance{}
	differ := map[string]bool{}
	for _, i := range x.graph.Instances {
		if i.told || i.Kind != Portable {
			continue
		}
		if other := first[i.ID]; other == nil {
			first[i.ID] = i
		} else if other.Key != i.Key {
			differ[i.ID] = true
		}
	}
	for _, i := range x.graph.Instances {
		if differ[i.ID] && !i.told && i.Kind == Portable {
			i.ID += ending(i.choices)
		}
	}
}

// ending is the end of an ID that names choices; "" if there are none.
func ending(on []string) string {
	if len(on) == 0 {
		return ""
	}
	return " on " + strings.Join(on, ", ")
}
