package report

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
)

// Assumption is a missing pin of a lock file that is assumed to resemble another one.
type Assumption struct{ Name, Like string }

// Assumed is the version of an assumed package.
const Assumed = "assumed"

// Assume adds the missing pins of a program with a changed argument to a lock file: packages,
// downloads and images whose names differ from a pinned one only by the argument, or from one that the
// unchanged program, which needs had, declares with its checksum. They are
// assumed to have the same size and the same needs, under the new names. A distribution is
// assumed to have the packages of the one that it replaces. The result is for estimates, not for
// builds.
func Assume(l *lock.File, had, want lock.Refs, from, to string) (*lock.File, []Assumption) {
	out := *l
	out.Packages, out.URLs, out.Images, out.Downloads = slices.Clone(l.Packages), slices.Clone(l.URLs), slices.Clone(l.Images), slices.Clone(l.Downloads)
	a := assuming{file: &out, declared: had.Downloads, from: from, to: to, seen: map[string]bool{}, wanted: map[string]bool{}}
	if from == "" || from == to {
		return &out, nil
	}
	for _, u := range want.URLs {
		a.url(u)
	}
	for _, d := range want.Downloads { // the checksum may be unchanged
		out.Downloads = append(out.Downloads, lock.Download{Digest: d.Digest, Name: lock.DownloadName(d.URL)})
	}
	for _, i := range want.Images {
		a.image(i)
	}
	for _, d := range want.Distributions {
		a.wanted[d.ID] = true
	}
	for _, d := range want.Distributions {
		a.distribution(d)
		for _, name := range d.Packages {
			a.pack(d, name)
		}
	}
	out.Sort()
	return &out, a.made
}

type assuming struct {
	file     *lock.File
	declared []lock.DownloadRef // of the unchanged program
	from, to string
	seen     map[string]bool // packages, as "distribution name"
	wanted   map[string]bool // distributions
	made     []Assumption
}

// image assumes an image's pin.
func (a *assuming) image(want lock.ImageRef) {
	if _, ok := a.file.Image(want.Reference, want.Platform); ok {
		return
	}
	for _, i := range a.file.Images {
		if i.Platform == want.Platform && strings.ReplaceAll(i.Reference, a.from, a.to) == want.Reference {
			like := i.Reference
			i.Reference, i.Digest = want.Reference, assumed(want.Reference)
			a.file.Images = append(a.file.Images, i)
			a.made = append(a.made, Assumption{want.Reference, like})
			return
		}
	}
}

// distribution assumes the packages of an unpinned distribution.
func (a *assuming) distribution(d lock.Distribution) {
	like := a.replaced(d)
	if like == "" || len(a.file.Minimal(d.ID, d.Arch)) > 0 {
		return
	}
	for _, p := range slices.Clone(a.file.Packages) {
		if p.Distribution == like && p.Arch == d.Arch {
			p.Distribution, p.Version, p.Digest = d.ID, Assumed, assumed(d.ID+" "+p.Name)
			a.file.Packages = append(a.file.Packages, p)
		}
	}
	for _, r := range d.Repositories {
		index := r.Pin(d.ID, d.Arch)
		index.Digest = assumed(d.ID + " " + r.Name)
		a.file.Indexes = append(a.file.Indexes, index)
	}
	a.made = append(a.made, Assumption{d.ID, like})
}

// replaced returns the pinned distribution that another one most probably replaces: preferably
// one that is no longer wanted, then one with the same additions, then any other; "" if there is
// none.
func (a *assuming) replaced(d lock.Distribution) string {
	best, most := "", -1
	for _, p := range a.file.Packages {
		if p.Arch != d.Arch || p.Distribution == d.ID || p.Distribution == best {
			continue
		}
		likeness := 0
		if !a.wanted[p.Distribution] {
			likeness += 2
		}
		_, with, _ := strings.Cut(p.Distribution, "+")
		if _, its, _ := strings.Cut(d.ID, "+"); with == its {
			likeness++
		}
		if likeness > most || likeness == most && p.Distribution < best {
			best, most = p.Distribution, likeness
		}
	}
	return best
}

// url assumes a download's pin.
func (a *assuming) url(url string) {
	url = lock.WithoutUser(url)
	if slices.ContainsFunc(a.file.URLs, func(u lock.URL) bool { return u.URL == url }) {
		return
	}
	for _, u := range a.file.URLs {
		if strings.ReplaceAll(u.URL, a.from, a.to) == url {
			a.file.URLs = append(a.file.URLs, lock.URL{URL: url, Digest: assumed(url), Size: u.Size})
			a.made = append(a.made, Assumption{url, u.URL})
			return
		}
	}
	for _, d := range a.declared {
		if strings.ReplaceAll(d.URL, a.from, a.to) == url {
			a.file.URLs = append(a.file.URLs, lock.URL{URL: url, Digest: assumed(url)})
			a.made = append(a.made, Assumption{url, d.URL})
			return
		}
	}
}

// pack assumes the pin of a package and of its needs, under the new names.
func (a *assuming) pack(d lock.Distribution, name string) {
	if a.seen[d.ID+" "+name] || a.find(d, name) != nil {
		return
	}
	a.seen[d.ID+" "+name] = true
	var like *lock.Package
	for n := range a.file.Packages {
		p := &a.file.Packages[n]
		if p.Distribution == d.ID && p.Arch == d.Arch && strings.ReplaceAll(p.Name, a.from, a.to) == name {
			like = p
			break
		}
	}
	if like == nil {
		if other := a.replaced(d); a.packFrom(other, d, name) {
			a.made = append(a.made, Assumption{name + " of " + d.ID, name + " of " + other})
		}
		return
	}
	p := *like
	p.Name, p.Version, p.Digest = name, Assumed, assumed(name)
	p.URL = path.Join(strings.ReplaceAll(path.Dir(p.URL), a.from, a.to), name+".deb")
	p.Needs = slices.Clone(p.Needs)
	for n, need := range p.Needs {
		if renamed := strings.ReplaceAll(need, a.from, a.to); renamed != need {
			a.pack(d, renamed)
			if a.find(d, renamed) != nil {
				p.Needs[n] = renamed
			}
		}
	}
	a.file.Packages = append(a.file.Packages, p)
	a.made = append(a.made, Assumption{name, like.Name})
}

// packFrom assumes the pins of a package and its needs from another distribution, if that has it.
func (a *assuming) packFrom(other string, d lock.Distribution, name string) bool {
	like := a.find(lock.Distribution{ID: other, Arch: d.Arch}, name)
	if like == nil {
		return false
	}
	p := *like
	p.Distribution, p.Version, p.Digest = d.ID, Assumed, assumed(d.ID+" "+name)
	p.Minimal = false
	a.file.Packages = append(a.file.Packages, p)
	for _, need := range p.Needs {
		if a.find(d, need) == nil {
			a.packFrom(other, d, need)
		}
	}
	return true
}

func (a *assuming) find(d lock.Distribution, name string) *lock.Package {
	for n := range a.file.Packages {
		if p := &a.file.Packages[n]; p.Distribution == d.ID && p.Arch == d.Arch && p.Name == name {
			return p
		}
	}
	return nil
}

// assumed returns a digest that no file has.
func assumed(name string) string {
	sum := sha256.Sum256([]byte("assumed " + name))
	return "sha256:" + hex.EncodeToString(sum[:])
}
