// Package lock represents the lock file, layc.lock, as a value: everything that a compilation may
// know about the outside world. The compiler gets versions, checksums and digests from nowhere
// else, so the same sources and the same lock file always produce the same bytes.
//
// The file is text with one sorted fact per line, so that two branches that each add facts merge
// line by line:
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
// An empty field, and a field with a space or an initial quote, is written as a Go string literal.
// Lines may be in any order and may repeat, which is what a union merge leaves. Two different facts
// about one thing are an error that names both lines, with two exceptions: of plan and size facts,
// which are only advice, Parse takes one; of update keys, it takes the later one. It ignores empty
// lines and lines that start with #, and does not keep them. [Merged] reads what a merge leaves, for
// callers that can pin again what differs.
//
// This package does no I/O: [Update] asks a [Resolver] for missing pins.
package lock

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"
)

// Name is the lock file's name, in the directory of the root module.
const Name = "layc.lock"

// File is the facts of a lock file. The zero value is the lock file of a program without pins.
// Parse and Update return every slice sorted by its key and without duplicates; Format accepts any
// order.
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

// Index pins the signed index that packages were resolved from. It records the origin of the
// packages' checksums; a build does not read it.
type Index struct {
	Distribution string    // "debian/bookworm"
	Arch         string    // dpkg's name: "amd64", "arm64", "armhf"
	Suite        string    // archive and suite: "debian-security:bookworm-security"
	Digest       string    // "sha256:…" of the signed InRelease file
	Date         time.Time // date of the index, in UTC; zero if the file has none

	// Of a third party's repository, as the program declared it; else empty.
	URL        string // of its root, without user and password
	Components []string
	Priority   int
}

// Package pins a package of a distribution.
type Package struct {
	Distribution string   // "debian/bookworm"
	Arch         string   // the architecture that it was resolved for, even if the package is for all
	Name         string   // "openjdk-17-jre-headless"
	Version      string   // "17.0.13+11-2~deb12u1"
	URL          string   // archive and path in it: "debian:pool/main/d/dpkg/dpkg_1.21.22_amd64.deb"
	Digest       string   // "sha256:…" of the .deb
	Size         int64    // of the .deb, bytes
	Installed    int64    // estimated disk space, bytes
	Minimal      bool     // part of the minimal system, and so of the base
	Needs        []string // names of its direct dependencies, sorted; all of them are in the same file
}

// Source returns the name of the source package that the package is built from, as the pool of an archive
// has it (pool/main/o/openssl/libssl3_3.0.15-1_amd64.deb is built from openssl); "" for other archives.
func (p *Package) Source() string {
	dir, source := path.Split(path.Dir(p.URL))
	prefix := path.Base(dir)
	if prefix != source[:1] && (!strings.HasPrefix(prefix, "lib") || len(prefix) != len("libx") || !strings.HasPrefix(source, prefix)) || source == "." {
		return ""
	}
	return source
}

// URL pins the content of a URL.
type URL struct {
	URL    string // as in the program, but without user and password; may be "maven:GROUP:ARTIFACT:VERSION"
	Digest string // "sha256:…"
	Size   int64  // bytes
}

// Image pins an image reference on one platform.
type Image struct {
	Reference string // as in the program
	Platform  string // "linux/amd64", "linux/arm/v7"
	Digest    string // "sha256:…" of the platform's manifest
}

// PlanLayer is a layer of the plan that images may share. It names instances by their stable path
// and arguments, never by a hash, so that a new version keeps its place. Bases and deltas are always
// layers, and are not recorded. The layers that an image stacks follow from the instances of its app.
type PlanLayer struct {
	Name    string   // unique; chosen by the planner, and kept as long as the layer exists
	Kind    string   // "spine", "portable"
	Parent  string   // of a spine: the name of the spine layer below; "" on the base
	Members []string // instances, sorted
}

// Stack records that an app's image has a layer. It is only recorded for apps whose stack does not
// follow from the layers alone.
type Stack struct{ App, Layer string }

// Size is the measured size of an instance's layer.
type Size struct {
	Instance string
	Bytes    int64 // compressed, two significant digits
}

// NewSize rounds a measured number of bytes to the two significant digits of the lock file, so that
// small changes do not change the file.
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

// find searches a sorted slice for the element that is equal to key.
func find[T any](sorted []T, compare func(a, b T) int, key T) (T, bool) {
	i, found := slices.BinarySearchFunc(sorted, key, compare)
	if !found {
		var none T
		return none, false
	}
	return sorted[i], true
}

// Sort sorts all facts as documented for the fields of File. Look-ups rely on this order, so call
// Sort on a File that Parse and Update did not make.
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
		slices.SortStableFunc(f.Bases[i].Config, compareBaseSettings)
		slices.SortStableFunc(f.Bases[i].Users, compareBaseUsers)
		slices.SortStableFunc(f.Bases[i].Groups, compareBaseGroups)
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
