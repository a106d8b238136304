package images

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/world"
)

// fake is an engine that builds nothing and returns the result that a test chooses.
type fake struct {
	runs  []ocispecs.Platform // nil: linux/amd64
	build func(engine.Request) (*engine.Result, error)
}

func (f fake) Platforms(context.Context) ([]ocispecs.Platform, error) {
	if f.runs != nil {
		return f.runs, nil
	}
	return []ocispecs.Platform{{OS: "linux", Architecture: "amd64"}}, nil
}

func (f fake) Build(_ context.Context, r engine.Request) (*engine.Result, error) { return f.build(r) }

// input returns the input for a program.
func input(t *testing.T, program string) Input {
	t.Helper()
	out, list := compiler.Compile(compiler.Input{
		Project: fstest.MapFS{
			"a.layer":   {Data: []byte(base + program)},
			"layc.lock": {Data: []byte("layc-lock 1\n\nbase sha256:00000000000000000000000000000000000000000000000000000000000000aa 1 configured\n")},
		}, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"},
	}, compiler.Planned)
	if list.HasErrors() {
		var text bytes.Buffer
		_ = diag.Render(&text, list, diag.Options{})
		t.Fatal(text.String())
	}
	in := Input{Files: out.Files, Dir: t.TempDir(), Mirrors: world.Mirrors{}}
	for _, target := range out.Targets {
		in.Plans = append(in.Plans, target.Plan)
	}
	return in
}

// vertex returns the digest of the vertex of an image or proof whose name or operation contains a
// string.
func vertex(t *testing.T, r engine.Request, text string) digest.Digest {
	t.Helper()
	definitions := r.Images[0].Definition.Def
	metadata := r.Images[0].Definition.Metadata
	for _, p := range r.Proofs {
		definitions = slices.Concat(definitions, p.Definition.Def)
		for id, m := range p.Definition.Metadata {
			metadata[id] = m
		}
	}
	for _, raw := range definitions {
		id := digest.FromBytes(raw)
		if m := metadata[string(id)]; bytes.Contains(raw, []byte(text)) || m != nil && strings.Contains(m.Description["llb.customname"], text) {
			return id
		}
	}
	t.Fatalf("the request has no vertex with %q", text)
	return ""
}

// base is a system that the lock file of input pins.
const base = `fleet {
    base    base
    builder "linux/arm64"
    secret  token
}

component base {
    rootfs "https://example.com/base.tar" sha256 "00000000000000000000000000000000000000000000000000000000000000aa"
}
`

// TestMirrors builds a download that fails on its first server.
func TestMirrors(t *testing.T) {
	in := input(t, `
component tool {
    owns  "/opt/tool"
    fetch "https://one.example.com/tool", "https://two.example.com/tool" sha256 "0000000000000000000000000000000000000000000000000000000000000000" to "/opt/tool/"
}

app a {
    uses tool
}
`)
	var told []string
	in.Notice = func(s string) { told = append(told, s) }
	tries := 0
	result, err := Build(t.Context(), fake{build: func(r engine.Request) (*engine.Result, error) {
		if tries++; tries == 1 {
			return nil, &engine.UnavailableError{What: "gone", Vertex: vertex(t, r, "https://one.example.com/tool")}
		}
		vertex(t, r, "https://two.example.com/tool")
		return &engine.Result{Proven: make([]engine.Proven, len(r.Proofs))}, nil
	}}, in)
	if err != nil || result == nil || tries != 2 {
		t.Fatalf("after %d tries: %v", tries, err)
	}
	if want := []string{"https://one.example.com/tool does not serve the expected content; trying its mirror"}; !slices.Equal(told, want) {
		t.Errorf("notices are %q, want %q", told, want)
	}
}

// TestRefused checks the errors for builds that the engine or the user's input cannot support.
func TestRefused(t *testing.T) {
	never := func(engine.Request) (*engine.Result, error) { t.Error("the engine is called"); return nil, nil }
	for _, c := range []struct {
		run  string
		runs []ocispecs.Platform
		want string
	}{
		{`run "x" with secret token as TOKEN`, nil, "a step needs the secret token"},
		{`run "x" with ssh`, nil, "a step uses ssh, but no SSH agent is running"},
	} {
		in := input(t, "app a {\n    owns \"/x\"\n    "+c.run+"\n}\n")
		if _, err := Build(t.Context(), fake{c.runs, never}, in); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", c.run, err, c.want)
		}
	}
}

// TestPlatformNotRun checks that a step whose programs the engine cannot run is reported with its
// place, before the engine builds.
func TestPlatformNotRun(t *testing.T) {
	never := func(engine.Request) (*engine.Result, error) { t.Error("the engine is called"); return nil, nil }
	for _, c := range []struct {
		program string
		runs    []ocispecs.Platform
		want    []string
	}{
		{"app a {\n    owns \"/x\"\n    run \"x\"\n}\n", []ocispecs.Platform{{OS: "linux", Architecture: "arm64", Variant: "v8"}, {OS: "linux", Architecture: "arm64"}, {OS: "linux", Architecture: "arm"}},
			[]string{"error[E0507]: the engine cannot run linux/amd64 programs, only linux/arm64, linux/arm\n", "^^^^^^^ a runs them", "help: choose platforms with --platform, install an emulator"}},
		{"component other {\n    builds cross\n    run \"x\"\n}\napp a {\n    owns \"/x\"\n    run \"y\" with bind \"/etc\" from other to \"/y\"\n}\n", []ocispecs.Platform{{OS: "linux", Architecture: "amd64"}},
			[]string{"error[E0507]: the engine cannot run linux/arm64 programs, only linux/amd64\n", "^^^^^^^ other runs them", "help: choose another `builder` in the fleet, install an emulator"}},
		{"component c {\n    file \"/x\" text \"x\"\n    test \"/x\" prints \"x\"\n}\napp a {\n    uses c\n}\n", []ocispecs.Platform{{OS: "linux", Architecture: "arm64"}},
			[]string{"error[E0507]: the engine cannot run linux/amd64 programs, only linux/arm64\n", "^^^ c runs them"}},
	} {
		in := input(t, c.program)
		in.Verify = true
		_, err := Build(t.Context(), fake{c.runs, never}, in)
		var machine *MachineError
		if !errors.As(err, &machine) {
			t.Errorf("%s\ngot %v", c.program, err)
			continue
		}
		var text strings.Builder
		if err := diag.Render(&text, diag.List{machine.Diagnostic}, diag.Options{}); err != nil {
			t.Error(err)
		}
		for _, want := range c.want {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%s\ngot %s\nwant %s", c.program, text.String(), want)
			}
		}
	}
}

// TestGiven builds with a secret, an agent, and the host's network settings.
func TestGiven(t *testing.T) {
	in := input(t, "app a {\n    owns \"/x\"\n    run \"x\" with secret token as TOKEN, ssh\n}\n")
	in.Secrets = map[string][]byte{"token": []byte("t")}
	in.Host = Host{Network: map[string][]byte{"net": []byte("n")}, SSHAgent: "/agent"}
	in.Output = engine.Output{Dir: "/out"}
	_, err := Build(t.Context(), fake{build: func(r engine.Request) (*engine.Result, error) {
		if string(r.Secrets["token"]) != "t" || string(r.Secrets["net"]) != "n" || r.SSHAgent != "/agent" || r.Output.Dir != "/out" || len(r.Images) != 1 {
			t.Errorf("the request is %+v", r)
		}
		return &engine.Result{Proven: make([]engine.Proven, len(r.Proofs))}, nil
	}}, in)
	if err != nil {
		t.Error(err)
	}
	if len(in.Secrets) != 1 || len(in.Host.Network) != 1 {
		t.Error("the input has changed")
	}
}

// proved is a program with a proof of each kind.
const proved = `
component library {
    file "/lib.txt" text "x"
    run  "make it"
}

component tool {
    needs library
    owns  "/opt/x"

    run  "make tool"
    test "tool --version" prints "1"
}

app a {
    uses tool
    user "www"
    test "true" prints ""
}
`

// conflicts returns the failure of a step that packs conflicting changes.
func conflicts(text string) engine.StepError {
	return engine.StepError{ExitCode: 1, Log: []string{"layc-helper: conflict: " + text}, Err: errors.New("exit code: 1")}
}

// TestFailures checks the report of each kind of failure: its code, message, line, and the step's
// output.
func TestFailures(t *testing.T) {
	exits := engine.StepError{ExitCode: 1, Log: []string{"compiling", "no such thing"}, Err: errors.New("exit code: 1")}
	nobody := engine.StepError{ExitCode: 1, Log: []string{"layc-helper: no user www: root"}, Err: errors.New("exit code: 1")}
	replaces := func(what string) engine.StepError {
		return engine.StepError{ExitCode: 1, Log: []string{"layc-helper: replaced: " + what}, Err: errors.New("exit code: 1")}
	}
	for _, c := range []struct {
		proof  string // the failing proof, by the name of its last vertex; "": an image fails
		vertex string // the failing vertex
		step   engine.StepError
		report string // report of the proof, if none of its steps fails
		want   string
		help   string // among what it says, if not ""
	}{
		{vertex: "make tool", step: exits, want: "E0501 a.layer:20 a step of tool failed [compiling no such thing]"},
		{vertex: "make tool", step: engine.StepError{Err: errors.New("it never started")}, want: "E0501 a.layer:20 a step of tool failed []"},
		{vertex: "[library] layer", step: conflicts(`0 -1 "libc6" "has mode 0644, then 0755" "/etc/x" "/etc/y"`), want: "E0518 a.layer:11 library changes /etc/x, which the package libc6 brings in another form []"},
		{vertex: "[library] layer", step: conflicts(`0 -1 "" "" "/etc/x"`), want: "E0518 a.layer:11 library changes /etc/x, which something else in the image has changed []"},
		{vertex: "[library] layer", step: conflicts(`0 -1 "" "has \"a\" and \"b\" with the same number 5" "/etc/passwd"`), want: "E0518 a.layer:11 library changes /etc/passwd, which something else in the image has changed []", help: "give one a fixed number (`useradd -u …`), or write `needs` in library for the component or package that brings /etc/passwd"},
		{vertex: "[library] layer", step: conflicts(`0 -1 "ntp" "has \"a\" and \"b\" with the same number 5" "/etc/passwd"`), want: "E0518 a.layer:11 library and the package ntp change the accounts in /etc/passwd differently []", help: "give one a fixed number (`useradd -u …`), or write `needs os.packages(\"ntp\")` in library"},
		{vertex: "[library] layer", step: conflicts(`0 -1 "tcpdump" "\"tcpdump\" is defined twice, differently" "/etc/group"`), want: "E0518 a.layer:11 library and the package tcpdump change the accounts in /etc/group differently []", help: "write `needs os.packages(\"tcpdump\")` in library"},
		{vertex: "[library] layer", step: conflicts(`0 -1 "" "\"tcpdump\" is defined twice, differently" "/etc/group"`), want: "E0518 a.layer:11 library changes /etc/group, which something else in the image has changed []", help: "if a `user` declares tcpdump, write `needs tcpdump` in library"},
		{vertex: "[library] layer", step: conflicts(`0 0 "" "has \"a\" and \"b\" with the same number 5" "/etc/group"`), want: "E0518 a.layer:11 library and library change /etc/group differently []", help: "give one a fixed number (`groupadd -g …`), or write `needs library` in library, or the other way round"},
		{vertex: "[library] layer", step: conflicts(`0 0 "" "" "/etc/x"`), want: "E0518 a.layer:11 library and library change /etc/x differently []"},
		{proof: "test: tool --version", vertex: "test: tool --version", step: exits, want: "E0503 a.layer:21 a test of tool failed [compiling no such thing]"},
		{proof: "test: true", vertex: "test: true", step: exits, want: "E0503 a.layer:27 a test of a failed [compiling no such thing]"},
		{proof: "compare with a second build", vertex: "make tool", step: exits, want: "E0504 a.layer:20 tool fails when built again [compiling no such thing]"},
		{proof: "look for libraries", report: "library\t/opt/x/tool\tlibgone.so\t\n", want: "E0505 a.layer:16 programs of tool cannot start []"},
		{proof: "look for libraries", report: "link\t/opt/x/python\t/usr/bin/python\t\n", want: "E0506 a.layer:16 tool leads to programs that only its build has []"},
		{proof: "look for libraries", report: "script\t/opt/x/pip\t/build/python\t\n", want: "E0506 a.layer:16 tool leads to programs that only its build has []"},
		{proof: "look for what layers replace", vertex: "look for what layers replace", step: replaces("1 \"/opt\" directory \"\" 0"), want: "E0367 a.layer:18 tool replaces the directory /opt of a layer below []"},
		{proof: "look for what layers replace", vertex: "look for what layers replace", step: replaces("9 \"/opt\" directory \"\" 0"), want: "E0501 a.layer:24 a step of a failed [layc-helper: replaced: 9 \"/opt\" directory \"\" 0]"},
		{proof: "look for user www", vertex: "look for user www", step: nobody, want: "E0365 a.layer:26 the image of a has no user www []"},
	} {
		in := input(t, proved)
		in.Verify = true
		_, err := Build(t.Context(), fake{build: func(r engine.Request) (*engine.Result, error) {
			failed := c.step
			if c.vertex != "" {
				failed.Vertex = vertex(t, r, c.vertex)
			}
			if c.proof == "" {
				return nil, &failed
			}
			proven := make([]engine.Proven, len(r.Proofs))
			for n, p := range r.Proofs {
				switch {
				case !strings.Contains(lastName(p), c.proof):
				case c.report == "":
					proven[n].Failed = &failed
				default:
					proven[n].Report = []byte(c.report)
					if p.Holds == nil || p.Holds(proven[n].Report) {
						t.Errorf("%s: the proof holds", c.proof)
					}
				}
			}
			return nil, &engine.UnprovenError{Proven: proven}
		}}, in)
		if got := told(err); got != c.want {
			t.Errorf("%s%s: got %q, want %q", c.proof, c.vertex, got, c.want)
		}
		if e := (*StepError)(nil); c.help != "" && (!errors.As(err, &e) || !slices.Contains(e.Finding.Help, c.help)) {
			t.Errorf("%s: the help is not %q", c.want, c.help)
		}
	}
}

// TestOutcomes checks the warnings of proofs that hold.
func TestOutcomes(t *testing.T) {
	in := input(t, proved)
	in.Verify = true
	result, err := Build(t.Context(), fake{build: func(r engine.Request) (*engine.Result, error) {
		proven := make([]engine.Proven, len(r.Proofs))
		for n, p := range r.Proofs {
			switch name := lastName(p); {
			case strings.Contains(name, "compare with a second build"):
				proven[n].Report = []byte("/opt/x/time differs from byte 0\n")
			case strings.Contains(name, "[tool] look for libraries"):
				proven[n].Report = []byte("on-demand\t/opt/x/plugin.so\tlibgone.so\t\nlink-file\t/opt/x/conf\t/build/conf\t\nscript-of\t/opt/x/run\t/bin/zsh\t\nscript-env\t/opt/x/py\t/usr/bin/env python\tpython3\nscript-env\t/opt/x/none\t/usr/bin/env none\t\nscript-env\t/opt/x/js\t/usr/bin/env node\t/opt/node/bin/node\nscript-args\t/opt/x/args\t/usr/bin/env sh -e\t\nscript-by\t/opt/x/odd\t/bin\t\nscript-cr\t/opt/x/ends\t/bin/sh\t\n")
			}
		}
		return &engine.Result{Proven: proven}, nil
	}}, in)
	if err != nil {
		t.Fatal(err)
	}
	var findings []Finding
	for _, o := range result.Outcomes {
		if !o.Holds() {
			t.Errorf("%s of %s does not hold", o.Kind, o.Component)
		}
		findings = append(findings, o.Findings...)
	}
	want := "E0504 a.layer:16 tool differs when built again []\nE0505 a.layer:16 libraries of tool need missing libraries []\nE0506 a.layer:16 links of tool lead to files that only its build has []\nE0506 a.layer:16 scripts of tool have no interpreter []\nE0506 a.layer:16 env does not find the interpreters of scripts of tool []\nE0506 a.layer:16 interpreters of scripts of tool are outside PATH []\nE0506 a.layer:16 scripts of tool give env more than a name []\nE0506 a.layer:16 interpreters of scripts of tool are not executable files []\nE0506 a.layer:16 scripts of tool have Windows line ends []"
	if got := lines(findings); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	said := func(f Finding) string { return strings.Join(slices.Concat(f.Notes, f.Help), "\n") }
	for n, want := range map[int]string{
		4: "/opt/x/py begins with #!/usr/bin/env python; PATH has python3\n/opt/x/none begins with #!/usr/bin/env none\n" +
			"this is allowed if nothing starts them, or if PATH is set before\n" +
			"write `needs` or `runs with` for what provides it, such as os.packages(…)",
		5: "/opt/x/js begins with #!/usr/bin/env node; node is /opt/node/bin/node\n" +
			"this is allowed if nothing starts them, or if PATH is set before\n" +
			"write `env PATH += \"/opt/node/bin\"`",
		6: "/opt/x/args begins with #!/usr/bin/env sh -e\n" +
			"the kernel passes the rest of the line as one argument, and env takes it as the name of a program\n" +
			"write `-S` after env",
	} {
		if got := said(findings[n]); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

// lastName returns the name of a proof's last vertex.
func lastName(p engine.Proof) string {
	own := digest.FromBytes(p.Definition.Def[len(p.Definition.Def)-2]) // the last one only selects the output
	return p.Definition.Metadata[string(own)].Description["llb.customname"]
}

// told formats an error of a build in one line.
func told(err error) string {
	var findings []Finding
	switch e := err.(type) {
	case *StepError:
		findings = []Finding{e.Finding}
	case *MachineError:
		findings = []Finding{e.Finding}
	case *UnprovenError:
		for _, o := range e.Outcomes {
			findings = append(findings, o.Findings...)
		}
	default:
		return fmt.Sprint(err)
	}
	return lines(findings)
}

func lines(findings []Finding) string {
	var out []string
	for _, f := range findings {
		out = append(out, fmt.Sprintf("%s %s:%d %s %v", f.Code, f.Span.File.Name(), f.Span.Position().Line, f.Message, f.Output))
	}
	return strings.Join(out, "\n")
}
