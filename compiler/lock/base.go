package lock

import "cmp"

// Base is what layers on a base system must know about it. It describes the content with that
// digest, wherever that comes from.
type Base struct {
	Digest string     // of a platform's manifest, or of an archive
	Layers int        // number of layers, from 1
	Links  []BaseLink // links to directories, by path
	Dirs   []BaseDir  // directories that are not 0755 root, by path
}

// BaseLink is a link to a directory.
type BaseLink struct{ Path, To string } // both absolute, with no link in To

// BaseDir is a directory.
type BaseDir struct {
	Path     string
	UID, GID int
	Mode     string // octal, as "01777"
}

// BaseRef is a base system with a [Base] that a program needs. An image has its reference and a
// platform's digest, a layout its directory in the project and a digest, and a root file system
// its URL and a digest.
type BaseRef struct {
	Kind   string // "image", "layout", "rootfs"
	Name   string // the reference, directory or URL, as in the program
	Digest string // "sha256:…"
}

// Base returns what is known about the base system with a digest.
func (f *File) Base(digest string) (Base, bool) {
	return find(f.Bases, compareBases, Base{Digest: digest})
}

func compareBases(a, b Base) int       { return cmp.Compare(a.Digest, b.Digest) }
func compareLinks(a, b BaseLink) int   { return cmp.Compare(a.Path, b.Path) }
func compareBaseDirs(a, b BaseDir) int { return cmp.Compare(a.Path, b.Path) }
func compareBaseRefs(a, b BaseRef) int { return cmp.Compare(a.Digest, b.Digest) }
func equalBaseRefs(a, b BaseRef) bool  { return a.Digest == b.Digest }
