package bind

import (
	"cmp"
	"slices"

	"github.com/layc-lang/layc/compiler/evaluate"
	"github.com/layc-lang/layc/compiler/model"
)

// Naming. The lock file names instances for good, and the planner distinguishes them by
// name. So instances with different content have different IDs. An ID has the component's
// path and arguments and, if the content may depend on them, the bindings of its own needs
// and the choices for all that these need. It omits defaults, so names stay short in long
// chains.

// made is what binding knows about an instance of the graph.
type made struct {
	base *model.Instance // for an app's own steps: the app's base
	// buildsOn is the base that its block names; nil: none.
	buildsOn *evaluate.Ref
	// name is the ID without choices. choices are the choices for its needs and for all that these
	// need, runChoices for what it runs with. namesChoices is set if the ID names the choices.
	name                string
	choices, runChoices []string
	namesChoices        bool
}

// of returns what is known about an instance.
func (x *binder) of(i *model.Instance) *made { return &(*x.made)[i.Number()-1] }

// choices names what this closure has chosen for references and for all that these need:
// replacements, and bindings of flexible references other than their defaults. The list is
// sorted. It may be shared with an instance.
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

// chosen reports whether an app may choose the binding of a reference.
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

// names returns the IDs of instances without choices, sorted.
func (x *binder) names(list []*model.Instance) []string {
	var out []string
	for _, n := range list {
		out = append(out, cmp.Or(x.of(n).name, n.ID))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// joined merges two sorted lists without duplicates. It returns one of them if the other
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

// chosenFor names the choices that an instance's ID must have because its content depends on
// them: " on std/java.jdk("17")".
func (c *closure) chosenFor(b *block, i *model.Instance, choices []string) []string {
	on := choices
	for _, r := range b.Needs {
		if c.chosen(r) {
			on = joined(on, c.x.names(c.instances(r)))
		}
	}
	if i.Root != nil && b.BuildsOn == nil {
		fleet := c.fleetBase(i)
		if i.Root[0] != fleet {
			on = joined(on, []string{i.Root[0].ID})
		}
	}
	return on
}

// tellApart adds choices to the IDs of instances with the same ID but different content.
// It concerns portable instances that run nothing: their content seldom depends on a choice,
// such as the target of a link.
func (x *binder) tellApart() {
	first := map[string]*model.Instance{}
	differ := map[string]bool{}
	for _, i := range x.graph.Instances {
		if x.of(i).namesChoices || i.Kind != model.Portable {
			continue
		}
		if other := first[i.ID]; other == nil {
			first[i.ID] = i
		} else if other.Key != i.Key {
			differ[i.ID] = true
		}
	}
	for _, i := range x.graph.Instances {
		if differ[i.ID] && !x.of(i).namesChoices && i.Kind == model.Portable {
			i.On = x.of(i).choices
			i.ID += model.On(i.On)
		}
	}
}

// tellTitlesApart adds the module to the titles of components of different modules that have the
// same title: the last word of its path or, if that is not enough, all of it.
func tellTitlesApart(g *model.Graph) {
	alike := map[string][]*model.Instance{}
	for _, i := range g.Instances {
		if i.Package == nil && !i.IsApp() && i.Title == (model.Name{Path: i.Path, Args: i.Given}).Title() {
			alike[i.Title] = append(alike[i.Title], i)
		}
	}
	for _, list := range alike {
		paths, short := map[string]bool{}, map[string]bool{}
		for _, i := range list {
			paths[i.Path], short[i.Qualified()] = true, true
		}
		if len(paths) == 1 {
			continue
		}
		for _, i := range list {
			shown := model.Name{Path: i.Path, Args: i.Given}
			if len(short) == len(paths) {
				shown.Path = i.Qualified()
			}
			i.Title = shown.String()
		}
	}
}
