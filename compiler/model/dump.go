package model

import (
	"fmt"
	"strconv"
	"strings"
)

// Dump prints the graph as text: instances with their steps and what they are built
// on, then apps with their closures and configuration. It omits keys, which mean
// nothing to a reader, and names base systems and packages by their pins.
func Dump(g *Graph) string {
	d := &dumper{}
	d.line(0, "platform %s", g.Platform)
	for _, i := range g.Instances {
		d.instance(i)
	}
	for _, a := range g.Apps {
		d.app(a)
	}
	for _, a := range g.Published {
		d.app(a)
	}
	return d.out.String()
}

type dumper struct{ out strings.Builder }

func (d *dumper) line(depth int, format string, args ...any) {
	d.out.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(&d.out, format, args...)
	d.out.WriteByte('\n')
}

func (d *dumper) list(name string, instances []*Instance) {
	if len(instances) == 0 {
		return
	}
	var ids []string
	for _, i := range instances {
		ids = append(ids, i.ID)
	}
	d.line(1, "%s %s", name, strings.Join(ids, ", "))
}

func (d *dumper) instance(i *Instance) {
	d.line(0, "%s %s", i.Kind, i.ID)
	if s := i.System; s != nil {
		switch {
		case s.Scratch:
		case s.Image != "":
			d.line(1, "image %s %s", s.Image, s.Digest)
		case s.Layout != "":
			d.line(1, "layout %s %s", s.Layout, s.Digest)
		case s.Rootfs != nil:
			d.line(1, "rootfs %s %s", strings.Join(s.Rootfs.URLs, ", "), s.Rootfs.Digest)
		default:
			d.line(1, "distribution %s: %d packages", s.Distribution, len(s.Packages))
		}
		if s.Layers > 1 {
			d.line(1, "%d layers", s.Layers)
		}
	}
	if p := i.Package; p != nil {
		for _, k := range p.Packages {
			d.line(1, "package %s %s", k.Name, k.Version)
		}
		if a := p.Account; a != nil {
			d.line(1, "account %s %d:%d home %q shell %q groups %q", a.Name, a.UID, a.GID, a.Home, a.Shell, a.Groups)
		}
	}
	d.list("needs", i.Needs)
	d.list("runs with", i.RunsWith)
	d.list("after", i.After)
	d.list("root", i.Root)
	if i.Cross {
		d.line(1, "builds cross on %s", i.Builder)
	}
	for _, o := range i.Owns {
		d.line(1, "owns %s%s", o.Path, o.ownership())
	}
	for _, dir := range i.Timed {
		d.line(1, "times of content in %s", dir)
	}
	for _, s := range i.Steps {
		s.dump(d)
	}
	for _, f := range i.Fragments {
		d.line(1, "fragment of %s %q", f.Path, f.Text)
	}
	for _, e := range i.Env {
		d.line(1, "step env %s=%s", e.Name, e.Value)
	}
	if i.Rate.Set {
		d.line(1, "changes %s/year", strconv.FormatFloat(float64(i.Rate.Micros)/OnceAYear, 'f', -1, 64))
	}
	if i.RateWith != nil {
		d.line(1, "changes with %s", i.RateWith.ID)
	}
}

// ownership returns the owner and the mode of a place as the program writes them.
func (p Place) ownership() string {
	s := ""
	if p.Owner != nil {
		s += " owner " + p.Owner.String()
	}
	if p.Mode != "" {
		s += " mode " + p.Mode
	}
	return s
}

func (s *Copy) dump(d *dumper) {
	from := ""
	if s.From != nil {
		from = " from " + s.From.ID
	}
	more := s.ownership()
	if len(s.Include) > 0 {
		more += " include " + strings.Join(s.Include, ", ")
	}
	if len(s.Exclude) > 0 {
		more += " exclude " + strings.Join(s.Exclude, ", ")
	}
	d.line(1, "copy %s%s to %s%s", strings.Join(s.Sources, ", "), from, s.Path, more)
}

func (s *Fetch) dump(d *dumper) {
	unpack := ""
	if s.Unpack {
		unpack = fmt.Sprintf(" unpack strip %d", s.Strip)
		if s.Limit > 0 {
			unpack += fmt.Sprintf(" limit %d", s.Limit)
		}
	}
	if s.SHA512 != "" {
		unpack = " sha512 " + s.SHA512 + unpack
	}
	d.line(1, "fetch %s %s%s to %s%s", strings.Join(s.URLs, ", "), s.Digest, unpack, s.Path, s.ownership())
}

func (s *Install) dump(d *dumper) {
	d.line(1, "install %q of %s", s.Names, s.Distribution)
	for _, p := range s.Packages {
		d.line(2, "package %s %s", p.Name, p.Version)
	}
}

func (s *File) dump(d *dumper)   { d.line(1, "file %s %q%s", s.Path, s.Text, s.ownership()) }
func (s *Append) dump(d *dumper) { d.line(1, "append to %s %q%s", s.Path, s.Text, s.ownership()) }
func (s *Link) dump(d *dumper)   { d.line(1, "link %s to %s", s.Path, s.To) }

func (s *Dir) dump(d *dumper) {
	inherited := ""
	if s.Inherited {
		inherited = " unless it is there"
	}
	times := ""
	if s.Times {
		times = " times content"
	}
	d.line(1, "dir %s%s%s%s", s.Path, s.ownership(), times, inherited)
}

func (s *Run) dump(d *dumper) {
	d.line(1, "run %q", s.Script)
	if s.User != "" {
		d.line(2, "as %s", s.User)
	}
	if s.Dir != "" {
		d.line(2, "in %s", s.Dir)
	}
	for _, v := range s.Vars {
		d.line(2, "var %s=%s", v.Name, v.Value)
	}
	for _, c := range s.Caches {
		d.line(2, "cache %s", c)
	}
	for _, t := range s.Tmpfs {
		d.line(2, "tmpfs %s", t)
	}
	for _, b := range s.Binds {
		from := ""
		if b.From != nil {
			from = " from " + b.From.ID
		}
		d.line(2, "bind %s%s to %s", b.Source, from, b.To)
	}
	for _, x := range s.Secrets {
		if x.Env != "" {
			d.line(2, "secret %s as %s", x.Name, x.Env)
		} else {
			d.line(2, "secret %s to %s", x.Name, x.File)
		}
	}
	if s.SSH {
		d.line(2, "ssh")
	}
	if s.NoNetwork {
		d.line(2, "network none")
	}
}

func (d *dumper) app(a *App) {
	if a.Published == nil {
		d.line(0, "app %s", a.Name)
	} else {
		d.line(0, "published %s", a.Name)
	}
	d.list("closure", a.Closure)
	if a.Delta != nil {
		d.list("delta", []*Instance{a.Delta})
	}
	if a.Layers > 0 {
		d.line(1, "layers %d", a.Layers)
	}
	if a.Replicas > 1 {
		d.line(1, "replicas %d", a.Replicas)
	}
	for _, t := range a.Tags {
		d.line(1, "tag %s", t)
	}
	d.config(a.Config)
}

func (d *dumper) config(c Config) {
	for _, e := range c.Env {
		d.line(1, "env %s=%s", e.Name, e.Value)
	}
	for _, e := range c.Labels {
		d.line(1, "label %s=%s", e.Name, e.Value)
	}
	for _, e := range c.Annotations {
		d.line(1, "annotation %s=%s", e.Name, e.Value)
	}
	for _, f := range []struct{ name, value string }{
		{"user", c.User}, {"workdir", c.Workdir}, {"stopsignal", c.StopSignal},
	} {
		if f.value != "" {
			d.line(1, "%s %s", f.name, f.value)
		}
	}
	for _, f := range []struct {
		name  string
		value []string
	}{
		{"expose", c.Expose}, {"volume", c.Volumes}, {"entrypoint", c.Entrypoint}, {"command", c.Command}, {"shell", c.Shell},
	} {
		if len(f.value) > 0 {
			d.line(1, "%s %q", f.name, f.value)
		}
	}
	if h := c.Healthcheck; h != nil {
		d.line(1, "healthcheck %q every %s timeout %s start %s retries %d", h.Command, h.Every, h.Timeout, h.Start, h.Retries)
	}
}
