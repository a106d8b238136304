package lock

import (
	"fmt"
	"strings"
)

// DebianArch is dpkg's name of a platform's architecture: "amd64" for
// "linux/amd64", "armhf" for "linux/arm/v7". Others than Linux, and
// architectures that Debian has no packages for, are errors.
func DebianArch(platform string) (string, error) {
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
