package llb

import (
	"path"
	"slices"

	"github.com/moby/buildkit/client/llb"

	"github.com/layc-lang/layc/compiler/component"
)

// A portable run is kept only in the paths that its component declares, so
// what it writes elsewhere would be lost without a word. Each such component's
// build is verified: the helper compares the root file system before and after
// the steps, and the layer copies from what the helper has seen. The engine's
// cache knows a verified build again, so a build that does nothing verifies
// nothing, and the layer's bytes do not depend on the helper.

const (
	beforeDir = "/.layc/before"
	afterDir  = "/.layc/after"
)

// verified is the root file system that an instance's steps have made, once
// they are verified to have written only where they may.
func (l *lowerer) verified(i *component.Instance) llb.State {
	built := l.built(i)
	args := append([]string{"verify", beforeDir, afterDir}, mayWrite(i)...)
	opts := l.help(i.Title, "verify what it wrote", i.Span, args...)
	if l.err != nil {
		return llb.Scratch()
	}
	run := llb.Scratch().Run(append(opts, llb.AddMount(beforeDir, l.unrun(i), llb.Readonly))...)
	return run.AddMount(afterDir, built)
}

// unrun is the root file system that an instance's steps make without its runs.
// What a run changes of the files that other steps place is lost, unless it is
// owned, as those steps place them again in the layer. As far as the first run,
// it is what the runs stand on, too.
func (l *lowerer) unrun(i *component.Instance) llb.State {
	var first, later []component.Step
	ran := false
	for _, s := range i.Steps {
		if _, ok := s.(*component.Run); ok {
			ran = true
			continue
		}
		switch p, ok := component.Placed(s); {
		case !ran:
			first = append(first, s)
		case ok && !owned(i, p) && !component.Scratch(p):
			later = append(later, s)
		}
	}
	return l.place(l.place(l.prepared(l.root(i.Root), i), i, first), i, later)
}

// engineFiles are the files that BuildKit mounts into every step.
var engineFiles = []string{"/etc/resolv.conf", "/etc/hosts", "/proc", "/sys", "/dev"}

// mayWrite are the paths that an instance's runs may write, as the helper takes
// them: scratch space and what it owns; after "=" where something is mounted,
// after "+" what other steps place.
func mayWrite(i *component.Instance) []string {
	paths := []string{"/tmp", "/var/tmp", "/run"}
	for _, o := range i.Owns {
		paths = append(paths, o.Path)
	}
	for _, p := range engineFiles {
		paths = append(paths, "="+p)
	}
	for _, s := range i.Steps {
		if p, ok := component.Placed(s); ok {
			if !owned(i, p) && !component.Scratch(p) {
				paths = append(paths, "+"+path.Clean(p))
			}
			continue
		}
		r, ok := s.(*component.Run)
		if !ok {
			continue
		}
		if r.Dir != "" {
			paths = append(paths, "="+path.Clean(r.Dir))
		}
		for _, p := range slices.Concat(r.Caches, r.Tmpfs) {
			paths = append(paths, "="+path.Clean(p))
		}
		for _, b := range r.Binds {
			paths = append(paths, "="+path.Clean(b.To))
		}
		for _, x := range r.Secrets {
			if x.File != "" {
				paths = append(paths, "="+x.File)
			}
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}
