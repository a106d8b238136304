package diag

// Codes E037x: what layc lock resolves.

const UnknownPackage Code = "E0370"

var _ = document(UnknownPackage, "Unknown package", `
The distribution and its repositories have no package of this name for the
platform. Distributions name packages differently: layc knows some names of
Alpine and Fedora, and tells what Debian calls them. A virtual package is a name
for several packages: write the name of one of them. Packages of third parties
need a repository in the base.
`, exampleBase+`
app shop {
    uses os.packages("build-base")
}
`)

const PackagesConflict Code = "E0371"

var _ = document(PackagesConflict, "Packages cannot be installed together", `
A package conflicts with another one of the same image, or needs a version that
the distribution does not have. The error shows all places that want one of the
packages. Remove one, or write an alternative that does not conflict.
`, exampleBase+`
app shop {
    uses os.packages("exim4", "postfix")
}
`)
