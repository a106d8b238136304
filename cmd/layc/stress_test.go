//go:build linux

package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/layc-lang/layc/llb/registry"
)

// A small project with its own base system, for builds that tests disturb. It has components of
// all kinds, and slow steps.
const stressed = `component system {
    layout "system"
}

fleet {
    base   system
    layers 6
}

component stacked {
    run "sleep 50ms; mkdir /opt/stacked; write /etc/stacked 1"
    run "sleep 50ms; write /opt/stacked/two 2"
}

component portable {
    owns "/opt/portable"

    run "sleep 50ms; mkdir /opt/portable; fill /opt/portable/a 3"
}

component copied {
    owns "/opt/copied"

    copy "files/" to "/opt/copied/"
    run  "sleep 50ms; write /opt/copied/c 3"
}

app x {
    uses stacked, portable, copied

    copy "x.txt" to "/opt/x.txt"
}

app y {
    uses stacked, portable

    owns "/opt/y"

    copy "x.txt" to "/opt/y.txt"
    run  "sleep 50ms; mkdir /opt/y; write /opt/y/y y"
}
`

// victim is a module that bin/layc builds on a state.
type victim struct {
	*testing.T
	bin, dir, state string
	temp            string // for temporary files of layc
}

// slowShell returns the program testdata/sh, built once.
var slowShell = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "layc-sh-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, "sh"), "./testdata/sh")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	return os.ReadFile(filepath.Join(dir, "sh"))
})

// newVictim writes the program, its files and its base system, and pins it.
func newVictim(t *testing.T, program, text string) *victim {
	t.Helper()
	requireEngine(t)
	bin, err := filepath.Abs("../../bin/layc")
	if err != nil {
		t.Fatal(err)
	}
	p := &victim{T: t, bin: bin, dir: t.TempDir(), state: filepath.Join(t.TempDir(), "state"), temp: t.TempDir()}
	sh, err := slowShell()
	if err != nil {
		t.Fatal(err)
	}
	base := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: imageOf(t, shellSystem(t, sh))})
	if _, err := layout.Write(filepath.Join(p.dir, "system"), base); err != nil {
		t.Fatal(err)
	}
	p.write("a.layer", program)
	p.write("x.txt", text)
	p.write("files/one", text)
	p.write("files/sub/two", "two")
	if code, out := p.run("lock"); code != exitOK {
		t.Fatalf("layc lock: exit code %d\n%s", code, out)
	}
	return p
}

// shellSystem returns an archive of a root file system with only a shell.
func shellSystem(t *testing.T, sh []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, dir := range []string{"bin/", "dev/", "etc/", "opt/", "proc/", "sys/", "root/", "run/", "var/"} {
		if err := w.WriteHeader(&tar.Header{Name: dir, Typeflag: tar.TypeDir, Mode: 0o755}); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string][]byte{"bin/sh": sh} {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (p *victim) write(name, text string) {
	p.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		p.Fatal(err)
	}
}

// command returns a layc command on the project, with its own temporary directory.
func (p *victim) command(args ...string) *exec.Cmd {
	cmd := exec.Command(p.bin, append([]string{args[0], "-C", p.dir}, args[1:]...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+p.temp)
	return cmd
}

// run runs a command and returns its exit code and output.
func (p *victim) run(args ...string) (int, string) {
	out, err := p.command(args...).CombinedOutput()
	return exitCode(err), string(out)
}

// builds returns the command for a build into a layout.
func (p *victim) builds(out string) *exec.Cmd {
	return p.command("build", "--state", p.state, "-o", out, "--progress", "plain")
}

// build builds and returns the files of the layout.
func (p *victim) build(out string) map[string]string {
	p.Helper()
	if text, err := p.builds(out).CombinedOutput(); err != nil {
		p.Fatalf("layc build: %v\n%s", err, text)
	}
	return layoutFiles(p.T, out)
}

// layoutFiles returns the files of a layout with their contents.
func layoutFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, dir)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// same fails the test unless two layouts are identical.
func same(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("%s: the layout differs from that of an undisturbed build\n got %q\nwant %q\n got %s\nwant %s", what,
			slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)), got["/index.json"], want["/index.json"])
	}
}

// whole fails the test if an existing layout is invalid.
func whole(t *testing.T, what, out string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(out, "index.json")); os.IsNotExist(err) {
		return
	}
	if err := registry.Validate(out); err != nil {
		t.Errorf("%s: the layout is half-written: %v", what, err)
	}
}

// clean fails the test if the state's engine left a process, a mount, a control group or a
// temporary file.
func (p *victim) clean(what string) {
	p.Helper()
	left := slices.Concat(p.processes(), p.mounts(), p.controlGroups(), p.temporary())
	// A container of another test that begins copies all mounts, and unmounts them a moment later.
	held := p.holders()
	for end := time.Now().Add(2 * time.Minute); len(held) > 0 && time.Now().Before(end); held = p.holders() {
		time.Sleep(10 * time.Millisecond)
	}
	for _, one := range append(left, held...) {
		p.Errorf("%s: left behind: %s", what, one)
	}
}

// processes returns the processes that run in the state, or on it.
func (p *victim) processes() []string {
	var found []string
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		line, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		root, _ := os.Readlink(filepath.Join(dir, "root"))
		if strings.Contains(string(line), p.state) || strings.HasPrefix(root, p.state) {
			found = append(found, fmt.Sprintf("process %s %q in %s", filepath.Base(dir), line, root))
		}
	}
	return found
}

// holders returns the processes that have mounts of the state in their mount tables.
func (p *victim) holders() []string {
	var found []string
	tables, _ := filepath.Glob("/proc/[0-9]*/mountinfo")
	for _, name := range tables {
		if mounts, _ := os.ReadFile(name); strings.Contains(string(mounts), "="+p.state+"/") {
			line, _ := os.ReadFile(filepath.Join(filepath.Dir(name), "cmdline"))
			found = append(found, fmt.Sprintf("mounts of process %s %q", filepath.Base(filepath.Dir(name)), line))
		}
	}
	return found
}

func (p *victim) mounts() []string {
	var found []string
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		p.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		if strings.Contains(line, p.state+"/") || strings.Contains(line, p.temp+"/") {
			found = append(found, "mount "+line)
		}
	}
	return found
}

// controlGroups returns the control groups of a state, which have its inode in their names.
func (p *victim) controlGroups() []string {
	var found []string
	for _, pattern := range []string{"/sys/fs/cgroup/layc-*-%x", "/sys/fs/cgroup/*/layc-*-%x"} {
		dirs, _ := filepath.Glob(fmt.Sprintf(pattern, inode(p.state)))
		found = append(found, dirs...)
	}
	return found
}

// temporary returns the temporary files in the state, its bundles, and the temporary directory.
func (p *victim) temporary() []string {
	var found []string
	for _, pattern := range []string{p.temp + "/*", p.state + "/tmp", p.state + "/runc-*/executor/*/config.json"} {
		files, _ := filepath.Glob(pattern)
		found = append(found, files...)
	}
	return found
}
