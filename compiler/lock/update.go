package lock

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Everything, as a name for Update, resolves all pins again.
const Everything = "*"

// Update returns the lock file for refs. It keeps the pins of old that refs need, resolves missing
// pins, and drops all others. It keeps modules, the plan and sizes.
//
// Names are resolved again: a distribution's ID, or the part of it before the first +; a package, a
// URL or an image reference; a component with an `update` clause; or [Everything]. A name that refs
// do not reach is an error, before anything is resolved; see [File.Unknown].
//
// A component with an `update` clause gets a new key if it is named, or if it is due and everything
// is named. Then the pins that it alone covers are resolved again. The packages of a distribution are
// resolved together as soon as one of them is missing or named; the others keep their versions where
// that resolution allows it.
//
// The result is a new file even if nothing changed, and nil after an error. Update does not modify
// old. All bases are resolved before their errors are returned, as [BaseErrors].
func Update(ctx context.Context, old *File, refs Refs, r Resolver, names ...string) (*File, error) {
	if unknown := old.Unknown(refs, names...); len(unknown) > 0 {
		return nil, &UnknownNameError{unknown[0]}
	}
	u := &updater{old: old, resolver: r, names: map[string]bool{}, down: map[string]error{}}
	for _, name := range names {
		u.names[WithoutUser(name)] = true
	}
	u.file.Layers = clonePlan(old.Layers)
	u.file.Stacks = slices.Clone(old.Stacks)
	u.file.Sizes = slices.Clone(old.Sizes)
	u.file.Modules = slices.Clone(old.Modules)
	u.updates(refs.Updates)
	for _, d := range combine(refs.Distributions) {
		if err := u.distribution(ctx, d); err != nil {
			return nil, err
		}
	}
	urls := slices.CompactFunc(sortedURLs(refs.URLs), func(a, b string) bool { return WithoutUser(a) == WithoutUser(b) })
	for _, url := range urls {
		if err := u.url(ctx, url, refs.Mirrors[url]); err != nil {
			return nil, err
		}
	}
	for _, ref := range refs.Downloads {
		if err := u.download(ctx, ref); err != nil {
			return nil, err
		}
	}
	images := slices.Clone(refs.Images)
	slices.SortFunc(images, func(a, b ImageRef) int {
		return strings.Compare(a.Reference+"\x00"+a.Platform, b.Reference+"\x00"+b.Platform)
	})
	for _, ref := range slices.Compact(images) {
		u.collect(ref.Reference, u.image(ctx, ref))
	}
	bases := slices.Clone(refs.Bases)
	slices.SortStableFunc(bases, compareBaseRefs)
	for _, ref := range slices.CompactFunc(bases, equalBaseRefs) {
		u.collect(ref.Name, u.base(ctx, ref, refs.Mirrors[ref.Name]))
	}
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case len(u.failed) > 0:
		return nil, u.failed
	}
	u.file.Sort()
	u.file.Downloads = slices.Compact(u.file.Downloads)
	return &u.file, nil
}

// Unknown returns the names that match neither refs nor their pins, sorted and without duplicates.
func (f *File) Unknown(refs Refs, names ...string) []string {
	known := map[string]bool{Everything: true}
	for _, d := range refs.Distributions {
		known[d.ID], known[plainID(d.ID)] = true, true
		for _, name := range d.Packages {
			known[name] = true
		}
		for _, p := range f.Packages {
			if p.Distribution == d.ID && p.Arch == d.Arch {
				known[p.Name] = true
			}
		}
	}
	for _, url := range refs.URLs {
		known[WithoutUser(url)] = true
	}
	for _, ref := range refs.Images {
		known[ref.Reference] = true
	}
	for _, ref := range refs.Updates {
		known[ref.Component] = true
	}
	return slices.DeleteFunc(sortedSet(names), func(name string) bool { return known[WithoutUser(name)] })
}

// Updatable returns the names that [Update] can resolve again in the file, and the URLs of its git
// repositories, sorted.
func (f *File) Updatable() []string {
	var names []string
	for _, p := range f.Packages {
		names = append(names, p.Distribution, plainID(p.Distribution), p.Name)
	}
	for _, u := range f.URLs {
		names = append(names, u.URL)
	}
	for _, i := range f.Images {
		names = append(names, i.Reference)
	}
	for _, m := range f.Modules {
		names = append(names, m.URL)
	}
	for _, u := range f.Updates {
		names = append(names, u.Component)
	}
	return sortedSet(names)
}

// plainID returns a distribution's ID without additions: "debian/bookworm" for
// "debian/bookworm+updates+security".
func plainID(id string) string {
	plain, _, _ := strings.Cut(id, "+")
	return plain
}

// UnknownNameError reports a name to update that is not among a program's pins.
type UnknownNameError struct{ Name string }

func (e *UnknownNameError) Error() string {
	return fmt.Sprintf("unknown pin %q; expected a distribution, a package, a URL, an image, a git repository, or a component with `update`", e.Name)
}

type updater struct {
	old      *File
	file     File
	resolver Resolver
	names    map[string]bool // to resolve again
	covered  map[string]bool // by a component with an `update` clause → whether it is refreshed
	failed   BaseErrors
	down     map[string]error // registries that cannot be reached
}

// named reports whether name is resolved again.
func (u *updater) named(name string) bool {
	if u.names[name] {
		return true
	}
	if refreshed, ok := u.covered[name]; ok {
		return refreshed
	}
	return u.names[Everything]
}

// updates keeps the keys of components, makes missing ones, and replaces keys that are named or due.
func (u *updater) updates(refs []UpdateRef) {
	u.covered = map[string]bool{}
	merged := map[string]UpdateRef{} // one per component
	for _, ref := range refs {
		if old, ok := merged[ref.Component]; ok {
			if old.Every > 0 && (ref.Every == 0 || old.Every < ref.Every) {
				ref.Every = old.Every
			}
			ref.Names = slices.Concat(old.Names, ref.Names)
		}
		merged[ref.Component] = ref
	}
	now := u.resolver.Now()
	for component, ref := range merged {
		key := u.old.UpdateKey(component)
		refresh := u.names[component] || u.names[Everything] && u.old.Due(ref, now)
		if key == "" || refresh {
			key = nextKey(key, now)
		}
		u.file.Updates = append(u.file.Updates, UpdateKey{component, key})
		for _, name := range withoutUsers(ref.Names) {
			u.covered[name] = u.covered[name] || refresh
		}
	}
}

func (u *updater) distribution(ctx context.Context, want Distribution) error {
	pinned := Pinned{Indexes: u.old.Indexes}
	for _, p := range u.old.Packages {
		// Other repositories, or other priorities, may mean other versions of everything.
		if p.Distribution == want.ID && p.Arch == want.Arch && !u.old.outdated(want) {
			pinned.Packages = append(pinned.Packages, p)
		}
	}
	resolve := len(u.old.Missing(Refs{Distributions: []Distribution{want}})) > 0
	if u.named(want.ID) || u.names[plainID(want.ID)] {
		resolve = true
	} else {
		for _, p := range pinned.Packages {
			if u.named(p.Name) {
				resolve = true
			} else {
				pinned.Keep = append(pinned.Keep, p)
			}
		}
	}
	if !resolve {
		return u.keepDistribution(want)
	}
	indexes, packages, err := u.resolver.Packages(ctx, want, pinned)
	if err != nil {
		return &UnresolvedError{want.ID, want.Arch, err}
	}
	u.file.Indexes = append(u.file.Indexes, indexes...)
	u.file.Packages = append(u.file.Packages, packages...)
	return nil
}

// keepDistribution keeps the pins that want reaches. None of them is missing.
func (u *updater) keepDistribution(want Distribution) error {
	beyond, err := u.old.Closure(want.ID, want.Arch, want.Packages...)
	if err != nil {
		return err
	}
	for _, index := range u.old.Indexes {
		if index.Distribution == want.ID && index.Arch == want.Arch {
			u.file.Indexes = append(u.file.Indexes, index)
		}
	}
	u.file.Packages = append(u.file.Packages, u.old.Minimal(want.ID, want.Arch)...)
	u.file.Packages = append(u.file.Packages, beyond...)
	return nil
}

// UnresolvedError is the error for packages of a distribution that cannot be resolved.
type UnresolvedError struct {
	Distribution, Arch string
	Err                error
}

func (e *UnresolvedError) Error() string {
	return fmt.Sprintf("resolving packages of %s for %s: %v", e.Distribution, e.Arch, e.Err)
}

func (e *UnresolvedError) Unwrap() error { return e.Err }

// UnservedError is the error for a download that cannot be pinned.
type UnservedError struct {
	URL string // as the program writes it
	Err error
}

func (e *UnservedError) Error() string { return fmt.Sprintf("pinning %s: %v", e.URL, e.Err) }

func (e *UnservedError) Unwrap() error { return e.Err }

// url pins the content of a URL or, if that fails, of the first of its mirrors that works. The error
// is an [*UnservedError], and reports all failures.
func (u *updater) url(ctx context.Context, url string, mirrors []string) error {
	pin, ok := u.old.URL(url)
	if !ok || u.named(WithoutUser(url)) {
		var err error
		if pin, err = u.resolver.URL(ctx, url); err != nil {
			err = &UnservedError{url, err}
		}
		for n := 0; err != nil && ctx.Err() == nil && n < len(mirrors); n++ {
			other, failed := u.resolver.URL(ctx, mirrors[n])
			if failed == nil {
				pin, err = URL{URL: url, Digest: other.Digest, Size: other.Size}, nil
			} else {
				err = &UnservedError{url, fmt.Errorf("%w; its mirror failed, too: %w", err.(*UnservedError).Err, failed)}
			}
		}
		if err != nil {
			return err
		}
	}
	pin.URL = WithoutUser(url)
	u.file.URLs = append(u.file.URLs, pin)
	return nil
}

// download records a declared checksum under the name in its URL. If the checksum is known only by
// other names, it asks the server whether the URL serves that file.
func (u *updater) download(ctx context.Context, ref DownloadRef) error {
	made := Download{ref.Digest, DownloadName(ref.URL)}
	known := u.old.Names(ref.Digest)
	if len(known) > 0 && !slices.Contains(known, made.Name) && !slices.Contains(u.file.Downloads, made) {
		pin, err := u.resolver.URL(ctx, ref.URL)
		if err != nil {
			return &UnservedError{ref.URL, fmt.Errorf("verifying the checksum: %w", err)}
		}
		if pin.Digest != ref.Digest {
			return &OtherFileError{ref, pin.Digest}
		}
	}
	u.file.Downloads = append(u.file.Downloads, made)
	return nil
}

// image pins an image. A registry that cannot be reached is not asked again for others, since that
// may take minutes each time.
func (u *updater) image(ctx context.Context, ref ImageRef) error {
	pin, ok := u.old.Image(ref.Reference, ref.Platform)
	if !ok || u.named(ref.Reference) {
		at := registryOf(ref.Reference)
		if err := u.down[at]; err != nil {
			return err
		}
		var err error
		if pin, err = u.resolver.Image(ctx, ref); err != nil {
			var down Unreachable
			if errors.As(err, &down) {
				u.down[at] = err
			}
			return err
		}
	}
	u.file.Images = append(u.file.Images, pin)
	return nil
}

// registryOf returns the part of an image reference that names the registry; "" without one.
func registryOf(reference string) string {
	host, _, found := strings.Cut(reference, "/")
	if !found || !strings.ContainsAny(host, ".:") && host != "localhost" {
		return ""
	}
	return host
}

// base keeps what is known about a base, since the content of a digest never changes. Otherwise it
// examines the base; an archive may be on a mirror.
func (u *updater) base(ctx context.Context, ref BaseRef, mirrors []string) error {
	pin, ok := u.old.Base(ref)
	if !ok || !pin.Configured {
		old := pin
		var err error
		pin, err = u.resolver.Base(ctx, ref)
		for n := 0; err != nil && ctx.Err() == nil && n < len(mirrors); n++ {
			ref.Name = mirrors[n]
			if other, failed := u.resolver.Base(ctx, ref); failed == nil {
				pin, err = other, nil
			}
		}
		if err != nil && ok && ctx.Err() == nil {
			pin, err = old, nil // what an earlier layc has recorded is enough, unless a user is named
		}
		if err != nil {
			return err
		}
	}
	u.file.Bases = append(u.file.Bases, pin)
	return nil
}

// combine merges entries for the same distribution and architecture, and sorts entries and packages.
func combine(list []Distribution) []Distribution {
	merged := map[[2]string]*Distribution{}
	for _, d := range list {
		key := [2]string{d.ID, d.Arch}
		if merged[key] == nil {
			merged[key] = &Distribution{ID: d.ID, Arch: d.Arch, Repositories: d.Repositories}
		}
		merged[key].Packages = append(merged[key].Packages, d.Packages...)
	}
	var out []Distribution
	for _, d := range merged {
		d.Packages = sortedSet(d.Packages)
		out = append(out, *d)
	}
	slices.SortFunc(out, func(a, b Distribution) int {
		return strings.Compare(a.ID+"\x00"+a.Arch, b.ID+"\x00"+b.Arch)
	})
	return out
}

// sortedURLs sorts by the form that the lock file has of URLs.
func sortedURLs(list []string) []string {
	return slices.SortedFunc(slices.Values(list), func(a, b string) int {
		return cmp.Or(strings.Compare(WithoutUser(a), WithoutUser(b)), strings.Compare(a, b))
	})
}

func sortedSet(list []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(list)))
}

func clonePlan(layers []PlanLayer) []PlanLayer {
	out := slices.Clone(layers)
	for i := range out {
		out[i].Members = slices.Clone(out[i].Members)
	}
	return out
}
