package model

import (
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/source"
)

// Place is a path of the image, and whose it is.
type Place struct {
	Path  string // absolute
	Owner *Owner // nil: root, or as built
	Mode  string // octal, or symbolic as chmod takes it; "": what is usual, or as built
}

// Owner is a numeric owner.
type Owner struct{ UID, GID int }

// Lacks reports whether a place leaves open what another one says.
func (p Place) Lacks(o Place) bool {
	return p.Owner == nil && o.Owner != nil || p.Mode == "" && o.Mode != ""
}

// Or is a place with the owner and the mode of another one where it has none.
func (p Place) Or(o Place) Place {
	if p.Owner == nil {
		p.Owner = o.Owner
	}
	if p.Mode == "" {
		p.Mode = o.Mode
	}
	return p
}

// Own is a declared path: what is beneath it belongs to the component, and is given
// the owner and the mode, if there are any. The path is clean.
type Own struct {
	Place
	Span source.Span
}

// Step is a step of a component: *Copy, *Fetch, *Run, *File, *Dir, *Link,
// *Append.
type Step interface {
	// Where is the step's place in the program.
	Where() source.Span
	// At is what the step writes; nil of a run.
	At() *Place
	// With is the step with another place. It leaves the step itself as it is.
	With(Place) Step
	// Makes is what the step makes of its path, or Unknown.
	Makes() Made
	// Stages are the instances that it takes files from.
	Stages() []Stage
	// Takes are the files of the project that it takes.
	Takes() []*Selection
	// Unseen says that only the build knows what the step puts at its path, or
	// beneath it. Of a run nobody knows even where.
	Unseen() bool
	// Bytes is how much it adds to an image, before compression; false if that
	// is not all.
	Bytes() (int64, bool)
	// TextLength is how long the text is that it holds.
	TextLength() int

	hash(put)
	dump(*dumper)
	alone() Step // for OwnRecipe
}

// Made is what a step makes of a path.
type Made string

// What steps make.
const (
	Unknown    Made = "" // the step's text does not say it
	AFile      Made = "a file"
	ADirectory Made = "a directory"
	ALink      Made = "a link"
)

// Stage is an instance whose files a step takes.
type Stage struct {
	*Instance
	Below []*Instance // what it stands on, if files of that may be among them
}

// Stages are the instances whose files an instance copies or mounts.
func (i *Instance) Stages() []Stage {
	var out []Stage
	for _, s := range i.Steps {
		out = append(out, s.Stages()...)
	}
	return out
}

// HasRun reports whether any of an instance's steps is a run.
func HasRun(i *Instance) bool { return Runs(i.Steps) }

func Runs(steps []Step) bool {
	return slices.ContainsFunc(steps, func(s Step) bool { _, ok := s.(*Run); return ok })
}

// stage is the stage of an instance; none without one.
func stage(of *Instance, sources ...string) []Stage {
	if of == nil {
		return nil
	}
	return []Stage{{of, StageRoot(of, sources...)}}
}

// Copy copies files of the project, or of another instance's root, to a path; a
// trailing / of that means into it.
type Copy struct {
	defaults
	Place
	Sources []string // with From: absolute paths; else paths within the project; a trailing / means the contents
	From    *Instance
	Include []string
	Exclude []string
	Taken   *Selection // what the sources are; nil with From
	Size    int64      // of what is taken from the project
	Span    source.Span
	Tops    []Top // of Taken
}

// Top is what a copy puts directly where it copies to.
type Top struct {
	Path string
	Tree bool // it is a directory
}

// Fetch downloads a file to a path; a trailing / of that means into it.
type Fetch struct {
	defaults
	Place
	URLs   []string // mirrors of each other; the first one is what the lock file pins
	Digest string   // "sha256:…"; empty only where a pin is missing, which is an error elsewhere
	SHA512 string   // in hex, if declared: verified as well
	Size   int64    // bytes; 0 if unknown
	Unpack bool
	Strip  int   // leading path elements to drop when unpacking
	Limit  int64 // bytes that the archive may hold; 0 for as many as are usual for its size
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
	Caches    []string
	Tmpfs     []string
	Binds     []Bind
	Secrets   []Secret
	SSH       bool
	NoNetwork bool
	Span      source.Span
}

// Bind mounts files of the project, or of another instance, for a run.
type Bind struct {
	Source string
	From   *Instance
	To     string
	Taken  *Selection // what Source is; nil with From
}

// Secret gives a run a secret of the fleet.
type Secret struct {
	Name string
	Env  string // as this variable, or
	File string // as this file
}

// File writes a file, of mode 0644 if it says none.
type File struct {
	defaults
	Place
	Text string
	Span source.Span
}

// Append adds text to a file, which if it is new has the owner and the mode, or
// else 0644. As a step of an instance it is one of a finishing one: the text of
// all fragments, for a file that may be there.
type Append struct {
	defaults
	Place
	Text string
	Span source.Span
}

// Dir makes a directory, of mode 0755 if it says none.
type Dir struct {
	defaults
	Place
	Inherited bool // owner and mode are not its own words: a directory that is there stays unchanged
	Span      source.Span
}

// Link makes a symbolic link at Path that points to To.
type Link struct {
	defaults
	Path, To string
	Span     source.Span
}

// defaults are the answers of most steps.
type defaults struct{}

func (defaults) Makes() Made          { return Unknown }
func (defaults) Stages() []Stage      { return nil }
func (defaults) Takes() []*Selection  { return nil }
func (defaults) Unseen() bool         { return false }
func (defaults) Bytes() (int64, bool) { return 0, true }
func (defaults) TextLength() int      { return 0 }

// At is the place itself.
func (p *Place) At() *Place { return p }

func (s *Copy) Where() source.Span   { return s.Span }
func (s *Fetch) Where() source.Span  { return s.Span }
func (s *Run) Where() source.Span    { return s.Span }
func (s *File) Where() source.Span   { return s.Span }
func (s *Append) Where() source.Span { return s.Span }
func (s *Dir) Where() source.Span    { return s.Span }
func (s *Link) Where() source.Span   { return s.Span }

func (s *Copy) With(p Place) Step   { c := *s; c.Place = p; return &c }
func (s *Fetch) With(p Place) Step  { c := *s; c.Place = p; return &c }
func (s *File) With(p Place) Step   { c := *s; c.Place = p; return &c }
func (s *Append) With(p Place) Step { c := *s; c.Place = p; return &c }
func (s *Dir) With(p Place) Step    { c := *s; c.Place = p; return &c }

// At is the link's path: it has neither owner nor mode.
func (s *Link) At() *Place { return &Place{Path: s.Path} }

// With is the link at another path.
func (s *Link) With(p Place) Step { c := *s; c.Path = p.Path; return &c }

// At is nil: nobody knows what a run writes.
func (s *Run) At() *Place { return nil }

// With is the run itself.
func (s *Run) With(Place) Step { return s }

func (s *File) Makes() Made { return AFile }
func (s *Dir) Makes() Made  { return ADirectory }
func (s *Link) Makes() Made { return ALink }

// Makes is a directory if an archive is unpacked there.
func (s *Fetch) Makes() Made {
	if s.Unpack {
		return ADirectory
	}
	return AFile
}

// Makes is known of what is copied into a directory, and of the contents of one. What a
// name in a stage stands for, only the build knows.
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

// Stages is what `from` names.
func (s *Copy) Stages() []Stage { return stage(s.From, s.Sources...) }

// Stages are what the mounts are of.
func (s *Run) Stages() []Stage {
	var out []Stage
	for _, b := range s.Binds {
		out = append(out, stage(b.From, b.Source)...)
	}
	return out
}

// Takes is what is copied, unless it is of a stage.
func (s *Copy) Takes() []*Selection {
	if s.Taken == nil {
		return nil
	}
	return []*Selection{s.Taken}
}

// Takes are the mounts that are of the project.
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

// Bytes is nothing that is known before the run.
func (s *Run) Bytes() (int64, bool) { return 0, false }

func (s *File) TextLength() int   { return len(s.Text) }
func (s *Append) TextLength() int { return len(s.Text) }

// TextLength is that of the script and of its variables.
func (s *Run) TextLength() int {
	n := len(s.Script)
	for _, v := range s.Vars {
		n += len(v.Value)
	}
	return n
}

// Placed is the path at which a step puts something, a trailing / meaning into
// it; false for a run and for a fragment.
func Placed(s Step) (string, bool) {
	_, adds := s.(*Append)
	if at := s.At(); at != nil && !adds {
		return at.Path, true
	}
	return "", false
}

// Leads is the absolute path that a link points to.
func (s *Link) Leads() string {
	if strings.HasPrefix(s.To, "/") {
		return path.Clean(s.To)
	}
	return path.Join(path.Dir(s.Path), s.To)
}

// Target is where a copy of project files puts its tree: to is the directory
// that it fills with what lies in from, or if from is a file, that file's new
// path.
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

// NamesDirectory reports whether a copy of project files is of one directory
// with its name, not of what the directory holds.
func (s *Copy) NamesDirectory() bool {
	src := s.Taken.Sources[0]
	return len(s.Sources) == 1 && src.Contents && src.Path != "." && !strings.HasSuffix(s.Sources[0], "/")
}

// IsPattern reports whether a text may be a pattern for several files.
func IsPattern(src string) bool { return strings.ContainsAny(src, "*?[") }

// Downloads are what an instance downloads.
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
