package debian

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
)

// Suite is one signed index of a distribution.
type Suite struct {
	Archive string // "debian", "debian-security", "ubuntu": the name of its mirror in the configuration
	Name    string // "bookworm-updates"
	// Repository is the third party's repository that the suite belongs to; nil for the distribution's own.
	Repository *lock.PackageRepository
}

// SuiteError is the error for a suite whose index cannot be read.
type SuiteError struct {
	Suite Suite
	Err   error
}

func (e *SuiteError) Error() string { return fmt.Sprintf("%s: %v", e.Suite, e.Err) }

func (e *SuiteError) Unwrap() error { return e.Err }

// String returns the suite's name in the lock file: "debian:bookworm-updates".
func (s Suite) String() string { return s.Archive + ":" + s.Name }

// Flat reports whether the suite is a directory of packages without a suite's structure.
func (s Suite) Flat() bool { return s.Repository != nil && strings.HasSuffix(s.Name, "/") }

// Dir returns the directory of its index, below the root of its archive.
func (s Suite) Dir() string {
	if s.Flat() {
		return strings.Trim(path.Clean("/"+s.Name), "/")
	}
	return "dists/" + s.Name
}

// Components returns apt's components that packages are read from. The component of a flat
// repository is "". An archive that nobody knows has none.
func (s Suite) Components() []string {
	switch {
	case s.Flat():
		return []string{""}
	case s.Repository != nil:
		return s.Repository.Components
	}
	if f := lock.FamilyOf(s.Archive); f != nil {
		return f.Components
	}
	return nil
}

// DescribedBy reports whether a release is about the suite. Like apt, it ignores what follows the last
// slash in the name of a third party's suite; such a release may also have no name at all.
func (s Suite) DescribedBy(r *Release) bool {
	names := []string{r.Codename, r.Suite}
	if s.Repository == nil {
		return slices.Contains(names, s.Name)
	}
	parent := s.Name
	if at := strings.LastIndexByte(s.Name, '/'); at >= 0 {
		parent = s.Name[:at]
	}
	return s.Flat() || r.Codename == "" && r.Suite == "" || slices.Contains(names, s.Name) || slices.Contains(names, parent)
}

// Priorities of apt, which count before versions.
const (
	usualPriority  = 500
	manualPriority = 100 // of an index that is not automatic, but upgrades are
	lowestPriority = 1   // of an index that is not automatic
)

// Priority returns the priority of its packages, given its release.
func (s Suite) Priority(r *Release) int {
	switch {
	case s.Repository != nil && s.Repository.Priority > 0:
		return s.Repository.Priority
	case r.NotAutomatic && r.AutomaticUpgrades:
		return manualPriority
	case r.NotAutomatic:
		return lowestPriority
	}
	return usualPriority
}

// Suites returns the indexes that make up a distribution on an architecture, by dpkg's name.
// "debian/bookworm" is the release alone; "+updates" adds its updates, "+security" its security
// updates, and "+NAME" a third party's repository.
// If several indexes have a package, its newest version wins.
func Suites(distribution, arch string, repositories ...lock.PackageRepository) ([]Suite, error) {
	family, rest, ok := strings.Cut(distribution, "/")
	parts := strings.Split(rest, "+")
	suite := parts[0]
	if !ok || suite == "" || strings.ContainsAny(suite, "/ \t") {
		return nil, fmt.Errorf("not a valid distribution: %q; expected a name and a suite, such as debian/bookworm", distribution)
	}
	of := lock.FamilyNamed(family)
	if of == nil {
		return nil, fmt.Errorf("unknown distribution %q; expected %s", family, strings.Join(lock.Families(), " or "))
	}
	list := []Suite{{Archive: of.Archive("", arch), Name: suite}}
	for _, more := range parts[1:] {
		switch more {
		case "updates", "security":
			list = append(list, Suite{Archive: of.Archive(more, arch), Name: suite + "-" + more})
		default:
			if n := slices.IndexFunc(repositories, func(r lock.PackageRepository) bool { return r.Name == more }); n >= 0 {
				list = append(list, Suite{Archive: more, Name: repositories[n].Suite, Repository: &repositories[n]})
				continue
			}
			return nil, fmt.Errorf("unknown archive %[2]q in distribution %[1]q; expected updates or security", distribution, more)
		}
	}
	return list, nil
}
