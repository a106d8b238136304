package llb

import (
	"path"
	"slices"

	"github.com/moby/buildkit/client/llb"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/paths"
)

// Only the declared paths of a portable run are kept, so anything else that it writes would be
// lost silently. Therefore each such component's build is verified: the helper compares the root
// file system before and after the steps, and the layer copies from the verified result. Verified
// builds are in the engine's cache, so a no-op build verifies nothing. The layer's bytes do not
// depend on the helper.
//
// A component that is only a build stage may write anywhere, because only the paths that others
// copy are used.

const (
	beforeDir = "/.layc/before"
	afterDir  = "/.layc/after"
	rootDir   = "/.layc/root"
	placedDir = "/.layc/placed"
)

// verified returns the root file system after an instance's steps, once the helper has verified
// that they wrote only where they may.
func (l *lowerer) verified(i *model.Instance) llb.State {
	built := l.built(i)
	may := mayWrite(i)
	if !l.shipped[i.Key] {
		may = append([]string{anywhere}, ownedPaths(i)...)
	}
	opts := l.help(i.Title, "check written paths", i.Span, append([]string{"verify", beforeDir, afterDir}, may...)...)
	if l.err != nil {
		return llb.Scratch()
	}
	l.origins[len(l.origins)-1].Verified = i
	run := llb.Scratch().Run(append(opts, llb.AddMount(beforeDir, l.unrun(i), llb.Readonly, byDefinition))...)
	return run.AddMount(afterDir, built, byDefinition)
}

// shipped returns the recipes that are in images.
func shipped(images []*plan.Image) map[model.Key]bool {
	out := map[model.Key]bool{}
	for _, i := range images {
		for _, y := range i.Layers {
			for _, m := range y.Members {
				out[m.Key] = true
			}
		}
	}
	return out
}

// unrun returns the root file system after an instance's steps without its runs. If a run changes
// files that other steps create, the changes are lost unless the files are owned, since those
// steps create the files again in the layer. Up to the first run, it is also the state that the
// run executes on.
func (l *lowerer) unrun(i *model.Instance) llb.State {
	var first, later []model.Step
	ran := false
	for _, s := range i.Steps {
		if _, ok := s.(*model.Run); ok {
			ran = true
			continue
		}
		switch p, ok := model.Placed(s); {
		case !ran:
			first = append(first, s)
		case ok && !owned(i, p):
			later = append(later, s)
		}
	}
	return l.place(l.place(l.prepared(l.root(i.Root), i), i, first), i, later)
}

// remaining returns the files of an instance's declared steps outside of its owned paths, without
// scratch files that its runs removed; false if no run can have removed any.
func (l *lowerer) remaining(i *model.Instance, after llb.State) (llb.State, bool) {
	var placed []model.Step
	scratch, removed := false, false
	for _, s := range i.Steps {
		if _, ok := s.(*model.Run); ok {
			removed = removed || scratch
		} else if p, ok := model.Placed(s); ok && !owned(i, p) {
			placed = append(placed, s)
			scratch = scratch || meets(p, scratchDirs)
		}
	}
	if !removed {
		return llb.State{}, false
	}
	c := &contents{scratch: true}
	for _, s := range placed {
		l.act(c, i, s)
	}
	tree := llb.Scratch().File(c.chain, l.from(i.Title, "prepare", c.origin))
	opts := l.help(i.Title, "remove deleted files", i.Span, "remain", rootDir, afterDir)
	run := llb.Scratch().Run(append(opts, llb.AddMount(afterDir, after, llb.Readonly, byDefinition))...)
	return run.AddMount(rootDir, tree, byDefinition), true
}

// scratchDirs are directories whose new files are not kept.
var scratchDirs = []string{"/tmp", "/var/tmp"}

// litter is where runs of apt and dpkg write what is not kept.
var litter = []string{
	"/var/cache/apt", "/var/lib/apt/lists", "/var/log/apt", "/var/log/dpkg.log", "/var/log/alternatives.log", "/var/lib/dpkg", "/var/cache/debconf",
}

// engineDirs are created and mounted by the engine for every step.
var engineDirs = []string{"/proc", "/sys", "/dev"}

// engineFiles are the files that the engine mounts into every step.
var engineFiles = []string{"/etc/resolv.conf", "/etc/hosts"}

// meets reports whether a step with a target may write to, above or below some paths.
func meets(target string, paths []string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return within(target, p) || within(p, target) })
}

// anywhere makes the helper's verify allow all changes.
const anywhere = "/"

// mayWrite returns the paths that an instance's runs may write, in the helper's form: owned
// paths; after "=" directories that the engine creates; after "+" paths of other steps; after "-"
// paths of other steps within owned paths.
func mayWrite(i *model.Instance) []string {
	paths := ownedPaths(i)
	for _, p := range engineDirs {
		paths = append(paths, "="+p)
	}
	for _, s := range i.Steps {
		if p, ok := model.Placed(s); ok && owned(i, p) {
			paths = append(paths, "-"+path.Clean(p))
		} else if ok {
			paths = append(paths, "+"+path.Clean(p))
		}
		if r, ok := s.(*model.Run); ok && r.Dir != "" {
			paths = append(paths, "="+path.Clean(r.Dir))
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

func ownedPaths(i *model.Instance) []string {
	var out []string
	for _, o := range i.Owns {
		out = append(out, path.Clean(o.Path))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// within reports whether p is dir or a path below it.
func within(p, dir string) bool {
	p, dir = path.Clean(p), path.Clean(dir)
	return dir == "/" || paths.Beneath(p, dir)
}
