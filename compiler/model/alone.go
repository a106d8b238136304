package model

import "slices"

// OwnRecipe returns the recipe key that an instance would have if its runs and the
// stages that it copies from depended on nothing below them. Two instances with the
// same OwnRecipe and different Keys have the same steps on different foundations, so
// building them may produce equal bytes.
func OwnRecipe(i *Instance) Key {
	if i == nil {
		return Key{}
	}
	own := *i
	own.Root, own.Env = nil, nil
	own.Steps = slices.Clone(i.Steps)
	for n, s := range own.Steps {
		own.Steps[n] = s.alone()
	}
	return Recipe(&own)
}

// alone returns the step with stand-ins for the stages that it takes files from.
func (s *Copy) alone() Step {
	c := *s
	c.From = standIn(s.From)
	return &c
}

func (s *Run) alone() Step {
	r := *s
	r.Binds = slices.Clone(s.Binds)
	for n := range r.Binds {
		r.Binds[n].From = standIn(r.Binds[n].From)
	}
	return &r
}

func (s *Fetch) alone() Step   { return s }
func (s *Install) alone() Step { return s }
func (s *File) alone() Step    { return s }
func (s *Append) alone() Step  { return s }
func (s *Dir) alone() Step     { return s }
func (s *Link) alone() Step    { return s }

// standIn returns an instance that is identified by its OwnRecipe; nil for nil.
func standIn(i *Instance) *Instance {
	if i == nil {
		return nil
	}
	return &Instance{Key: OwnRecipe(i)}
}
