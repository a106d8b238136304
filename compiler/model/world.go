package model

import "slices"

// World is what an app's image would be if it were there for the sake of one of
// its instances alone.
type World struct {
	// Instances are the app's base, all that the instance needs and runs with,
	// and itself, each after what it needs; then the files that these and others
	// write together, as the app's image has them.
	Instances []*Instance
	// Env is the environment of such an image, if the app said nothing. Where the
	// instances disagree, the app has decided: its value holds.
	Env []EnvVar
	// Common worlds are the same for all apps that have the instance on that
	// base: they have neither files that several write nor disagree.
	Common bool
}

// WorldOf is the world of an instance in the closure of an app.
func WorldOf(a *App, i *Instance) World {
	w := World{Instances: Topological([]*Instance{a.Base, i}), Common: true}
	m := Merge(w.Instances, nil, nil)
	w.Env = m.Env()
	for n, e := range w.Env {
		if !m.disputed["env "+e.Name] {
			continue
		}
		w.Common = false
		for _, decided := range a.Config.Env {
			if decided.Name == e.Name {
				w.Env[n].Value = decided.Value
			}
		}
	}
	files := map[string]bool{}
	for _, n := range w.Instances {
		for _, f := range n.Fragments {
			files[f.Path] = true
		}
	}
	if len(files) == 0 {
		return w
	}
	w.Common = false
	for _, n := range a.Closure {
		if slices.ContainsFunc(n.Steps, func(s Step) bool { return files[together(s)] }) && !slices.Contains(w.Instances, n) {
			w.Instances = append(w.Instances, n)
		}
	}
	return w
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
