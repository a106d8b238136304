package bind

import (
	"cmp"
	"slices"

	"github.com/layc-lang/layc/compiler/evaluate"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/source"
)

// Naming. The lock file names instances for good, and the planner tells them
// apart by name, so that those of different content have different IDs: a
// component's path and arguments, and where its content may depend on it, what
// its own needs are bound to, and what has been chosen for all that these need.
// Of that, what is as by default is left out, so that names stay short in long
// chains.

// made is what binding knows of an instance of the graph.
type made struct {
	asked source.Span     // the line of the project that asked for it first; see blame.go
	base  *model.Instance // of an app's own steps: the app's base
	// name is the ID without what was chosen, choices is that, of its needs and
	// all that these need, runChoices of what it runs with. Told says that the ID
	// names the choices.
	name                string
	choices, runChoices []string
	told                bool
}

// of is what is known of an instance.
func (x *binder) of(i *model.Instance) *made { return &x.made[i.Number()-1] }

// choices names what this closure has chosen for references and for all that
// these need: what replaces others, and what flexible ones are bound to, unless
// that is their default. The list is sorted, and may be an instance's own.
func (c *closure) choices(refs []*evaluate.Ref) []string {
	var out []string
	for _, r := range refs {
		var own []string
		all := c.instances(r)
		if c.chosen(r) && !c.byDefault(r) {
			own = c.x.names(all)
		}
		for _, n := range all {
			of := c.x.of(n)
			out = joined(joined(out, of.choices), of.runChoices)
		}
		out = joined(out, own)
	}
	return out
}

// chosen reports whether an app may choose what a reference stands for.
func (c *closure) chosen(r *evaluate.Ref) bool { return r.Flexible() || c.substitute(r) != r }

// byDefault reports whether a flexible reference is bound to its default.
func (c *closure) byDefault(r *evaluate.Ref) bool {
	if c.substitute(r) != r {
		return false
	}
	d := c.x.SlotDefault(r.Slot)
	if r.Component != nil {
		d = c.x.ByDefault(r.Component)
	}
	bound := c.at(r).bound
	return d != nil && bound != nil && d.Key() == bound.Key()
}

// names are the IDs of instances without what was chosen for them, sorted.
func (x *binder) names(list []*model.Instance) []string {
	var out []string
	for _, n := range list {
		out = append(out, cmp.Or(x.of(n).name, n.ID))
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

// chosenFor names what was chosen, so that instances of different content have
// different IDs: " on std/java.jdk("17")".
func (c *closure) chosenFor(b *block, i *model.Instance, choices []string) []string {
	on := choices
	for _, r := range b.Needs {
		if c.chosen(r) {
			on = joined(on, c.x.names(c.instances(r)))
		}
	}
	if fleet := c.x.Base; i.Root != nil && b.BuildsOn == nil && fleet != nil && i.Root[0] != c.x.baseInstance(fleet) {
		on = joined(on, []string{i.Root[0].ID})
	}
	return on
}

// tellApart gives instances that have the same ID, but not the same content, IDs
// that say what was chosen. It is about portable ones that run nothing: their
// content seldom depends on a choice, such as on where its links lead.
func (x *binder) tellApart() {
	first := map[string]*model.Instance{}
	differ := map[string]bool{}
	for _, i := range x.graph.Instances {
		if x.of(i).told || i.Kind != model.Portable {
			continue
		}
		if other := first[i.ID]; other == nil {
			first[i.ID] = i
		} else if other.Key != i.Key {
			differ[i.ID] = true
		}
	}
	for _, i := range x.graph.Instances {
		if differ[i.ID] && !x.of(i).told && i.Kind == model.Portable {
			i.On = x.of(i).choices
			i.ID += model.On(i.On)
		}
	}
}
