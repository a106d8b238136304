package audit

import (
	"crypto/sha256"
	"path"
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

// left adds up what is stored and what no image needs: data without a name in any image, and what habits leave. All
// copies of a content but one are counted among the repeated files, so the last one is counted if no image needs
// any of them.
func (a *auditor) left() {
	type content struct {
		bytes  int64 // of the copy that is not among the repeated files
		needed bool
	}
	files := map[[sha256.Size]byte]*content{}
	for _, id := range a.order {
		if a.contents[id] == nil {
			continue
		}
		for _, d := range a.contents[id].data {
			if len(d.names) == 0 {
				continue
			}
			k := files[d.sum]
			if k == nil {
				k = &content{bytes: a.compressed(id, d.size)}
				files[d.sum] = k
			}
			k.needed = k.needed || slices.ContainsFunc(d.names, func(p string) bool {
				at := stored{id, p}
				return !a.habit[at] && (a.live[at] || databases().MatchString(p))
			})
		}
	}
	for _, k := range files {
		if !k.needed {
			a.r.LeftBytes += k.bytes
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
	for p := range below {
		if c.deletes(p) {
			delete(below, p)
		}
	}
	for p, f := range c.files {
		below[p] = placed{f, l}
	}
}

// found is a habit of a layer, with the data that it costs by the names that are reason for it.
type found struct {
	Habit
	names map[owned][]string
}

// owned is data of a layer.
type owned struct {
	diffID string
	data   int
}

// layer finds the habits of one layer.
func (a *auditor) layer(i Image, l Layer, c *Content, below map[string]placed) {
	all := map[Kind]*found{}
	add := func(k Kind, of string, f file, name string) {
		h := all[k]
		if h == nil {
			h = &found{Habit{Kind: k, Image: i.Name, By: l.By}, map[owned][]string{}}
			all[k] = h
		}
		at := owned{of, f.data}
		h.names[at] = append(h.names[at], name)
	}
	dead := map[stored]bool{} // in this image, from here on
	for name, f := range c.files {
		d := c.data[f.data]
		old, there := below[name]
		equal := false
		if there {
			dead[stored{old.layer.DiffID, name}] = true
			equal = a.dataOf(old).sum == d.sum && d.size > 0
		}
		switch {
		case strings.HasPrefix(name, "var/lib/apt/lists/"):
			add(AptLists, l.DiffID, f, name)
		case caches().MatchString(name):
			add(Cache, l.DiffID, f, name)
		case strings.Contains("/"+name, "/.git/objects/"):
			add(History, l.DiffID, f, name)
		case equal:
			if old.uid != f.uid || old.gid != f.gid || old.mode != f.mode {
				add(Owner, l.DiffID, f, name)
			}
		case there && d.size > 64<<10 && !databases().MatchString(name):
			add(Replaced, old.layer.DiffID, old.file, name)
		}
	}
	for p, old := range below {
		if _, again := c.files[p]; !again && c.deletes(p) {
			dead[stored{old.layer.DiffID, p}] = true
			add(Deleted, old.layer.DiffID, old.file, p)
		}
	}
	// Data with another name costs nothing more: a hard link that stays, or that is outside of a cache.
	free := func(k Kind, at owned, names []string) bool {
		return !slices.ContainsFunc(a.contents[at.diffID].data[at.data].names, func(name string) bool {
			switch k {
			case Owner:
				return false
			case Deleted, Replaced:
				above, there := below[name]
				return there && above.layer.DiffID == at.diffID && !dead[stored{at.diffID, name}]
			}
			return !slices.Contains(names, name)
		})
	}
	for _, k := range []Kind{AptLists, Cache, Deleted, Owner, Replaced, History} {
		h := all[k]
		if h == nil {
			continue
		}
		for at, names := range h.names {
			if !free(k, at, names) || k == Replaced && all[Deleted] != nil && all[Deleted].names[at] != nil {
				continue
			}
			h.Bytes += a.compressed(at.diffID, a.contents[at.diffID].data[at.data].size)
			h.Files++
			for _, name := range names {
				if h.Example == "" || name < h.Example {
					h.Example = name
				}
			}
		}
		if h.Files == 0 || h.Bytes < least && k != History {
			continue
		}
		a.r.Habits = append(a.r.Habits, h.Habit)
		for at, names := range h.names {
			for _, name := range names {
				if k == AptLists || k == Cache || k == History {
					a.habit[stored{at.diffID, name}] = true
				}
			}
		}
	}
}

// dataOf returns what a file holds.
func (a *auditor) dataOf(f placed) data { return a.contents[f.layer.DiffID].data[f.data] }

// least is how many bytes a habit takes before it is worth a line.
const least = 10 << 10

// deletes reports whether a layer removes a path of the layers below, or all of a directory above it.
func (c *Content) deletes(p string) bool {
	if c.gone[p] || c.dirs[p] {
		return true
	}
	for dir := path.Dir("/" + p)[1:]; ; dir = path.Dir("/" + dir)[1:] {
		if _, file := c.files[dir]; file || c.gone[dir] || c.opaque[dir] {
			return true
		}
		if dir == "" {
			return false
		}
	}
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
