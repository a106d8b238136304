package llb

import (
	"encoding/hex"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/term"
)

// root returns the root file system for a list of instances, a base first and each after its
// needs: stacked instances are executed one after the other, consecutive packages are installed
// in one transaction, and portable instances are merged on top. Equal lists return the same
// state.
func (l *lowerer) root(list []*model.Instance) llb.State {
	key := rootKey(list)
	if s, ok := l.roots[key]; ok {
		return s
	}
	r := &rootBuilder{l: l, on: l.newGround(llb.Scratch())}
	for _, i := range list {
		r.add(i)
	}
	s := r.done("root").state
	l.roots[key] = s
	return s
}

func rootKey(list []*model.Instance) string {
	var b strings.Builder
	for _, i := range list {
		if i.Kind != model.Empty {
			b.WriteString(hex.EncodeToString(i.Key[:]) + "\n")
		}
	}
	return b.String()
}

// rootBuilder stacks instances on top of each other.
type rootBuilder struct {
	l        *lowerer
	on       ground
	packages []*model.Instance // to be installed
	portable []*model.Instance // to be merged
}

func (r *rootBuilder) add(i *model.Instance) {
	switch {
	case i.Kind == model.Base:
		r.on = r.l.newGround(r.l.base(i), i)
	case i.Kind == model.Portable:
		r.portable = append(r.portable, i)
	case i.Package != nil:
		r.packages = append(r.packages, i)
	case i.Kind == model.Stacked:
		r.on = r.l.stacked(r.done(i.Title), []*model.Instance{i})
	}
}

// install installs the pending packages.
func (r *rootBuilder) install() {
	if len(r.packages) > 0 {
		r.on = r.l.stacked(r.on, r.packages)
		r.packages = nil
	}
}

// done installs and merges everything pending.
func (r *rootBuilder) done(name string) ground {
	r.install()
	r.on = r.l.merged(r.on, r.l.portables(r.portable), r.portable, name)
	r.portable = nil
	return r.on
}

// portables are the layers of portable instances, each its own.
func (l *lowerer) portables(list []*model.Instance) []llb.State {
	var out []llb.State
	for _, i := range list {
		out = append(out, l.content(i))
	}
	return out
}

// base returns the state of a base system.
func (l *lowerer) base(i *model.Instance) llb.State {
	s := i.System
	switch {
	case s.Scratch:
		return llb.Scratch()
	case s.Image != "":
		return llb.NewState(l.imageBase(i).Output())
	case s.Layout != "":
		l.layouts[s.Layout] = true
		return llb.NewState(llb.OCILayout("layc/layout@"+s.Digest, llb.OCIStore("", s.Layout), llb.Platform(l.runsOn(i)), l.from(i.Title, "layout "+s.Layout, i.Span)).Output())
	case s.Rootfs != nil:
		return l.extracted(l.download(i, s.Rootfs), l.help(i.Title, "unpack", s.Rootfs.Span, "rootfs", "/in/"+downloaded, "/out"))
	}
	return l.must(debianBase(l.debian(l.runsOn(i), i.Title, "from its packages", i.Span, i.System.Packages)))
}

// installed installs packages and extras on a state, as one layer. A file that the engine mounts
// into the step would be missing in the result. If a member may have such a file, the parts are
// created one after the other and combined.
func (l *lowerer) installed(g ground, on llb.State, members []*model.Instance, step debianStep, more extras) llb.State {
	l.origins[len(l.origins)-1].Members = more.of
	if !hidden(members) {
		step.extras = more
		return l.must(debianInstall(on, packagesOf(g.below), step))
	}
	title, at := members[0].Title, install(members)
	done := l.must(debianInstall(l.added(on, title, at, more), packagesOf(g.below), step))
	return l.packed(ground{state: on, platform: g.platform, past: llb.Scratch()}, title, at, []effect{{before: on, after: done, installs: true}}).state
}

// hidden reports whether a step of some members may write a file that the engine mounts into
// every execution.
func hidden(members []*model.Instance) bool {
	return slices.ContainsFunc(members, func(i *model.Instance) bool {
		return slices.ContainsFunc(i.Steps, func(s model.Step) bool {
			p, ok := model.Placed(s)
			return ok && meets(p, engineFiles)
		})
	})
}

// added adds users and trees to a state.
func (l *lowerer) added(on llb.State, title string, at source.Span, more extras) llb.State {
	opts := l.help(title, "add users and files", at, append([]string{"add", rootDir}, more.args()...)...)
	if l.err != nil {
		return llb.Scratch()
	}
	l.origins[len(l.origins)-1].Members = more.of
	return l.changed(on, opts, more.mounts()...)
}

// placed returns the files that an instance's declared steps create, if the helper must
// distinguish them from files of runs and of the engine; false if they create none there.
func (l *lowerer) placed(i *model.Instance) (llb.State, bool) {
	var steps []model.Step
	for _, s := range i.Steps {
		if p, ok := model.Placed(s); ok && (meets(p, scratchDirs) || meets(p, litter) || meets(p, engineDirs)) {
			steps = append(steps, s)
		}
	}
	return l.place(llb.Scratch(), i, steps), len(steps) > 0
}

// debian returns the options of a step in debian.go.
func (l *lowerer) debian(platform ocispecs.Platform, component, name string, at source.Span, packages []lock.Package) debianStep {
	l.executes(platform, component, at) // the maintainer scripts
	return debianStep{
		packages: packages, url: func(p lock.Package) string { return l.url(Download{[]string{p.URL}, p.Digest, p.Size}, 0) },
		platform: platform, name: "[" + component + "] " + name,
		options: []llb.ConstraintsOpt{l.from(component, name, at)},
		sources: l.options.Sources,
	}
}

func (l *lowerer) must(s llb.State, err error) llb.State {
	if err != nil {
		l.fail(err)
		return llb.Scratch()
	}
	return s
}

// packagesOf returns the packages of instances, including a base's.
func packagesOf(instances []*model.Instance) []lock.Package {
	var out []lock.Package
	for _, i := range instances {
		if i.System != nil {
			out = append(out, i.System.Packages...)
		}
		if i.Package != nil {
			out = append(out, i.Package.Packages...)
		}
	}
	return out
}

func distributionOf(members []*model.Instance) string {
	for _, i := range members {
		if i.Package != nil && i.Package.Account == nil {
			return i.Package.Distribution
		}
	}
	return ""
}

// distributionUnder returns the distribution of the base that an instance's runs are executed on,
// or "".
func distributionUnder(i *model.Instance) string {
	for _, r := range i.Root {
		if r.System != nil {
			return r.System.Distribution
		}
	}
	return ""
}

// built returns the root file system in which an instance's steps are executed: its build root
// with each step on top.
func (l *lowerer) built(i *model.Instance) llb.State {
	return l.steps(l.prepared(l.root(i.Root), i), i)
}

// prepared creates the directories that lead to the owned paths of an instance. If a user other
// than root runs a step, it also creates the owned directories, with that user as owner.
func (l *lowerer) prepared(on llb.State, i *model.Instance) llb.State {
	var c contents
	user := runner(i)
	for _, o := range i.Owns {
		l.parents(&c, i, o.Path, false)
		if user != nil {
			c.makeDir(o.Path, user, 0o755)
		}
	}
	if c.chain == nil {
		return on
	}
	return on.File(c.chain, l.from(i.Title, "prepare", i.Span))
}

// runner returns the numeric user other than root of the first step of an instance that has one,
// or nil.
func runner(i *model.Instance) *model.Owner {
	for _, s := range i.Steps {
		if r, ok := s.(*model.Run); ok {
			if user := userOf(r); user != nil {
				return user
			}
		}
	}
	return nil
}

// userOf returns the numeric user other than root of a run, or nil.
func userOf(s *model.Run) *model.Owner {
	user, group, found := strings.Cut(s.User, ":")
	uid, err1 := strconv.Atoi(user)
	gid, err2 := strconv.Atoi(group)
	if !found {
		gid, err2 = uid, nil
	}
	if err1 != nil || err2 != nil || uid == 0 {
		return nil
	}
	return &model.Owner{UID: uid, GID: gid}
}

// steps executes an instance's steps on a state. more are additional options for its runs.
func (l *lowerer) steps(on llb.State, i *model.Instance, more ...llb.RunOption) llb.State {
	for _, s := range i.Steps {
		switch s := s.(type) {
		case *model.Run:
			on = l.run(on, i, s, more...)
			continue
		case *model.Install:
			on = l.installs(on, i, s)
			continue
		}
		on = l.place(on, i, []model.Step{s})
	}
	return on
}

// place executes steps that run nothing on a state.
func (l *lowerer) place(on llb.State, i *model.Instance, steps []model.Step) llb.State {
	for _, s := range steps {
		var c contents
		l.act(&c, i, s)
		on = on.File(c.chain, l.from(i.Title, "prepare", s.Where()))
		at := &l.origins[len(l.origins)-1]
		at.Copied, at.Members = c.copied, []*model.Instance{i}
	}
	return on
}

// installs installs the packages of a step. Unlike packages of a layer, they find on the
// state what the steps before have placed there.
func (l *lowerer) installs(on llb.State, i *model.Instance, s *model.Install) llb.State {
	step := l.debian(l.runsOn(i), i.Title, "install "+strings.Join(s.Names, ", "), s.Span, s.Packages)
	step.env = i.Env
	return on.WithOutput(l.must(step.run(on, "install")).Output())
}

// run executes a run with the shell of its state. It stops at the first failing command.
func (l *lowerer) run(on llb.State, i *model.Instance, s *model.Run, more ...llb.RunOption) llb.State {
	dir := s.Dir
	if dir == "" {
		dir = "/"
	}
	l.executes(l.runsOn(i), i.Title, s.Span)
	asks := l.from(i.Title, summary(s.Script), s.Span)
	l.origins[len(l.origins)-1].Copied = mounted(s)
	opts := []llb.RunOption{
		llb.Args([]string{"/bin/sh", "-ec", s.Script}), llb.Dir(dir),
		llb.AddEnv("SOURCE_DATE_EPOCH", strconv.Itoa(Epoch)),
		llb.Platform(l.runsOn(i)), asks,
	}
	origin := &l.origins[len(l.origins)-1]
	origin.Run, origin.Distribution = s, distributionUnder(i)
	origin.MayInstall = origin.Distribution != "" && i.Kind == model.Stacked
	for _, e := range i.Env {
		opts = append(opts, llb.AddEnv(e.Name, e.Value))
	}
	for _, v := range s.Vars {
		opts = append(opts, llb.AddEnv(v.Name, v.Value))
	}
	if s.User != "" {
		opts = append(opts, llb.User(s.User))
	}
	if s.NoNetwork {
		opts = append(opts, llb.Network(pb.NetMode_NONE))
	}
	opts = append(append(opts, network(i, s)...), more...)
	return on.Run(append(opts, l.mounts(i, s)...)...).Root()
}

// mounts returns the mounts of a run: scratch space, and the ones declared with `with`.
func (l *lowerer) mounts(i *model.Instance, s *model.Run) []llb.RunOption {
	var opts []llb.RunOption
	for _, c := range s.Caches {
		opts = append(opts, l.cache(i, s, c))
	}
	for _, t := range s.Tmpfs {
		opts = append(opts, llb.AddMount(t, llb.Scratch(), llb.Tmpfs()))
	}
	for n, b := range s.Binds {
		from, src := l.bound(i, s, b, n)
		opts = append(opts, llb.AddMount(b.To, from, llb.SourcePath(src), llb.Readonly))
	}
	file := secretFile(s)
	for _, x := range s.Secrets {
		l.secrets[x.Name] = true
		if x.Env != "" {
			opts = append(opts, llb.AddSecret(x.Env, llb.SecretID(x.Name), llb.SecretAsEnv(true)))
		} else {
			opts = append(opts, llb.AddSecret(x.File, llb.SecretID(x.Name), file))
		}
	}
	if s.SSH {
		l.ssh = true
		opts = append(opts, llb.AddSSHSocket())
	}
	return opts
}

// mounted returns what a run mounts from stages.
func mounted(s *model.Run) []Copied {
	var out []Copied
	for _, b := range s.Binds {
		if b.From != nil {
			out = append(out, Copied{Path: b.Source, From: b.From.Title, Span: s.Span})
		}
	}
	return out
}

// secretFile makes the file of a secret readable for the run's user only, if that is numeric or
// root. The number of a named user is not known here, so for a named user everyone can read the
// file.
func secretFile(s *model.Run) llb.SecretOption {
	switch user := userOf(s); {
	case user != nil:
		return llb.SecretFileOpt(user.UID, user.GID, 0o400)
	case asNamed(s) != "":
		return llb.SecretFileOpt(0, 0, 0o444)
	}
	return llb.SecretFileOpt(0, 0, 0o400)
}

// asNamed returns the user other than root of a run, if it is a name, or "".
func asNamed(s *model.Run) string {
	user, _, _ := strings.Cut(s.User, ":")
	if _, err := strconv.Atoi(user); err == nil || user == "root" {
		return ""
	}
	return s.User
}

// cacheRoot is the directory of a user's cache within its state.
const cacheRoot = "/cache"

// cache returns the mount of a cache directory. Each user has separate caches and can write to
// them.
func (l *lowerer) cache(i *model.Instance, s *model.Run, dir string) llb.RunOption {
	var of string
	var empty *llb.FileAction
	switch user, name := userOf(s), asNamed(s); {
	case user != nil:
		of, empty = user.String(), llb.Mkdir(cacheRoot, 0o755, llb.WithUIDGID(user.UID, user.GID), llb.WithCreatedTime(epoch))
	case name != "": // the number is unknown
		of, empty = name, llb.Mkdir(cacheRoot, 0o777, llb.WithCreatedTime(epoch))
	default:
		return llb.AddMount(dir, llb.Scratch(), llb.AsPersistentCacheDir("layc"+dir, llb.CacheMountShared))
	}
	from := llb.Scratch().File(empty, l.from(i.Title, "cache of user "+of, s.Span))
	return llb.AddMount(dir, from, llb.SourcePath(cacheRoot), llb.AsPersistentCacheDir("layc"+dir+" of "+of, llb.CacheMountShared))
}

// bound returns the state and path that a bind mounts. The position is among the binds of the run.
func (l *lowerer) bound(i *model.Instance, s *model.Run, b model.Bind, position int) (llb.State, string) {
	if b.From != nil {
		return l.stage(b.From, b.Source), b.Source
	}
	tree, from := l.project(i, b.Taken, position, s.Span)
	if src := b.Taken.Sources[0]; !src.Contents {
		from = path.Join(from, path.Base(src.Path))
	}
	return tree, from
}

// summary shortens a script to one line: a comment that it begins with, or else its text.
func summary(script string) string {
	if comment, _, _ := strings.Cut(strings.TrimSpace(script), "\n"); strings.HasPrefix(comment, "# ") {
		script = comment[len("# "):]
	}
	return term.Cut(strings.Join(strings.Fields(script), " "), 60)
}

// install returns the place in the program that requires packages, for their vertex.
func install(members []*model.Instance) source.Span {
	for _, i := range members {
		if !i.Span.IsZero() {
			return i.Span
		}
	}
	return source.Span{}
}
