// Package model represents a fleet on one platform as values: instances (a component
// with its arguments and with its needs bound) with their steps, apps (closures of
// instances) and their configuration. Package bind makes these values. Planning,
// lowering and reports read them, and read nothing of the earlier stages.
//
// graph.go has the values and step.go the steps of instances. setting.go merges image
// configuration, selection.go decides which files of the project a step takes, key.go
// hashes recipes, and order.go sorts instances. world.go computes the image that an app
// would have for one instance alone, and dump.go prints a graph.
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
	Platform  Platform
	Fleet     Fleet
	Instances []*Instance // of images and of builds; each after all that it refers to
	Apps      []*App      // by name
	Published []*App      // by name and tag: base images that `publish` declares
	Refs      lock.Refs   // all that the lock file has to pin
	// Askers are the places that want packages, by name of the package.
	Askers map[string][]source.Span
	// Systems are the clauses that make bases, by the image, layout or URL, and the places that name bases
	// of packages, by the distribution.
	Systems      map[string][]source.Span
	Repositories Repositories
	Ignore       []string // patterns of IgnoreFile: copies of project files skip what they match
}

// Repository is a git repository.
type Repository struct {
	Mount  string // its directory in the tree of files: "@git.example.com/team/layers"
	Digest string // of its content, as the lock file pins it
}

// Repositories are the git repositories in the tree of files, sorted by mount.
type Repositories []Repository

// Of splits the path of a repository's file into the repository and the path within
// it. For a file of the project, it returns the zero Repository and p.
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

// Complete reports whether layc can do every kind of step on a platform. On others, it can neither
// install packages nor keep what runs change in the system itself: both take its helper, as a
// program of that platform.
func (p Platform) Complete() bool { return slices.Contains(HelperArchs, p.Arch) }

// HelperArchs are the architectures that layc has its helper for.
var HelperArchs = []string{"amd64", "arm64"}

// CompletePlatforms are the complete platforms without variants.
func CompletePlatforms() []string {
	var all []string
	for _, arch := range HelperArchs {
		all = append(all, "linux/"+arch)
	}
	return all
}

// Fleet is the fleet declaration.
type Fleet struct {
	Identity  string      // "": none
	Registry  string      // "": none
	Naming    string      // the template of image names, see package naming; "": the default
	NamingAt  source.Span // where Naming is set
	Layers    int         // 0: not set
	LayersAt  source.Span // where Layers is set
	Platforms []string
	Builder   Platform // what builds cross is built on; zero: not set
	Secrets   []string // sorted
}

// Kind tells how a component's content gets into an image.
type Kind uint8

// The kinds.
const (
	Empty    Kind = iota // no content: configuration and needs only
	Base                 // the base system
	Stacked              // built on the layers below it
	Portable             // independent of the layers below it
)

func (k Kind) String() string { return [...]string{"empty", "base", "stacked", "portable"}[k] }

// Instance is a component with its arguments and its needs bound. Instances are equal
// if and only if their pointers are.
type Instance struct {
	// Name is the component with its arguments, and with the bindings of its flexible
	// needs that change its content. An instance for files that several components
	// write has only a path.
	Name
	// ID is the lasting name of the instance: its Name as text, without passwords. For
	// files that several components write, it also names these components. Instances
	// of a graph with the same ID have the same content.
	ID string
	// Given are the arguments that people see: those of the Name, without the ones at the end that
	// are the defaults. The first one stays. Booleans after it have their names: `security: false`.
	Given []string
	// Title is the name to display: the last word of the path, and Given: `server("24.0.0.6")`.
	// If components with different paths would be shown alike, it has as much of the path as
	// tells them apart. Several instances of one component may share it.
	Title string
	Kind  Kind
	Key   Key // the recipe key; zero for Empty
	Span  source.Span
	// Asked is the line of the project that first led to it, if it is declared in another module:
	// of the standard library, or of a git repository. Else it is zero.
	Asked source.Span
	Doc   string

	System  *System       // of a Base
	Package *PackageGroup // of a Stacked instance that one transaction installs with others: OS packages, an account

	Steps []Step
	Owns  []Own // declared by `owns`
	// Parents are directories that are not 0755 root, sorted by path: those above
	// what the instance places, and directories of the base that it may hold beneath
	// what it unpacks or copies. A portable layer carries the former. See parents.go
	// of package bind.
	Parents []Place
	// Timed are the directories, sorted, below which the instance may place files whose times depend
	// on their content. They are part of the recipe, too. Only a portable instance has any.
	Timed []string
	// Fragments are its contributions to files that several components write. They
	// are not content of its own: see fragments.go of package bind.
	Fragments []*Append
	// Root is what the steps run on, in order: the base, then the closures of
	// Needs and BuildsWith, each instance after its needs. Nil if nothing runs.
	Root []*Instance
	// Stage takes the place of Root in an instance that runs nothing, but has files
	// copied from its root file system. Use StageRoot.
	Stage []*Instance
	Env   []EnvVar // of its runs and installations, sorted by name; nil if it has none
	// Builder is the platform that its runs execute on, if it is not the graph's: of an
	// instance that builds cross, and of all that its Root is made of.
	Builder Platform
	// Cross is set if the instance itself is for the graph's platform in spite of its
	// Builder. Its Needs are, too; their counterparts on the builder are in Root.
	Cross bool

	// Named are the owners that its steps have by name: a base below it has them with
	// the same numbers.
	Named []NamedOwner

	Needs    []*Instance // in the order of the program
	RunsWith []*Instance
	After    []*Instance

	Rate     Rate
	RateWith *Instance // it changes together with this instance
	Size     int64     // declared, bytes; 0: not declared
	Publish  string
	Tests    []Test

	Settings []Setting // of image configuration

	number                  int         // in the graph, from 1
	sortedNeeds, sortedRuns []*Instance // Needs and RunsWith by ID
}

// HasLayer reports whether the instance is in a layer of the images that have it.
func (i *Instance) HasLayer() bool {
	return i.Kind != Empty && (i.System == nil || !i.System.Scratch)
}

// Key is a recipe key: equal keys mean equal content. The zero Key means no content.
type Key [32]byte

// System is a base system.
type System struct {
	Scratch bool // empty: an image on it has no layer for its base
	// Distribution is "debian/bookworm" for a system that is made from its packages,
	// which are in Packages.
	Distribution string
	Packages     []lock.Package
	Image        string // a reference
	Digest       string // its pin on this platform
	Layout       string // a directory of the project that is an OCI layout; Digest is its manifest's
	Rootfs       *Fetch // an archive
	Layers       int    // number of layers; 0 means one
	// Links are its directory links, e.g. /bin to /usr/bin. Dirs are its directories
	// that are not 0755 root.
	Links map[string]string
	Dirs  []Place
	// Users are the owners that its users stand for, and Groups its groups, by name.
	// Both are nil if they are not known.
	Users  map[string]Owner
	Groups map[string]int
	// Settings are the configuration of its image, which the component's own replace.
	Settings []Setting
}

// Known reports whether the program says what the system is; if not, that is an error.
func (s *System) Known() bool {
	return s.Scratch || s.Distribution != "" || s.Image != "" || s.Layout != "" || s.Rootfs != nil
}

// PackageGroup is a set of OS packages that can only be installed together. Most
// groups have one package. A group without packages is an account.
type PackageGroup struct {
	Distribution string // "" of an account
	Packages     []lock.Package
	Account      *Account
}

// Account is a user of the system with a group of the same name.
type Account struct {
	Name     string
	UID, GID int
	Home     string   // created and owned by the user; "": none
	Shell    string   // "": no login
	Groups   []string // additional ones, which must exist; sorted
}

// OnceAYear is the rate of one change a year, in millionths.
const OnceAYear = 1_000_000

// Rate is how often a component changes.
type Rate struct {
	Micros int64 // changes per year, in millionths; 0: never
	Set    bool  // declared, not the default
}

// Test is a command to run and its expected output; World tells where it runs.
type Test struct {
	Command string   // as in the program: a command of the shell, or a list
	Args    []string // the program to execute and its arguments
	Prints  string
	Span    source.Span
}

// EnvVar is an environment variable.
type EnvVar struct{ Name, Value string }

// App is an app on one platform.
type App struct {
	// Name is unique among apps: the repository, or the repository and the first
	// tag if several apps of a matrix share the repository.
	Name       string
	Repository string // of its image, within the fleet's registry
	Doc        string
	Span       source.Span
	Base       *Instance
	Uses       []*Instance // in the order of the program
	Closure    []*Instance // all instances of its image except Delta: base first, each after its needs
	Delta      *Instance   // its own steps; nil: none
	Layers     int         // limit; 0: the default
	LayersAt   source.Span // where Layers is set
	Replicas   int         // at least 1
	Tags       []string
	Config     Config
	UserAt     source.Span // where the configuration sets the user; zero: nowhere
	StartAt    source.Span // where it sets the program: the entrypoint, or else the command
	HealthAt   source.Span // where it sets the health check
	Tests      []Test
	// Published is the component that this base image publishes; nil for an app.
	Published *Instance
}

// NoApps is not the name of any app: on command lines, it stands for none of them.
const NoApps = "none"

// References returns the names of the app's image: its repository with each of its
// tags, or the bare repository if it has no tags. The first one is its primary name.
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
	Annotations []EnvVar // of the manifest, sorted
	StopSignal  string
	Shell       []string
	Healthcheck *Healthcheck
}

// Healthcheck is a command that checks whether a container is healthy. Zero durations
// mean the engine's defaults.
type Healthcheck struct {
	Command               []string // empty: disables the inherited check
	Every, Timeout, Start time.Duration
	Retries               int
}
