package lock

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Refs is what a program refers to and needs pinned. Order and duplicates have no meaning.
type Refs struct {
	Distributions []Distribution
	URLs          []string
	Downloads     []DownloadRef
	Mirrors       map[string][]string // by URL: other URLs of the same file
	Images        []ImageRef
	Updates       []UpdateRef
	Bases         []BaseRef
}

// JoinRefs returns the union of refs.
func JoinRefs(lists ...Refs) Refs {
	all := Refs{Mirrors: map[string][]string{}}
	for _, r := range lists {
		maps.Copy(all.Mirrors, r.Mirrors)
		all.Distributions = append(all.Distributions, r.Distributions...)
		all.URLs = append(all.URLs, r.URLs...)
		all.Downloads = append(all.Downloads, r.Downloads...)
		all.Images = append(all.Images, r.Images...)
		all.Updates = append(all.Updates, r.Updates...)
		all.Bases = append(all.Bases, r.Bases...)
	}
	return all
}

// Distribution is what a program needs from one distribution on one architecture: always the
// minimal system, and packages by name.
type Distribution struct {
	ID       string   // "debian/bookworm+security": distribution, suite and additions, as the base declares them
	Arch     string   // dpkg's name: "amd64"
	Packages []string // of all apps

	Repositories []PackageRepository // of third parties, by name; their names are in the ID
}

// PackageRepository is a repository of Debian packages of a third party.
type PackageRepository struct {
	Name       string   // unique in a program; an archive, as in "pgdg:pool/main/p/…"
	URL        string   // of its root, as in the program; maybe with a password
	Suite      string   // "bookworm-pgdg"; with a final slash, the directory of a flat repository
	Components []string // of the suite; none in a flat repository
	Priority   int      // as in apt; 0: the index decides

	Key       []byte // the keyring, if it is a file of the project
	KeyURL    string // otherwise
	KeyDigest string // of the content of KeyURL: "sha256:…"
}

// IndexName returns the name of its index in the lock file: "pgdg:bookworm-pgdg".
func (r PackageRepository) IndexName() string { return r.Name + ":" + r.Suite }

// Pin returns the index fact of the repository, without what only the index tells.
func (r PackageRepository) Pin(distribution, arch string) Index {
	return Index{Distribution: distribution, Arch: arch, Suite: r.IndexName(),
		URL: WithoutUser(r.URL), Components: r.Components, Priority: r.Priority}
}

// Resolved reports whether the packages of a distribution were resolved with a repository as it is
// declared now.
func (f *File) Resolved(distribution, arch string, r PackageRepository) bool {
	want := r.Pin(distribution, arch)
	is, ok := find(f.Indexes, compareIndexes, want)
	return ok && is.URL == want.URL && is.Priority == want.Priority && slices.Equal(is.Components, want.Components)
}

// ImageRef is an image on one platform.
type ImageRef struct {
	Reference string
	Platform  string // "linux/amd64"
}

// Pinned is the lock file's pins of a distribution that must be resolved.
type Pinned struct {
	Indexes  []Index   // of all distributions
	Packages []Package // of that distribution and architecture
	Keep     []Package // packages to keep
}

// Resolver finds out what the world currently has. Its errors are shown to users unchanged.
type Resolver interface {
	// Packages resolves the minimal system of a distribution together with all needed
	// packages. It returns the indexes that it read, and every package of the resolution
	// with its needs and Minimal set. It keeps the versions in pinned.Keep wherever the
	// resolution allows it.
	Packages(ctx context.Context, want Distribution, pinned Pinned) ([]Index, []Package, error)

	// URL reads a URL and returns its checksum and size.
	URL(ctx context.Context, url string) (URL, error)

	// Image resolves a reference to a platform's manifest digest.
	Image(ctx context.Context, ref ImageRef) (Image, error)

	// Base examines a base system.
	Base(ctx context.Context, ref BaseRef) (Base, error)

	// Now returns the time that decides which update keys are due, and that new keys have.
	Now() time.Time
}

// Missing is a pin that a program needs and the lock file does not have.
type Missing struct {
	Kind string // "distribution", "package", "url", "image", "base", "update"
	Name string // as in the program
	On   string // distribution and architecture, or platform; "" if irrelevant
}

// String describes the missing pin in one line.
func (m Missing) String() string {
	s := fmt.Sprintf("%s does not pin %s %q", Name, m.Kind, m.Name)
	if m.On != "" {
		s += " on " + m.On
	}
	return s
}

// outdated reports whether a distribution has a repository that it was not resolved with.
func (f *File) outdated(d Distribution) bool {
	return slices.ContainsFunc(d.Repositories, func(r PackageRepository) bool { return !f.Resolved(d.ID, d.Arch, r) })
}

// Missing returns the pins that refs need and f does not have, sorted and without duplicates. If the
// minimal system of a distribution is absent or incomplete, or one of its repositories changed, it
// returns the distribution, not each of its packages. A package with unpinned needs is missing itself.
func (f *File) Missing(refs Refs) []Missing {
	var list []Missing
	for _, d := range refs.Distributions {
		if len(f.Minimal(d.ID, d.Arch)) == 0 || f.outdated(d) {
			list = append(list, Missing{Kind: "distribution", Name: d.ID, On: d.Arch})
			continue
		}
		for _, name := range d.Packages {
			if _, err := f.Closure(d.ID, d.Arch, name); err != nil {
				list = append(list, Missing{Kind: "package", Name: name, On: d.ID + " " + d.Arch})
			}
		}
	}
	for _, url := range refs.URLs {
		if _, ok := f.URL(url); !ok {
			list = append(list, Missing{Kind: "url", Name: url})
		}
	}
	for _, ref := range refs.Images {
		if _, ok := f.Image(ref.Reference, ref.Platform); !ok {
			list = append(list, Missing{Kind: "image", Name: ref.Reference, On: ref.Platform})
		}
	}
	for _, ref := range refs.Bases {
		if _, ok := f.Base(ref); !ok {
			list = append(list, Missing{Kind: "base", Name: ref.Name, On: ref.Digest})
		}
	}
	for _, ref := range refs.Updates {
		if f.UpdateKey(ref.Component) == "" {
			list = append(list, Missing{Kind: "update", Name: ref.Component})
		}
	}
	slices.SortFunc(list, func(a, b Missing) int {
		return strings.Compare(a.Kind+"\x00"+a.Name+"\x00"+a.On, b.Kind+"\x00"+b.Name+"\x00"+b.On)
	})
	return slices.Compact(list)
}
