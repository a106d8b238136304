package component

import (
	"slices"
	"strings"
)

// Naming. The lock file names instances for good, and the planner tells them
// apart by name, so that those of different content have different IDs: a
// component's path and arguments, and where its content may depend on it, what
// the app has chosen for its needs and for all that these need.

// choices names what this closure has chosen for references and for all that
// these need: what flexible ones are bound to, and what replaces others. What an
// ID tells already is not named again.
func (c *closure) choices(refs []*ref) []string {
	var out []string
	for _, r := range refs {
		all := c.instances(r)
		if r.flexible() || c.substitute(r) != r {
			out = named(out, all)
			continue
		}
		for _, n := range all {
			out = slices.Concat(out, n.choices, n.runChoices)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// named is a list of choices together with some instances, which were chosen.
func named(choices []string, more []*Instance) []string {
	out := slices.Clone(choices)
	for _, n := range more {
		out = append(out, n.ID)
		if !n.told {
			out = append(out, n.choices...)
		}
		out = append(out, n.runChoices...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// suffix names what was chosen, so that instances of different content have
// different IDs: " on std/java.jdk("17")".
func (c *closure) suffix(b *body, i *Instance) string {
	on := i.choices
	if fleet := c.x.fleetBase; i.Root != nil && b.buildsOn == nil && fleet != nil && i.Root[0] != c.x.baseInstance(fleet) {
		on = append(slices.Clone(on), i.Root[0].ID)
		slices.Sort(on)
	}
	return chosen(slices.Compact(on))
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
			i.ID += chosen(i.choices)
		}
	}
}

// chosen is the end of an ID that names choices; "" if there are none.
func chosen(on []string) string {
	if len(on) == 0 {
		return ""
	}
	return " on " + strings.Join(on, ", ")
}
