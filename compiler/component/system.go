package component

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Base systems. A component is one by saying what it is made of: the packages
// of a distribution, an image of a registry, an OCI layout in the project, a
// root file system archive. Of an image only the files count: the environment
// and whatever else its configuration holds is declared by the component. The
// lock file knows its directory links and its directories that are not 0755
// root; the component may declare more of them (`link`, `dir`).

// system evaluates the clause that makes a component a base system.
func (x *expander) system(s *syntax.Clause, v *env, to *body) {
	if to.system != nil {
		x.found.Errorf("E0309", s.Word.At, "a component is one base system").
			Hint("keep one of `image`, `layout`, `rootfs` and `distribution`")
		return
	}
	operand, _ := x.operand(s, v).(string)
	to.system = &System{}
	switch s.Word.Name {
	case "distribution":
		x.distribution(s, operand, v, to)
	case "image":
		x.image(s, operand, to.system)
	case "layout":
		x.layout(s, v, to.system)
	case "rootfs":
		f := &Fetch{Span: s.At, URLs: x.allTexts(s.Args, v), Place: Place{Path: "/"}}
		if x.urls(f, s) {
			x.checked(f, s, v)
			to.system.Rootfs = f
			x.mirrored(f.URLs)
			// A build refuses a base that is not known; see Unlooked.
			x.known(to.system, lock.BaseRef{Kind: "rootfs", Name: f.URLs[0], Digest: f.Digest})
		}
	}
}

// imageReference is what an image reference looks like: a registry and a path,
// a tag, a digest.
var imageReference = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]*(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*)*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$`)

// image is a base of an image reference, pinned by the lock file.
func (x *expander) image(s *syntax.Clause, ref string, to *System) {
	if !imageReference.MatchString(ref) {
		if ref != "" {
			x.found.Errorf("E0309", s.Args[0].Span(), "%q is no image reference", ref).
				Hint("write REGISTRY/NAME:TAG, such as `\"registry.example.com/base:12\"`")
		}
		return
	}
	to.Image = ref
	x.graph.Refs.Images = append(x.graph.Refs.Images, lock.ImageRef{Reference: ref, Platform: x.platform.String()})
	pin, ok := x.lock.Image(ref, x.platform.String())
	if !ok {
		x.unpinned(s.At, "the layers of %s on %s", ref, x.platform)
		return
	}
	to.Digest = pin.Digest
	if !x.known(to, lock.BaseRef{Kind: "image", Name: ref, Digest: pin.Digest}) {
		x.unpinned(s.At, "links and directories of %s on %s", ref, x.platform)
	}
}

// known takes over what the lock file knows of a base: how many layers it has,
// and which of its paths are links to directories, or directories of another
// owner or mode than usual.
func (x *expander) known(to *System, ref lock.BaseRef) bool {
	if ref.Digest == "" {
		return false
	}
	x.graph.Refs.Bases = append(x.graph.Refs.Bases, ref)
	b, ok := x.lock.Base(ref.Digest)
	if !ok {
		return false
	}
	to.Layers = b.Layers
	to.Links = map[string]string{}
	for _, l := range b.Links {
		to.Links[l.Path] = l.To
	}
	for _, d := range b.Dirs {
		to.Dirs = append(to.Dirs, Place{Path: d.Path, Owner: &Owner{d.UID, d.GID}, Mode: d.Mode})
	}
	return true
}

// Unlooked finds the archives that apps stand on and that nobody has looked
// into: a layer could replace their links by directories.
func (g *Graph) Unlooked() diag.List {
	var found diag.List
	seen := map[*System]bool{}
	for _, a := range g.Apps {
		s := a.Base.System
		if s.Rootfs == nil || s.Layers > 0 || seen[s] {
			continue
		}
		seen[s] = true
		found.Errorf(Unpinned, s.Rootfs.Span, "links and directories of %s are not pinned", s.Rootfs.URLs[0]).
			Note("a layer that has a directory where its base has a link would replace the link").
			Hint("run `layc lock`, which looks into the archive")
	}
	return found
}

// layout is a base of an OCI layout directory of the project: the one image
// for the platform that its index lists. "layc lock" has looked into its layers.
func (x *expander) layout(s *syntax.Clause, v *env, to *System) {
	dirs := x.paths(s.Args[0], v)
	if len(dirs) != 1 || dirs[0] == "" {
		return
	}
	at := s.Args[0].Span()
	dir, _, ok := x.projectSource(strings.TrimSuffix(dirs[0], "/"), at, v.module)
	if !ok {
		return
	}
	if r, _ := x.graph.Repository(dir); r.Mount != "" {
		x.found.Errorf("E0323", at, "an OCI layout of a repository cannot be a base system").
			Hint("take the path as a parameter of type `path`, and keep the layout in the project")
		return
	}
	found, err := x.manifests(dir)
	if err != nil {
		x.found.Errorf("E0309", at, "%s is no OCI layout: %s", dir, cause(err)).
			Note("an OCI layout is a directory with index.json and blobs").
			Hint("name such a directory, as `layc build -o DIR` writes it")
		return
	}
	if len(found) != 1 {
		x.found.Errorf("E0309", at, "%s has %d images for %s, not one", dir, len(found), x.platform).
			Hint("name a layout with one image for each platform")
		return
	}
	to.Layout, to.Digest = dir, found[0]
	if !x.known(to, lock.BaseRef{Kind: "layout", Name: dir, Digest: to.Digest}) {
		x.unpinned(at, "links and directories of %s on %s", dir, x.platform)
	}
}

// ociIndex is the part of an OCI image index that says what it lists.
type ociIndex struct {
	Manifests []struct {
		MediaType string
		Digest    string
		Platform  *ociPlatform
	}
}

// ociPlatform is an image's platform as an index has it; nil is any.
type ociPlatform struct{ OS, Architecture, Variant string }

func (p *ociPlatform) includes(q Platform) bool {
	return p == nil || p.OS == q.OS && p.Architecture == q.Arch && (p.Variant == q.Variant || q.Variant == "")
}

// digestForm is a digest as file names of a layout hold it.
var digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// maxIndex bounds an index of a layout, as registries bound it.
const maxIndex = 4 << 20

// manifests are the digests of a layout's images for the platform, each once, those
// of nested indexes too. An image without a platform counts for any.
func (x *expander) manifests(dir string) ([]string, error) {
	var found []string
	files, seen := []string{"index.json"}, map[string]bool{}
	for n := 0; n < len(files); n++ { // an index that lists itself is read once
		index, err := x.ociIndex(path.Join(dir, files[n]))
		if err != nil {
			return nil, err
		}
		for _, m := range index.Manifests {
			nested := strings.Contains(m.MediaType, "index") || strings.Contains(m.MediaType, "manifest.list")
			switch {
			case seen[m.Digest] || !digestForm.MatchString(m.Digest):
				continue
			case nested:
				files = append(files, "blobs/sha256/"+strings.TrimPrefix(m.Digest, "sha256:"))
			case m.Platform.includes(x.platform):
				found = append(found, m.Digest)
			default:
				continue // it may be listed again, for this platform
			}
			seen[m.Digest] = true
		}
	}
	return found, nil
}

func (x *expander) ociIndex(file string) (*ociIndex, error) {
	info, err := fs.Stat(x.files, file)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxIndex {
		return nil, fmt.Errorf("%s has more than %d MiB", file, maxIndex>>20)
	}
	text, err := fs.ReadFile(x.files, file)
	if err != nil {
		return nil, err
	}
	index := &ociIndex{}
	return index, json.Unmarshal(text, index)
}

// declared adds to a system what its component says about it: directory links
// and modes. Steps that would change it are errors.
func (x *expander) declared(s *System, steps []Step) *System {
	out := *s
	out.Links = map[string]string{}
	for from, to := range s.Links {
		out.Links[from] = to
	}
	for _, step := range steps {
		switch step := step.(type) {
		case *Link:
			out.Links[step.Path] = step.Leads()
		case *Dir:
			out.Dirs = slices.DeleteFunc(slices.Clone(out.Dirs), func(d Place) bool { return d.Path == step.Path })
			out.Dirs = append(out.Dirs, step.Place)
		default:
			x.stepInSystem(step.Where())
		}
	}
	return &out
}

func (x *expander) stepInSystem(at source.Span) {
	x.found.Errorf("E0309", at, "a base system takes no steps but `dir` and `link`").
		Note("those say what the system has; nothing is done to it").
		Hint("write the step into a component that the apps use")
}

// debianLinks are the directory links of a Debian system since /usr is merged
// (release 12), and debianDirs its directories that are not 0755 root, as its
// package base-files makes both.
var (
	debianLinks = map[string]string{
		"/bin": "/usr/bin", "/sbin": "/usr/sbin", "/lib": "/usr/lib", "/lib64": "/usr/lib64",
		"/var/run": "/run", "/var/lock": "/run/lock",
	}
	debianDirs = []Place{
		{Path: "/root", Mode: "0700"}, {Path: "/tmp", Mode: "01777"}, {Path: "/var/tmp", Mode: "01777"},
		{Path: "/var/local", Mode: "02775", Owner: &Owner{0, 50}}, {Path: "/var/mail", Mode: "02775", Owner: &Owner{0, 8}},
	}
)

// debianArch is dpkg's name of the platform's architecture; "" if Debian has
// no packages for it, which is told where they are to be pinned.
func (x *expander) debianArch() string {
	arch, _ := lock.DebianArch(x.platform.String())
	return arch
}

func (x *expander) distribution(s *syntax.Clause, name string, v *env, to *body) {
	suite := x.option(s, "suite", v)
	if name == "" || suite == "" {
		return
	}
	if name != "debian" {
		x.found.Errorf("E0309", s.Args[0].Span(), "layc cannot put together the distribution %q", name).
			Hint("write `\"debian\"`, or stand on an `image`, a `layout` or a `rootfs`")
		return
	}
	to.system.Distribution = name + "/" + suite
	to.system.Links, to.system.Dirs = debianLinks, debianDirs
	if o := s.Option("with"); o != nil {
		if more := x.allTexts(o.Args, v); len(more) > 0 {
			to.system.Distribution += "+" + strings.Join(more, "+")
		}
	}
	arch := x.debianArch()
	x.wantPackages(to.system.Distribution)
	to.system.Packages = x.lock.Minimal(to.system.Distribution, arch)
	if len(to.system.Packages) == 0 {
		x.unpinned(s.At, "the packages of %s", to.system.Distribution)
	}
}
