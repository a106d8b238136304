package model

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/source"
)

// Place is a path in the image with its owner and mode.
type Place struct {
	Path  string // absolute
	Owner *Owner // nil: root, or as built
	Mode  string // octal, or symbolic as chmod takes it; "": the default, or as built
}

// Owner is a numeric owner.
type Owner struct{ UID, GID int }

// NamedOwner is an owner by names of a base, "www-data" or "www-data:adm".
type NamedOwner struct {
	Name  string
	Owner Owner
	Span  source.Span
}

// Owner returns the owner that names, or numbers, stand for in the system: "USER" or
// "USER:GROUP". A user without a group has its primary group. It returns the part that is
// unknown, which is "" if both are known.
func (s *System) Owner(name string) (o Owner, unknown string) {
	user, group, both := strings.Cut(name, ":")
	if n, err := strconv.Atoi(user); err == nil {
		o = Owner{n, n}
	} else if known, ok := s.Users[user]; ok {
		o = known
	} else {
		return o, user
	}
	if !both {
		return o, ""
	}
	if n, err := strconv.Atoi(group); err == nil {
		o.GID = n
	} else if known, ok := s.Groups[group]; ok {
		o.GID = known
	} else {
		return o, group
	}
	return o, ""
}

// Lacks reports whether o sets an owner or a mode that p leaves open.
func (p Place) Lacks(o Place) bool {
	return p.Owner == nil && o.Owner != nil || p.Mode == "" && o.Mode != ""
}

// Or returns p with the owner and the mode of o where p has none.
func (p Place) Or(o Place) Place {
	if p.Owner == nil {
		p.Owner = o.Owner
	}
	if p.Mode == "" {
		p.Mode = o.Mode
	}
	return p
}

// Own is a path that a component declares as its own, with all beneath it. The owner and
// the mode, if set, apply to all of it. The path is clean.
type Own struct {
	Place
	Span source.Span
}

// Step is a step of a component: *Copy, *Fetch, *Run, *Install, *File, *Dir, *Link,
// *Append.
type Step interface {
	// Where is the step's place in the program.
	Where() source.Span
	// At is what the step writes; nil for a run.
	At() *Place
	// With returns a copy of the step with another place.
	With(Place) Step
	// Makes is the kind of file that the step makes at its path, or Unknown.
	Makes() Made
	// Stages are the instances that the step takes files from.
	Stages() []Stage
	// Takes are the files of the project that the step takes.
	Takes() []*Selection
	// Unseen reports that only the build knows what the step puts at its path or
	// beneath it. For a run, not even the path is known.
	Unseen() bool
	// Bytes is the size that the step adds to an image, before compression; false if
	// some of it is unknown.
	Bytes() (int64, bool)
	// TextLength is the length of the text that the step holds.
	TextLength() int

	hash(put)
	dump(*dumper)
	alone() Step // for OwnRecipe
}

// Made is the kind of file that a step makes at a path.
type Made string

// The kinds.
const (
	Unknown    Made = "" // not known from the step
	AFile      Made = "a file"
	ADirectory Made = "a directory"
	ALink      Made = "a link"
)

// Stage is an instance that a step takes files from.
type Stage struct {
	*Instance
	Below []*Instance // what it is built on, if the files may come from there
}

// Stages returns the instances that an instance copies or mounts files from.
func (i *Instance) Stages() []Stage {
	var out []Stage
	for _, s := range i.Steps {
		out = append(out, s.Stages()...)
	}
	return out
}

// Runs reports whether any of the steps is a run.
func Runs(steps []Step) bool { return slices.ContainsFunc(steps, is[*Run]) }

// Installs reports whether any of the steps installs packages.
func Installs(steps []Step) bool { return slices.ContainsFunc(steps, is[*Install]) }

// Executes reports whether any of the steps executes programs of the system that it is
// done on: a run, or an installation.
func Executes(steps []Step) bool { return slices.ContainsFunc(steps, Unbounded) }

// Unbounded reports whether a step executes programs of the system, which may write
// anywhere.
func Unbounded(s Step) bool { return is[*Run](s) || is[*Install](s) }

func is[T Step](s Step) bool { _, ok := s.(T); return ok }

// stage returns the stage of an instance; none for nil.
func stage(of *Instance, sources ...string) []Stage {
	if of == nil {
		return nil
	}
	return []Stage{{of, StageRoot(of, sources...)}}
}

// Copy copies files of the project, or of another instance's root, to a path. A trailing
// slash of the path means into the directory.
type Copy struct {
	defaults
	Place
	Sources []string // with From: absolute paths; else paths within the project; a trailing / means the contents
	From    *Instance
	Include []string
	Exclude []string
	Taken   *Selection // the files of the sources; nil with From
	Size    int64      // of the project's files
	Span    source.Span
	Tops    []Top // for Taken
}

// Top is a file or directory that a copy puts directly into its target.
type Top struct {
	Path string
	Tree bool // it is a directory
}

// Fetch downloads a file to a path. A trailing slash of the path means into the directory.
type Fetch struct {
	defaults
	Place
	URLs   []string // mirrors of each other; the lock file pins the first one
	Digest string   // "sha256:…"; empty only if a pin is missing, which is an error elsewhere
	SHA512 string   // in hex, if declared; also verified
	Size   int64    // bytes; 0 if unknown
	Unpack bool
	Strip  int   // leading path elements to drop when unpacking
	Limit  int64 // bytes that the archive may hold; 0: the default for its size
	Span   source.Span
	Pinned bool // by the lock file, not by the program
}

// Run runs a command with the shell.
type Run struct {
	defaults
	Script    string
	User      string // "" is root
	Dir       string // "" is /
	Vars      []EnvVar
	Platforms []EnvVar // variables of platforms; see Settled
	Caches    []string
	Tmpfs     []string
	Binds     []Bind
	Secrets   []Secret
	SSH       bool
	NoNetwork bool
	Span      source.Span
}

// Settled returns steps whose runs have their variables of platforms among Vars, except those that an
// environment has: what a program sets is never replaced.
func Settled(steps []Step, env []EnvVar) []Step {
	out := slices.Clone(steps)
	for n, s := range steps {
		r, ok := s.(*Run)
		if !ok || len(r.Platforms) == 0 {
			continue
		}
		settled := *r
		settled.Vars, settled.Platforms = slices.Clone(r.Vars), nil
		for _, v := range r.Platforms {
			if !slices.ContainsFunc(env, func(e EnvVar) bool { return e.Name == v.Name }) {
				settled.Vars = append(settled.Vars, v)
			}
		}
		out[n] = &settled
	}
	return out
}

// Install installs packages of the base's distribution. What else they need lies below
// the instance.
type Install struct {
	defaults
	Names        []string      // as in the program
	Places       []source.Span // where each of them is written
	Distribution string
	// Packages are those with the names, and what of their needs needs one of them, or a
	// package that an instance below has installed. Sorted by name.
	Packages []lock.Package
	Span     source.Span
}

// Bind mounts files of the project, or of another instance, for a run.
type Bind struct {
	Source string
	From   *Instance
	To     string
	Taken  *Selection // the files of Source; nil with From
}

// Secret makes a secret of the fleet available to a run.
type Secret struct {
	Name string
	Env  string // the variable that has it, or
	File string // the file that has it
}

// File writes a file. The default mode is 0644.
type File struct {
	defaults
	Place
	Text string
	Span source.Span
}

// Append adds text to a file. A new file gets the owner and the mode, or root and 0644.
// Among an instance's steps, it is part of a finishing instance: the text of all
// fragments for a file that may exist.
type Append struct {
	defaults
	Place
	Text string
	Span source.Span
}

// Dir makes a directory. The default mode is 0755.
type Dir struct {
	defaults
	Place
	Inherited bool // owner and mode were not declared for it: an existing directory stays unchanged
	Times     bool // files that portable instances place below it have times that depend on their content
	Span      source.Span
}

// Link makes a symbolic link at Path that points to To.
type Link struct {
	defaults
	Path, To string
	Span     source.Span
}

// defaults implements the answers of most steps.
type defaults struct{}

func (defaults) Makes() Made          { return Unknown }
func (defaults) Stages() []Stage      { return nil }
func (defaults) Takes() []*Selection  { return nil }
func (defaults) Unseen() bool         { return false }
func (defaults) Bytes() (int64, bool) { return 0, true }
func (defaults) TextLength() int      { return 0 }

// At returns the place itself.
func (p *Place) At() *Place { return p }

func (s *Copy) Where() source.Span    { return s.Span }
func (s *Fetch) Where() source.Span   { return s.Span }
func (s *Run) Where() source.Span     { return s.Span }
func (s *Install) Where() source.Span { return s.Span }
func (s *File) Where() source.Span    { return s.Span }
func (s *Append) Where() source.Span  { return s.Span }
func (s *Dir) Where() source.Span     { return s.Span }
func (s *Link) Where() source.Span    { return s.Span }

func (s *Fetch) With(p Place) Step  { c := *s; c.Place = p; return &c }
func (s *File) With(p Place) Step   { c := *s; c.Place = p; return &c }
func (s *Append) With(p Place) Step { c := *s; c.Place = p; return &c }
func (s *Dir) With(p Place) Step    { c := *s; c.Place = p; return &c }

// With returns the copy to another place.
func (s *Copy) With(p Place) Step {
	c := *s
	c.Place = p
	if from, to := path.Clean(s.Path), path.Clean(p.Path); from != to {
		c.Tops = slices.Clone(s.Tops)
		for n := range c.Tops {
			c.Tops[n].Path = path.Join(to, strings.TrimPrefix(s.Tops[n].Path, from))
		}
	}
	return &c
}

// At returns the link's path: a link has neither owner nor mode.
func (s *Link) At() *Place { return &Place{Path: s.Path} }

// With returns the link at another path.
func (s *Link) With(p Place) Step { c := *s; c.Path = p.Path; return &c }

// At returns nil: a run may write anywhere.
func (s *Run) At() *Place { return nil }

// With returns the run itself.
func (s *Run) With(Place) Step { return s }

// At returns nil: packages may write anywhere.
func (s *Install) At() *Place { return nil }

// With returns the step itself.
func (s *Install) With(Place) Step { return s }

func (s *File) Makes() Made { return AFile }
func (s *Dir) Makes() Made  { return ADirectory }
func (s *Link) Makes() Made { return ALink }

// Makes returns ADirectory for an unpacked archive, AFile otherwise.
func (s *Fetch) Makes() Made {
	if s.Unpack {
		return ADirectory
	}
	return AFile
}

// Makes knows only copies into a directory and copies of a directory's contents. Only
// the build knows the kind of a file in a stage.
func (s *Copy) Makes() Made {
	contents := strings.HasSuffix(s.Sources[0], "/")
	if s.Taken != nil {
		_, file := s.Target()
		contents = file == ""
	}
	if contents || strings.HasSuffix(s.Path, "/") {
		return ADirectory
	}
	return Unknown
}

// Stages returns the stage that `from` names.
func (s *Copy) Stages() []Stage { return stage(s.From, s.Sources...) }

// Stages returns the stages that are mounted.
func (s *Run) Stages() []Stage {
	var out []Stage
	for _, b := range s.Binds {
		out = append(out, stage(b.From, b.Source)...)
	}
	return out
}

// Takes returns the copied files, unless they come from a stage.
func (s *Copy) Takes() []*Selection {
	if s.Taken == nil {
		return nil
	}
	return []*Selection{s.Taken}
}

// Takes returns the mounted files of the project.
func (s *Run) Takes() []*Selection {
	var out []*Selection
	for _, b := range s.Binds {
		if b.Taken != nil {
			out = append(out, b.Taken)
		}
	}
	return out
}

func (s *Copy) Unseen() bool  { return s.From != nil }
func (s *Fetch) Unseen() bool { return s.Unpack }

func (s *Copy) Bytes() (int64, bool)  { return s.Size, s.From == nil }
func (s *Fetch) Bytes() (int64, bool) { return s.Size, s.Size > 0 }
func (s *File) Bytes() (int64, bool)  { return int64(len(s.Text)), true }

// Bytes returns 0, false: the size is unknown before the run.
func (s *Run) Bytes() (int64, bool) { return 0, false }

func (s *File) TextLength() int   { return len(s.Text) }
func (s *Append) TextLength() int { return len(s.Text) }

// TextLength returns the length of the script and its variables.
func (s *Run) TextLength() int {
	n := len(s.Script)
	for _, v := range s.Vars {
		n += len(v.Value)
	}
	return n
}

// Placed returns the path at which a step puts something; a trailing slash means into
// it. It returns false for a run and for a fragment.
func Placed(s Step) (string, bool) {
	_, adds := s.(*Append)
	if at := s.At(); at != nil && !adds {
		return at.Path, true
	}
	return "", false
}

// Leads returns the absolute path that a link points to.
func (s *Link) Leads() string {
	if strings.HasPrefix(s.To, "/") {
		return path.Clean(s.To)
	}
	return path.Join(path.Dir(s.Path), s.To)
}

// Target returns where a copy of project files puts its tree. If from is a directory of
// the tree, to gets its contents; if from is a file, to is that file's new path.
func (s *Copy) Target() (to, from string) {
	src := s.Taken.Sources[0]
	if len(s.Sources) > 1 || src.Pattern {
		return s.Path, ""
	}
	to = s.Path
	if strings.HasSuffix(to, "/") && !strings.HasSuffix(s.Sources[0], "/") {
		to += path.Base(src.Path)
	}
	if src.Contents {
		return to, ""
	}
	return to, path.Base(src.Path)
}

// NamesDirectory reports whether a copy of project files copies one directory under its
// own name, not the directory's contents.
func (s *Copy) NamesDirectory() bool {
	src := s.Taken.Sources[0]
	return len(s.Sources) == 1 && src.Contents && src.Path != "." && !strings.HasSuffix(s.Sources[0], "/")
}

// IsPattern reports whether a source may be a pattern.
func IsPattern(src string) bool { return strings.ContainsAny(src, "*?[") }

// Downloads returns the downloads of an instance.
func (i *Instance) Downloads() []*Fetch {
	var all []*Fetch
	if i.System != nil && i.System.Rootfs != nil {
		all = append(all, i.System.Rootfs)
	}
	for _, s := range i.Steps {
		if f, ok := s.(*Fetch); ok {
			all = append(all, f)
		}
	}
	return all
}
