package lock

import (
	"maps"
	"slices"
)

// Family is a distribution whose releases are made of Debian packages.
type Family struct {
	Name       string   // "ubuntu", as programs and the ID in os-release have it
	Components []string // apt's components that packages are read from
	// Keyring is the package with the keys of its archives, in files that begin with Keys.
	Keyring, Keys string
	// ports are its archives, by dpkg's name of the architecture; "" for all others.
	ports map[string]string
	// additions are the archives of additional suites, where that is another archive.
	additions map[string]string
}

// families are all distributions, by name.
var families = map[string]*Family{
	"debian": {
		Name: "debian", Components: []string{"main"}, Keyring: "debian-archive-keyring", Keys: "debian-archive-",
		ports:     map[string]string{"": "debian"},
		additions: map[string]string{"security": "debian-security"},
	},
	// Its main archive has only the usual architectures, and also its security updates.
	"ubuntu": {
		Name: "ubuntu", Components: []string{"main", "universe"}, Keyring: "ubuntu-keyring", Keys: "ubuntu-archive-",
		ports: map[string]string{"amd64": "ubuntu", "i386": "ubuntu", "": "ubuntu-ports"},
	},
}

// Families returns the names of all distributions, sorted.
func Families() []string { return slices.Sorted(maps.Keys(families)) }

// FamilyNamed returns the distribution with a name; nil for an unknown one.
func FamilyNamed(name string) *Family { return families[name] }

// FamilyOf returns the distribution that an archive belongs to; nil for an archive of a third party.
func FamilyOf(archive string) *Family {
	for _, f := range families {
		if slices.Contains(f.Archives(), archive) {
			return f
		}
	}
	return nil
}

// DistributionArchives returns the names of the archives of all distributions, sorted.
func DistributionArchives() []string {
	var all []string
	for _, f := range families {
		all = append(all, f.Archives()...)
	}
	slices.Sort(all)
	return all
}

// Archives returns the names of its archives, sorted. Mirrors have these names.
func (f *Family) Archives() []string {
	all := slices.Concat(slices.Collect(maps.Values(f.ports)), slices.Collect(maps.Values(f.additions)))
	slices.Sort(all)
	return slices.Compact(all)
}

// Archive returns the archive of an addition to a release, or of the release itself if that is "".
func (f *Family) Archive(addition, arch string) string {
	if a := f.additions[addition]; a != "" {
		return a
	}
	if a := f.ports[arch]; a != "" {
		return a
	}
	return f.ports[""]
}
