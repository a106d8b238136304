package llb

import (
	"path"
	"slices"
	"strings"

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
	run := llb.Scratch().Run(append(opts, llb.AddMount(beforeDir, l.root(i.Root), llb.Readonly))...)
	return run.AddMount(afterDir, built)
}

// engineFiles are the files that BuildKit mounts into every step.
var engineFiles = []string{"/etc/resolv.conf", "/etc/hosts", "/proc", "/sys", "/dev"}

// mayWrite are the paths that an instance's steps may write, as the helper
// takes them: scratch space, what it owns, where its steps put things; after
// "=" where something is mounted.
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
			paths = append(paths, target(s, p))
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

// target is the path that a step fills: what it puts into a directory is named
// as its source is.
func target(s component.Step, p string) string {
	if !strings.HasSuffix(p, "/") || p == "/" {
		return path.Clean(p)
	}
	if s, ok := s.(*component.Copy); ok {
		if len(s.Sources) == 1 && !strings.HasSuffix(s.Sources[0], "/") && !strings.ContainsAny(s.Sources[0], "*?[") {
			return p + path.Base(s.Sources[0])
		}
	}
	return path.Clean(p)
}
