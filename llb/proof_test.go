//go:build linux

package llb_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/helper"
	"github.com/layc-lang/layc/llb/project"
)

// verify builds a program with all its proofs and returns a line for each: "alone tool: ",
// followed by its error or its report. It leaves out a Kept that holds.
func (b *builder) verify(program string) (proofs []string, steps engine.Steps) {
	t := b.t
	t.Helper()
	dir := b.write(map[string]string{"a.layer": program})
	compiled, list := compiler.Compile(compiler.Input{
		Project: os.DirFS(dir), Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"},
	}, compiler.Planned)
	if list.HasErrors() {
		var text bytes.Buffer
		_ = diag.Render(&text, list, diag.Options{})
		t.Fatal(text.String())
	}
	g, err := llb.Lower(compiled.Targets[0].Plan, llb.Options{Tree: "tree", Verify: true})
	if err != nil {
		t.Fatal(err)
	}
	req := engine.Request{Locals: helper.Sources()}
	req.Locals[llb.ProjectSource] = project.Source(compiled.Files, g.Selections)
	for _, i := range g.Images {
		req.Images = append(req.Images, engine.Image{Name: i.App.Name, Platform: i.Platform, Definition: i.Definition(), Config: i.Config})
	}
	for _, p := range g.Proofs {
		req.Proofs = append(req.Proofs, engine.Proof{Definition: p.Definition(), Report: p.Report()})
	}
	var all []engine.Proven
	result, err := b.engine.Build(t.Context(), req)
	var unproven *engine.UnprovenError
	switch {
	case errors.As(err, &unproven):
		all = unproven.Proven
	case err != nil:
		t.Fatal(err)
	default:
		all, steps = result.Proven, result.Steps
	}
	for n, p := range g.Proofs {
		if p.Kind == llb.Kept && all[n].Failed == nil {
			continue // see TestReplacedKinds
		}
		line := fmt.Sprintf("%s %s:", p.Kind, p.Component)
		if f := all[n].Failed; f != nil {
			if !p.Own(f.Vertex) {
				line += " " + f.Name + " failed:"
			}
			if line += " " + strings.Join(f.Log, "|"); len(f.Log) == 0 {
				line += f.Err.Error()
			}
		}
		if text := strings.TrimSuffix(string(all[n].Report), "\n"); text != "" {
			line += " " + strings.ReplaceAll(strings.ReplaceAll(text, "\n", "|"), "\t", " ")
		}
		proofs = append(proofs, line)
	}
	return proofs, steps
}

// lines compares the results of proofs. A line in want is a prefix of the result.
func lines(t *testing.T, got []string, want ...string) {
	t.Helper()
	ok := len(got) == len(want)
	for n := range min(len(got), len(want)) {
		ok = ok && (got[n] == want[n] || strings.HasSuffix(want[n], "…") && strings.HasPrefix(got[n], strings.TrimSuffix(want[n], "…")))
	}
	if !ok {
		t.Errorf("the proofs are\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

const proofFleet = `
fleet {
    base base
}

component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
}
`

// TestUserIsThere checks that an image's user and group are looked up in the complete image, and
// that the result is cached.
func TestUserIsThere(t *testing.T) {
	b := newBuilder(t)
	program := proofFleet + `
user www {
    uid 1001
}

app declared {
    file "/srv/x" text "x" owner www
    user "www:users"
}

app number {
    user "4711"
}

app name {
    user "NAME"
}
`
	got, _ := b.verify(strings.Replace(program, "NAME", "www", 1))
	lines(t, got, "start declared:", "start name: layc-helper: no user www: root")
	got, _ = b.verify(strings.Replace(program, "NAME", "root:user", 1))
	lines(t, got, "start declared:", "start name: layc-helper: no group user: root users")
	got, _ = b.verify(strings.Replace(program, "NAME", "root:users", 1))
	lines(t, got, "start declared:", "start name:")
	if _, steps := b.verify(strings.Replace(program, "NAME", "root:users", 1)); len(steps.Executed) > 0 {
		t.Errorf("the second build executes %v", steps.Executed)
	}
}

// TestAgain checks that a run's files are compared with the files of a second execution, and that
// proofs are cached.
func TestAgain(t *testing.T) {
	b := newBuilder(t)
	program := proofFleet + `
component stable {
    owns "/opt/stable"
    run  "write /opt/stable/x 1"
}

component unstable {
    owns "/opt/unstable"
    run  """
        write /opt/unstable/same 1
        stamp /opt/unstable/time
    """
}

component archive {
    owns "/opt/archive"
    run  "stamp /opt/archive/stamp"
}

app a {
    uses stable, unstable
    copy "/opt/archive/stamp" from archive to "/srv/"
}
`
	want := []string{
		"again stable:", "again unstable: /opt/unstable/time differs from byte…", "again archive: /opt/archive/stamp differs from byte…",
		"libraries stable:", "libraries unstable:", "libraries a:",
	}
	got, steps := b.verify(program)
	lines(t, got, want...)
	if len(steps.Executed) == 0 {
		t.Error("the first build executes nothing")
	}
	again, steps := b.verify(program)
	lines(t, again, got...)
	if len(steps.Executed) != 0 {
		t.Errorf("the second build executes %v, want nothing", steps.Executed)
	}
}

// TestTests checks where tests run, and the output of a failing test.
func TestTests(t *testing.T) {
	b := newBuilder(t)
	got, _ := b.verify(proofFleet + `
component tool {
    env  HOW += "tool"
    file "/opt/tool" text "one"
    test "cat /opt/tool" prints "one"
    test "cat /opt/tool" prints "two"
    test "print HOW"     prints "tool library"
    test "cat /opt/app"  prints ""
    test "whoami"        prints "0:0 /"
    needs library
}

component library {
    env HOW += "library"
}

# What these disagree about the app decides; what they write together is there
# as in its image.
component left {
    needs right, other
    file "/etc/profile" append "left"
    test "print SIDE"       prints "app"
    test "cat /etc/profile" prints "base\nleft\nmore\nright"
}

component right {
    env  SIDE = "right"
    file "/etc/profile" append "right"
    test "print SIDE" prints "right"
}

component other {
    env SIDE = "other"
}

component more {
    file "/etc/profile" append "more"
}

app a {
    uses tool, left, more
    env     HOW = "app"
    env     SIDE = "app"
    user    "7:8"
    workdir "/opt"
    file "/opt/app" text "three"
    test "print HOW"    prints "app"
    test "cat app"      prints "three"
    test "whoami"       prints "7:8 /opt"
    test "cat /nowhere" prints ""
}

component bare {
    run  "remove /bin/sh"
    test "print HOW" prints ""
}

app b {
    uses bare
    user "nobody"
    test "whoami" prints ""
}
`)
	lines(t, got,
		"start b: layc-helper: no user nobody: root",
		"test right:", "test left:", "test left:",
		"test tool:",
		"test tool: layc-helper: it should print:|  two|it printed:|  one",
		"test tool:",
		"test tool: layc-helper: it ended with exit status 1|it printed:|  open /opt/app: no such file or directory",
		"test tool:",
		"test a:", "test a:", "test a:",
		"test a: layc-helper: it ended with exit status 1|it printed:|  open /nowhere: no such file or directory",
		"test bare: layc-helper: the image has no /bin/sh; write the test as a list, such as [\"/server\", \"--version\"]",
		"test b: unable to find user nobody: no matching entries in passwd file",
	)
}

// TestLibraries checks that the loaders and libraries of programs in portable components are
// looked up in an image with only their needs.
func TestLibraries(t *testing.T) {
	b := newBuilder(t)
	program := proofFleet + `
component runtime {
    owns "/lib64"
    run  """
        library /lib64/ld.so
        library /lib64/libc.so libx.so
    """
}

component extra {
    owns "/usr/lib"
    run  "library /usr/lib/libextra.so"
}

component tool {
    needs NEEDS
    owns  "/opt/tool"
    run   """
        program /opt/tool/fine /lib64/ld.so libc.so
        program /opt/tool/bad  /lib64/ld.so libc.so libextra.so
        library /opt/tool/plugin.so libextra.so libgone.so
        program /opt/tool/foreign /lib/ld-musl.so libc.musl.so
    """
}

app a {
    uses tool, extra
}
`
	gone := "on-demand /opt/tool/plugin.so libgone.so "
	musl := "interpreter /opt/tool/foreign /lib/ld-musl.so "
	got, _ := b.verify(strings.Replace(program, "NEEDS", "runtime", 1))
	lines(t, got, "again extra:", "again runtime:", "again tool:", "libraries extra:",
		"libraries runtime: on-demand /lib64/libc.so libx.so ",
		"libraries tool: "+musl+"|library /opt/tool/bad libextra.so |on-demand /opt/tool/plugin.so libextra.so |"+gone)
	got, _ = b.verify(strings.Replace(program, "NEEDS", "runtime, extra", 1))
	if want := "libraries tool: " + musl + "|" + gone; !slices.Contains(got, want) {
		t.Errorf("the proofs are\n  %s\nwant %s", strings.Join(got, "\n  "), want)
	}
}
