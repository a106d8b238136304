package lock

import "cmp"

// Base is what layers on a base system have to know of it. It is of the
// content that the digest names, wherever that comes from.
type Base struct {
	Digest string     // of a platform's manifest, or of an archive
	Layers int        // how many layers it has, from 1
	Links  []BaseLink // its links that lead to directories; by path
	Dirs   []BaseDir  // its directories that are not 0755 and root's; by path
}

// BaseLink is a link to a directory.
type BaseLink struct{ Path, To string } // both absolute, with no link in To

// BaseDir is a directory.
type BaseDir struct {
	Path     string
	UID, GID int
	Mode     string // octal, as "01777"
}

// BaseRef is a base system whose [Base] a program has to know. An image is
// named by its reference and a platform's digest, a layout by its directory in
// the project and a digest, a root file system by its URL and a digest.
type BaseRef struct {
	Kind   string // "image", "layout", "rootfs"
	Name   string // the reference, directory or URL, as the program writes it
	Digest string // "sha256:…"
}

// Base returns what is known of the base system with a digest.
func (f *File) Base(digest string) (Base, bool) {
	return find(f.Bases, compareBases, Base{Digest: digest})
}

func compareBases(a, b Base) int       { return cmp.Compare(a.Digest, b.Digest) }
func compareLinks(a, b BaseLink) int   { return cmp.Compare(a.Path, b.Path) }
func compareBaseDirs(a, b BaseDir) int { return cmp.Compare(a.Path, b.Path) }
func compareBaseRefs(a, b BaseRef) int { return cmp.Compare(a.Digest, b.Digest) }
func equalBaseRefs(a, b BaseRef) bool  { return a.Digest == b.Digest }
