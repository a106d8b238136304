package evaluate

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"

	"github.com/layc-lang/layc/lang/lazy"
)

// Base systems. A component is a base if it declares what it is made of: packages of a
// distribution, an image of a registry, an OCI layout in the project, or an archive of a
// root file system. Only the files of an image count: the component declares the
// environment and all other configuration. The lock file knows the links to directories of
// a base, and its directories that are not 0755 root; the component may declare more
// (`link`, `dir`).

// system evaluates the clause that makes a component a base system.
func (c *clause) system() {
	if c.to.System != nil {
		c.Found.Errorf(diag.InvalidBase, c.Word.At, "a component can define only one base system").
			Hint("keep one of `image`, `layout`, `rootfs` and `distribution`")
		return
	}
	operand, _ := c.operand().(string)
	c.to.System, c.to.systemAt = &model.System{}, c.At
	switch c.Word.Name {
	case "distribution":
		c.distribution(operand)
	case "image":
		c.image(operand, c.to.System)
	case "layout":
		c.layout(c.to.System)
	case "rootfs":
		if urls, ok := c.urls(); ok {
			f := &model.Fetch{Span: c.At, URLs: urls, Place: model.Place{Path: "/"}}
			c.checked(f)
			c.to.System.Rootfs = f
			c.mirrored(f.URLs)
			// A build refuses a base that the lock file does not know; see Unlooked.
			c.known(c.to.System, lock.BaseRef{Kind: "rootfs", Name: f.URLs[0], Digest: f.Digest}, c.At)
		}
	}
}

// imageReference matches an image reference: a registry and a path, an optional tag, an
// optional digest.
var imageReference = lazy.Regexp(`^[a-zA-Z0-9][a-zA-Z0-9._-]*(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*)*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$`)

// image evaluates a base from an image reference, which the lock file pins.
func (c *clause) image(ref string, to *model.System) {
	if !imageReference().MatchString(ref) {
		if ref != "" {
			c.Found.Errorf(diag.InvalidBase, c.Args[0].Span(), "not a valid image reference: %q", ref).
				Hint("write REGISTRY/NAME:TAG, such as `\"registry.example.com/base:12\"`")
		}
		return
	}
	to.Image = ref
	c.wantImage(ref, c.At)
	pin, ok := c.Lock.Image(ref, c.platform.String())
	if !ok {
		c.Unpinned(c.At, "the layers of %s on %s", ref, c.platform)
		return
	}
	to.Digest = pin.Digest
	if !c.known(to, lock.BaseRef{Kind: "image", Name: ref, Digest: pin.Digest}, c.At) {
		c.Unpinned(c.At, "the links and directories of %s on %s", ref, c.platform)
	}
}

// layout evaluates a base from a directory of the project that is an OCI layout: the one
// image for the platform that its index lists. `layc lock` has examined its layers.
func (c *clause) layout(to *model.System) {
	dirs := c.paths(c.Args[0], c.env)
	if len(dirs) != 1 || dirs[0] == "" {
		return
	}
	at := c.Args[0].Span()
	dir, _, ok := c.projectSource(strings.TrimSuffix(dirs[0], "/"), at, c.env.module)
	if !ok {
		return
	}
	if r, _ := c.Repositories.Of(dir); r.Mount != "" {
		c.Found.Errorf(diag.OutsideProject, at, "an OCI layout in a git repository cannot be a base system").
			Hint("declare a parameter of type `path`, and keep the layout in the project")
		return
	}
	found, err := c.manifests(dir)
	if err != nil {
		c.Found.Errorf(diag.InvalidBase, at, "%s is not a valid OCI layout: %s", dir, cause(err)).
			Note("an OCI layout is a directory with index.json and blobs").
			Hint("name a directory such as `layc build -o DIR` writes")
		return
	}
	if len(found) != 1 {
		c.Found.Errorf(diag.InvalidBase, at, "expected one image for %s in %s, found %d", c.platform, dir, len(found)).
			Hint("name a layout with one image per platform")
		return
	}
	to.Layout, to.Digest = dir, found[0]
	if !c.known(to, lock.BaseRef{Kind: "layout", Name: dir, Digest: to.Digest}, c.At) {
		c.Unpinned(at, "the links and directories of %s on %s", dir, c.platform)
	}
}

// ociIndex is the list of manifests of an OCI image index.
type ociIndex struct {
	Manifests []struct {
		MediaType string
		Digest    string
		Platform  *ociPlatform
	}
}

// ociPlatform is the platform of an image in an index; nil means any.
type ociPlatform struct{ OS, Architecture, Variant string }

func (p *ociPlatform) includes(q model.Platform) bool {
	return p == nil || p.OS == q.OS && p.Architecture == q.Arch && (p.Variant == q.Variant || q.Variant == "")
}

// digestForm matches a digest in the syntax of a layout's file names.
var digestForm = lazy.Regexp(`^sha256:[0-9a-f]{64}$`)

// maxIndex is the maximum size of an index, as in registries.
const maxIndex = 4 << 20

// manifests returns the digests of a layout's images for the platform, also from nested
// indexes, without duplicates. An image without a platform matches any platform.
func (x *Evaluator) manifests(dir string) ([]string, error) {
	var found []string
	files, seen := []string{"index.json"}, map[string]bool{}
	for n := 0; n < len(files); n++ { // reads an index that lists itself once
		index, err := x.ociIndex(path.Join(dir, files[n]))
		if err != nil {
			return nil, err
		}
		for _, m := range index.Manifests {
			nested := strings.Contains(m.MediaType, "index") || strings.Contains(m.MediaType, "manifest.list")
			switch {
			case seen[m.Digest] || !digestForm().MatchString(m.Digest):
				continue
			case nested:
				files = append(files, "blobs/sha256/"+strings.TrimPrefix(m.Digest, "sha256:"))
			case m.Platform.includes(x.platform):
				found = append(found, m.Digest)
			default:
				continue // it may be listed again for this platform
			}
			seen[m.Digest] = true
		}
	}
	return found, nil
}

func (x *Evaluator) ociIndex(file string) (*ociIndex, error) {
	info, err := fs.Stat(x.Files, file)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxIndex {
		return nil, fmt.Errorf("%s is larger than %d MiB", file, maxIndex>>20)
	}
	text, err := fs.ReadFile(x.Files, file)
	if err != nil {
		return nil, err
	}
	index := &ociIndex{}
	return index, json.Unmarshal(text, index)
}

// debianLinks are the links to directories of a system of Debian packages with a merged /usr (Debian
// 12, Ubuntu 22.04, and later). debianDirs are its directories that are not 0755 root. Package base-files
// makes both.
var (
	debianLinks = map[string]string{
		"/bin": "/usr/bin", "/sbin": "/usr/sbin", "/lib": "/usr/lib", "/lib64": "/usr/lib64",
		"/var/run": "/run", "/var/lock": "/run/lock",
	}
	debianDirs = []model.Place{
		{Path: "/root", Mode: "0700"}, {Path: "/tmp", Mode: "01777"}, {Path: "/var/tmp", Mode: "01777"},
		{Path: "/var/local", Mode: "02775", Owner: &model.Owner{UID: 0, GID: 50}}, {Path: "/var/mail", Mode: "02775", Owner: &model.Owner{UID: 0, GID: 8}},
	}
)

func (c *clause) distribution(name string) {
	suite := c.option("suite")
	if name == "" || suite == "" {
		return
	}
	if lock.FamilyNamed(name) == nil {
		c.Found.Errorf(diag.InvalidBase, c.Args[0].Span(), "unknown distribution %q", name).
			Hint("write `\"%s\"`, or use `image`, `layout` or `rootfs`", strings.Join(lock.Families(), "\"` or `\""))
		return
	}
	c.to.System.Distribution = name + "/" + suite
	c.to.System.Links, c.to.System.Dirs = debianLinks, debianDirs
	c.to.System.Users, c.to.System.Groups = debianSystem.Users, debianSystem.Groups
	if o := c.Option("with"); o != nil {
		if more := c.allTexts(o.Args, c.env); len(more) > 0 {
			c.to.System.Distribution += "+" + strings.Join(more, "+")
		}
	}
}
