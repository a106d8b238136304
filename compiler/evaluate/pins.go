package evaluate

import (
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// pins are what the lock file pins, and what it must pin.
type pins struct {
	*Findings
	Lock     *lock.File
	platform model.Platform
	asked    bool
	builder  bool                       // the platform is the builder's
	Needed   lock.Refs                  // what the lock file must pin
	wanted   map[string]map[string]bool // packages, by distribution
	askers   map[string][]source.Span   // the places that want a package, by its name
	systems  map[string][]source.Span   // the clauses that make bases, by the image, layout or URL
	// repositories are those of third parties, by distribution.
	repositories      map[string][]lock.PackageRepository
	knownRepositories map[string]repository // by name, and by distribution and name
	unlocked          map[source.Span]bool  // fetches that were reported as not pinned
	notPinned         map[source.Span]*unpinned
}

func newPins(in Input, found *Findings) *pins {
	return &pins{
		Findings: found, Lock: in.Lock, platform: in.Platform, asked: in.Asked, Needed: lock.Refs{Mirrors: map[string][]string{}},
		wanted: map[string]map[string]bool{}, askers: map[string][]source.Span{}, systems: map[string][]source.Span{}, repositories: map[string][]lock.PackageRepository{},
		knownRepositories: map[string]repository{}, unlocked: map[source.Span]bool{}, notPinned: map[source.Span]*unpinned{},
	}
}

// Unpinned reports something that the lock file must pin and does not.
func (x *pins) Unpinned(at source.Span, format string, args ...any) *diag.Diagnostic {
	d := x.Found.Errorf(diag.NotPinned, at, format+" are not pinned", args...)
	if x.builder {
		d.Note("what builds cross needs them for the builder, %s", x.platform)
	}
	return d.Note("a plan depends only on the project's files and the pins in layc.lock").
		Hint("run `%s`", x.LockCommand())
}

// UnpinnedPackage reports a package that the lock file must pin, and does not. The packages of one
// place are one error. Of a platform without packages, the base is reported.
func (x *pins) UnpinnedPackage(at source.Span, name string) {
	if x.DebianArch() == "" {
		return
	}
	of := x.notPinned[at]
	switch {
	case of == nil || !slices.Contains(x.Found, of.found): // or its error was withdrawn
		x.notPinned[at] = &unpinned{x.Unpinned(at, "%s and its dependencies", name), []string{name}}
	case !slices.Contains(of.names, name):
		of.names = append(of.names, name)
		of.found.Message = listed(of.names, 8) + ", and their dependencies, are not pinned"
	}
}

// unpinned are packages that are not pinned, of one place, and their error.
type unpinned struct {
	found *diag.Diagnostic
	names []string
}

// LockCommand returns the command that pins things for the platform.
func (x *pins) LockCommand() string {
	if x.asked {
		return "layc lock --platform " + x.platform.String()
	}
	return "layc lock"
}

// renamed reports a download with a new URL but an old declared checksum: the engine's
// cache still has the old file, and without that cache the build fails.
func (x *pins) renamed(step *model.Fetch, s *syntax.Clause) {
	known := x.Lock.Names(step.Digest)
	for _, u := range step.URLs {
		name := lock.DownloadName(u)
		if name == "" {
			continue
		}
		x.Needed.Downloads = append(x.Needed.Downloads, lock.DownloadRef{Digest: step.Digest, URL: u})
		if len(known) == 0 || slices.Contains(known, name) || x.unlocked[s.At] {
			continue
		}
		x.unlocked[s.At] = true
		x.Found.Errorf(diag.ChecksumUnchanged, operandOf(s, u), "%s has the same checksum as %s", name, listed(known, 3)).
			Note("machines with the old file in their cache use that file; on others, the build fails").
			Hint("run `%s`, which asks the server: it reports the new checksum, or records that the file is the same", x.LockCommand())
	}
}

// operandOf returns the place of a URL in a clause.
func operandOf(s *syntax.Clause, url string) source.Span {
	for _, a := range s.Args {
		if strings.Contains(a.Span().Text(), url) {
			return a.Span()
		}
	}
	return s.Args[0].Span()
}

// mirrored notes the mirrors of the first URL.
func (x *pins) mirrored(urls []string) {
	for _, mirror := range urls[1:] {
		if known := x.Needed.Mirrors[urls[0]]; !slices.Contains(known, mirror) {
			x.Needed.Mirrors[urls[0]] = append(known, mirror)
		}
	}
}

// pinURL takes the checksum of a fetch from the lock file.
func (x *pins) pinURL(step *model.Fetch, s *syntax.Clause) {
	step.Pinned = true
	u := step.URLs[0]
	x.Needed.URLs = append(x.Needed.URLs, u)
	x.mirrored(step.URLs)
	pin, ok := x.Lock.URL(u)
	if !ok {
		if x.unlocked[s.At] {
			return // reported before: a loop, or other arguments
		}
		x.unlocked[s.At] = true
		x.Found.Errorf(diag.NotPinned, s.At, "%s is not pinned", u).
			Note("layc.lock pins downloads without a checksum, so every build gets the same bytes").
			Hint("run `%s`, or declare the checksum: `sha256 \"…\"`", x.LockCommand())
		return
	}
	step.Digest, step.Size = pin.Digest, pin.Size
}

// known copies what the lock file knows about a base: its number of layers, its links to
// directories, its directories that are not 0755 root, and the configuration of an image.
// It returns false if the lock file does not know the base.
func (x *pins) known(to *model.System, ref lock.BaseRef, at source.Span) bool {
	x.system(ref.Name, at)
	if ref.Digest == "" {
		return false
	}
	x.Needed.Bases = append(x.Needed.Bases, ref)
	b, ok := x.Lock.Base(ref)
	if !ok {
		return false
	}
	to.Layers = b.Layers
	to.Links = map[string]string{}
	for _, l := range b.Links {
		to.Links[l.Path] = l.To
	}
	if b.Configured {
		to.Users, to.Groups = map[string]model.Owner{}, map[string]int{}
		for _, u := range b.Users {
			to.Users[u.Name] = model.Owner{UID: u.UID, GID: u.GID}
		}
		for _, g := range b.Groups {
			to.Groups[g.Name] = g.GID
		}
	}
	for _, s := range b.Config {
		word, key, _ := strings.Cut(s.Name, " ")
		to.Settings = append(to.Settings, model.Setting{
			Word: word, Key: key, Name: s.Name, Value: model.Value{Text: s.Text, List: s.List, Listed: s.Listed()}, Span: at,
		})
	}
	for _, d := range b.Dirs {
		to.Dirs = append(to.Dirs, model.Place{Path: d.Path, Owner: &model.Owner{UID: d.UID, GID: d.GID}, Mode: d.Mode})
	}
	return true
}

// wantImage notes that an image must be pinned.
func (x *pins) wantImage(reference string, at source.Span) {
	x.Needed.Images = append(x.Needed.Images, lock.ImageRef{Reference: reference, Platform: x.platform.String()})
	x.system(reference, at)
}

// system notes the clause that makes a base.
func (x *pins) system(name string, at source.Span) {
	if !slices.Contains(x.systems[name], at) {
		x.systems[name] = append(x.systems[name], at)
	}
}

// Systems returns the clauses that make bases, by the image, layout or URL. The binder adds the places that
// name bases of packages, by the distribution.
func (x *pins) Systems() map[string][]source.Span { return x.systems }

// DebianArch returns dpkg's name of the platform's architecture. It returns "" if Debian
// has no packages for it, which the evaluation of the base reports.
func (x *pins) DebianArch() string {
	arch, _ := lock.DebianArch(x.platform.String())
	return arch
}

// WantDistribution notes that the minimal system of a distribution must be pinned, if it has any
// packages for the platform.
func (x *pins) WantDistribution(distribution string) {
	if x.DebianArch() != "" && x.wanted[distribution] == nil {
		x.wanted[distribution] = map[string]bool{}
	}
}

// WantPackage notes that a package of a distribution must be pinned, if it has any for the platform.
func (x *pins) WantPackage(distribution, name string, at source.Span) {
	x.WantDistribution(distribution)
	if x.DebianArch() == "" {
		return
	}
	x.wanted[distribution][name] = true
	if !slices.Contains(x.askers[name], at) {
		x.askers[name] = append(x.askers[name], at)
	}
}

// Askers returns the places that want packages, by name of the package.
func (x *pins) Askers() map[string][]source.Span { return x.askers }

// ToPin returns all that the lock file must pin, sorted.
func (x *pins) ToPin() lock.Refs {
	r := &x.Needed
	slices.Sort(r.URLs)
	r.URLs = slices.Compact(r.URLs)
	for id, names := range x.wanted {
		d := lock.Distribution{ID: id, Arch: x.DebianArch(), Repositories: x.repositories[id]}
		for n := range names {
			d.Packages = append(d.Packages, n)
		}
		slices.Sort(d.Packages)
		r.Distributions = append(r.Distributions, d)
	}
	slices.SortFunc(r.Images, func(a, b lock.ImageRef) int { return strings.Compare(a.Reference, b.Reference) })
	r.Images = slices.Compact(r.Images)
	slices.SortStableFunc(r.Bases, func(a, b lock.BaseRef) int { return strings.Compare(a.Digest, b.Digest) })
	r.Bases = slices.Compact(r.Bases)
	slices.SortStableFunc(r.Updates, func(a, b lock.UpdateRef) int { return strings.Compare(a.Component, b.Component) })
	slices.SortFunc(r.Distributions, func(a, b lock.Distribution) int { return strings.Compare(a.ID, b.ID) })
	return *r
}
