package model

import "slices"

// World is the image that an app would have if it existed only for one of its instances.
type World struct {
	// Instances are the app's base, all that the instance needs and runs with, and
	// the instance itself, each after its needs; then the files that several of these
	// write, as in the app's image.
	Instances []*Instance
	// Env is the environment of such an image without the app's own settings. Where
	// instances disagree, it has the app's value.
	Env []EnvVar
	// Common worlds are the same for all apps with that instance on that base: no
	// file has several writers, and no instances disagree.
	Common bool
}

// WorldOf returns the world of an instance in the closure of an app.
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

// together returns the file that a step may make from fragments; "" if it does not.
func together(s Step) string {
	switch s := s.(type) {
	case *File:
		return s.Path
	case *Append:
		return s.Path
	}
	return ""
}
