// Package model is a fleet on one platform as values: instances (a component with
// its arguments and with its needs bound) with their steps, apps (closures of
// instances) and their configuration. Package bind makes them; planning,
// lowering and reports read them, and nothing else of what came before.
//
// graph.go has the values, step.go what instances do; setting.go merges image
// configuration; selection.go says which files a step takes of the project;
// key.go hashes recipes; order.go puts instances in order; world.go says what an
// image would hold for the sake of one instance; dump.go prints a graph.
package model

import (
	"slices"
	"strings"
	"time"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/paths"
	"github.com/layc-lang/layc/lang/source"
)

// Graph is a fleet on one platform.
type Graph struct {
	Platform     Platform
	Fleet        Fleet
	Instances    []*Instance // of the image world and of the build world; each after all that it refers to
	Apps         []*App      // by name
	Published    []*App      // by name and tag: what `publish` makes images, see publish.go
	Refs         lock.Refs   // all that the lock file has to pin
	Repositories Repositories
	Ignore       []string // patterns of IgnoreFile: no copy of project files takes what they match
}

// Repository is a git repository.
type Repository struct {
	Mount  string // its directory in the tree of files: "@git.example.com/team/layers"
	Digest string // of its content, as the lock file pins it
}

// Repositories are the git repositories in the tree of files, by mount.
type Repositories []Repository

// Of splits the path of a file that is a repository's into that and the path
// within; the zero Repository and p for one of the project.
func (list Repositories) Of(p string) (of Repository, rest string) {
	for _, r := range slices.Backward(list) { // the longest first
		if paths.Beneath(p, r.Mount) {
			return r, strings.TrimPrefix(strings.TrimPrefix(p, r.Mount), "/")
		}
	}
	return Repository{}, p
}

// Platform is os/arch[/variant], in the names of the OCI image specification.
type Platform struct{ OS, Arch, Variant string }

func (p Platform) String() string {
	s := p.OS + "/" + p.Arch
	if p.Variant != "" {
		s += "/" + p.Variant
	}
	return s
}

// Fleet is what the fleet declaration says.
type Fleet struct {
	Registry  string      // "" without
	Layers    int         // 0 without
	LayersAt  source.Span // where that is written
	Platforms []string
	Secrets   []string // sorted
}

// Kind says how a component's content gets into an image.
type Kind uint8

// The kinds.
const (
	Empty    Kind = iota // no content: configuration and needs only
	Base                 // the base system
	Stacked              // built on the layers below it
	Portable             // independent of what it is put on
)

func (k Kind) String() string { return [...]string{"empty", "base", "stacked", "portable"}[k] }

// Instance is a component with its arguments, its needs bound. Instances are
// equal if and only if they are the same pointer.
type Instance struct {
	// Name is the component with its arguments, and what its flexible needs are
	// bound to where that changes its content. Files that several write have a
	// path alone.
	Name
	// ID names the instance for good. It is the Name as text, without passwords; of
	// files that several write it says whose they are. Instances of a graph that
	// have the same ID have the same content.
	ID string
	// Title is the name to show: `server("24.0.0.6")`. Several instances
	// may share it.
	Title string
	Kind  Kind
	Key   Key // the recipe key; zero for Empty
	Span  source.Span
	Doc   string

	System  *System       // of a Base
	Package *PackageGroup // of a Stacked one that is installed in one transaction with others: OS packages, an account

	Steps []Step
	Owns  []Own // what `owns` declares
	// Parents are the directories above what it places that are not 0755
	// root, and those of the base that it may hold beneath what it unpacks or
	// copies, sorted by path: see parents.go. A portable layer carries the former.
	Parents []Place
	// Fragments are what it contributes to files that several write. They are
	// no content of its own: see fragments.go.
	Fragments []*Append
	// Root is what the steps run on, in order: the base, then the closures of
	// Needs and BuildsWith, each after what it needs. Nil without a run.
	Root []*Instance
	// Stage is what Root would be, of what runs nothing and has files copied
	// from its root file system. Use StageRoot.
	Stage []*Instance
	Env   []EnvVar // what its runs see, sorted by name; nil without a run

	Needs    []*Instance // as written, bound
	RunsWith []*Instance
	After    []*Instance

	Rate     Rate
	RateWith *Instance // changes with: shares that instance's changes
	Size     int64     // declared, bytes; 0 without
	Publish  string
	Tests    []Test

	Settings []Setting // of image configuration

	number                  int         // among the graph's instances, from 1
	sortedNeeds, sortedRuns []*Instance // Needs and RunsWith by ID
}

// Key is a recipe key: equal keys mean equal content. The zero Key is that of
// nothing.
type Key [32]byte

// System is a base system.
type System struct {
	// Distribution is "debian/bookworm" for one that is put together from its
	// packages, which are Packages.
	Distribution string
	Packages     []lock.Package
	Image        string // a reference
	Digest       string // its pin on this platform
	Layout       string // an OCI layout, a directory of the project; Digest is that of its manifest
	Rootfs       *Fetch // an archive
	Layers       int    // how many it has; 0 is one
	// Links are its directory links, e.g. /bin to /usr/bin, and Dirs those of
	// its directories that are not 0755 root.
	Links map[string]string
	Dirs  []Place
}

// PackageGroup is OS packages that can only be installed together; most
// groups hold one. A group without packages is an account.
type PackageGroup struct {
	Distribution string // "" of an account
	Packages     []lock.Package
	Account      *Account
}

// Account is a user of the system, and the group of the same name.
type Account struct {
	Name     string
	UID, GID int
	Home     string   // made, and the user's, unless ""
	Shell    string   // "" is none to log in with
	Groups   []string // further ones, which must be there; sorted
}

// Rate is how often something changes.
type Rate struct {
	PerYear int64 // 0: never
	Set     bool  // declared, not a default
}

// Test is a command to run and what it has to print: see World for where.
type Test struct {
	Command, Prints string
	Span            source.Span
}

// EnvVar is an environment variable.
type EnvVar struct{ Name, Value string }

// App is an app on one platform.
type App struct {
	// Name tells the app from all others: its repository, or if several apps
	// of one matrix share that, the repository and the first tag.
	Name       string
	Repository string // of its image, within the fleet's registry
	Doc        string
	Span       source.Span
	Base       *Instance
	Uses       []*Instance // as written, bound
	Closure    []*Instance // all that is in its image, base first, each after what it needs; without the delta
	Delta      *Instance   // its own steps; nil without
	Layers     int         // its limit; 0: the default
	LayersAt   source.Span // where that is written
	Replicas   int         // at least 1
	Tags       []string
	Config     Config
	UserAt     source.Span // where the configuration's user is set; zero without
	Tests      []Test
	// Published is the component whose base image this is; nil of an app.
	Published *Instance
}

// References are the names of the app's image: its repository with each of its
// tags, or alone if it has none. The first one is what it is called by.
func (a *App) References() []string {
	if len(a.Tags) == 0 {
		return []string{a.Repository}
	}
	var out []string
	for _, t := range a.Tags {
		out = append(out, a.Repository+":"+t)
	}
	return out
}

// Config is the configuration of an image.
type Config struct {
	Env         []EnvVar // sorted by name
	User        string
	Workdir     string
	Expose      []string // "9080/tcp", sorted
	Volumes     []string // sorted
	Entrypoint  []string
	Command     []string
	Labels      []EnvVar // sorted
	StopSignal  string
	Shell       []string
	Healthcheck *Healthcheck
}

// Healthcheck is a command that tells whether a container is well. Zero
// durations are the engine's defaults.
type Healthcheck struct {
	Command               []string // empty: the inherited one is switched off
	Every, Timeout, Start time.Duration
	Retries               int
}
