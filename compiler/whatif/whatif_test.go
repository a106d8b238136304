package whatif

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/diag"
)

// program has a component in two instances, one of them with a package that depends on its
// argument, and a component with a number.
const program = `import "std/debian"

fleet {
    base debian.release("12", security: false)
}

component tool(version: string) {
    needs os.packages("lib${version}")
    size  20MB
    file  "/opt/tool/${version}" text "on"
}

component port(n: int) {
    file "/etc/port/${n}" text "on"
}

component nothing {
}

component plain {
    file "/opt/plain" text "on"
}

app one {
    uses tool("1"), port(80), plain
    file "/srv/one" text "1"
}

app two {
    uses tool("2"), plain
    file "/srv/two" text "2"
}
`

func pkg(name string, minimal bool) lock.Package {
	return lock.Package{
		Distribution: "debian/bookworm", Arch: "amd64", Name: name, Version: "1", URL: "debian:pool/" + name + "/" + name + ".deb",
		Digest: "sha256:" + strings.Repeat("0", 63) + "1", Size: 1_000_000, Installed: 3_000_000, Minimal: minimal,
	}
}

// input returns a program with a lock file.
func input(text string) compiler.Input {
	pins := &lock.File{Packages: []lock.Package{pkg("base-files", true), pkg("lib1", false), pkg("lib2", false)}}
	pins.Sort()
	return compiler.Input{
		Project: fstest.MapFS{"a.layer": {Data: []byte(text)}}, Dir: ".", Lock: pins,
		Platform: model.Platform{OS: "linux", Arch: "amd64"},
	}
}

func compiled(t *testing.T, in compiler.Input) *compiler.Output {
	t.Helper()
	out, list := compiler.Compile(in, compiler.Planned)
	for _, d := range list {
		t.Fatal(d.Message)
	}
	return out
}

// affected returns the images with a new digest in the only answer.
func affected(t *testing.T, answers []Answer) string {
	t.Helper()
	if len(answers) != 1 {
		t.Fatalf("%d answers", len(answers))
	}
	var names []string
	for _, i := range answers[0].Affected() {
		names = append(names, i.App.Name)
	}
	return strings.Join(names, " ")
}

func TestTouch(t *testing.T) {
	out := compiled(t, input(program))
	for names, want := range map[string]string{
		`tool("1")`: "one", "tool": "one two", "plain": "one two", "app two": "two", "lib2 port": "one two", "base-files": "one two",
	} {
		list := strings.Fields(names)
		if strings.HasPrefix(names, "app ") {
			list = []string{names}
		}
		changed, err := Named(out, list)
		if err != nil {
			t.Errorf("%s: %v", names, err)
			continue
		}
		answers := Touch(out, changed)
		if got := affected(t, answers); got != want || len(answers[0].Touched) == 0 {
			t.Errorf("%s: %s, want %s; touched %v", names, got, want, answers[0].Touched)
		}
	}
	var unknown *UnknownError
	if _, err := Named(out, []string{"tol"}); !errors.As(err, &unknown) || unknown.Near != "tool" {
		t.Errorf("a typo: %v", err)
	}
	if _, err := Named(out, []string{"ib"}); !errors.As(err, &unknown) || unknown.Near != "" || !slices.Equal(unknown.Like, []string{"lib1", "lib2"}) {
		t.Errorf("a part of names: %+v", err)
	}
}

func TestOverride(t *testing.T) {
	in := input(program)
	out := compiled(t, in)
	answers, list, err := Override(in, out, `tool("1")`, "3")
	if err != nil || len(list) > 0 {
		t.Fatalf("%v, %v", err, list)
	}
	if got := affected(t, answers); got != "one" {
		t.Errorf("affected: %s", got)
	}
	if a := answers[0].Assumed; len(a) != 1 || a[0].Name != "lib3" || a[0].Like != "lib1" {
		t.Errorf("assumed: %v", a)
	}
	if answers, _, err = Override(in, out, "port", "81"); err != nil || affected(t, answers) != "one" || len(answers[0].Assumed) > 0 {
		t.Errorf("a number: %v, %v", answers, err)
	}
	if answers, _, err = Override(in, out, `tool("1")`, "1"); err != nil || affected(t, answers) != "" {
		t.Errorf("the argument that it has: %v, %v", answers, err)
	}

	var ambiguous *AmbiguousError
	_, _, err = Override(in, out, "tool", "3")
	if !errors.As(err, &ambiguous) || !slices.Equal(ambiguous.Instances, []string{`tool("1")`, `tool("2")`}) {
		t.Errorf("two instances: %v", err)
	}
	var argument *NoArgumentError
	for _, name := range []string{"plain", "lib1"} {
		if _, _, err = Override(in, out, name, "3"); !errors.As(err, &argument) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var unknown *UnknownError
	if _, _, err = Override(in, out, "absent", "3"); !errors.As(err, &unknown) || err.Error() != `unknown name "absent"` {
		t.Errorf("an unknown name: %v", err)
	}
}

// TestOverrideUnpinned checks that a pin that cannot be assumed is the same finding as without an
// override.
func TestOverrideUnpinned(t *testing.T) {
	in := input(strings.Replace(program, `os.packages("lib${version}")`, `os.packages(match version { "3": "other", else: "lib${version}" })`, 1))
	out := compiled(t, in)
	answers, list, err := Override(in, out, `tool("1")`, "3")
	if answers != nil || err != nil || !list.HasErrors() || list[0].Code != diag.NotPinned {
		t.Errorf("%v, %v, %v", answers, list, err)
	}
}

// TestSince checks that Since compares the current platforms, and that a new platform has no old
// image.
func TestSince(t *testing.T) {
	old := compiled(t, input(program))
	now := compiled(t, input(strings.Replace(program, `"/srv/two" text "2"`, `"/srv/two" text "3"`, 1)))
	if got := affected(t, Since(old, now)); got != "two" {
		t.Errorf("affected: %s", got)
	}
	if got := affected(t, Since(old, old)); got != "" {
		t.Errorf("affected by nothing: %s", got)
	}
	if got := affected(t, Since(&compiler.Output{}, now)); got != "one two" {
		t.Errorf("affected by a new platform: %s", got)
	}
}

// TestLimits checks the plans for all limits. Two layers are too few for this fleet, so that plan
// is missing.
func TestLimits(t *testing.T) {
	names := func(text string) (string, int) {
		out := compiled(t, input(text))
		choices, own := Limits(out.Targets[0], out.Lock, plan.Options{})
		var all []string
		for n, c := range choices {
			if limit, err := strconv.Atoi(c.Name); err == nil {
				for _, i := range c.Plan.Images {
					if len(i.Layers) > limit {
						t.Errorf("%s has %d layers, and the limit is %d", i.App.Name, len(i.Layers), limit)
					}
				}
			}
			if all = append(all, c.Name); (c.Plan == out.Targets[0].Plan) != (n == own) {
				t.Errorf("the plan for the limit %s is the fleet's own: %v", c.Name, n != own)
			}
		}
		return strings.Join(all, " "), own
	}
	limit := func(of, n string) string {
		return strings.Replace(program, of, of+"\n    layers "+n, 1)
	}
	const fleet = `base debian.release("12", security: false)`
	if got, own := names(limit(fleet, "4")); got != "3 4 5 6 7 8 9 10 11 12" || own != 1 {
		t.Errorf("four layers: %s, own %d", got, own)
	}
	if got, own := names(limit(fleet, "14")); got != "3 4 5 6 7 8 9 10 11 12 13 14" || own != 11 {
		t.Errorf("fourteen layers: %s, own %d", got, own)
	}
	if got, own := names(limit("app one {", "5")); !strings.HasPrefix(got, "as written 3 4") || own != 0 {
		t.Errorf("an app with another limit: %s, own %d", got, own)
	}
}

// TestLimitsForget checks that the plans for other limits ignore the recorded plan.
func TestLimitsForget(t *testing.T) {
	text := strings.Replace(program, "fleet {", "fleet {\n    layers 3", 1)
	text = strings.ReplaceAll(text, "uses ", "uses x, y, z, ")
	for _, name := range []string{"x", "y", "z"} {
		text += "\ncomponent " + name + " {\n    size 90MB\n    file \"/" + name + "\" text \"on\"\n}\n"
	}
	text += "\napp three {\n    uses x\n}\n\napp four {\n    uses y\n}\n"
	in := input(text)
	out := compiled(t, in)
	in.Lock = plan.Record(in.Lock, out.Plan)
	out = compiled(t, in)
	choices, _ := Limits(out.Targets[0], in.Lock, plan.Options{})
	last := choices[len(choices)-1].Plan
	if own, other := len(out.Targets[0].Plan.Images[1].Layers), len(last.Images[1].Layers); own > 3 || other <= 3 {
		t.Errorf("an image has %d layers in the recorded plan, and %d with limit 12", own, other)
	}
}
