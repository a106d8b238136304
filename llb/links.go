package llb

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/source"
)

// A layer with something at the path of a link of its base replaces that link. Files behind the
// link are then no longer found through it. Most content of layers is known before a build. The
// content of archives, of copies from stages, and of runs is not. If the base has links below the
// target of such a step, the helper checks the content before it is placed. There are rarely any.

// placement is a place with content that only the build knows: the target of a step, or a path
// that an instance owns and a run creates.
type placement struct {
	to   string // clean
	span source.Span
}

// placements returns the placements of an instance.
func placements(i *model.Instance) []placement {
	var all []placement
	for _, s := range i.Steps {
		if s.Unseen() {
			all = append(all, placement{path.Clean(s.At().Path), s.Where()})
		}
	}
	if i.Root != nil {
		for _, o := range i.Owns {
			all = append(all, placement{o.Path, o.Span})
		}
	}
	return all
}

// replaceable maps the recipe of placements to the links below them: path to target, in the
// helper's form. They are links of the bases that the recipe is built on or shares an image with,
// and links of the recipe's needs.
type replaceable map[model.Key]map[string]string

func findReplaceable(images []*plan.Image, instances []*model.Instance) replaceable {
	out, placed := replaceable{}, map[*model.Instance][]placement{}
	for _, i := range instances {
		if all := placements(i); len(all) > 0 {
			placed[i] = all
			out.note(i, all, declaredLink, model.NeededLinks(i))
		}
	}
	for _, i := range images {
		for _, y := range i.Layers {
			for _, m := range y.Members {
				out.note(m, placed[m], "", i.App.Base.System.Links)
			}
		}
	}
	for _, i := range instances {
		for _, below := range i.Root {
			out.note(below, placed[below], "", i.Root[0].System.Links)
		}
		if i.Root != nil {
			out.note(i, placed[i], "", i.Root[0].System.Links)
		}
	}
	return out
}

// declaredLink marks a link that a component declares. It may lead to a file, and an app may
// replace it, but not by a directory.
const declaredLink = "+"

func (r replaceable) note(i *model.Instance, placed []placement, mark string, links map[string]string) {
	for _, p := range placed {
		for at, to := range links {
			if at == p.to || !within(at, p.to) {
				continue
			}
			if r[i.Key] == nil {
				r[i.Key] = map[string]string{}
			}
			r[i.Key][mark+at] = to
		}
	}
}

// beneath returns the links of an instance that are below a placement, sorted, as the helper's
// arguments.
func (r replaceable) beneath(i *model.Instance, p placement) []string {
	var args []string
	for _, link := range slices.Sorted(maps.Keys(r[i.Key])) {
		if at := strings.TrimPrefix(link, declaredLink); at != p.to && within(at, p.to) {
			args = append(args, link, r[i.Key][link])
		}
	}
	return args
}

// keepsLinks returns a tree that is going to be placed, after the helper has checked that it
// replaces none of the links. at is the tree's path in the image.
func (l *lowerer) keepsLinks(i *model.Instance, p placement, tree llb.State, at string) llb.State {
	return l.fitted(i, p, tree, at, l.replaceable.beneath(i, p))
}

// fitted returns a tree that is going to be placed, changed by the helper to fit its place.
func (l *lowerer) fitted(i *model.Instance, p placement, tree llb.State, at string, args []string) llb.State {
	if len(args) == 0 {
		return tree
	}
	opts := l.help(i.Title, "check links and directories", p.span, append([]string{"fit", rootDir, at}, args...)...)
	if l.err != nil {
		return llb.Scratch()
	}
	return llb.Scratch().Run(opts...).AddMount(rootDir, tree, byDefinition)
}

// keptDir marks a directory that must keep its owner and mode.
const keptDir = "="

// fitArgs returns the helper's arguments for a tree that a step places: links that it must not
// replace, and directories of the base that must stay unchanged. The target is among these if
// named: the step may make something else of it.
func (l *lowerer) fitArgs(i *model.Instance, p placement, named bool) []string {
	args := l.replaceable.beneath(i, p)
	held := heldDirs(i, p.to)
	if target, ok := parent(i, p.to); ok && named {
		held = append(held, target)
	}
	for _, d := range held {
		owner := "0:0"
		if d.Owner != nil {
			owner = d.Owner.String()
		}
		args = append(args, keptDir+d.Path, fmt.Sprintf("%s %#o", owner, fileMode(d.Mode, 0o755)))
	}
	return args
}

// heldDirs returns the directories of the base below a path that an instance may have and that
// have another owner or mode than the default.
func heldDirs(i *model.Instance, to string) []model.Place {
	var out []model.Place
	for _, d := range i.Parents {
		if d.Path != path.Clean(to) && within(d.Path, to) {
			out = append(out, d)
		}
	}
	return out
}
