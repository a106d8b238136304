package debian

import (
	"cmp"
	"slices"

	"github.com/layc-lang/layc/compiler/deb822"
	"github.com/layc-lang/layc/lang/diag"
)

// Universe is all packages that a resolution may choose from, on one architecture. It never
// changes after NewUniverse.
type Universe struct {
	distribution string // for errors and results
	arch         string
	byName       map[string][]*Package  // highest priority first, then newest
	providers    map[string][]provision // by virtual name, best first
}

// provision is a package that provides a virtual name.
type provision struct {
	by      *Package
	version string // "": the name without a version
}

// NewUniverse returns the universe of a distribution, such as "debian/bookworm", for one
// architecture. It skips packages for architectures other than that and "all". If two indexes
// with the same priority have the same version of a package, the first one counts.
func NewUniverse(distribution, arch string, indexes ...[]Package) *Universe {
	u := &Universe{
		distribution: distribution,
		arch:         arch,
		byName:       map[string][]*Package{},
		providers:    map[string][]provision{},
	}
	for _, index := range indexes {
		for i := range index {
			if p := &index[i]; p.Arch == arch || p.Arch == "all" {
				u.byName[p.Name] = append(u.byName[p.Name], p)
			}
		}
	}
	for _, versions := range u.byName {
		if len(versions) > 1 {
			slices.SortStableFunc(versions, func(a, b *Package) int {
				return cmp.Or(cmp.Compare(b.Pin, a.Pin), CompareVersions(b.Version, a.Version))
			})
		}
		u.provide(versions[0])
	}
	for _, list := range u.providers {
		slices.SortFunc(list, func(a, b provision) int {
			return cmp.Or(cmp.Compare(priority(a.by), priority(b.by)), cmp.Compare(a.by.Name, b.by.Name), cmp.Compare(a.version, b.version))
		})
	}
	return u
}

// provide notes what the preferred version of a package provides. Other versions are chosen only
// by their own name.
func (u *Universe) provide(p *Package) {
	if p.Provides == "" {
		return
	}
	groups, _ := deb822.ParseRelations(p.Provides) // a resolution that chooses the package reports the error
	for _, g := range groups {
		u.providers[g[0].Name] = append(u.providers[g[0].Name], provision{p, g[0].Version})
	}
}

// priority orders the providers of a virtual name: packages that every system has come first.
func priority(p *Package) int {
	i := slices.Index([]string{"required", "important", "standard", "optional"}, p.Priority)
	if i < 0 {
		return 4
	}
	return i
}

// where names the distribution and the architecture.
func (u *Universe) where() string { return u.distribution + " for " + u.arch }

// suggest returns up to three names that may be meant by an unknown name: what Debian calls a
// package of another distribution, or else similar names.
func (u *Universe) suggest(name string) []string {
	if own := u.translate(name); own != "" {
		return []string{own}
	}
	return u.similar(name)
}

// similar returns up to three names that resemble an unknown name.
func (u *Universe) similar(name string) []string {
	type near struct {
		name     string
		distance int
	}
	edits := max(1, len(name)/4)
	var found []near
	for other := range u.byName {
		if longer := len(other) - len(name); longer > edits || -longer > edits {
			continue
		}
		if d := diag.Distance(name, other); d <= 2*edits {
			found = append(found, near{other, d})
		}
	}
	slices.SortFunc(found, func(a, b near) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name))
	})
	var names []string
	for _, n := range found[:min(3, len(found))] {
		names = append(names, n.name)
	}
	return names
}
