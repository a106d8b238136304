package lock

import (
	"fmt"
	"maps"
	"slices"
)

// debianArchs maps the platforms that Debian supports to dpkg's names.
var debianArchs = map[string]string{
	"linux/386":     "i386",
	"linux/amd64":   "amd64",
	"linux/arm/v7":  "armhf",
	"linux/arm64":   "arm64",
	"linux/ppc64le": "ppc64el",
	"linux/riscv64": "riscv64",
	"linux/s390x":   "s390x",
}

// DebianArch returns dpkg's name of a platform's architecture: "amd64" for "linux/amd64",
// "armhf" for "linux/arm/v7". It is an error if the system is not Linux, or if Debian has no
// packages for the architecture.
func DebianArch(platform string) (string, error) {
	if arch, ok := debianArchs[platform]; ok {
		return arch, nil
	}
	return "", fmt.Errorf("no Debian packages for platform %s", platform)
}

// DebianPlatforms returns the platforms that Debian supports, sorted.
func DebianPlatforms() []string { return slices.Sorted(maps.Keys(debianArchs)) }
