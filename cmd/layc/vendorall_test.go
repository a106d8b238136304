package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/layc-lang/layc/llb/world/vendored"
)

// vendors copies what a build downloads: packages, a file from a server, and modules from git. Then it
// builds where there is no network. Without copies the same build finds everything in the cache.
func (s *shop) vendors() {
	served := "first"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, served) }))
	defer server.Close()
	remote := s.TempDir()
	s.write(remote, "tools/tools.layer", "# A tool.\ncomponent tool {\n    copy \"conf\" to \"/etc/tool.conf\"\n}\n")
	s.write(remote, "tools/conf", "from git\n")
	home := s.TempDir()
	s.write(home, ".gitconfig", fmt.Sprintf("[url \"file://%s\"]\n    insteadOf = https://git.example.com/tools.git\n", remote))
	command := func(home, name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache"),
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
		return cmd
	}
	must := func(cmd *exec.Cmd) string {
		s.Helper()
		var problems strings.Builder
		cmd.Stderr = &problems
		text, err := cmd.Output()
		if err != nil {
			s.Fatalf("%v: %v\n%s%s", cmd.Args, err, text, &problems)
		}
		return string(text)
	}
	for _, args := range []string{"init --quiet", "add .", "commit --quiet -m one", "tag v1"} {
		must(command(home, "git", append([]string{"-C", remote}, strings.Fields(args)...)...))
	}
	dir := s.TempDir()
	s.write(dir, "layc.lock", read(s.T, "../../testdata/shop/layc.lock"))
	s.write(dir, "own/file", "own\n")
	s.write(dir, "vendored.layer", `import "std/debian"
import "git+https://git.example.com/tools.git//tools@v1"

fleet {
    base debian.release("12", security: false)
}

app vendored {
    uses  tools.tool, os.packages("jq")
    fetch "`+server.URL+`/file" to "/srv/"
    copy  "." to "/project/"
}
`)
	layc := func(home string, args ...string) *exec.Cmd { return command(home, s.bin, append(args, "-C", dir)...) }
	// Outside of the directory, since the program copies that.
	out, offline := filepath.Join(s.TempDir(), "out"), filepath.Join(s.TempDir(), "out")
	build := func(home, out string) *exec.Cmd { return layc(home, "build", "--state", s.state, "--json", "-o", out) }
	alone := func(cmd *exec.Cmd) *exec.Cmd {
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
		return cmd
	}

	must(layc(home, "lock"))
	elsewhere := s.TempDir() // without git's settings and layc's cache of modules
	if text, err := alone(build(elsewhere, offline)).CombinedOutput(); err == nil {
		s.Fatalf("a build without network and copies succeeded:\n%s", text)
	}
	if text := must(layc(home, "vendor", "--all")); !strings.Contains(text, "git.example.com/tools@v1\n") || !strings.Contains(text, " 0 removed\n") {
		s.Errorf("layc vendor --all printed\n%s", text)
	}
	server.Close()
	must(alone(layc(elsewhere, "vendor", "--all", "--check")))
	read := func(text string) (r jsonResult) {
		s.Helper()
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			s.Fatal(err)
		}
		return r
	}
	first := read(must(alone(build(elsewhere, offline))))
	fetched := 0
	for _, step := range first.StepsExecuted {
		if strings.Contains(step, "fetch file") || strings.Contains(step, "download jq ") {
			fetched++
		}
	}
	if fetched != 2 {
		s.Errorf("the copies of 2 downloads were to be taken, not of %d:\n%s", fetched, strings.Join(first.StepsExecuted, "\n"))
	}
	// Copies are not files of the project, and not in cache keys.
	for _, name := range vendored.Names {
		if err := os.RemoveAll(filepath.Join(dir, "vendor", name)); err != nil {
			s.Fatal(err)
		}
	}
	second := read(must(build(home, out)))
	if len(second.StepsExecuted) > 0 || second.Images[0].Digest != first.Images[0].Digest {
		s.Errorf("without copies it executed %v and built %s, want nothing and %s", second.StepsExecuted, second.Images[0].Digest, first.Images[0].Digest)
	}
}

// write writes a file below a directory.
func (s *shop) write(dir, file, text string) {
	s.Helper()
	name := filepath.Join(dir, file)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		s.Fatal(err)
	}
}
