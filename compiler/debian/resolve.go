// Package debian chooses packages from the indexes of a Debian archive. It is pure: its inputs
// are the bytes of indexes and keys, which the caller has downloaded.
//
// # The resolution
//
// [Resolve] chooses one version of each package that the minimal system and all wanted packages
// of a whole fleet need. A single resolution for the fleet, not one per app, makes the layers of
// different apps the same bytes.
//
//  1. The minimal system is chosen first, from the indexes alone, so that no app's wishes change
//     the base. It consists of all essential packages, the packages that dpkg and apt need to
//     work, and their dependencies.
//     Of several versions of a package, the highest priority of its index wins, then the highest
//     version. A relation that this version does not satisfy gets the best version that does.
//  2. All wanted packages are chosen before any of their dependencies is examined. So a package
//     that is wanted by name is preferred wherever it is one of several alternatives.
//  3. Dependencies without a choice are followed to a fixpoint. Of the dependencies with
//     alternatives that no chosen package satisfies yet, the first one (by name of its package,
//     then as written) gets its first alternative that does not conflict with the chosen
//     packages. A virtual name stands for its providers by priority, then name. Repeat.
//  4. The result is checked: every dependency is satisfied, and no two packages conflict.
//
// A choice is never undone. Installers do no better in practice: archives are maintained so that
// this works. If it does not, the error names the packages that conflict and the reason for each
// of them, so that the program can name the alternative that it wants. Recommended packages are
// not chosen.
package debian

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/deb822"
	"github.com/layc-lang/layc/compiler/lock"
)

// minimalRoots begin the minimal system, in addition to the essential packages. usr-is-merged
// and mawk settle alternatives as Debian's own installer does; apt lets users inspect an image;
// passwd makes the shadows of /etc/passwd and /etc/group, before packages that need it and
// packages that do not would make them with different modes.
// Packages that a release does not have are skipped.
var minimalRoots = []string{"apt", "mawk", "passwd", "usr-is-merged"}

// Resolve chooses the minimal system and the wanted packages with everything that they need. The
// result is sorted by name and has Needs and Minimal set. It depends only on the set of wanted
// names.
//
// Resolve chooses versions in keep where the relations allow it, even if the indexes no longer
// have them. It drops packages in keep that nothing needs. The error joins all faults.
func Resolve(u *Universe, wanted []string, keep []lock.Package) ([]lock.Package, error) {
	pinned := map[string]lock.Package{}
	for _, p := range keep {
		pinned[p.Name] = p
	}
	for {
		r := &resolution{universe: u, pinned: pinned, chosen: map[string]*Package{}, related: map[string]relations{}, because: map[string]string{},
			virtual: map[string][]provision{}, tooOld: map[string]bool{}}
		r.run(wanted)
		if len(r.tooOld) == 0 {
			return r.result()
		}
		// Something needs a newer version than the pinned one. The exact needs of a pinned
		// version that the indexes lack are unknown, so no such version is kept together with
		// newer packages.
		pinned = maps.Clone(pinned)
		maps.DeleteFunc(pinned, func(name string, p lock.Package) bool {
			return r.tooOld[name] || u.find(name, p.Version) == nil
		})
	}
}

func (u *Universe) find(name, version string) *Package {
	for _, p := range u.byName[name] {
		if p.Version == version {
			return p
		}
	}
	return nil
}

type resolution struct {
	universe *Universe
	pinned   map[string]lock.Package
	chosen   map[string]*Package
	related  map[string]relations   // of the chosen packages
	because  map[string]string      // chosen package → the package that needs it, "" if wanted or essential
	virtual  map[string][]provision // virtual names that the chosen packages provide
	minimal  map[string][]string    // packages chosen before the wanted ones → their needs at that time
	fresh    []string               // chosen, with unexamined dependencies
	open     []dependency           // undecided, with several alternatives
	tooOld   map[string]bool        // pinned packages with an unusable version
	errs     []error
}

type dependency struct {
	owner    string
	position int // in the owner's list
	group    deb822.Group
}

func (r *resolution) run(wanted []string) {
	roots := slices.Clone(minimalRoots)
	for name, versions := range r.universe.byName {
		if versions[0].Essential {
			roots = append(roots, name)
		}
	}
	slices.Sort(roots)
	for _, name := range roots {
		if p := r.candidate(name); p != nil {
			r.choose(p, "")
		}
	}
	r.follow()
	r.minimal = map[string][]string{}
	for name := range r.chosen {
		r.minimal[name] = r.needs(name)
	}
	if len(r.minimal) == 0 {
		r.errs = append(r.errs, fmt.Errorf("the index of %s has no essential packages for %s", r.universe.distribution, r.universe.arch))
		return
	}

	for _, name := range slices.Compact(slices.Sorted(slices.Values(wanted))) {
		if p := r.candidate(name); p != nil {
			r.choose(p, "")
		} else {
			r.errs = append(r.errs, r.unknown(name))
		}
	}
	r.follow()
	r.check()
}

// candidate returns the version of a package that would be chosen: the pinned one, else the
// best; nil if there is none.
func (r *resolution) candidate(name string) *Package {
	versions := r.universe.byName[name]
	pin, ok := r.pinned[name]
	if !ok {
		if len(versions) == 0 {
			return nil
		}
		return versions[0]
	}
	if p := r.universe.find(name, pin.Version); p != nil {
		for _, same := range versions {
			if same.Version == pin.Version && same.Digest == pin.Digest { // of several repositories
				return same
			}
		}
		return p
	}
	// The indexes have moved on. The names that the pinned version needs are known. What it
	// provides and conflicts with is taken from its successor.
	p := Package{Name: name, Arch: r.universe.arch}
	if len(versions) > 0 {
		p = *versions[0]
	}
	p.Archive, p.Path, _ = strings.Cut(pin.URL, ":")
	p.Version, p.Digest, p.Size, p.Installed = pin.Version, pin.Digest, pin.Size, pin.Installed
	p.Depends = strings.Join(pin.Needs, ", ")
	return &p
}

// acceptable returns the version of a package that a relation gets: the candidate, else the best
// version that satisfies the relation. A repository of low priority can thus provide what its own
// packages need. It returns nil if there is none, or if the package is pinned.
func (r *resolution) acceptable(rel deb822.Relation) *Package {
	p := r.candidate(rel.Name)
	if p == nil || accepts(rel, p.Version) {
		return p
	}
	if _, pinned := r.pinned[rel.Name]; pinned {
		return nil
	}
	return r.universe.satisfying(rel)
}

// satisfying returns the best version of a package that satisfies a relation, or nil.
func (u *Universe) satisfying(rel deb822.Relation) *Package {
	for _, p := range u.byName[rel.Name] {
		if accepts(rel, p.Version) {
			return p
		}
	}
	return nil
}

func (r *resolution) choose(p *Package, because string) {
	if r.chosen[p.Name] != nil {
		return
	}
	r.chosen[p.Name] = p
	r.because[p.Name] = because
	r.fresh = append(r.fresh, p.Name)
	related, err := p.parse()
	if err != nil {
		r.errs = append(r.errs, err)
	}
	r.related[p.Name] = related
	for _, g := range related.provides {
		r.virtual[g[0].Name] = append(r.virtual[g[0].Name], provision{p, g[0].Version})
	}
}

// follow chooses what the chosen packages need: step 3 above.
func (r *resolution) follow() {
	for {
		for len(r.fresh) > 0 {
			round := r.fresh
			r.fresh = nil
			slices.Sort(round)
			for _, name := range round {
				for i, g := range r.related[name].depends {
					r.need(dependency{name, i, g})
				}
			}
		}
		r.open = slices.DeleteFunc(r.open, func(d dependency) bool { return r.fulfiller(d.group) != "" })
		if len(r.open) == 0 {
			return
		}
		slices.SortFunc(r.open, func(a, b dependency) int {
			return cmp.Or(cmp.Compare(a.owner, b.owner), cmp.Compare(a.position, b.position))
		})
		first := r.open[0]
		r.open = r.open[1:]
		r.decide(first)
	}
}

func (r *resolution) need(d dependency) {
	if r.fulfiller(d.group) != "" {
		return
	}
	switch options := r.options(d.group); len(options) {
	case 0: // check reports it
	case 1:
		r.choose(options[0], d.owner)
	default:
		r.open = append(r.open, d)
	}
}

func (r *resolution) decide(d dependency) {
	options := r.options(d.group)
	if len(options) == 0 {
		return // check reports it
	}
	for _, p := range options {
		if len(r.conflicts(p)) == 0 {
			r.choose(p, d.owner)
			return
		}
	}
	r.choose(options[0], d.owner) // check reports the conflict
}

// fulfiller returns the name of the chosen package that satisfies a group, "" if there is none.
// For the first satisfied alternative, it prefers the package of that name, then the first
// provider by name.
func (r *resolution) fulfiller(g deb822.Group) string {
	for _, rel := range g {
		if p := r.chosen[rel.Name]; p != nil && accepts(rel, p.Version) {
			return p.Name
		}
		best := ""
		for _, by := range r.virtual[rel.Name] {
			if by.fulfils(rel) && (best == "" || by.by.Name < best) {
				best = by.by.Name
			}
		}
		if best != "" {
			return best
		}
	}
	return ""
}

func (p provision) fulfils(rel deb822.Relation) bool {
	return rel.Op == "" || p.version != "" && accepts(rel, p.version)
}

// options returns the packages that could be chosen for a group, best first, without
// duplicates.
func (r *resolution) options(g deb822.Group) []*Package {
	var list []*Package
	add := func(p *Package) {
		if r.chosen[p.Name] == nil && !slices.ContainsFunc(list, func(q *Package) bool { return q.Name == p.Name }) {
			list = append(list, p)
		}
	}
	for _, rel := range g {
		if p := r.acceptable(rel); p != nil {
			add(p)
		}
		for _, by := range r.universe.providers[rel.Name] {
			if by.fulfils(rel) {
				if p := r.candidate(by.by.Name); p != nil {
					add(p)
				}
			}
		}
	}
	return list
}

// unfulfilled notes that no package satisfies a dependency, or that a pinned one prevents it.
func (r *resolution) unfulfilled(d dependency) {
	var has []string
	for _, rel := range d.group {
		versions := r.universe.byName[rel.Name]
		if len(versions) == 0 {
			continue
		}
		if _, ok := r.pinned[rel.Name]; ok && r.universe.satisfying(rel) != nil {
			r.tooOld[rel.Name] = true
			return
		}
		has = append(has, rel.Name+" "+versions[0].Version)
	}
	if _, ok := r.pinned[d.owner]; ok {
		r.tooOld[d.owner] = true // its newest version may need something else
		return
	}
	found := "it has no such package"
	if len(has) > 0 {
		found = "it has " + strings.Join(has, ", ")
	}
	r.errs = append(r.errs, r.about([]string{d.owner}, "%s needs %s, which %s doesn't have: %s", r.why(d.owner), d.group, r.universe.distribution, found))
}

// check reports unsatisfied dependencies and conflicts of the result; a conflict of two packages
// once, also if both declare it.
func (r *resolution) check() {
	told := map[string]bool{} // pairs
	for _, name := range slices.Sorted(maps.Keys(r.chosen)) {
		for i, g := range r.related[name].depends {
			if r.fulfiller(g) == "" {
				r.unfulfilled(dependency{name, i, g})
			}
		}
		for _, other := range r.conflicts(r.chosen[name]) {
			_, pinned := r.pinned[name]
			_, otherPinned := r.pinned[other.name]
			if pinned || otherPinned {
				r.tooOld[name], r.tooOld[other.name] = true, true
				continue
			}
			if told[other.name+" "+name] {
				continue
			}
			told[name+" "+other.name] = true
			r.errs = append(r.errs, r.about([]string{name, other.name},
				"%s %s conflicts with %s, and both are needed: %s; %s",
				name, r.chosen[name].Version, other.relation, r.why(name), r.why(other.name)))
		}
	}
	for name := range r.tooOld {
		if _, ok := r.pinned[name]; !ok {
			delete(r.tooOld, name)
		}
	}
}

// conflict is a chosen package that another package excludes.
type conflict struct {
	name     string
	relation deb822.Relation // as written in the other package
}

// conflicts returns the chosen packages that p excludes.
func (r *resolution) conflicts(p *Package) []conflict {
	var list []conflict
	related, chosen := r.related[p.Name]
	if !chosen {
		related, _ = p.parse() // choose reports the error
	}
	for _, g := range related.conflicts {
		rel := g[0]
		if rel.Arch != "" && rel.Arch != "any" && rel.Arch != r.universe.arch {
			continue
		}
		if other := r.chosen[rel.Name]; other != nil && rel.Name != p.Name && accepts(rel, other.Version) {
			list = append(list, conflict{rel.Name, rel})
		}
		for _, by := range r.virtual[rel.Name] {
			if by.by.Name != p.Name && by.fulfils(rel) {
				list = append(list, conflict{by.by.Name, rel})
			}
		}
	}
	return list
}

// why says why a package was chosen: "app → lib → needed-lib".
func (r *resolution) why(name string) string { return strings.Join(r.path(name), " → ") }

// path returns the packages that led to a package, the wanted one first.
func (r *resolution) path(name string) []string {
	path := []string{name}
	for by := r.because[name]; by != ""; by = r.because[by] {
		path = append(path, by)
	}
	slices.Reverse(path)
	return path
}

// PackageError reports that wanted packages, by name, cannot all be had from a distribution.
type PackageError struct {
	Names   []string
	Message string
	// Unknown: the distribution has no package of the only name. Near are names of packages that
	// may be meant, the likeliest first.
	Unknown bool
	Near    []string
	// Where is the distribution and the architecture, as in "debian/bookworm for amd64".
	Where string
}

func (e *PackageError) Error() string { return e.Message }

// about returns an error about the packages that were wanted by name and led to others. The others
// may be part of the minimal system, which nobody wants by name.
func (r *resolution) about(packages []string, format string, args ...any) error {
	var names []string
	for _, p := range packages {
		if _, minimal := r.minimal[p]; minimal {
			continue
		}
		names = append(names, r.path(p)[0])
	}
	return &PackageError{Names: names, Message: fmt.Sprintf(format, args...), Where: r.universe.where()}
}

func (r *resolution) unknown(name string) error {
	e := &PackageError{Names: []string{name}, Unknown: true, Where: r.universe.where()}
	if providers := r.universe.providers[name]; len(providers) > 0 {
		for _, p := range providers {
			e.Near = append(e.Near, p.by.Name)
		}
		e.Near = slices.Compact(e.Near)
		e.Message = fmt.Sprintf("%q is a virtual package of %s: use one of its providers, %s", name, r.universe.distribution, strings.Join(e.Near, ", "))
		return e
	}
	e.Message = fmt.Sprintf("unknown package %q in %s", name, e.Where)
	if e.Near = r.universe.suggest(name); len(e.Near) > 0 {
		e.Message += ": did you mean " + strings.Join(e.Near, ", ") + "?"
	}
	return e
}

func (r *resolution) result() ([]lock.Package, error) {
	if len(r.errs) > 0 {
		return nil, errors.Join(r.errs...)
	}
	list := make([]lock.Package, 0, len(r.chosen))
	for _, name := range slices.Sorted(maps.Keys(r.chosen)) {
		p := r.chosen[name]
		needs, minimal := r.minimal[name]
		if !minimal {
			needs = r.needs(name)
		}
		list = append(list, lock.Package{
			Distribution: r.universe.distribution,
			Arch:         r.universe.arch,
			Name:         p.Name,
			Version:      p.Version,
			URL:          p.Archive + ":" + p.Path,
			Digest:       p.Digest,
			Size:         p.Size,
			Installed:    p.Installed,
			Minimal:      minimal,
			Needs:        needs,
		})
	}
	return list, nil
}

// needs returns the chosen packages that satisfy a chosen package's dependencies, sorted.
func (r *resolution) needs(name string) []string {
	var list []string
	for _, g := range r.related[name].depends {
		if need := r.fulfiller(g); need != "" && need != name {
			list = append(list, need)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
