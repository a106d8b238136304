package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/layc-lang/layc/llb/exact"
)

// The shop's builds as a user disturbs them. Each starts from a state on which
// the shop is built, so that only what it adds has to run.

// command is a build of a module in a directory of its own that stands on the
// shop's base system and adds one component.
func (s *shop) command(component string, args ...string) *exec.Cmd {
	return s.module(`component extra {
    owns "/extra"

    `+component+`
}

app extra {
    uses extra
}
`, args...)
}

// module is a build of a module in a directory of its own that stands on the
// shop's base system.
func (s *shop) module(declarations string, args ...string) *exec.Cmd {
	s.Helper()
	dir := s.TempDir()
	text := read(s.T, "../../testdata/shop/layc.lock")
	program := `import "std/debian"

fleet {
    base debian.release("12", security: false)
}

` + declarations
	for file, content := range map[string]string{"layc.lock": text, "extra.layer": program} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o644); err != nil {
			s.Fatal(err)
		}
	}
	return exec.Command(s.bin, append([]string{"build", "-C", dir, "--state", s.state, "--progress", "plain"}, args...)...)
}

// failingStep checks that a run that fails is shown at its line with what it
// printed last, and leaves the layout alone.
func (s *shop) failingStep(out string) {
	before := read(s.T, out, "index.json")
	cmd := s.command(`run "echo compiling; echo no such thing >&2; exit 7"`, "-o", out)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if code := exitCode(cmd.Run()); code != exitBuild {
		s.Errorf("exit code %d, want %d\n%s", code, exitBuild, &stderr)
	}
	for _, want := range []string{"error[E0501]: a step of extra failed", "extra.layer:10:5", "exit code 7", "last output:", "  no such thing"} {
		if !strings.Contains(stderr.String(), want) {
			s.Errorf("the error lacks %q:\n%s", want, &stderr)
		}
	}
	if read(s.T, out, "index.json") != before {
		s.Error("a build that failed changed the layout")
	}
}

// failingApt checks that a run that installs packages with apt is told to use os.packages, and
// install where that is allowed.
func (s *shop) failingApt() {
	const component = `component extra {
    run "apt-get update && apt-get install --yes jq curl"
}

app extra {
    uses extra
}
`
	const installs = `if earlier steps of extra configure them, write ` + "`" + `install "jq", "curl"` + "`"
	for _, owns := range []bool{true, false} {
		program := component
		if owns {
			program = strings.Replace(component, "run", "owns \"/extra\"\n\n    run", 1)
		}
		printed, err := s.module(program).CombinedOutput()
		text := strings.Join(strings.Fields(string(printed)), " ")
		if code := exitCode(err); code != exitBuild {
			s.Errorf("exit code %d, want %d\n%s", code, exitBuild, text)
		}
		for _, want := range []string{
			"error[E0501]: a step of extra failed", "apt has no sources in debian/bookworm, since layc.lock pins all packages",
			`write ` + "`" + `needs os.packages("jq", "curl")` + "`" + `; if only the build needs them`,
		} {
			if !strings.Contains(text, want) {
				s.Errorf("the error lacks %q:\n%s", want, text)
			}
		}
		if strings.Contains(text, installs) == owns {
			s.Errorf("with `owns`: %v; the error says %q: %v\n%s", owns, installs, !owns, text)
		}
	}
}

// takesOutOfPackages checks that files can be copied from what only needs, or only
// builds with, packages, and that one that is not there is told with its place.
func (s *shop) takesOutOfPackages() {
	const components = `component logger {
    needs os.packages("rsyslog")
}

component logging {
    builds with os.packages("rsyslog")
}

`
	out := filepath.Join(s.TempDir(), "out")
	cmd := s.module(components+`app extra {
    copy "/usr/sbin/rsyslogd" from logger to "/opt/needs/"
    copy "/usr/sbin/rsyslog*" from logging to "/opt/builds/" include "*d"
    copy "/sbin/rsyslog*" from logger to "/opt/pattern/"
    copy "/sbin/" from logger to "/opt/contents" include "rsyslogd"
    copy "/var/run/" from logger to "/opt/run"
}
`, "-o", out)
	if text, err := cmd.CombinedOutput(); err != nil {
		s.Fatalf("%v\n%s", err, text)
	}
	root := s.TempDir()
	if err := exact.Unpack(out, "extra", root); err != nil {
		s.Fatal(err)
	}
	needs, builds := read(s.T, root, "opt/needs/rsyslogd"), read(s.T, root, "opt/builds/rsyslogd")
	if needs == "" || needs != builds {
		s.Errorf("rsyslogd has %d bytes, and %d", len(needs), len(builds))
	}
	// Debian has links at /sbin and /var/run.
	for _, dir := range []string{"opt/pattern", "opt/contents"} {
		if text := read(s.T, root, dir+"/rsyslogd"); text != needs {
			s.Errorf("%s/rsyslogd has %d bytes, want %d", dir, len(text), len(needs))
		}
	}
	if info, err := os.Lstat(filepath.Join(root, "opt/run")); err != nil || !info.IsDir() {
		s.Errorf("/opt/run is no directory: %v, %v", info, err)
	}
	cmd = s.module(components + `app extra {
    copy "/usr/sbin/nothing" from logging to "/opt/"
}
`)
	text, err := cmd.CombinedOutput()
	if code := exitCode(err); code != exitInput {
		s.Errorf("exit code %d, want %d\n%s", code, exitInput, text)
	}
	for _, want := range []string{"error[E0353]: logging has no /usr/sbin/nothing", "extra.layer:16:5"} {
		if !strings.Contains(string(text), want) {
			s.Errorf("the error lacks %q:\n%s", want, text)
		}
	}
}

// interrupted checks that Ctrl-C in the middle of a step ends the build soon,
// with the layout as it was and no process of the step left.
func (s *shop) interrupted(out string) {
	before := read(s.T, out, "index.json")
	step := fmt.Sprint("sleep 86", os.Getpid()) // of this process: others may run the same test
	cmd := s.command(`run "echo started; `+step+`"`, "-o", out)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		s.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	if !waitFor(stderr, ": echo started", "started\n") {
		s.Error("the step never started")
	}
	start := time.Now()
	cmd.Process.Signal(os.Interrupt)
	go io.Copy(io.Discard, stderr)
	if code := exitCode(cmd.Wait()); code != exitInterrupted {
		s.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
	if took := time.Since(start); took > 2*time.Minute { // the step sleeps for a day
		s.Errorf("it took %s to stop", took)
	}
	if read(s.T, out, "index.json") != before {
		s.Error("a build that was interrupted changed the layout")
	}
	if left, _ := exec.Command("pgrep", "-f", step).Output(); len(left) > 0 {
		s.Errorf("the step still runs: process %s", left)
	}
	// The state is usable.
	s.build(out)
}

// waitFor reads until a line ends in one of the texts.
func waitFor(r io.Reader, first, text string) bool {
	var seen []byte
	buf := make([]byte, 4096)
	for {
		n, err := r.Read(buf)
		seen = append(seen, buf[:n]...)
		if at := bytes.Index(seen, []byte(first)); at >= 0 && bytes.Contains(seen[at:], []byte(" "+text)) {
			return true
		}
		if err != nil {
			return false
		}
	}
}

// twoAtOnce checks that a build attaches to the engine of one that runs. They meet in a cache
// that both mount: the first one waits there for a step of the second one.
func (s *shop) twoAtOnce() {
	const meeting = ` with cache "/meet"`
	one := s.command(`run "echo started; until test -e /meet/two; do sleep 0.1; done; mkdir /extra"` + meeting)
	stderr, err := one.StderrPipe()
	if err != nil {
		s.Fatal(err)
	}
	if err := one.Start(); err != nil {
		s.Fatal(err)
	}
	waitFor(stderr, ": echo started", "started\n")
	go io.Copy(io.Discard, stderr)
	// It outlives the first one, which has to wait for it.
	two := s.command(`run "touch /meet/two; mkdir /extra; sleep 3"` + meeting)
	text, err := two.CombinedOutput()
	if err != nil {
		s.Errorf("the second build: %v\n%s", err, text)
		_ = one.Process.Signal(os.Interrupt)
	}
	if want := "using the engine of another layc"; !strings.Contains(string(text), want) {
		s.Errorf("the second build does not say %q:\n%s", want, text)
	}
	if err := one.Wait(); err != nil {
		s.Errorf("the first build: %v", err)
	}
}

// pushes pushes the shop to a registry, and looks whether it has the images,
// and whether a tag came only after everything else.
func (s *shop) pushes(out string, built jsonResult) {
	var requests bytes.Buffer
	server := httptest.NewServer(registry.New(registry.Logger(log.New(&requests, "", 0))))
	defer server.Close()
	prefix := strings.TrimPrefix(server.URL, "http://") + "/shop"
	s.layc("build", "-C", s.dir, "--state", s.state, "-o", out, "--push", "--registry", prefix)
	for _, i := range built.Images {
		ref, err := name.ParseReference(prefix + "/" + i.Name + ":latest")
		if err != nil {
			s.Fatal(err)
		}
		got, err := remote.Head(ref)
		if err != nil {
			s.Fatal(err)
		}
		if got.Digest.String() != i.Digest {
			s.Errorf("%s is %s, want %s", ref, got.Digest, i.Digest)
		}
	}
	var puts []string
	for line := range strings.Lines(requests.String()) {
		if strings.HasPrefix(line, "PUT ") {
			puts = append(puts, line)
		}
	}
	tag := func(line string) bool { return strings.Contains(line, "/manifests/latest") }
	first := slices.IndexFunc(puts, tag)
	if first < 0 || slices.ContainsFunc(puts[first:], func(l string) bool { return !tag(l) }) {
		s.Errorf("tags did not come last:\n%s", strings.Join(puts, ""))
	}
}

func exitCode(err error) int {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return 0
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return exit.ExitCode()
}
