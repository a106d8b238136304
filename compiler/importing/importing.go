// Package importing translates Dockerfiles to a module that plans.
//
// # How it works
//
// A build is a Dockerfile with a context, a target and arguments. BuildKit's own parser and shell
// lexer read it. Each stage that an image needs becomes a sequence of units: a clause of a .layer
// file with the line that it is from. FROM of a stage or of a sibling image continues the sequence of
// that one, so the tree of images is in the beginnings of sequences.
//
// Equal units are one thing. The units of all sequences are therefore counted by their keys, which
// hold everything that decides about the result: the clause, the directory, the user and the
// variables that a command mentions. Neighbours with the same images form a block, and
//
//   - a block of several images is a component that these share;
//   - a block of one image is its own: what only places files becomes the app's own steps, what runs
//     something a component. A copy that follows a run begins another one, as it begins another
//     layer of a Dockerfile;
//   - a download that is unpacked depends on nothing, and is a component of its own;
//   - a stage that files are copied from is a component that no image has.
//
// A component needs the components that are before it in all of its images. What is before it in only
// some of them cannot be needed, so a run in such a component is a guess. A block that only
// configures, or only creates directories, is not worth a component.
//
// # What is kept and what is guessed
//
// Each instruction has a class: exact, idiom, run, repository, guess or question. A translation that
// may change the image is a guess and says why. What cannot be translated is a question: a comment
// TODO(import) with the line and the reason, in place of the clause. So the module has no errors
// before somebody answers.
//
// Sequences that differ in words alone (versions, checksums, names) become one app with a matrix; see
// families.go.
//
// Everything here is pure: the same files give the same text.
package importing

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Input is everything that an import depends on.
type Input struct {
	Files  fs.FS   // the project: Dockerfiles and their contexts; the module is written into its root
	Builds []Build // what to import, with different names
	// Skipped is what was found but cannot be imported. The report repeats it.
	Skipped  []Skipped
	Bases    Bases
	Registry string // of the fleet; "": none
	// Measured are the layers of images that the Dockerfiles have made, by the names of the builds.
	Measured map[string][]Measured
	Builder  string // the platform of stages FROM --platform=$BUILDPLATFORM; "": linux/amd64
}

// Bases says what becomes of bases that are images of Debian.
type Bases int

// The default makes Debian from packages wherever the files can be translated on it.
const (
	Packages Bases = iota // Debian's images become distributions, whose packages images share
	Images                // all bases stay images
	Library               // as Packages, and some images become modules of the standard library
)

// Build is an image that a Dockerfile makes.
type Build struct {
	Name     string            // of the app
	File     string            // the Dockerfile, a path of the project
	Text     string            // its text
	Context  string            // a directory of the project
	Target   string            // a stage; "": the last one
	Args     map[string]string // values of ARG
	Contexts map[string]string // named contexts: directories, docker-image://REF, target:NAME
	Labels   map[string]string // of the image, besides those of the Dockerfile
	Names    []string          // by which Dockerfiles may refer to the image
	Images   []string          // names of the image with registries and tags, the first one for its app
	Tags     []string          // of the app
	Guess    string            // what was guessed to find this build; "" if nothing
}

// Result is what an import writes.
type Result struct {
	Module string // canonical text
	Ignore string // the text of .layerignore; "" if no file is needed
	// Systems are the images that became systems made of packages: the expressions of these, by the
	// images.
	Systems map[string]string
	Report  Report
}

// Import translates builds. It fails only if no build can be read.
func Import(in Input) (*Result, error) {
	im := &importer{in: in, params: map[string]*param{}, bases: map[string]*base{}, plain: map[string]bool{}, stays: map[string]kept{}, modes: modes{in.Files, map[seenSource]protected{}}, ignores: readIgnores(in)}
	im.read()
	if len(im.targets) == 0 {
		return nil, im.failed()
	}
	im.families()
	im.apart()
	im.share()
	im.own()
	im.crossing()
	text, err := im.write()
	if err != nil {
		return nil, err
	}
	systems := map[string]string{}
	for _, b := range im.bases {
		for _, name := range b.names {
			systems[name] = b.system
		}
	}
	ignore := im.ignores.text(im.takesRoot())
	im.report.Standard = im.standard()
	im.report.Saved = im.saved()
	for _, i := range im.report.Instructions {
		i.Why = im.plainOf(i.Why)
	}
	im.report.finish()
	return &Result{Module: text, Ignore: ignore, Systems: systems, Report: im.report}, nil
}

// importer is one import.
type importer struct {
	in      Input
	files   map[string]*dockerfile // by build
	targets []*target              // in the order of builds; stages before what copies from them
	merged  []*target              // the members of families, which are not among the targets
	bases   map[string]*base       // by identity
	plain   map[string]bool        // bases that stay images, by name
	stays   map[string]kept        // FROMs that stay images, by builds and places; see replaced
	modes   modes
	ignores *ignores
	params  map[string]*param // by name and default
	users   []*account
	secrets []string
	blocks  []*block
	names   names
	builder string // of the fleet; "": nothing builds cross
	report  Report
}

// target is a sequence that becomes an app, several, or a component that files are copied from.
type target struct {
	id     string // the same for equal sequences
	stage  *stage
	builds []*Build // the apps; none for a stage
	from   bool     // files are copied from it
	blocks []*block // in order
	name   string   // of the component, if files are copied from it
	family *family  // whose members the target stands for, or whose member it is; nil: alone
}

// read translates all builds. A base of Debian stays an image if the files on it use apt in a way that
// has no translation; then everything is read again.
func (im *importer) read() {
	for {
		before := len(im.plain) + len(im.stays)
		im.files, im.targets, im.params, im.bases = map[string]*dockerfile{}, nil, map[string]*param{}, map[string]*base{}
		im.users, im.secrets, im.report = nil, nil, Report{Skipped: slices.Clone(im.in.Skipped)}
		for n := range im.in.Builds {
			im.build(&im.in.Builds[n])
		}
		im.unsuited()
		if len(im.plain)+len(im.stays) == before {
			return
		}
	}
}

// build translates one build into a target, or reports why it cannot.
func (im *importer) build(b *Build) {
	file := im.file(b)
	if file == nil {
		return
	}
	s, err := file.stageOf(b.Target)
	if err == nil {
		s = labelled(s, b)
		var t *target
		if t, err = im.target(s); err == nil {
			t.builds = append(t.builds, b)
			im.report.image(b, s)
			return
		}
	}
	im.report.skip(b, err.Error())
}

// target returns the target of a stage, the same one for equal stages.
func (im *importer) target(s *stage) (*target, error) {
	id := s.identity()
	for _, t := range im.targets {
		if t.id == id {
			return t, nil
		}
	}
	t := &target{id: id, stage: s}
	im.targets = append(im.targets, t)
	return t, nil
}

// failed says why there is nothing to write.
func (im *importer) failed() error {
	if len(im.report.Skipped) == 0 {
		return fmt.Errorf("nothing to import")
	}
	return errors.New(im.report.Skipped[0].String())
}

// sibling returns the build whose image a reference names, or nil. A name without a registry is an
// image of Docker Hub, unless a build has exactly this name or Hub has no such image.
func (im *importer) sibling(ref string, asking *Build) *Build {
	name, _, _ := strings.Cut(ref, "@")
	bare := name
	if n := strings.LastIndex(name, ":"); n > strings.LastIndex(name, "/") {
		bare = name[:n]
	}
	for exact := range 2 {
		for n := range im.in.Builds {
			b := &im.in.Builds[n]
			if b == asking {
				continue
			}
			for _, known := range b.Names {
				if exact == 0 && known == name || exact == 1 && known == bare {
					return b
				}
			}
		}
	}
	last := bare[strings.LastIndex(bare, "/")+1:]
	if last == bare && official(bare) || strings.HasPrefix(bare, "library/") {
		return nil
	}
	var found []*Build
	for n := range im.in.Builds {
		if b := &im.in.Builds[n]; b != asking && b.Name == strings.ToLower(last) {
			found = append(found, b)
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// sorted returns the keys of a map in order.
func sorted[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
