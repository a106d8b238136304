package report

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
)

// Assumption is a pin that a lock file lacks and that is assumed to be as large
// as another one.
type Assumption struct{ Name, Like string }

// Assume adds what a program would refer to after an argument's change to a lock
// file that does not pin it: packages and downloads that are called like a
// pinned one but for the argument. They are assumed to be as large as that one
// and to need the same, also by the new names. The result is for estimates, not
// for builds.
func Assume(l *lock.File, want lock.Refs, from, to string) (*lock.File, []Assumption) {
	out := *l
	out.Packages, out.URLs = slices.Clone(l.Packages), slices.Clone(l.URLs)
	a := assuming{file: &out, from: from, to: to, seen: map[string]bool{}}
	if from == "" || from == to {
		return &out, nil
	}
	for _, u := range want.URLs {
		a.url(u)
	}
	for _, d := range want.Distributions {
		for _, name := range d.Packages {
			a.pack(d, name)
		}
	}
	out.Sort()
	return &out, a.made
}

type assuming struct {
	file     *lock.File
	from, to string
	seen     map[string]bool
	made     []Assumption
}

// url assumes a download's pin.
func (a *assuming) url(url string) {
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
}

// pack assumes a package's pin, and those of what it needs by the new name.
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
		return
	}
	p := *like
	p.Name, p.Version, p.Digest = name, "assumed", assumed(name)
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

func (a *assuming) find(d lock.Distribution, name string) *lock.Package {
	for n := range a.file.Packages {
		if p := &a.file.Packages[n]; p.Distribution == d.ID && p.Arch == d.Arch && p.Name == name {
			return p
		}
	}
	return nil
}

// assumed is a digest that no file has.
func assumed(name string) string {
	sum := sha256.Sum256([]byte("assumed " + name))
	return "sha256:" + hex.EncodeToString(sum[:])
}
