// Package sbom lists what images are made of, as software bills of materials. It knows what the
// program and its lock file say: packages of distributions with their checksums, downloads, bases,
// and the components that they belong to. What a run installs, and what is in a base image, nobody
// declares; a bill marks these places as unknown.
//
// A bill depends on the program and the lock file alone. It has no time of day, and its number is a
// hash of its content, so equal images have equal bills.
//
// purl.go names packages, spdx.go and cyclonedx.go write the documents.
package sbom

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/redact"
)

// Bill is what one image is made of.
type Bill struct {
	Name       string // of the image: "shop/app1:1.2"
	Platform   string
	Components []*Component // those in the image, each after its needs; then those with copied files
	Packages   []*Package   // by ID
	Contains   []*Package   // what the app's own steps download and install
	From       []*Component // what they copy files from
	Unknown    string       // why the app's own steps may install more; "": they do not
}

// Component is a component of the program with its arguments.
type Component struct {
	ID     string // unique in the bill
	Doc    string
	Base   bool
	Copied bool // only files of it are in the image: its steps run elsewhere

	Contains []*Package
	Needs    []*Component
	Wants    []*Package   // packages of the distribution that it needs
	From     []*Component // what it copies files from
	Unknown  string       // why it may contain more; "": it does not
}

// Package is something that others publish: a package of a distribution or a language, an archive,
// a file, or an image.
type Package struct {
	ID      string // its package URL, unique in the bill
	Kind    string // the type in its package URL: "deb", "maven", "pypi", "npm", "generic", "oci"
	Name    string
	Version string // "" if it is not known
	SHA256  string // in hex
	SHA512  string // in hex; "": not declared
	URL     string // where it can be downloaded from; "" if only a mirror of this machine has it
	Origin  string // as in the program or lock file, without passwords
	Source  string // the source package; "" if it is not known
	Needs   []*Package
}

// Of returns the bill of an app's image.
func Of(g *model.Graph, a *model.App, pins *lock.File) *Bill {
	b := &biller{pins: pins, packages: map[string]*Package{}, components: map[*model.Instance]*Component{}, named: map[string]*Component{}, debs: map[deb]*Package{}}
	bill := &Bill{Name: a.References()[0], Platform: g.Platform.String()}
	own := a.Closure
	if a.Delta != nil {
		own = append(slices.Clone(own), a.Delta)
	}
	for _, i := range own {
		for _, p := range i.Consists() {
			b.deb(p)
		}
	}
	for _, i := range own {
		b.component(i, false)
	}
	for _, i := range own {
		b.copies(i)
	}
	if a.Delta != nil {
		delta := b.components[a.Delta]
		bill.Contains, bill.From, bill.Unknown = delta.Contains, delta.From, delta.Unknown
	}
	for _, c := range b.order {
		if a.Delta == nil || c != b.components[a.Delta] {
			bill.Components = append(bill.Components, c)
		}
	}
	b.needs()
	bill.Packages = slices.SortedFunc(maps.Values(b.packages), func(a, b *Package) int { return cmp.Compare(a.ID, b.ID) })
	return bill
}

// deb identifies a package of a distribution.
type deb struct{ distribution, arch, name string }

type biller struct {
	pins       *lock.File
	packages   map[string]*Package // by ID
	debs       map[deb]*Package
	components map[*model.Instance]*Component
	named      map[string]*Component // by ID
	order      []*Component
}

// add returns the package of an ID, which it enters if there is none.
func (b *biller) add(p Package) *Package {
	if known := b.packages[p.ID]; known != nil {
		return known
	}
	b.packages[p.ID] = &p
	return &p
}

// deb enters a package of a distribution.
func (b *biller) deb(pin lock.Package) *Package {
	key := deb{pin.Distribution, pin.Arch, pin.Name}
	if b.debs[key] == nil {
		b.debs[key] = b.add(debian(pin, b.pins))
	}
	return b.debs[key]
}

// needs links packages of a distribution to those that they need, as far as these are in the image.
func (b *biller) needs() {
	for key, p := range b.debs {
		pin, _ := b.pins.Package(key.distribution, key.arch, key.name)
		for _, name := range pin.Needs {
			if need := b.debs[deb{key.distribution, key.arch, name}]; need != nil && need != p && !slices.Contains(p.Needs, need) {
				p.Needs = append(p.Needs, need)
			}
		}
	}
	for _, p := range b.packages {
		slices.SortFunc(p.Needs, func(a, b *Package) int { return cmp.Compare(a.ID, b.ID) })
	}
}

// component enters an instance with what it contains and needs. It returns nil for instances that
// are packages or accounts of the system.
func (b *biller) component(i *model.Instance, copied bool) *Component {
	if c := b.components[i]; c != nil || i.Package != nil {
		return c
	}
	id := redact.Text(i.ID)
	c := b.named[id]
	if c == nil {
		c = &Component{ID: id, Doc: i.Doc, Copied: copied, Base: i.System != nil}
		b.named[id] = c
		defer func() { b.order = append(b.order, c) }()
	}
	b.components[i] = c
	if !copied {
		for _, p := range i.Consists() {
			c.contains(b.deb(p))
		}
		for _, n := range i.Needs {
			b.need(c, n)
		}
	}
	for _, f := range i.Downloads() {
		c.contains(b.add(download(f)))
	}
	if s := i.System; s != nil && (s.Image != "" || s.Layout != "") {
		c.contains(b.add(image(s)))
		c.Unknown = "layc does not read the content of the base image"
	}
	if s := i.System; s != nil && s.Rootfs != nil {
		c.Unknown = "layc does not read the content of the base archive"
	}
	if model.Runs(i.Steps) {
		c.Unknown = "its runs may install more"
	}
	return c
}

// need records that a component needs an instance.
func (b *biller) need(c *Component, n *model.Instance) {
	if n.Package != nil {
		for _, p := range n.Package.Packages {
			if want := b.deb(p); !slices.Contains(c.Wants, want) {
				c.Wants = append(c.Wants, want)
			}
		}
		return
	}
	if need := b.component(n, false); need != c && !slices.Contains(c.Needs, need) {
		c.Needs = append(c.Needs, need)
	}
}

// copies enters what an instance copies files from, directly or not.
func (b *biller) copies(i *model.Instance) {
	c := b.components[i]
	if c == nil {
		return
	}
	for _, s := range i.Steps {
		s, ok := s.(*model.Copy)
		if !ok || s.From == nil || s.From.Package != nil {
			continue
		}
		known := b.components[s.From] != nil
		from := b.component(s.From, true)
		if from != c && !slices.Contains(c.From, from) {
			c.From = append(c.From, from)
		}
		if !known {
			b.copies(s.From)
		}
	}
}

func (c *Component) contains(p *Package) {
	if !slices.Contains(c.Contains, p) {
		c.Contains = append(c.Contains, p)
	}
}

// free are the packages of the distribution that are in no component: the system of the image has
// them because components need them.
func (b *Bill) free() []*Package {
	inside := map[*Package]bool{}
	for _, p := range b.Contains {
		inside[p] = true
	}
	for _, c := range b.Components {
		for _, p := range c.Contains {
			inside[p] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(b.Packages), func(p *Package) bool { return inside[p] })
}

// oneLine returns the first paragraph of a text as one line.
func oneLine(text string) string {
	first, _, _ := strings.Cut(text, "\n\n")
	return strings.Join(strings.Fields(first), " ")
}

// Known returns all that the lock file or the program pins for a fleet, by digest: "sha256:…".
func Known(g *model.Graph, pins *lock.File) map[string]Package {
	known := map[string]Package{}
	add := func(p Package) {
		if digest := "sha256:" + p.SHA256; p.SHA256 != "" {
			if _, ok := known[digest]; !ok {
				known[digest] = p
			}
		}
	}
	for _, i := range g.Instances {
		for _, p := range i.Consists() {
			add(debian(p, pins))
		}
		for _, f := range i.Downloads() {
			add(download(f))
		}
		if s := i.System; s != nil && (s.Image != "" || s.Layout != "") {
			add(image(s))
		}
	}
	return known
}
