package debian

import (
	"fmt"
	"strings"
)

// Suite is one signed index of a distribution.
type Suite struct {
	Archive string // "debian", "debian-security": the name of its mirror in the configuration
	Name    string // "bookworm-updates"
}

// String returns the suite's name in the lock file: "debian:bookworm-updates".
func (s Suite) String() string { return s.Archive + ":" + s.Name }

// Suites returns the indexes that make up a distribution. "debian/bookworm" is the release
// alone; "+updates" adds its updates, "+security" its security updates from a separate archive.
// If several indexes have a package, its newest version wins.
func Suites(distribution string) ([]Suite, error) {
	family, rest, ok := strings.Cut(distribution, "/")
	parts := strings.Split(rest, "+")
	suite := parts[0]
	if !ok || suite == "" || strings.ContainsAny(suite, "/ \t") {
		return nil, fmt.Errorf("not a valid distribution: %q; expected a name and a suite, such as debian/bookworm", distribution)
	}
	if family != "debian" {
		return nil, fmt.Errorf("unknown distribution %q; expected debian", family)
	}
	list := []Suite{{"debian", suite}}
	for _, more := range parts[1:] {
		switch more {
		case "updates":
			list = append(list, Suite{"debian", suite + "-updates"})
		case "security":
			list = append(list, Suite{"debian-security", suite + "-security"})
		default:
			return nil, fmt.Errorf("unknown archive %[2]q in distribution %[1]q; expected updates or security", distribution, more)
		}
	}
	return list, nil
}
