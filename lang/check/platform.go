package check

// Architectures are the architectures of images, as named in platforms.
var Architectures = []string{"amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "loong64", "mips64le"}

// Variants are those of the architectures that have any.
var Variants = map[string][]string{
	"amd64": {"v1", "v2", "v3", "v4"},
	"arm64": {"v8", "v8.1", "v8.2", "v8.3", "v8.4", "v8.5", "v8.6", "v8.7", "v8.8", "v8.9", "v9", "v9.1", "v9.2", "v9.3", "v9.4", "v9.5"},
	"arm":   {"v5", "v6", "v7", "v8"},
}

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
