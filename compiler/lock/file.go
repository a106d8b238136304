// Package lock holds the lock file, layc.lock, as a value: everything about
// the outside world that a compilation may know. Nothing else in the
// compiler learns a version, a checksum or a digest, so two compilations of
// the same sources and the same lock file give the same bytes.
//
// The file is text with one fact a line, sorted, so that two branches that
// each add facts merge line by line:
//
//	layc-lock 1
//
//	base sha256:… 3
//
//	dir sha256:… /root 0:0 0700
//
//	download sha256:… tool-1.2.tar.gz
//
//	image example.com/base:1 linux/amd64 sha256:…
//
//	index debian/bookworm amd64 debian:bookworm sha256:… 2026-11-14T09:30:00Z
//
//	layer java spine parent=os
//
//	link sha256:… /lib /usr/lib
//
//	member java java.jdk("17")
//
//	module https://git.example.com/team/layers.git v1.2.0 3f2a… sha256:…
//
//	package debian/bookworm amd64 dpkg 1.21.22 debian:pool/main/d/dpkg/dpkg_1.21.22_amd64.deb sha256:… size=1567268 installed=6586368 minimal needs=libc6,tar
//
//	size java.jdk("17") 86000000
//
//	stack shop java
//
//	update std/node.modules 2026-11-23
//
//	url maven:com.example:server:1.0:zip sha256:… 1234
//
// A field that is empty, holds a space or starts with a quote is written as a
// Go string literal. Lines may come in any order and repeat (that is what a
// union merge leaves behind); two different facts about one thing are an
// error that names both lines, but of the plan and of sizes, which only advise,
// one is taken, and of update keys the later one. Lines that start with # and
// empty lines mean nothing and are not kept. [Merged] reads what a merge has left
// behind, for callers that can pin again what differs.
//
// This package does no I/O: [Update] asks a [Resolver] for what is missing.
package lock

import (
	"cmp"
	"slices"
	"time"
)

// Name is the lock file's name, in the directory of the root module.
const Name = "layc.lock"

// File is a lock file's facts. The zero value is the lock file of a program
// that pins nothing. Parse and Update return every slice sorted by its key
// and without duplicates; Format does not mind the order.
type File struct {
	Indexes   []Index     // by distribution, architecture, suite
	Packages  []Package   // by distribution, architecture, name
	URLs      []URL       // by URL
	Downloads []Download  // by digest, name
	Images    []Image     // by reference, platform
	Bases     []Base      // by digest
	Modules   []Module    // by URL, version
	Layers    []PlanLayer // by name
	Stacks    []Stack     // by app, layer
	Sizes     []Size      // by instance
	Updates   []UpdateKey // by component
}

// Index pins the signed index from which packages were resolved. It records
// where the packages' checksums come from; a build doesn't read it.
type Index struct {
	Distribution string    // "debian/bookworm"
	Arch         string    // dpkg's name: "amd64", "arm64", "armhf"
	Suite        string    // archive and suite: "debian-security:bookworm-security"
	Digest       string    // "sha256:…" of the signed InRelease file
	Date         time.Time // when it was made, in UTC; zero if the file doesn't say
}

// Package pins one package of a distribution.
type Package struct {
	Distribution string   // "debian/bookworm"
	Arch         string   // the architecture it was resolved for, also where the package itself is for all
	Name         string   // "openjdk-17-jre-headless"
	Version      string   // "17.0.13+11-2~deb12u1"
	URL          string   // archive and path in it: "debian:pool/main/d/dpkg/dpkg_1.21.22_amd64.deb"
	Digest       string   // "sha256:…" of the .deb
	Size         int64    // of the .deb, bytes
	Installed    int64    // estimate of the space it takes, bytes
	Minimal      bool     // it belongs to the minimal system, and so to the base
	Needs        []string // names of the packages it depends on directly, sorted; all of them are in the same file
}

// URL pins what a URL serves.
type URL struct {
	URL    string // as the program writes it, but without user and password; perhaps "maven:GROUP:ARTIFACT:VERSION"
	Digest string // "sha256:…"
	Size   int64  // bytes
}

// Image pins an image reference on one platform.
type Image struct {
	Reference string // as the program writes it
	Platform  string // "linux/amd64", "linux/arm/v7"
	Digest    string // "sha256:…" of the platform's manifest
}

// PlanLayer is one layer of the plan that images may share. It names instances
// by their stable path and arguments, never by a hash, so that a new version
// keeps its place. Bases and deltas are always layers and are not recorded;
// which layers an image stacks is derived from what its app consists of.
type PlanLayer struct {
	Name    string   // unique; chosen by the planner, and kept as long as there is such a layer
	Kind    string   // "spine", "portable"
	Parent  string   // of a spine the name of the spine layer below; "" on the base
	Members []string // instances, sorted
}

// Stack says that an app's image has a layer. It is recorded only for apps of
// which the layers alone would say something else.
type Stack struct{ App, Layer string }

// Size is the measured size of an instance's layer.
type Size struct {
	Instance string
	Bytes    int64 // compressed, two significant digits
}

// NewSize rounds a measured number of bytes to the two significant digits
// that the lock file holds, so that small changes don't change the file.
func NewSize(instance string, bytes int64) Size {
	unit := int64(1)
	for bytes/unit >= 100 {
		unit *= 10
	}
	rounded := (bytes + unit/2) / unit * unit
	return Size{Instance: instance, Bytes: rounded}
}

// Package returns the pin of one package.
func (f *File) Package(distribution, arch, name string) (Package, bool) {
	return find(f.Packages, comparePackages, Package{Distribution: distribution, Arch: arch, Name: name})
}

// URL returns the pin of a URL, written as in the program.
func (f *File) URL(url string) (URL, bool) {
	return find(f.URLs, compareURLs, URL{URL: WithoutUser(url)})
}

// Image returns the pin of an image reference on a platform.
func (f *File) Image(reference, platform string) (Image, bool) {
	return find(f.Images, compareImages, Image{Reference: reference, Platform: platform})
}

// Size returns the measured size of an instance in bytes, 0 if there is none.
func (f *File) Size(instance string) int64 {
	s, _ := find(f.Sizes, compareSizes, Size{Instance: instance})
	return s.Bytes
}

// find looks for the element that is equal to key in a sorted slice.
func find[T any](sorted []T, compare func(a, b T) int, key T) (T, bool) {
	i, found := slices.BinarySearchFunc(sorted, key, compare)
	if !found {
		var none T
		return none, false
	}
	return sorted[i], true
}

// Sort puts all facts in the order that the fields of File document, which
// the look-ups rely on. Call it on a File that was put together by hand.
func (f *File) Sort() {
	slices.SortStableFunc(f.Indexes, compareIndexes)
	slices.SortStableFunc(f.Packages, comparePackages)
	slices.SortStableFunc(f.URLs, compareURLs)
	slices.SortStableFunc(f.Downloads, compareDownloads)
	slices.SortStableFunc(f.Images, compareImages)
	slices.SortStableFunc(f.Bases, compareBases)
	slices.SortStableFunc(f.Modules, compareModules)
	slices.SortStableFunc(f.Layers, compareLayers)
	slices.SortStableFunc(f.Stacks, compareStacks)
	slices.SortStableFunc(f.Sizes, compareSizes)
	slices.SortStableFunc(f.Updates, compareUpdates)
	for i := range f.Packages {
		slices.Sort(f.Packages[i].Needs)
	}
	for i := range f.Layers {
		slices.Sort(f.Layers[i].Members)
	}
	for i := range f.Bases {
		slices.SortStableFunc(f.Bases[i].Links, compareLinks)
		slices.SortStableFunc(f.Bases[i].Dirs, compareBaseDirs)
	}
}

func compareIndexes(a, b Index) int {
	return cmp.Or(cmp.Compare(a.Distribution, b.Distribution), cmp.Compare(a.Arch, b.Arch), cmp.Compare(a.Suite, b.Suite))
}

func comparePackages(a, b Package) int {
	return cmp.Or(cmp.Compare(a.Distribution, b.Distribution), cmp.Compare(a.Arch, b.Arch), cmp.Compare(a.Name, b.Name))
}

func compareURLs(a, b URL) int { return cmp.Compare(a.URL, b.URL) }

func compareImages(a, b Image) int {
	return cmp.Or(cmp.Compare(a.Reference, b.Reference), cmp.Compare(a.Platform, b.Platform))
}

func compareLayers(a, b PlanLayer) int { return cmp.Compare(a.Name, b.Name) }

func compareStacks(a, b Stack) int {
	return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Layer, b.Layer))
}

func compareSizes(a, b Size) int { return cmp.Compare(a.Instance, b.Instance) }
