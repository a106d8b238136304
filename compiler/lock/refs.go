package lock

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Refs is what a program refers to and wants pinned. Order and repetitions
// mean nothing.
type Refs struct {
	Distributions []Distribution
	URLs          []string
	Downloads     []DownloadRef
	Mirrors       map[string][]string // by URL: where else the same is served
	Images        []ImageRef
	Updates       []UpdateRef
	Bases         []BaseRef
}

// JoinRefs is all that lists of refs have.
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

// Distribution is what a program wants of one distribution on one
// architecture: the minimal system, always, and packages by name.
type Distribution struct {
	ID       string   // "debian/bookworm+security": distribution, suite and what is added to it, as the base declares them
	Arch     string   // dpkg's name: "amd64"
	Packages []string // of all apps together
}

// ImageRef is an image on one platform.
type ImageRef struct {
	Reference string
	Platform  string // "linux/amd64"
}

// Pinned is what a lock file says about a distribution that is to be resolved.
type Pinned struct {
	Indexes  []Index   // of all distributions
	Packages []Package // of that distribution and architecture
	Keep     []Package // those of them that are to stay
}

// Resolver finds out what the world holds now. Its errors are shown to people
// as they are.
type Resolver interface {
	// Packages resolves the minimal system of a distribution and all wanted
	// packages together. It returns the indexes it has read, and every package
	// of the resolution with its needs and Minimal set; versions in pinned.Keep
	// stay as they are wherever the resolution allows that.
	Packages(ctx context.Context, want Distribution, pinned Pinned) ([]Index, []Package, error)

	// URL reads a URL and returns its checksum and size.
	URL(ctx context.Context, url string) (URL, error)

	// Image resolves a reference to a platform's manifest digest.
	Image(ctx context.Context, ref ImageRef) (Image, error)

	// Base looks into a base system.
	Base(ctx context.Context, ref BaseRef) (Base, error)

	// Now is the time, by which update keys are due and made.
	Now() time.Time
}

// Missing is a pin that a program needs and the lock file doesn't have.
type Missing struct {
	Kind string // "distribution", "package", "url", "image", "base", "update"
	Name string // as the program writes it
	On   string // distribution and architecture, or platform; "" if that says nothing
}

// String says what is missing, on one line.
func (m Missing) String() string {
	s := fmt.Sprintf("%s does not pin %s %q", Name, m.Kind, m.Name)
	if m.On != "" {
		s += " on " + m.On
	}
	return s
}

// Missing lists the pins that refs want and f doesn't have, sorted, each
// once. A distribution whose minimal system is absent or incomplete is reported
// once, not also for each of its packages. A package whose needs are not all
// pinned counts as missing itself.
func (f *File) Missing(refs Refs) []Missing {
	var list []Missing
	for _, d := range refs.Distributions {
		if len(f.Minimal(d.ID, d.Arch)) == 0 {
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
		if _, ok := f.Base(ref.Digest); !ok {
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
