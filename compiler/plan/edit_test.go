package plan_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/show"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb"
)

// fleet is a program that tests edit: text generates its source.
type fleet struct {
	components []part
	apps       map[string][]int // name → components
	limit      int
}

// part is a component: portable, stacked, or an OS package.
type part struct {
	name    string
	version int
	kind    string // "fetch", "run", "package"
	size    int    // MB
	needs   int    // index of a component, -1: none
}

func newFleet(r *rand.Rand) *fleet {
	f := &fleet{apps: map[string][]int{}, limit: 4 + r.IntN(4)}
	for n := range 8 + r.IntN(16) {
		p := part{name: fmt.Sprintf("c%d", n), version: 1, kind: []string{"fetch", "fetch", "run", "package"}[r.IntN(4)], size: 1 + r.IntN(200), needs: -1}
		if n > 2 && r.IntN(3) == 0 {
			p.needs = r.IntN(n)
		}
		f.components = append(f.components, p)
		if p.kind == "run" {
			f.limit++ // each run is a layer of its own
		}
	}
	for n := range 4 + r.IntN(12) {
		f.addApp(r, fmt.Sprintf("app%d", n))
	}
	return f
}

// addApp adds an app that resembles an existing one, with one component more or fewer.
func (f *fleet) addApp(r *rand.Rand, name string) {
	set := map[int]bool{}
	if len(f.apps) > 0 {
		names := slices.Sorted(maps.Keys(f.apps))
		for _, c := range f.apps[names[r.IntN(len(names))]] {
			set[c] = r.IntN(5) > 0
		}
	}
	for range 1 + r.IntN(4) {
		set[r.IntN(len(f.components))] = true
	}
	var uses []int
	for c, in := range set {
		if in {
			uses = append(uses, c)
		}
	}
	slices.Sort(uses)
	f.apps[name] = uses
}

// text returns the source of the program. If r is not nil, everything that may be in any order is
// in a random order.
func (f *fleet) text(r *rand.Rand) []string {
	var parts []string
	for n, c := range f.components {
		var b strings.Builder
		fmt.Fprintf(&b, "component %s(version: string = \"%d\") {\n", c.name, c.version)
		if c.needs >= 0 {
			fmt.Fprintf(&b, "    needs %s\n", f.components[c.needs].name)
		}
		switch c.kind {
		case "fetch":
			fmt.Fprintf(&b, "    size %dMB\n    fetch \"https://example.com/%s-${version}\" sha256 \"%064x\" to \"/opt/%s/\"\n", c.size, c.name, n, c.name)
		case "run":
			fmt.Fprintf(&b, "    size %dMB\n    run \"setup-%s $version\"\n", c.size, c.name)
		case "package":
			fmt.Fprintf(&b, "    needs os.packages(\"p%d\")\n    env V%d = version\n", n, n)
		}
		b.WriteString("}\n")
		parts = append(parts, b.String())
	}
	for _, name := range slices.Sorted(maps.Keys(f.apps)) {
		var uses []string
		for _, c := range f.apps[name] {
			uses = append(uses, f.components[c].name)
		}
		if r != nil {
			r.Shuffle(len(uses), func(a, b int) { uses[a], uses[b] = uses[b], uses[a] })
		}
		parts = append(parts, fmt.Sprintf("app %q {\n    uses %s\n    file \"/app\" text %q\n}\n", name, strings.Join(uses, ", "), name))
	}
	if r != nil {
		r.Shuffle(len(parts), func(a, b int) { parts[a], parts[b] = parts[b], parts[a] })
	}
	return append([]string{fmt.Sprintf("import \"std/debian\"\n\nfleet {\n    base debian.release(\"12\", security: false)\n    layers %d\n}\n", f.limit)}, parts...)
}

// pins returns a lock file with the fleet's packages.
func (f *fleet) pins() *lock.File {
	l := &lock.File{}
	add := func(name string, size int, minimal bool) {
		l.Packages = append(l.Packages, lock.Package{
			Distribution: "debian/bookworm", Arch: "amd64", Name: name, Version: "1", URL: "debian:" + name + ".deb",
			Digest: "sha256:" + strings.Repeat("0", 64), Size: int64(size) << 20, Installed: int64(size) << 21, Minimal: minimal,
		})
	}
	add("base-files", 30, true)
	for n, c := range f.components {
		add(fmt.Sprintf("p%d", n), c.size, false)
	}
	l.Sort()
	return l
}

// compile plans a program that is split into files at random places.
func compile(t *testing.T, text []string, r *rand.Rand, l *lock.File) (*plan.Plan, diag.List) {
	t.Helper()
	files := fstest.MapFS{}
	name := "a.layer"
	for n, part := range text {
		if n > 0 && r != nil && r.IntN(4) == 0 {
			name = fmt.Sprintf("%c%d.layer", 'a'+rune(r.IntN(26)), n)
		}
		if files[name] == nil {
			files[name] = &fstest.MapFile{}
		}
		files[name].Data = append(files[name].Data, part+"\n"...)
	}
	out, list := compiler.Compile(compiler.Input{
		Project: files, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"}, Lock: l,
	}, compiler.Planned)
	if list.HasErrors() {
		var b strings.Builder
		if err := diag.Render(&b, list, diag.Options{}); err != nil {
			t.Fatal(err)
		}
		t.Fatalf("%s\n%s", strings.Join(text, "\n"), b.String())
	}
	return out.Targets[0].Plan, list
}

// record returns the lock file that `layc lock` would write.
func record(f *fleet, p *plan.Plan) *lock.File { return plan.Record(f.pins(), p) }

// withPlan returns the fleet's lock file with the plan of another one.
func withPlan(f *fleet, l *lock.File) *lock.File {
	out := f.pins()
	out.Layers, out.Stacks = l.Layers, l.Stacks
	return out
}

func facts(l *lock.File) string {
	return string((&lock.File{Layers: l.Layers, Stacks: l.Stacks}).Format())
}

// TestRecordedPlanStays checks that a recorded plan is read back unchanged and reports nothing.
func TestRecordedPlanStays(t *testing.T) {
	stacks := 0
	for seed := range uint64(fleets(t)) {
		r := rand.New(rand.NewPCG(seed, 1))
		f := newFleet(r)
		first, _ := compile(t, f.text(nil), nil, f.pins())
		locked := record(f, first)
		again, list := compile(t, f.text(nil), nil, locked)
		if len(list) > 0 || !again.Diff().Empty() {
			t.Fatalf("fleet %d: the recorded plan does not fit: %v %s", seed, list, again.Diff().Summary())
		}
		if got, want := show.Tree(again, show.Terminal), show.Tree(first, show.Terminal); got != want {
			t.Fatalf("fleet %d:\n%s", seed, diff.Diff("first", []byte(want), "again", []byte(got)))
		}
		if got, want := facts(record(f, again)), facts(locked); got != want {
			t.Fatalf("fleet %d: recorded again:\n%s\nwant\n%s", seed, got, want)
		}
		stacks += len(locked.Stacks)
	}
	t.Logf("%d stack facts", stacks)
}

// fleets returns the number of generated fleets that a test tries.
func fleets(t *testing.T) int {
	if testing.Short() {
		return 5
	}
	return 20
}

// TestEditsMoveLittle checks that an edit moves only what it must: a new version keeps all
// places, a removed app moves nothing, and a new app moves hardly anything.
func TestEditsMoveLittle(t *testing.T) {
	var moved, total float64
	for seed := range uint64(fleets(t)) {
		r := rand.New(rand.NewPCG(seed, 2))
		f := newFleet(r)
		p, _ := compile(t, f.text(nil), nil, f.pins())
		locked := record(f, p)

		c := r.IntN(len(f.components))
		f.components[c].version++
		p, _ = compile(t, f.text(nil), nil, withPlan(f, locked))
		renamed := fmt.Sprintf("%s(%q)", f.components[c].name, "2")
		want := facts(locked)
		for _, quoted := range []string{`%s("%d")`, `%s(\"%d\")`} {
			want = strings.ReplaceAll(want, fmt.Sprintf(quoted, f.components[c].name, 1), fmt.Sprintf(quoted, f.components[c].name, 2))
		}
		locked = record(f, p)
		if got, want := sorted(facts(locked)), sorted(want); got != want {
			t.Fatalf("fleet %d: %s moves layers:\n%s", seed, renamed, diff.Diff("want", []byte(want), "got", []byte(got)))
		}

		names := slices.Sorted(maps.Keys(f.apps))
		delete(f.apps, names[r.IntN(len(names))])
		p, list := compile(t, f.text(nil), nil, withPlan(f, locked))
		if d := p.Diff(); d.Pull.Bytes != 0 || len(list) > 0 {
			t.Fatalf("fleet %d: without an app %s: %v", seed, d.Summary(), list)
		}
		locked = record(f, p)

		f.addApp(r, "new")
		p, _ = compile(t, f.text(nil), nil, withPlan(f, locked))
		for _, i := range p.Images {
			for _, l := range i.Layers {
				total += float64(l.Size.Bytes)
			}
		}
		for _, i := range p.Diff().Images {
			if i.App.Name != "new" {
				moved += float64(i.Pull.Bytes)
			}
		}
	}
	t.Logf("a new app moves %.2f %% of the others' bytes", 100*moved/total)
	if moved > 0.02*total {
		t.Errorf("a new app moves %.2f %% of the others' bytes", 100*moved/total)
	}
}

// TestRecordedPlanFits checks that a recorded plan fits, whatever was recorded before and even
// if a part of that was lost.
func TestRecordedPlanFits(t *testing.T) {
	for seed := range uint64(fleets(t)) {
		r := rand.New(rand.NewPCG(seed, 6))
		f := newFleet(r)
		locked := f.pins()
		for step := range 10 {
			switch c := r.IntN(len(f.components)); step % 5 {
			case 1:
				f.addApp(r, fmt.Sprintf("new%d", step))
			case 2:
				f.components[c].version = 3 - f.components[c].version
			case 3:
				names := slices.Sorted(maps.Keys(f.apps))
				delete(f.apps, names[r.IntN(len(names))])
			case 4:
				locked = lose(t, r, locked)
			}
			p, _ := compile(t, f.text(nil), nil, withPlan(f, locked))
			locked = record(f, p)
			again, list := compile(t, f.text(nil), nil, locked)
			if len(list) > 0 || !again.Diff().Empty() {
				t.Fatalf("fleet %d, step %d: what was recorded does not fit: %s", seed, step, again.Diff().Summary())
			}
			if got, want := facts(record(f, again)), facts(locked); got != want {
				t.Fatalf("fleet %d, step %d: recorded again:\n%s", seed, step, diff.Diff("first", []byte(want), "again", []byte(got)))
			}
		}
	}
}

// lose returns the lock file without some lines of its plan.
func lose(t *testing.T, r *rand.Rand, l *lock.File) *lock.File {
	t.Helper()
	lines := strings.SplitAfter(facts(l), "\n")
	lines = slices.DeleteFunc(lines, func(line string) bool {
		return !strings.HasPrefix(line, "layc-lock") && r.IntN(6) == 0
	})
	out, err := lock.Parse(lock.Name, []byte(strings.Join(lines, "")))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sorted(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// TestOrderDoesNotMatter checks that order changes neither the plan nor the LLB, with or without a
// recorded plan: the order of declarations, of an app's components, and of files.
func TestOrderDoesNotMatter(t *testing.T) {
	for seed := range uint64(fleets(t)) {
		r := rand.New(rand.NewPCG(seed, 4))
		f := newFleet(r)
		first, _ := compile(t, f.text(nil), nil, f.pins())
		pins := f.pins()
		if seed%2 == 0 {
			pins = record(f, first)
			f.addApp(r, "new")
			first, _ = compile(t, f.text(nil), nil, pins)
		}
		second, _ := compile(t, f.text(r), r, pins)
		if got, want := show.Tree(second, show.Terminal), show.Tree(first, show.Terminal); got != want {
			t.Fatalf("fleet %d:\n%s", seed, diff.Diff("in order", []byte(want), "shuffled", []byte(got)))
		}
		if !bytes.Equal(definitions(t, first), definitions(t, second)) {
			t.Fatalf("fleet %d: definitions differ", seed)
		}
	}
}

// definitions returns the bytes that BuildKit receives for a plan.
func definitions(t *testing.T, p *plan.Plan) []byte {
	t.Helper()
	g, err := llb.Lower(p, llb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var raw []byte
	for _, i := range g.Images {
		raw = append(raw, bytes.Join(i.Definition().Def, nil)...)
		raw = append(raw, i.Config...)
	}
	return raw
}

// TestBranchesMerge lets two branches each add an app. Their lock files must merge line by line,
// and the merged plan must move hardly anything in the images of either branch.
func TestBranchesMerge(t *testing.T) {
	var moved, total float64
	for seed := range uint64(fleets(t)) {
		r := rand.New(rand.NewPCG(seed, 5))
		f := newFleet(r)
		p, _ := compile(t, f.text(nil), nil, f.pins())
		trunk := record(f, p)
		var texts [][]byte
		apps := maps.Clone(f.apps)
		for _, name := range []string{"left", "right"} {
			f.apps = maps.Clone(f.apps)
			f.addApp(r, name)
			apps[name] = f.apps[name]
			p, _ = compile(t, f.text(nil), nil, withPlan(f, trunk))
			texts = append(texts, record(f, p).Format())
			delete(f.apps, name)
		}
		f.apps = apps
		merged, err := lock.Parse(lock.Name, slices.Concat(texts...))
		if err != nil {
			t.Fatal(err)
		}
		p, _ = compile(t, f.text(nil), nil, merged)
		for _, i := range p.Images {
			for _, l := range i.Layers {
				total += float64(l.Size.Bytes)
			}
		}
		moved += float64(p.Diff().Pull.Bytes)
		if again, list := compile(t, f.text(nil), nil, withPlan(f, record(f, p))); len(list) > 0 || !again.Diff().Empty() {
			t.Fatalf("fleet %d: the plan recorded after the merge does not fit", seed)
		}
	}
	t.Logf("merges move %.2f %% of all bytes", 100*moved/total)
	if moved > 0.03*total {
		t.Errorf("merges move %.2f %% of all bytes", 100*moved/total)
	}
}
