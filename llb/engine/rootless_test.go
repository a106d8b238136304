//go:build linux

package engine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/moby/buildkit/client/llb"
)

// someone is an ordinary user that the test made, with a directory for copies of the programs.
type someone struct {
	*testing.T
	name string
	home string
	as   *syscall.Credential
}

// newUser makes an ordinary user without subordinate IDs. The end of the test removes the user.
func newUser(t *testing.T) someone {
	t.Helper()
	s := someone{T: t, name: fmt.Sprintf("layc-test-%d", os.Getpid())}
	root := t.TempDir()
	for dir := root; dir != temp; dir = filepath.Dir(dir) { // the user has to get to the home directory
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s.home = filepath.Join(root, "home")
	s.command("useradd", "--system", "--user-group", "--create-home", "--home-dir", s.home, s.name)
	t.Cleanup(func() { s.command("userdel", s.name) })
	found, err := user.Lookup(s.name)
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(found.Uid)
	gid, _ := strconv.Atoi(found.Gid)
	s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	step, err := stepDir()
	if err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]string{"test": "/proc/self/exe", "runc": runcPath(), "step": filepath.Join(step, "step")} {
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.MkdirAll(filepath.Join(root, "bin", name), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(root, "bin", name, name), text, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s someone) command(name string, args ...string) {
	s.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		s.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// run runs a part of TestOrdinaryUser as the user.
func (s someone) run(part string) string {
	s.Helper()
	bin := filepath.Join(filepath.Dir(s.home), "bin")
	cmd := exec.Command(filepath.Join(bin, "test/test"), "-test.run=^TestOrdinaryUser$", "-test.v")
	cmd.Dir = s.home
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.home, "TMPDIR=" + s.home, "LAYC_REQUIRE_ENGINE=1",
		"LAYC_TEST_PART=" + part, "LAYC_TEST_STEP=" + bin + "/step", "LAYC_TEST_RUNC=" + bin + "/runc/runc",
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.Fatalf("%s, as %s: %v\n%s", part, s.name, err, out)
	}
	return string(out)
}

// odd returns images whose files have what user namespaces and overlay mounts treat specially.
func odd(t *testing.T) []Image {
	step := func(on llb.State, name string) llb.State {
		return on.Run(llb.Args([]string{"/bin/step", name, "/opt"}), llb.WithCustomName(name)).Root()
	}
	made := step(root().File(llb.Mkdir("/opt", 0o755, llb.WithCreatedTime(epoch))), "make")
	changed := step(made, "change")
	// A copy has fixed times. The second step sets the times of its directory.
	keep := func(s llb.State) llb.State {
		return llb.Scratch().File(llb.Copy(s, "/opt", "/", &llb.CopyInfo{CreatedTime: &epoch}))
	}
	return []Image{
		image(t, "made", keep(made), llb.Diff(made, changed)),
		image(t, "changed", keep(changed), file("/one", "1")),
	}
}

// TestOrdinaryUser checks the engine of an ordinary user: what it needs is told, its images have the
// bytes of root's, what it cannot do is told, and nothing of it is left when a process is killed.
func TestOrdinaryUser(t *testing.T) {
	needEngine(t)
	if part := os.Getenv("LAYC_TEST_PART"); part != "" {
		home := os.Getenv("HOME")
		ordinaryUser[part](t, Options{State: filepath.Join(home, "state"), Runc: runcPath()}, home)
		return
	}
	if os.Getenv(snapshotterVariable) == fuses {
		t.Setenv(snapshotterVariable, "") // fuse-overlayfs 1.10 cannot change the owner of a pipe
	}
	s := newUser(t)
	_, help, found := strings.Cut(s.run("refused"), "as root, run: ")
	help, _, _ = strings.Cut(help, "\n")
	if !found || !strings.Contains(help, "--add-subuids") {
		t.Fatalf("the help is %q", help)
	}
	s.command("sh", "-c", help)
	for _, part := range []string{"builds", "again", "limited", "killed"} {
		s.run(part)
	}
	dir := t.TempDir()
	build(t, open(t, t.TempDir()), request(t, dir, odd(t)...))
	want, err := os.ReadFile(filepath.Join(dir, "index.json"))
	got, err2 := os.ReadFile(filepath.Join(s.home, "out/index.json"))
	if err := errors.Join(err, err2); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the images of an ordinary user are %s, root's are %s (%v)", got, want, err)
	}
}

// ordinaryUser has the parts of TestOrdinaryUser that run as the user.
var ordinaryUser = map[string]func(t *testing.T, o Options, home string){
	"refused": func(t *testing.T, o Options, _ string) {
		var missing *UnavailableError
		if err := Check(o); !errors.As(err, &missing) || !strings.Contains(missing.What, "/etc/subuid gives user layc-test-") {
			t.Errorf("the error is %v", err)
		} else {
			fmt.Println(missing.Help)
		}
		t.Setenv("PATH", "/nowhere")
		want := "to run as an ordinary user, the built-in engine needs the program newuidmap\n" +
			"install the package uidmap (in Fedora shadow-utils), run layc as root, or name a running BuildKit with --engine"
		if err := Check(o); err == nil || err.Error() != want {
			t.Errorf("the error is %v, want %s", err, want)
		}
	},
	"builds": func(t *testing.T, o Options, home string) {
		e := openWith(t, o)
		if e.Attached() {
			t.Error("the engine counts as another process's")
		}
		build(t, e, request(t, filepath.Join(home, "out"), odd(t)...))
	},
	"again": func(t *testing.T, o Options, home string) {
		owner, guest := openWith(t, o), openWith(t, o)
		if !guest.Attached() {
			t.Error("the second engine is not the first one's")
		}
		if res := build(t, guest, request(t, filepath.Join(home, "out"), odd(t)...)); len(res.Steps.Executed) != 0 {
			t.Errorf("the build executed %s, want nothing", names(res.Steps.Executed))
		}
		if got := Running(o.State); got != os.Getpid() || !hasOpen(got, filepath.Join(o.State, lockName)) {
			t.Errorf("the process to interrupt is %d, want %d", got, os.Getpid())
		}
		if err := errors.Join(guest.Close(), owner.Close()); err != nil || Running(o.State) != 0 {
			t.Errorf("closing: %v", err)
		}
	},
	"limited": func(t *testing.T, o Options, home string) {
		e := openWith(t, o)
		for want, args := range map[string][]string{"users and groups from 0 to 65534": {"chown", "/out/file", "200000"}, "create device nodes": {"mknod", "/out/node"}} {
			_, err := e.Build(t.Context(), request(t, filepath.Join(home, "limited"), image(t, "app", ran(args[0], args...))))
			if step := (*StepError)(nil); !errors.As(err, &step) || !strings.Contains(step.Limit, want) {
				t.Errorf("%s: the error is %v", args[0], err)
			}
		}
	},
	"killed": func(t *testing.T, o Options, home string) {
		e := openWith(t, o)
		done := start(t, t.Context(), e, request(t, filepath.Join(home, "killed"), image(t, "app", ran("sleep", "sleep", "killed-"+filepath.Base(filepath.Dir(home))))), "sleep")
		if err := e.owned.(*child).cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if lost := (*UnavailableError)(nil); !errors.As(<-done, &lost) {
			t.Error("the build does not fail")
		}
		if err := e.Close(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Errorf("closing: %v", err)
		}
		if res := build(t, openWith(t, o), request(t, filepath.Join(home, "out"), odd(t)...)); len(res.Steps.Executed) != 0 {
			t.Errorf("the build executed %s, want nothing", names(res.Steps.Executed))
		}
	},
}

// openWith is open with other options.
func openWith(t *testing.T, o Options) *Engine {
	t.Helper()
	e, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}
