package llb

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client/llb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/source"
)

// What executes does not depend on how a plan packs results. The steps of a stacked
// instance are done on its world, which follows from the instance: the base, what it
// needs and what it follows. Packages are installed on what installs others, and on
// nothing that runs have made, unless a step of a stacked instance installs them. The
// plan only decides in which layer results are packed: the helper does to the state below
// what they have changed of theirs. So another limit of layers, or another order, packs
// again and runs nothing, and images and build roots share what is executed.

// ground is a state under construction, on which layers are put.
type ground struct {
	state llb.State
	below []*model.Instance // what it holds
	// platform is the platform of its programs.
	platform ocispecs.Platform
	// installed is the state without what runs have changed: it is state itself
	// until something is packed.
	installed llb.State
	past      llb.State         // the helper's records of what was packed
	packed    []*model.Instance // of which instances, by number
	portable  []*model.Instance // what of below is portable and not in the records
}

// newGround returns the ground of a state. What it holds begins with the base, if any.
func (l *lowerer) newGround(state llb.State, below ...*model.Instance) ground {
	g := ground{state: state, below: below, platform: l.platform, installed: state, past: llb.Scratch()}
	if len(below) > 0 {
		g.platform = l.runsOn(below[0])
	}
	return g
}

// runsOn returns the platform that an instance's runs are executed on.
func (l *lowerer) runsOn(i *model.Instance) ocispecs.Platform {
	if i.Builder != (model.Platform{}) {
		return ociPlatform(i.Builder)
	}
	return l.platform
}

// merged is a ground with portable layers on top.
func (l *lowerer) merged(g ground, layers []llb.State, members []*model.Instance, name string) ground {
	if len(layers) == 0 {
		return g
	}
	onto := func(s llb.State) llb.State { return l.merge(append([]llb.State{s}, layers...), name) }
	installed := onto(g.installed)
	if g.isInstalled() {
		g.state = installed
	} else {
		g.state = onto(g.state)
	}
	g.installed = installed
	g.below = slices.Concat(g.below, members)
	g.portable = slices.Concat(g.portable, members)
	return g
}

// isInstalled reports whether nothing is packed yet.
func (g ground) isInstalled() bool { return g.state.Output() == g.installed.Output() }

// stacked puts the members of a spine layer on a ground, as one layer.
func (l *lowerer) stacked(on ground, members []*model.Instance) ground {
	var groups, rest []*model.Instance // packages and users; what else
	plain := on.isInstalled()
	for _, i := range members {
		if i.Package != nil {
			groups = append(groups, i)
		} else {
			rest = append(rest, i)
			plain = plain && i.Kind == model.Portable
		}
	}
	to := on
	to.below = slices.Concat(on.below, members)
	if plain {
		to.portable = slices.Concat(on.portable, rest)
		to.state = l.joined(on, on.state, members)
		to.installed = to.state
		return to
	}
	var all []effect
	if len(groups) > 0 {
		to.installed = l.joined(on, on.installed, groups)
		all = append(all, effect{before: on.installed, after: to.installed, installs: true, accounts: len(packagesOf(groups)) == 0})
	}
	if slices.ContainsFunc(rest, func(i *model.Instance) bool { return i.Kind == model.Stacked && model.Executes(i.Steps) }) {
		for _, i := range on.portable {
			if c := l.actions(i); c.chain != nil {
				all = append(all, effect{of: i, tree: c.state, holds: true, needs: to.needs(i)})
				to.packed = append(slices.Clone(to.packed), i)
			}
		}
		to.portable = nil
	}
	for _, i := range rest {
		if i.Kind == model.Portable {
			if tree := l.content(i); tree.Output() != nil {
				all = append(all, effect{of: i, tree: tree, needs: to.needs(i)})
				to.packed = append(slices.Clone(to.packed), i)
			}
			continue
		}
		needs := to.needs(i)
		to.packed = append(slices.Clone(to.packed), i)
		if model.Executes(i.Steps) {
			all = append(all, l.effect(to, i, needs))
			continue
		}
		for _, s := range i.Steps {
			all = append(all, effect{of: i, needs: needs, appends: s.(*model.Append)})
		}
	}
	return l.packed(to, cmp.Or(titles(rest), distributionOf(groups), titles(groups)), install(members), all)
}

// joined puts packages, users and portable instances on a state of a ground, as one layer.
func (l *lowerer) joined(g ground, on llb.State, members []*model.Instance) llb.State {
	more := l.extrasOf(members)
	packages := packagesOf(members)
	if len(packages) == 0 {
		return l.added(on, members[0].Title, install(members), more)
	}
	name := "install " + packageNames(packages)
	return l.installed(g, on, members, l.debian(g.platform, distributionOf(members), name, install(members), packages), more)
}

// packageNames names packages for people: those first that no other one needs, and the rest as a number.
func packageNames(packages []lock.Package) string {
	const most = 3
	needed := map[string]bool{}
	for _, p := range packages {
		for _, n := range p.Needs {
			needed[n] = needed[n] || n != p.Name
		}
	}
	var first, rest []string
	for _, p := range packages {
		if needed[p.Name] {
			rest = append(rest, p.Name)
		} else {
			first = append(first, p.Name)
		}
	}
	slices.Sort(first)
	slices.Sort(rest)
	names := append(first, rest...)
	if more := len(names) - most + 1; more > 1 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most-1], ", "), more)
	}
	if last := len(names) - 1; last > 0 {
		return strings.Join(names[:last], ", ") + " and " + names[last]
	}
	return names[0]
}

// world is what the steps of a stacked instance are done on, the base first: all that
// it needs and builds with, and what it follows of what lies below it.
func world(below []*model.Instance, i *model.Instance) []*model.Instance {
	if i.Cross {
		return i.Root // it is on top of nothing else, and its needs are for another platform
	}
	there := map[model.Key]bool{}
	for _, b := range below {
		there[b.Key] = true
	}
	var out []*model.Instance
	if len(below) > 0 && below[0].Kind == model.Base {
		out = append(out, below[0])
	}
	seen := map[*model.Instance]bool{}
	var add func(list []*model.Instance, always bool)
	add = func(list []*model.Instance, always bool) {
		for _, n := range list {
			if !seen[n] && (always || there[n.Key]) {
				seen[n] = true
				out = append(out, n)
				add(n.Needs, true)
				add(n.After, false)
			}
		}
	}
	add(i.Needs, true)
	add(i.After, false)
	if len(i.Root) > 0 && len(out) > 0 && i.Root[0].Key == out[0].Key {
		add(i.Root[1:], true)
	}
	return model.Topological(out)
}

// needs are the numbers of what is packed and belongs to an instance's world.
func (g ground) needs(i *model.Instance) []int {
	in := map[model.Key]bool{}
	for _, n := range world(g.below, i) {
		in[n.Key] = true
	}
	var out []int
	for n, p := range g.packed {
		if in[p.Key] {
			out = append(out, n)
		}
	}
	return out
}

// effect is something that is done to a state: what steps have changed, unless it
// places a tree or appends to a file.
type effect struct {
	of *model.Instance // nil: packages and users

	before, after llb.State
	placed        llb.State // what declared steps place in scratch space, if any
	installs      bool      // what is changed keeps its time
	accounts      bool      // it installs no package, only users
	needs         []int

	tree    llb.State
	holds   bool // the tree is placed already
	appends *model.Append
}

// effect does the steps of a stacked instance in its world.
func (l *lowerer) effect(on ground, i *model.Instance, needs []int) effect {
	list := world(on.below, i)
	key := rootKey(list) + string(i.Key[:])
	e, ok := l.effects[key]
	if !ok {
		before := l.root(list)
		e = effect{of: i, before: before, after: l.steps(before, i)}
		if placed, ok := l.placed(i); ok {
			e.placed = placed
		}
		l.effects[key] = e
	}
	e.needs = needs
	return e
}

// Where the helper finds what it packs.
const (
	packedDir = "/.layc/packed/" // of an effect, by number
	pastDir   = "/.layc/past"
)

// packed does effects to a ground, one after the other, as one layer.
func (l *lowerer) packed(on ground, title string, at source.Span, all []effect) ground {
	args := []string{"pack", rootDir, pastDir}
	var mounts []llb.RunOption
	mount := func(name string, s llb.State, o ...llb.MountOption) string {
		mounts = append(mounts, llb.AddMount(packedDir+name, s, o...))
		return packedDir + name
	}
	var of []*model.Instance
	platform := l.build
	for n, e := range all {
		of = append(of, e.of)
		number := strconv.Itoa(n)
		switch {
		case e.appends != nil:
			text := mount(number, l.text(e.of, e.appends), llb.Readonly)
			args = append(args, "<<", list(e.needs), text+"/text", e.appends.Path)
			args = append(args, attributes(e.appends)...)
			continue
		case e.holds:
			args = append(args, "^^", mount(number, e.tree, llb.Readonly, byDefinition), list(e.needs))
			continue
		case e.tree.Output() != nil:
			args = append(args, "@@", mount(number, e.tree, llb.Readonly, byDefinition), list(e.needs))
			continue
		}
		if !e.accounts {
			platform = on.platform // the loader's cache may have to be made again, by a program
		}
		// What can be written is an overlay, which shows what both trees share.
		before := mount(number+"/before", e.before, llb.ForceNoOutput, byDefinition)
		after := mount(number+"/after", e.after, llb.Readonly, byDefinition)
		if e.installs {
			args = append(args, "++", before, after)
			continue
		}
		placed := ""
		if e.placed.Output() != nil {
			placed = mount(number+"/placed", e.placed, llb.Readonly, byDefinition)
		}
		args = append(args, "--", before, after, placed, list(e.needs))
	}
	opts := append(l.helpOn(platform, title, "layer", at, args...), mounts...)
	if l.err != nil {
		return on
	}
	origin := &l.origins[len(l.origins)-1]
	origin.Members, origin.Packed = of, on.packed
	run := llb.Scratch().Run(opts...)
	on.state = on.state.WithOutput(run.AddMount(rootDir, llb.NewState(on.state.Output()), byDefinition).Output())
	on.past = run.AddMount(pastDir, on.past, byDefinition)
	return on
}

// list is numbers as an argument.
func list(numbers []int) string {
	var out []string
	for _, n := range numbers {
		out = append(out, strconv.Itoa(n))
	}
	return strings.Join(out, ",")
}

// text is a file, /text, of what is appended.
func (l *lowerer) text(i *model.Instance, s *model.Append) llb.State {
	return llb.Scratch().File(llb.Mkfile("/text", 0o644, []byte(s.Text), llb.WithCreatedTime(epoch)),
		l.from(i.Title, "write text for "+s.Path, s.Span))
}

// attributes are the owner and mode that a file gets if it is made to append to.
func attributes(s *model.Append) []string {
	owner := "0:0"
	if s.Owner != nil {
		owner = s.Owner.String()
	}
	return []string{owner, strconv.FormatUint(uint64(fileMode(s.Mode, 0o644)), 8)}
}

// titles names instances for people.
func titles(all []*model.Instance) string {
	var names []string
	for _, i := range all {
		names = append(names, i.Title)
	}
	return strings.Join(names, " + ")
}
