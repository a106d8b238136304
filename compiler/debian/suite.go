package debian

import (
	"fmt"
	"strings"
)

// Suite is one signed index of a distribution.
type Suite struct {
	Archive string // "debian", "debian-security": mirrors are configured by this name
	Name    string // "bookworm-updates"
}

// String is the suite's name in the lock file: "debian:bookworm-updates".
func (s Suite) String() string { return s.Archive + ":" + s.Name }

// Suites lists the indexes that together make a distribution, which the
// program writes as "debian/bookworm": the release, its updates, and its
// security updates from an archive of their own. Where a package is in
// several, its newest version wins.
func Suites(distribution string) ([]Suite, error) {
	family, suite, ok := strings.Cut(distribution, "/")
	if !ok || suite == "" || strings.ContainsAny(suite, "/ \t") {
		return nil, fmt.Errorf("malformed distribution %q: want a name and a suite, such as debian/bookworm", distribution)
	}
	switch {
	case family == "debian" && (suite == "sid" || suite == "unstable" || suite == "testing"):
		return []Suite{{"debian", suite}}, nil
	case family == "debian":
		return []Suite{{"debian", suite}, {"debian", suite + "-updates"}, {"debian-security", suite + "-security"}}, nil
	}
	return nil, fmt.Errorf("unknown distribution %q: layc knows debian", family)
}

// Arch is dpkg's name of a platform's architecture: "amd64" for
// "linux/amd64", "armhf" for "linux/arm/v7".
func Arch(platform string) (string, error) {
	switch platform {
	case "linux/amd64", "linux/arm64", "linux/riscv64", "linux/s390x":
		return strings.TrimPrefix(platform, "linux/"), nil
	case "linux/386":
		return "i386", nil
	case "linux/arm/v7", "linux/arm":
		return "armhf", nil
	case "linux/ppc64le":
		return "ppc64el", nil
	}
	return "", fmt.Errorf("debian has no packages for platform %s", platform)
}
