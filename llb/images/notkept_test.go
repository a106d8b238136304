package images

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/format"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/llb/engine"
)

// changed is what the helper prints of new paths.
func changed(makes ...string) string {
	line := fmt.Sprintf("not kept: changes %d", len(makes))
	for _, p := range makes {
		line += fmt.Sprintf(" %q", p+" is new")
	}
	line += fmt.Sprintf(" makes %d", len(makes))
	for _, p := range makes {
		line += fmt.Sprintf(" %q", p)
	}
	return line
}

// TestReadParts reads what the helper prints, and refuses everything else.
func TestReadParts(t *testing.T) {
	odd := []string{"/a b", `/c"d\e`, "/f\n lacks 1 \"/g\"", "/${h}", "/\xff\x00", "/ü\u202e"}
	got := readParts(strings.TrimPrefix(changed(odd...), "not kept:"))
	if l := got["makes"]; l.total != len(odd) || strings.Join(l.first, "|") != strings.Join(odd, "|") || len(got) != 2 {
		t.Errorf("%q are read as %v", odd, got)
	}
	if got := readParts(` changes 25 "/a is new"`); got["changes"].total != 25 {
		t.Errorf("the first of many paths are read as %v", got)
	}
	for _, text := range []string{" changes", " changes 1", " changes x", ` changes 1 "/a`, ` changes 1 "/a" "/b"`, ` changes 1 /a`, ` changes 1 "/a" rest`} {
		if got := readParts(text); got != nil {
			t.Errorf("%s is read as %v", text, got)
		}
	}
}

// TestNotKept checks the errors of components that do other than they own, and the edits, which keep
// the canonical form of a program. After them, the component owns what it makes.
func TestNotKept(t *testing.T) {
	const tool = `component tool {
    owns "/opt/tool"

    run "make tool"
}
`
	for _, c := range []struct{ component, uses, log, want, edited string }{
		{tool, "tool", changed("/etc/tool.conf", "/a b"), "E0519 a.layer:11 tool changes paths that it does not own; " +
			"/etc/tool.conf is new; /a b is new; images only get the paths that a component owns, so these changes would be lost; " +
			"for files that only the build needs, use /tmp or a mount: `with cache` or `with tmpfs`; to keep what is new, write `owns \"/etc/tool.conf\", \"/a b\"`",
			`    owns "/opt/tool", "/etc/tool.conf", "/a b"`},
		{tool, "tool", changed(`/"q\`, "/${x}", "/n\nl"), "", `    owns "/opt/tool", "/\"q\\", "/$${x}", "/n\nl"`},
		{tool, "tool", changed("/x", "/\xff"), "", ""},
		{tool, "tool", `not kept: changes 1 "/etc/passwd differs from byte 0"`, "E0519 a.layer:11 tool changes paths that it does not own; " +
			"/etc/passwd differs from byte 0; images only get the paths that a component owns, so these changes would be lost; " +
			"for files that only the build needs, use /tmp or a mount: `with cache` or `with tmpfs`; to change or delete files of other components, remove `owns`: tool is then stacked on them", ""},
		{tool, "tool", `not kept: changes 30 "/a is new" makes 30 "/a"`, "E0519 a.layer:11 tool changes paths that it does not own; " +
			"/a is new; and 25 more; images only get the paths that a component owns, so these changes would be lost; " +
			"for files that only the build needs, use /tmp or a mount: `with cache` or `with tmpfs`; to keep so many paths, install them below one directory and write `owns` for that; or remove `owns`", ""},
		{tool, "tool", `not kept: lacks 1 "/opt/tool"`, "E0520 a.layer:12 tool owns paths that its steps do not create; /opt/tool; " +
			"create them in a `run`, such as `mkdir -p /opt/tool`, or remove them from `owns`", ""},
		{tool, "tool", `not kept: deletes 1 "/opt/tool/x" unfit 1 "/opt/tool/b is a block device"`, "E0519 a.layer:11 tool deletes files of layers below; /opt/tool/x; " +
			"the layer of a component with `owns` only adds files, so the image would still have them; images cannot store files of tool; /opt/tool/b is a block device; " +
			"to change or delete files of other components, remove `owns`: tool is then stacked on them; remove these files at the end of the `run`", ""},
		// A path that is missing is probably written wrong.
		{tool, "tool", `not kept: lacks 1 "/opt/tool" changes 1 "/opt/tools is new" makes 1 "/opt/tools"`, "E0519 a.layer:11 tool changes paths that it does not own; " +
			"/opt/tools is new; images only get the paths that a component owns, so these changes would be lost; tool owns paths that its steps do not create; /opt/tool; " +
			"for files that only the build needs, use /tmp or a mount: `with cache` or `with tmpfs`; to keep what is new, write `owns \"/opt/tools\"`",
			`    owns "/opt/tools"`},
		// An owner need not be the owner of other paths.
		{"component tool {\n    owns \"/opt/tool\" owner \"7:7\"\n\n    run \"make tool\"\n}\n", "tool", changed("/x"), "", "    owns \"/opt/tool\" owner \"7:7\"\n    owns \"/x\""},
		{"component tool {\n    for x in [\"a\", \"b\"] {\n        owns \"/opt/${x}\"\n    }\n\n    run \"make tool\"\n}\n", "tool", changed("/x"), "", "component tool {\n    owns \"/x\"\n    for x in"},
		{"component tool {\n    owns \"/opt/tool\"\n    run  \"make tool\"\n}\n", "tool", changed("/x"), "", "    owns \"/opt/tool\", \"/x\"\n    run  \"make tool\""},
		// Other instances have other paths.
		{"component tool(version: string, n: int = 1) {\n    owns \"/opt/tool\"\n\n    run \"make tool\"\n}\n", `tool("17")`, changed("/opt/jdk-17", "/17/17", "/opt/17b/$17/1"), "",
			`    owns "/opt/tool", "/opt/jdk-${version}", "/${version}/${version}", "/opt/17b/$17/1"`},
	} {
		program := strings.Replace(c.component+"\napp a {\n    uses USES\n}\n", "USES", c.uses, 1)
		in := input(t, "\n"+program)
		_, err := Build(t.Context(), fake{build: func(r engine.Request) (*engine.Result, error) {
			return nil, &engine.StepError{Vertex: vertex(t, r, "check written paths"), ExitCode: 1, Log: []string{"layc-helper: " + c.log}, Err: errors.New("exit code: 1")}
		}}, in)
		var step *StepError
		if !errors.As(err, &step) {
			t.Errorf("%s: %v", c.log, err)
			continue
		}
		d := step.Diagnostic
		got := fmt.Sprintf("%s %s:%d %s", d.Code, d.Span.File.Name(), d.Span.Position().Line, strings.Join(append(append([]string{d.Message}, d.Notes...), d.Help...), "; "))
		if c.want != "" && got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.log, got, c.want)
		}
		if len(d.Edits) == 0 || c.edited == "" {
			if len(d.Edits) > 0 || c.edited != "" {
				t.Errorf("%s: the edits are %v", c.log, d.Edits)
			}
			continue
		}
		text := diag.Apply(d.Span.File, d.Edits)
		if !strings.Contains(text, c.edited+"\n") && !strings.Contains(text, c.edited+" ") {
			t.Errorf("%s: the program lacks %q:\n%s", c.log, c.edited, text)
		}
		if canonical, _ := format.Source(d.Span.File); canonical == d.Span.File.Text() {
			if again, list := format.Source(source.New("a.layer", text)); again != text || len(list) > 0 {
				t.Errorf("%s: the program loses its form:\n%s", c.log, text)
			}
		}
		owned := ownedBy(t, text)
		for _, p := range readParts(strings.TrimPrefix(c.log, "not kept:"))["makes"].first {
			if !strings.Contains(owned, p+"|") {
				t.Errorf("%s: the component owns %q, not %s", c.log, owned, p)
			}
		}
	}
}

// ownedBy returns what the components of a program own.
func ownedBy(t *testing.T, text string) string {
	t.Helper()
	out, list := compiler.Compile(compiler.Input{
		Project: fstest.MapFS{
			"a.layer":   {Data: []byte(text)},
			"layc.lock": {Data: []byte("layc-lock 1\n\nbase sha256:00000000000000000000000000000000000000000000000000000000000000aa 1 configured\n")},
		}, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"},
	}, compiler.Bound)
	if list.HasErrors() {
		t.Fatalf("%s:\n%s", list[0].Message, text)
	}
	owned := ""
	for _, i := range out.Targets[0].Graph.Instances {
		for _, o := range i.Owns {
			owned += o.Path + "|"
		}
	}
	return owned
}

// TestForgedNotKept checks that only layc's own check is believed.
func TestForgedNotKept(t *testing.T) {
	step := &engine.StepError{ExitCode: 1, Err: errors.New("exit code: 1"), Log: []string{"layc-helper: " + changed("/x")}}
	in := input(t, "component tool {\n    owns \"/x\"\n    run  \"make tool\"\n}\n\napp a {\n    uses tool\n}\n")
	_, err := Build(t.Context(), fake{build: func(r engine.Request) (*engine.Result, error) {
		step.Vertex = vertex(t, r, "make tool")
		return nil, step
	}}, in)
	if got := told(err); !strings.HasPrefix(got, "E0501 ") {
		t.Errorf("a run that prints the helper's line is %s", got)
	}
}
