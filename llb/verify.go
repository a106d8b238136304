package llb

import (
	"path"
	"slices"

	"github.com/moby/buildkit/client/llb"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/paths"
)

// A portable run is kept only in the paths that its component declares, so
// what it writes elsewhere would be lost without a word. Each such component's
// build is verified: the helper compares the root file system before and after
// the steps, and the layer copies from what the helper has seen. The engine's
// cache knows a verified build again, so a build that does nothing verifies
// nothing, and the layer's bytes do not depend on the helper.
//
// A component that is only a build stage, in no image, may write anywhere: of
// it nothing is used but what others take from it.

const (
	beforeDir = "/.layc/before"
	afterDir  = "/.layc/after"
	rootDir   = "/.layc/root"
	placedDir = "/.layc/placed"
)

// verified is the root file system that an instance's steps have made, once
// they are verified to have written only where they may.
func (l *lowerer) verified(i *model.Instance) llb.State {
	built := l.built(i)
	may := mayWrite(i)
	if !l.shipped[i.Key] {
		may = append([]string{anywhere}, ownedPaths(i)...)
	}
	opts := l.help(i.Title, "verify what it wrote", i.Span, append([]string{"verify", beforeDir, afterDir}, may...)...)
	if l.err != nil {
		return llb.Scratch()
	}
	run := llb.Scratch().Run(append(opts, llb.AddMount(beforeDir, l.unrun(i), llb.Readonly))...)
	return run.AddMount(afterDir, built)
}

// shipped are the recipes of what is in images.
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

// unrun is the root file system that an instance's steps make without its runs.
// What a run changes of the files that other steps place is lost, unless it is
// owned, as those steps place them again in the layer. As far as the first run,
// it is what the runs stand on, too.
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

// remaining is what an instance's declared steps place beside what it owns,
// without what its runs have removed of it in scratch space; false if no run may
// have.
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
	opts := l.help(i.Title, "leave out what it removed", i.Span, "remain", rootDir, afterDir)
	run := llb.Scratch().Run(append(opts, llb.AddMount(afterDir, after, llb.Readonly))...)
	return run.AddMount(rootDir, tree), true
}

// scratchDirs are the directories in which what runs newly make is not kept.
var scratchDirs = []string{"/tmp", "/var/tmp"}

// engineDirs are what the engine makes and mounts for every step.
var engineDirs = []string{"/proc", "/sys", "/dev"}

// engineFiles are the files that the engine mounts into every step.
var engineFiles = []string{"/etc/resolv.conf", "/etc/hosts"}

// meets reports whether a step with a target may write to, above or beneath some
// paths.
func meets(target string, paths []string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return within(target, p) || within(p, target) })
}

// anywhere allows the helper's verify all changes.
const anywhere = "/"

// mayWrite are the paths that an instance's runs may write, as the helper takes
// them: what it owns; after "=" directories that the engine makes, after "+" what
// other steps place, after "-" what they place in what it owns.
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

// within reports whether p is the path dir or lies beneath it.
func within(p, dir string) bool {
	p, dir = path.Clean(p), path.Clean(dir)
	return dir == "/" || paths.Beneath(p, dir)
}
