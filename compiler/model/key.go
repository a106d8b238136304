package model

import (
	"crypto/sha256"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"

	"github.com/layc-lang/layc/lang/paths"
)

// Recipe hashes all that can influence an instance's bytes: its steps with their pins,
// the bindings that its runs mention and, only if it runs something, the environment
// and the recipes of what it runs on. Files of the project count by their path, not by
// their content: the engine sees the content, and a changed file must not change the
// plan.
func Recipe(i *Instance) Key {
	if i.Kind == Empty {
		return Key{}
	}
	h := sha256.New()
	put := func(kind string, fields ...string) {
		io.WriteString(h, kind)
		for _, f := range fields {
			io.WriteString(h, " "+strconv.Quote(f))
		}
		io.WriteString(h, "\n")
	}
	put("recipe 1", i.Kind.String())
	if s := i.System; s != nil {
		put("system", s.Distribution, s.Image, s.Digest, s.Layout)
		if s.Scratch {
			put("scratch")
		}
		if s.Rootfs != nil {
			put("rootfs", s.Rootfs.Digest)
		}
		for _, p := range s.Packages {
			put("package", p.Name, p.Version, p.Digest)
		}
	}
	if g := i.Package; g != nil {
		for _, p := range g.Packages {
			put("package", g.Distribution, p.Name, p.Version, p.Digest)
		}
	}
	if g := i.Package; g != nil && g.Account != nil {
		a := g.Account
		put("account", a.Name, strconv.Itoa(a.UID), strconv.Itoa(a.GID), a.Home, a.Shell)
		put("groups", a.Groups...)
	}
	for _, o := range i.Owns {
		put("owns", o.Path, o.Owner.String(), o.Mode)
	}
	for _, d := range i.Parents {
		put("parent", d.Path, d.Owner.String(), d.Mode)
	}
	if len(i.Timed) > 0 {
		put("timed", i.Timed...)
	}
	for _, s := range i.Steps {
		s.hash(put)
	}
	for _, e := range i.Env {
		put("env", e.Name, e.Value)
	}
	if i.Builder != (Platform{}) {
		put("builder", i.Builder.String())
	}
	for _, r := range i.Root {
		put("root", string(r.Key[:]))
	}
	if i.Kind == Stacked && i.Package == nil {
		// A stacked instance is built on those that it follows, and may change them.
		for _, r := range i.After {
			put("after", string(r.Key[:]))
		}
		if i.Root == nil {
			for _, r := range Topological(i.Needs) {
				put("finishes", string(r.Key[:]))
			}
		}
	}
	return Key(h.Sum(nil))
}

// put adds fields to a recipe.
type put func(kind string, fields ...string)

func (s *Copy) hash(put put) {
	put("copy", s.Path, s.Owner.String(), s.Mode)
	put("sources", s.Sources...)
	put("include", s.Include...)
	put("exclude", s.Exclude...)
	if s.Taken != nil && s.Taken.Links != "" {
		put("links", s.Taken.Links)
	}
	hashStages(put, s.Stages())
}

func (s *Fetch) hash(put put) {
	put("fetch", s.Digest, s.SHA512, s.Path, s.Owner.String(), s.Mode, fmt.Sprint(s.Unpack, s.Strip, s.Limit))
}

func (s *Run) hash(put put) {
	put("run", s.Script, s.User, s.Dir, fmt.Sprint(s.NoNetwork, s.SSH))
	for _, v := range s.Vars {
		put("var", v.Name, v.Value)
	}
	put("caches", s.Caches...)
	put("tmpfs", s.Tmpfs...)
	for _, b := range s.Binds {
		put("bind", b.Source, b.To)
		hashStages(put, stage(b.From, b.Source))
	}
	for _, v := range s.Secrets {
		put("secret", v.Name, v.Env, v.File)
	}
}

func (s *Install) hash(put put) {
	for _, p := range s.Packages {
		put("install", s.Distribution, p.Name, p.Version, p.Digest)
	}
}

func (s *File) hash(put put)   { put("file", s.Path, s.Text, s.Owner.String(), s.Mode) }
func (s *Append) hash(put put) { put("append", s.Path, s.Text, s.Owner.String(), s.Mode) }
func (s *Link) hash(put put)   { put("link", s.Path, s.To) }

func (s *Dir) hash(put put) {
	put("dir", s.Path, s.Owner.String(), s.Mode)
	if s.Inherited {
		put("inherited")
	}
	if s.Times {
		put("times")
	}
}

// hashStages hashes the instances that files are taken from, and what they are built
// on if the files may come from there.
func hashStages(put put, stages []Stage) {
	for _, s := range stages {
		put("from", string(s.Key[:]))
		for _, n := range s.Below {
			put("root", string(n.Key[:]))
		}
	}
}

// StageRoot returns what an instance is built on when sources are copied from it: its
// build root, even if it runs nothing. It returns nil if the instance itself fills all
// sources.
func StageRoot(i *Instance, sources ...string) []*Instance {
	if i.Kind == Portable && !slices.ContainsFunc(sources, func(p string) bool { return !Fills(i, p) }) {
		return nil
	}
	if i.Root != nil {
		return i.Root
	}
	return i.Stage
}

// Fills reports whether an instance's content holds a path or a directory above it.
func Fills(i *Instance, p string) bool {
	p = path.Clean(p)
	if i.Kind != Portable {
		return false
	}
	for _, o := range i.Owns {
		if paths.Beneath(p, o.Path) {
			return true
		}
	}
	for _, s := range i.Steps {
		if at, ok := Placed(s); ok {
			if at = path.Clean(at); at == "/" || paths.Beneath(p, at) {
				return true
			}
		}
	}
	return false
}

// String returns "uid:gid", or "" for nil.
func (o *Owner) String() string {
	if o == nil {
		return ""
	}
	return strconv.Itoa(o.UID) + ":" + strconv.Itoa(o.GID)
}
