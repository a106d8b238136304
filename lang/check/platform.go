package check

// Architectures are the architectures of images, as named in platforms.
var Architectures = []string{"amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "loong64", "mips64le"}

// Architecture returns the platform name of an architecture for another tool's name of it; "" if
// there is none.
func Architecture(elsewhere string) string {
	switch elsewhere {
	case "x86_64", "x86-64", "x64":
		return "amd64"
	case "aarch64", "armv8":
		return "arm64"
	case "armhf", "armv7l", "armv7":
		return "arm"
	case "i386", "i686", "x86":
		return "386"
	case "ppc64el":
		return "ppc64le"
	}
	return ""
}
