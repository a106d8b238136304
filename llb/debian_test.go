package llb

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/compiler/lock"
)

func debianPackage(name string, needs ...string) lock.Package {
	return lock.Package{
		Distribution: "debian/bookworm", Arch: "amd64", Name: name, Version: "1", URL: "debian:pool/" + name + ".deb",
		Digest: "sha256:" + strings.Repeat("a", 64), Needs: needs,
	}
}

func debianTestStep(packages ...lock.Package) debianStep {
	return debianStep{
		packages: packages,
		url:      func(p lock.Package) string { return "https://mirror.example.com/" + p.URL },
		platform: ocispecs.Platform{OS: "linux", Architecture: "amd64"},
		name:     "packages",
	}
}

// debianOps marshals a state and describes each relevant vertex in a line.
func debianOps(t *testing.T, s llb.State) string {
	t.Helper()
	def, err := s.Marshal(context.Background(), llb.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, text := range def.Def {
		var op pb.Op
		if err := op.Unmarshal(text); err != nil {
			t.Fatal(err)
		}
		switch {
		case op.GetSource() != nil:
			source := op.GetSource()
			line := source.Identifier
			if sum := source.Attrs[pb.AttrHTTPChecksum]; sum != "" {
				line += " " + sum[:9]
			}
			lines = append(lines, line)
		case op.GetExec() != nil:
			exec := op.GetExec()
			line := fmt.Sprintf("exec %s network=%s env=%d", strings.Join(exec.Meta.Args, " "), exec.Network, len(exec.Meta.Env))
			for _, m := range exec.Mounts {
				line += fmt.Sprintf("\n  %s%s readonly=%v", m.Dest, m.Selector, m.Readonly)
			}
			lines = append(lines, line)
		case op.GetFile() != nil:
			for _, action := range op.GetFile().Actions {
				lines = append(lines, strings.Fields(fmt.Sprintf("%T", action.Action))[0])
			}
		}
	}
	slices.Sort(lines) // the order in a definition is arbitrary
	return strings.Join(lines, "\n")
}

func TestDebianBase(t *testing.T) {
	s, err := debianBase(debianTestStep(debianPackage("libc"), debianPackage("dpkg", "libc")))
	if err != nil {
		t.Fatal(err)
	}
	want := `*pb.FileAction_Copy
*pb.FileAction_Mkdir
*pb.FileAction_Mkdir
*pb.FileAction_Mkdir
exec /.layc/helper/layc-helper base /.layc/packages network=NONE env=0
  / readonly=false
  /.layc/helper readonly=true
  /.layc/packages/dpkg.deb/dpkg.deb readonly=true
  /.layc/packages/libc.deb/libc.deb readonly=true
https://mirror.example.com/debian:pool/dpkg.deb sha256:aa
https://mirror.example.com/debian:pool/libc.deb sha256:aa
local://layc-helper-amd64`
	if got := debianOps(t, s); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestDebianInstall(t *testing.T) {
	system := llb.Image("example.com/base").AddEnv("LEAK", "1").Dir("/srv").User("nobody")
	already := []lock.Package{debianPackage("libc")}
	a, b := debianPackage("jq", "libjq", "libc"), debianPackage("libjq", "libc")
	s, err := debianInstall(system, already, debianTestStep(a, b, a))
	if err != nil {
		t.Fatal(err)
	}
	want := `docker-image://example.com/base:latest
exec /.layc/helper/layc-helper install /.layc/packages network=NONE env=0
  / readonly=false
  /.layc/helper readonly=true
  /.layc/packages/jq.deb/jq.deb readonly=true
  /.layc/packages/libjq.deb/libjq.deb readonly=true
https://mirror.example.com/debian:pool/jq.deb sha256:aa
https://mirror.example.com/debian:pool/libjq.deb sha256:aa
local://layc-helper-amd64`
	if got := debianOps(t, s); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if value, ok, err := s.GetEnv(context.Background(), "LEAK"); value != "1" || !ok || err != nil {
		t.Errorf("the system's environment is lost: %q, %v, %v", value, ok, err)
	}

	again, err := debianInstall(system, already, debianTestStep(b, a))
	if err != nil {
		t.Fatal(err)
	}
	first, err := s.Marshal(context.Background(), llb.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	second, err := again.Marshal(context.Background(), llb.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(first.Def, second.Def, slices.Equal) {
		t.Error("the order of packages changes the definition")
	}
}

func TestDebianErrors(t *testing.T) {
	step := debianTestStep(debianPackage("jq", "libjq"))
	_, err := debianInstall(llb.Scratch(), nil, step)
	if want := "package jq needs libjq, which no layer below installs"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	step = debianTestStep(debianPackage("jq"))
	step.platform.Architecture = "mips"
	if _, err := debianBase(step); err == nil || !strings.Contains(err.Error(), "linux/mips") {
		t.Errorf("got %v, want an error about the architecture", err)
	}
	bad := debianPackage("jq")
	bad.Digest = "sha256:12"
	if _, err := debianBase(debianTestStep(bad)); err == nil || !strings.HasPrefix(err.Error(), "package jq in layc.lock: ") {
		t.Errorf("got %v, want an error about the digest", err)
	}
}
