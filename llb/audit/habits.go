package audit

import (
	"crypto/sha256"
	"slices"
	"sort"
	"strings"

	"github.com/layc-lang/layc/lang/lazy"
)

// Habit is something that lines of Dockerfiles do, and that images store.
type Habit struct {
	Kind    Kind   `json:"kind"`
	Image   string `json:"image"`
	By      string `json:"by"`    // the instruction
	Bytes   int64  `json:"bytes"` // estimated
	Files   int    `json:"files"`
	Example string `json:"example,omitempty"`
}

// Kind is a habit.
type Kind string

// The habits.
const (
	AptLists    Kind = "package lists"   // apt-get update without removing the lists
	Cache       Kind = "package cache"   // of npm, pip, apk and others
	Deleted     Kind = "deleted later"   // a later layer removes files
	Owner       Kind = "copied by chown" // or chmod: equal content, another owner or mode
	Replaced    Kind = "replaced later"  // a later layer has other content at a path
	History     Kind = "version control" // the directory .git
	CopiedFirst Kind = "copied before installation"
)

// Advice says what to do about a habit: in a Dockerfile, and in layc.
func (k Kind) Advice() string {
	switch k {
	case AptLists:
		return "remove /var/lib/apt/lists in the same RUN; layc's layers never have it"
	case Cache:
		return "mount the cache with RUN --mount=type=cache; in layc, run … with cache"
	case Deleted:
		return "delete in the RUN that creates, or build in a stage; a portable component of layc has only what it owns"
	case Owner:
		return "COPY --chown and --chmod; in layc, owner and mode of the step"
	case Replaced:
		return "write the file once; in layc, two components cannot write one path"
	case History:
		return "add .git to .dockerignore; in layc, .layerignore"
	case CopiedFirst:
		return "copy what the installation reads, install, and then copy the rest; in layc, give the installation a component of its own"
	}
	return ""
}

// caches are where package managers keep what they download.
var caches = lazy.Regexp(`^(var/cache/(apt|apk|dnf|yum|zypp)/|etc/apk/cache/|(root|home/[^/]+)/(\.cache/(pip|yarn|go-build|uv|pypoetry|composer|ms-playwright)|\.npm/_cacache|\.yarn/cache|\.m2/repository|\.gradle/caches|\.cargo/registry|\.gem|\.nuget/packages|\.composer/cache)/|usr/local/share/\.cache/|go/pkg/mod/cache/|opt/conda/pkgs/)`)

// databases are what each installation of a package replaces, in layc's layers, too.
var databases = lazy.Regexp(`^(var/lib/dpkg/|var/cache/debconf/|lib/apk/db/|usr/lib/apk/db/|var/lib/rpm/|usr/lib/sysimage/rpm/|etc/ld\.so\.cache$)`)

// habits looks for habits in each different layer, in the first image that has it.
func (a *auditor) habits() {
	seen := map[string]bool{}
	for _, i := range a.r.Images {
		below := map[string]placed{}
		for n, l := range i.Layers {
			c := a.contents[l.DiffID]
			if c == nil {
				continue
			}
			// What a layer does to the layers below depends on them.
			key := l.DiffID
			for _, b := range i.Layers[:n] {
				key += b.DiffID
			}
			if !seen[key] {
				seen[key] = true
				a.layer(i, l, c, below)
				a.afterCopy(i, n)
			}
			c.stack(below, l)
		}
		for p, f := range below {
			a.live[stored{f.layer.DiffID, p}] = true
		}
	}
	a.left()
	sort.SliceStable(a.r.Habits, func(x, y int) bool { return a.r.Habits[x].Bytes > a.r.Habits[y].Bytes })
}

// stored is a file of a layer.
type stored struct{ diffID, path string }

// left adds up what layers have that no image needs: files that are in no image any more, and those of habits.
// Of a content that several layers have, all copies but one are counted already, so it is counted only if no
// image needs any of them.
func (a *auditor) left() {
	type content struct {
		layers      map[string]bool
		all, needed int64
		extra       int64 // counted among the repeated files
	}
	files := map[[sha256.Size]byte]*content{}
	for _, id := range a.order {
		if a.contents[id] == nil {
			continue
		}
		for p, f := range a.contents[id].files {
			k := files[f.sum]
			if k == nil {
				k = &content{layers: map[string]bool{}}
				files[f.sum] = k
			}
			bytes := a.compressed(id, f.size)
			if len(k.layers) > 0 && !k.layers[id] {
				k.extra += bytes
			}
			k.layers[id] = true
			k.all += bytes
			at := stored{id, p}
			if !a.unneeded[at] || !a.habit[at] && a.live[at] {
				k.needed += bytes
			}
		}
	}
	for _, k := range files {
		switch {
		case len(k.layers) < 2:
			a.r.LeftBytes += k.all - k.needed
		case k.needed == 0:
			a.r.LeftBytes += k.all - k.extra
		}
	}
}

// placed is a file of the layers so far.
type placed struct {
	file
	layer Layer
}

// stack puts a layer on others.
func (c *Content) stack(below map[string]placed, l Layer) {
	for _, dir := range c.opaque {
		for p := range below {
			if strings.HasPrefix(p, dir) {
				delete(below, p)
			}
		}
	}
	for _, d := range c.deleted {
		delete(below, d)
		for p := range below {
			if strings.HasPrefix(p, d+"/") {
				delete(below, p)
			}
		}
	}
	for p, f := range c.files {
		below[p] = placed{f, l}
	}
}

// layer finds the habits of one layer.
func (a *auditor) layer(i Image, l Layer, c *Content, below map[string]placed) {
	found := map[Kind]*Habit{}
	at := map[Kind][]stored{}
	add := func(k Kind, of, name string, bytes int64) {
		at[k] = append(at[k], stored{of, name})
		h := found[k]
		if h == nil {
			h = &Habit{Kind: k, Image: i.Name, By: l.By}
			found[k] = h
		}
		h.Bytes += bytes
		h.Files++
		if h.Example == "" || name < h.Example {
			h.Example = name
		}
	}
	for name, f := range c.files {
		size := a.compressed(l.DiffID, f.size)
		switch old, there := below[name]; {
		case strings.HasPrefix(name, "var/lib/apt/lists/"):
			add(AptLists, l.DiffID, name, size)
		case caches().MatchString(name):
			add(Cache, l.DiffID, name, size)
		case strings.Contains("/"+name, "/.git/objects/"):
			add(History, l.DiffID, name, size)
		case there && old.sum == f.sum && f.size > 0:
			if old.uid != f.uid || old.gid != f.gid || old.mode != f.mode {
				add(Owner, l.DiffID, name, size)
			}
		case there && f.size > 64<<10 && !databases().MatchString(name):
			add(Replaced, old.layer.DiffID, name, a.compressed(old.layer.DiffID, old.size))
		}
	}
	for p, old := range below {
		if c.deletes(p) {
			add(Deleted, old.layer.DiffID, p, a.compressed(old.layer.DiffID, old.size))
		}
	}
	for _, k := range []Kind{AptLists, Cache, Deleted, Owner, Replaced, History} {
		h := found[k]
		if h == nil || h.Bytes < least && k != History {
			continue
		}
		a.r.Habits = append(a.r.Habits, *h)
		for _, s := range at[k] {
			if k != Owner { // these are among the repeated files
				a.unneeded[s] = true
			}
			if k == AptLists || k == Cache || k == History {
				a.habit[s] = true
			}
		}
	}
}

// least is how many bytes a habit takes before it is worth a line.
const least = 10 << 10

// deletes reports whether a layer deletes a path of the layers below.
func (c *Content) deletes(p string) bool {
	if _, again := c.files[p]; again {
		return false
	}
	return slices.ContainsFunc(c.deleted, func(d string) bool { return p == d || strings.HasPrefix(p, d+"/") }) ||
		slices.ContainsFunc(c.opaque, func(d string) bool { return strings.HasPrefix(p, d) })
}

var (
	installs  = lazy.Regexp(`\b(npm (ci|install|i)|yarn( install)?\b|pnpm (i|install)|pip3? install|poetry install|bundle install|composer install|go mod download|cargo fetch|mvn .*go-offline|apt-get (-\S+ )*install|apk (-\S+ )*add|dnf (-\S+ )*install)`)
	copiesAll = lazy.Regexp(`^(COPY|ADD) (--\S+ )*\. |(COPY|ADD) dir:`)
)

// afterCopy finds an installation that is above a copy of everything: each change of a source file installs
// again, and gives all images another layer.
func (a *auditor) afterCopy(i Image, n int) {
	if !installs().MatchString(i.Layers[n].By) {
		return
	}
	for _, l := range i.Layers[:n] {
		if copiesAll().MatchString(l.By) {
			a.r.Habits = append(a.r.Habits, Habit{Kind: CopiedFirst, Image: i.Name, By: i.Layers[n].By, Bytes: i.Layers[n].Size, Example: l.By})
			return
		}
	}
}
