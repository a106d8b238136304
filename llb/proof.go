package llb

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/source"
)

// Proofs: definitions beside the images that show whether the program keeps
// what a plan relies on. They are vertices as all others are, so that an engine
// of any kind solves them, and its cache knows again what is proven.
//
// What a portable component runs is executed a second time, and both results are
// compared (Again). The ELF files of a portable
// component are asked for what loads them and for their libraries, which have to
// be there in an image that holds no more than what the component needs
// (Libraries), and so are its links and scripts for what they lead to. And tests are run: a component's in such an image, an app's in
// its own (Test).
//
// Two kinds are proven in every build: that an image has the user and the programs that its
// configuration names (Start), as no container starts without; and that its layers
// replace no directory of those below (Kept).

// ProofKind says what a proof shows.
type ProofKind string

// The kinds.
const (
	Again     ProofKind = "again"     // a run gives the same bytes when it is repeated
	Libraries ProofKind = "libraries" // programs and libraries find the libraries that they need
	Test      ProofKind = "test"      // a test's command prints what it should
	Start     ProofKind = "start"     // the image has the user that it runs as, and what it starts
	Kept      ProofKind = "kept"      // layers keep directories and files of those below
)

// Proof is one proof: it fails if one of its steps does. What Again and
// Libraries find is in a file, Report.
type Proof struct {
	Kind      ProofKind
	Component string      // the title of the component, or the name of the app, whose promise it is
	Span      source.Span // where the promise is made: the declaration, the test
	Asked     source.Span // as of an Origin
	Test      *model.Test // of a Test
	App       *model.App  // whose promise it is; nil: a component's
	On        string      // the base system, if the fleet has several; else ""
	// World is what a component's Test stands on, the base first.
	World []*model.Instance
	// Stack is what a Kept looks at, as the helper counts it.
	Stack []Merged
	solvable
}

// reportFile is where a proof reports what it has found.
const reportFile = "report"

// Report is the path of a file in what the proof makes: see Differences and
// Lacks. Empty for the kinds that either succeed or fail.
func (p Proof) Report() string {
	if p.Kind == Again || p.Kind == Libraries {
		return reportFile
	}
	return ""
}

// Own reports whether a vertex is the proof itself, and not one of the steps
// that lead to it.
func (p Proof) Own(vertex digest.Digest) bool {
	return p.output != nil && p.output.Digest == string(vertex)
}

// prover collects the proofs of a plan, each once.
type prover struct {
	*lowerer
	proofs []proven
	seen   map[string]bool
	bases  map[*model.Instance]bool
	done   map[pair]bool // whatever the app
	// accounts has for portable instances whether they write to the accounts.
	accounts map[*model.Instance]bool
}

// pair is an instance on a base.
type pair struct{ base, instance *model.Instance }

// proven is a proof that is not marshalled yet.
type proven struct {
	Proof
	state llb.State
}

// prove lowers the proofs of a plan, by kind and then in the order of the images: all, or only
// the ones of every build.
func (l *lowerer) prove(p *plan.Plan, m *marshaller, all bool) ([]Proof, error) {
	v := &prover{lowerer: l, seen: map[string]bool{}, bases: map[*model.Instance]bool{}, done: map[pair]bool{}, accounts: map[*model.Instance]bool{}}
	made := make(chan proven, len(p.Images))
	var out []Proof
	var work errgroup.Group
	work.Go(func() error {
		defer close(made)
		sent := 0
		send := func() {
			for ; sent < len(v.proofs); sent++ {
				made <- v.proofs[sent]
			}
		}
		images := slices.Concat(p.Images, p.Published)
		for _, i := range images {
			v.start(i)
			send()
		}
		for _, i := range images {
			v.kept(i)
			send()
		}
		if all {
			v.all(p)
		}
		order := map[ProofKind]int{Again: 1, Libraries: 2, Test: 3}
		slices.SortStableFunc(v.proofs[sent:], func(a, b proven) int { return cmp.Compare(order[a.Kind], order[b.Kind]) })
		send()
		return l.err
	})
	work.Go(func() error {
		var failed error
		for p := range made {
			if failed != nil {
				continue
			}
			if p.solvable, failed = m.solvable(p.state); failed != nil {
				failed = fmt.Errorf("lower a proof of %s: %w", p.Component, failed)
			}
			out = append(out, p.Proof)
		}
		return failed
	})
	return out, work.Wait()
}

// all adds the proofs that are made on demand.
func (v *prover) all(p *plan.Plan) {
	for _, i := range p.Images {
		v.bases[i.App.Base] = true
	}
	for _, i := range p.Images {
		for _, n := range i.App.Closure {
			v.instance(i.App, n)
		}
		v.app(i)
	}
	for _, i := range runs(p.Images) {
		v.again(i)
	}
}

// declaredUsers are the names and numbers of the users that an image declares; none if
// nothing of it may write to the accounts but what enters them, and packages.
func (v *prover) declaredUsers(i *plan.Image) []string {
	var users []string
	writes := false
	for _, y := range i.Layers {
		for _, m := range y.Members {
			switch {
			case m.Package != nil && m.Package.Account != nil:
				users = append(users, m.Package.Account.Name, strconv.Itoa(m.Package.Account.UID))
			case m.Kind == model.Stacked && m.Package == nil:
				writes = true
			case m.Kind == model.Portable:
				writes = writes || v.toAccounts(m)
			}
		}
	}
	if !writes {
		return nil
	}
	return users
}

// toAccounts reports whether a portable instance writes to the accounts.
func (v *prover) toAccounts(i *model.Instance) bool {
	writes, ok := v.accounts[i]
	if !ok {
		writes = slices.ContainsFunc(placed(i), func(p Placing) bool { return within("/etc/passwd", p.Path) })
		v.accounts[i] = writes
	}
	return writes
}

// first reports whether a proof is wanted for the first time.
func (v *prover) first(kind ProofKind, parts ...string) bool {
	key := string(kind) + "\n" + strings.Join(parts, "\n")
	was := v.seen[key]
	v.seen[key] = true
	return !was
}

func (v *prover) add(kind ProofKind, name string, at source.Span, state llb.State) *Proof {
	v.proofs = append(v.proofs, proven{Proof{Kind: kind, Component: name, Span: at, Asked: v.asked(name, at)}, state})
	return &v.proofs[len(v.proofs)-1].Proof
}

// on is the name of an app's base, if the fleet has several.
func (v *prover) on(a *model.App) string {
	if len(v.bases) > 1 {
		return a.Base.Title
	}
	return ""
}

// instance adds the proofs of an instance in the closure of an app, other than
// that its runs can be repeated.
func (v *prover) instance(a *model.App, i *model.Instance) {
	brings := i.Kind == model.Portable && bringsFiles(i)
	place := pair{a.Base, i}
	if v.done[place] || !brings && len(i.Tests) == 0 {
		return
	}
	w := model.WorldOf(a, i)
	v.done[place] = w.Common
	if brings && v.first(Libraries, rootKey(w.Instances), i.ID) {
		others := slices.DeleteFunc(slices.Clone(w.Instances), func(n *model.Instance) bool { return n == i })
		trees := append([]llb.State{v.content(i)}, v.trees(others)...)
		v.add(Libraries, i.Title, i.Span, v.libraries(i, w.Env, trees, model.Merge(w.Instances, nil, nil).Union("volume"))).On = v.on(a)
	}
	for _, t := range i.Tests {
		if v.first(Test, rootKey(w.Instances), fmt.Sprint(w.Env), t.Command, t.Prints) {
			p := v.add(Test, i.Title, t.Span, v.test(v.root(w.Instances), i.Title, t, w.Env, nil))
			p.Test, p.On, p.World = &t, v.on(a), w.Instances
		}
	}
}

// app adds the proofs of an app's own.
func (v *prover) app(i *plan.Image) {
	a := i.App
	if a.Delta != nil && bringsFiles(a.Delta) {
		trees := v.stack(i)
		slices.Reverse(trees)
		v.add(Libraries, a.Name, a.Span, v.libraries(a.Delta, a.Config.Env, append([]llb.State{v.content(a.Delta)}, trees...), a.Config.Volumes)).App = a
	}
	for _, t := range a.Tests {
		as := []llb.RunOption{llb.Dir(cmp.Or(a.Config.Workdir, "/"))}
		if a.Config.User != "" {
			as = append(as, llb.User(a.Config.User))
		}
		p := v.add(Test, a.Name, t.Span, v.test(v.image(i), a.Name, t, a.Config.Env, as))
		p.Test, p.App = &t, a
	}
}

// bringsFiles reports whether an instance may bring programs: what `file`
// writes is text.
func bringsFiles(i *model.Instance) bool {
	return slices.ContainsFunc(i.Steps, func(s model.Step) bool {
		switch s.(type) {
		case *model.Copy, *model.Fetch, *model.Run:
			return true
		}
		return false
	})
}

// runs are the portable instances that run something, and that the images
// hold or are built from: each after what it is built from.
func runs(images []*plan.Image) []*model.Instance {
	var out []*model.Instance
	seen := map[*model.Instance]bool{}
	var visit func(list []*model.Instance)
	visit = func(list []*model.Instance) {
		for _, i := range list {
			if seen[i] {
				continue
			}
			seen[i] = true
			visit(i.Root)
			for _, s := range i.Stages() {
				visit(s.Below)
				visit([]*model.Instance{s.Instance})
			}
			if i.Kind == model.Portable && model.Runs(i.Steps) {
				out = append(out, i)
			}
		}
	}
	for _, i := range images {
		visit(i.App.Closure)
		if i.App.Delta != nil {
			visit([]*model.Instance{i.App.Delta})
		}
	}
	return out
}

// again executes an instance's runs a second time and reports what then
// differs in what it owns.
func (v *prover) again(i *model.Instance) {
	if !v.first(Again, string(i.Key[:])) {
		return
	}
	on := v.prepared(v.root(i.Root), i)
	second := v.steps(on, i, repeated(), llb.WithCustomName("["+i.Title+"] run again"))
	args := []string{"again", beforeDir, afterDir, reportDir + "/" + reportFile}
	for _, o := range i.Owns {
		args = append(args, path.Clean(o.Path))
	}
	v.add(Again, i.Title, i.Span, v.reported(v.help(i.Title, "compare with a second build", i.Span, args...), v.built(i), second))
}

// repeated makes an execution another one for the engine, but not for what is
// executed: it asks for a secret that need not be there, and never is.
func repeated() llb.RunOption {
	return llb.AddSecret("LAYC_REPEATED", llb.SecretID(secretPrefix+"repeated"), llb.SecretAsEnv(true), llb.SecretOptional)
}

// reportDir is where the helper finds a place for its report.
const reportDir = "/.layc/report"

// reported runs the helper on two trees.
func (v *prover) reported(opts []llb.RunOption, before, after llb.State) llb.State {
	if v.err != nil {
		return llb.Scratch()
	}
	opts = append(opts, llb.AddMount(beforeDir, before, llb.Readonly), llb.AddMount(afterDir, after, llb.Readonly))
	return llb.Scratch().Run(opts...).AddMount(reportDir, llb.Scratch())
}

// treeDir is where the helper finds trees that lie on top of each other.
const treeDir = "/.layc/tree/"

// buildDir is where the helper finds the systems that files were made in.
const buildDir = "/.layc/build/"

// libraries looks for what the ELF files, links and scripts in the first of several trees need,
// in all of them. It tells the helper what the builds of these files had.
func (v *prover) libraries(i *model.Instance, env []model.EnvVar, trees []llb.State, volumes []string) llb.State {
	args := []string{"libraries", v.platform.Architecture, reportDir + "/" + reportFile}
	var mounts []llb.RunOption
	mount := func(all []llb.State, at string) {
		for n, t := range all {
			if t.Output() == nil {
				continue // holds nothing
			}
			dir := at + strconv.Itoa(n)
			args = append(args, dir)
			mounts = append(mounts, llb.AddMount(dir, t, llb.Readonly))
		}
	}
	mount(trees, treeDir)
	args = append(args, "--")
	mount(v.builds(i), buildDir)
	args = append(append(args, "--"), volumes...)
	opts := append(v.help(i.Title, "look for libraries", i.Span, args...), mounts...)
	for _, e := range env {
		if e.Name == "LD_LIBRARY_PATH" || e.Name == "PATH" {
			opts = append(opts, llb.AddEnv(e.Name, e.Value))
		}
	}
	if v.err != nil {
		return llb.Scratch()
	}
	return llb.Scratch().Run(opts...).AddMount(reportDir, llb.Scratch())
}

// builds are the systems that the files of an instance were made in: its build root after its
// runs, and the same of what it copies from.
func (v *prover) builds(i *model.Instance) []llb.State {
	var out []llb.State
	seen := map[*model.Instance]bool{}
	var visit func(i *model.Instance, below []*model.Instance)
	visit = func(i *model.Instance, below []*model.Instance) {
		if seen[i] {
			return
		}
		seen[i] = true
		switch {
		case i.Kind == model.Portable && model.Runs(i.Steps):
			out = append(out, v.built(i))
		case below != nil:
			out = append(out, v.root(append(slices.Clone(below), i)))
		}
		for _, s := range i.Stages() {
			visit(s.Instance, s.Below)
		}
	}
	visit(i, nil)
	return out
}

// test runs a test's command in a root file system, without network.
func (v *prover) test(on llb.State, title string, t model.Test, env []model.EnvVar, as []llb.RunOption) llb.State {
	v.executes(v.platform, title, t.Span)
	opts := v.helpOn(v.platform, title, "test: "+summary(t.Command), t.Span, append([]string{"test", t.Prints}, t.Args...)...)
	for _, e := range env {
		opts = append(opts, llb.AddEnv(e.Name, e.Value))
	}
	return v.helped(on, append(opts, as...))
}

// trees are what makes up a root file system, the topmost first: see root. A
// merge of them is never made.
func (l *lowerer) trees(list []*model.Instance) []llb.State {
	r := &rootBuilder{l: l, on: l.newGround(llb.Scratch())}
	for _, i := range list {
		r.add(i)
	}
	r.install()
	out := append([]llb.State{r.on.state}, l.portables(r.portable)...)
	slices.Reverse(out)
	return out
}

// Differences reads the report of a proof of kind Again: what differs, a line
// for each path.
func Differences(report []byte) []string {
	return strings.FieldsFunc(string(report), func(r rune) bool { return r == '\n' })
}

// Lack is something that a file needs and does not find.
type Lack struct {
	Kind  LackKind
	File  string // the ELF file, link or script
	Needs string // the library's name; the interpreter's path; the link's target; env and its arguments
	At    string // where the library lies, if the loader does not look there; of NotInPath, see there
}

// LackKind says what a Lack means.
type LackKind string

// The kinds, as the helper writes them. What is near a program that is NotInPath is a path outside
// PATH, or another name in PATH.
const (
	NoLibrary     LackKind = "library"     // a program cannot be started
	NoInterpreter LackKind = "interpreter" // a program cannot be started: what loads it is not there
	OnDemand      LackKind = "on-demand"   // a library cannot be loaded, which no program does by itself
	Misplaced     LackKind = "path"        // a program's library lies where the loader does not look
	NoProgram     LackKind = "link"        // a link leads to a program that only a build has
	NoTarget      LackKind = "link-file"   // a link leads to something else that only a build has
	NoStarter     LackKind = "script"      // a script cannot be started: a build made its interpreter, and the image lacks it
	NoSystem      LackKind = "script-of"   // a script cannot be started: the image lacks an interpreter of the system
	NotInPath     LackKind = "script-env"  // a script cannot be started unless PATH has other directories
	OneWord       LackKind = "script-args" // a script cannot be started: env takes several words as one name
	NotRunnable   LackKind = "script-by"   // a script cannot be started: its interpreter is a directory or not executable
	NoNewline     LackKind = "script-cr"   // a script cannot be started: its first line ends with a carriage return
)

// Fatal reports whether a program cannot be started.
func (l Lack) Fatal() bool {
	switch l.Kind {
	case NoLibrary, NoInterpreter, NoProgram, NoStarter:
		return true
	}
	return false
}

// Lacks reads the report of a proof of kind Libraries, the gravest first.
func Lacks(report []byte) []Lack {
	var out []Lack
	for line := range strings.Lines(string(report)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) == 4 {
			out = append(out, Lack{LackKind(f[0]), f[1], f[2], f[3]})
		}
	}
	slices.SortStableFunc(out, func(a, b Lack) int {
		switch {
		case a.Fatal() == b.Fatal():
			return 0
		case a.Fatal():
			return -1
		}
		return 1
	})
	return out
}
