package pin

import (
	"maps"
	"slices"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
)

// CheckMirrors returns an [*UnknownArchiveError] for the first name that is neither a known
// archive nor one that the program downloads from.
func CheckMirrors(targets []*compiler.Target, names []string) error {
	if len(names) == 0 {
		return nil
	}
	known := slices.Compact(slices.Sorted(slices.Values(slices.Concat(Archives(targets, &lock.File{}), lock.DistributionArchives(), []string{"maven", "npm", "go"}))))
	for _, name := range names {
		if !slices.Contains(known, name) {
			return &UnknownArchiveError{name, known}
		}
	}
	return nil
}

// Archives returns the sorted names of the archives that a program downloads from, with its pins.
func Archives(targets []*compiler.Target, pins *lock.File) []string {
	names := map[string]bool{}
	add := func(urls ...string) {
		for _, u := range urls {
			if at, err := lock.Locate(u); err == nil && at.Archive != "" {
				names[at.Archive] = true
			}
		}
	}
	for _, p := range pins.Packages {
		add(p.URL)
	}
	for _, t := range targets {
		add(t.Graph.Refs.URLs...)
		for _, d := range t.Graph.Refs.Distributions {
			for _, r := range d.Repositories {
				names[r.Name] = true
			}
		}
		for _, i := range t.Graph.Instances {
			for _, s := range i.Steps {
				if f, ok := s.(*model.Fetch); ok {
					add(f.URLs...)
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}
