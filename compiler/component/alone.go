package component

import "slices"

// OwnRecipe is the recipe key that an instance would have if its runs, and the
// stages that it copies from, depended on nothing that they are built on. Two
// instances with the same OwnRecipe and different Keys say the same and stand on
// something else, so building them may give equal bytes.
func OwnRecipe(i *Instance) Key {
	if i == nil {
		return Key{}
	}
	own := *i
	own.Root, own.Env = nil, nil
	own.Steps = slices.Clone(i.Steps)
	for n, s := range own.Steps {
		switch s := s.(type) {
		case *Copy:
			c := *s
			c.From = standIn(s.From)
			own.Steps[n] = &c
		case *Run:
			r := *s
			r.Binds = slices.Clone(s.Binds)
			for k := range r.Binds {
				r.Binds[k].From = standIn(r.Binds[k].From)
			}
			own.Steps[n] = &r
		}
	}
	return recipe(&own)
}

// standIn is an instance that is known by its OwnRecipe alone; nil for nil.
func standIn(i *Instance) *Instance {
	if i == nil {
		return nil
	}
	return &Instance{Key: OwnRecipe(i)}
}
