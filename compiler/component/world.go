package component

import "slices"

// World is what an app's image would hold if it were there for one instance of
// its closure alone: the app's base, all that the instance needs and runs with,
// and itself, each after what it needs; then the files that these and others
// write together, as the app's image has them.
func World(a *App, i *Instance) []*Instance {
	world := topological([]*Instance{a.Base, i})
	files := map[string]bool{}
	for _, n := range world {
		for _, f := range n.Fragments {
			files[f.Path] = true
		}
	}
	for _, n := range a.Closure {
		if slices.ContainsFunc(n.Steps, func(s Step) bool { return files[together(s)] }) && !slices.Contains(world, n) {
			world = append(world, n)
		}
	}
	return world
}

// together is the file that a step may make of fragments.
func together(s Step) string {
	switch s := s.(type) {
	case *File:
		return s.Path
	case *Append:
		return s.Path
	}
	return ""
}

// Environment is the environment that the image of an app would have if it held
// these instances alone and the app said nothing. Where they disagree, the app
// has decided: the app's value holds.
func Environment(a *App, world []*Instance) []EnvVar {
	m := merge(nil, world, nil)
	env := m.env()
	for n, e := range env {
		if !m.disputed["env "+e.Name] {
			continue
		}
		for _, decided := range a.Config.Env {
			if decided.Name == e.Name {
				env[n].Value = decided.Value
			}
		}
	}
	return env
}
