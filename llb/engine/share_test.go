//go:build linux

package engine

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/layc-lang/layc/llb/registry"
)

// TestTwoEnginesOnOneState checks that a process attaches to an owned state, and that the owner
// waits for it.
func TestTwoEnginesOnOneState(t *testing.T) {
	needEngine(t)
	// Longer than the maximal path of a socket.
	state := filepath.Join(t.TempDir(), strings.Repeat("long-", 30))
	told := make(chan string, 1)
	owner, err := Open(t.Context(), Options{State: state, Runc: runcPath(), Notice: func(s string) { told <- s }})
	if err != nil {
		t.Fatal(err)
	}
	guest := open(t, state)
	if owner.Attached() || !guest.Attached() {
		t.Fatalf("attached: %t and %t, want the second alone", owner.Attached(), guest.Attached())
	}
	dirs := []string{t.TempDir(), t.TempDir()}
	errs := make(chan error, 2)
	for i, e := range []*Engine{owner, guest} {
		go func() { _, err := e.Build(t.Context(), request(t, dirs[i], two(t, "2")...)); errs <- err }()
	}
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	for _, dir := range dirs {
		if err := registry.Validate(dir); err != nil {
			t.Error(err)
		}
	}

	closed := make(chan error, 1)
	go func() { closed <- owner.Close() }()
	select {
	case err := <-closed:
		t.Fatalf("the owner closed while a process was attached: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	if got, want := <-told, "waiting for other builds that use this engine (1)"; got != want {
		t.Errorf("the owner's notice is %q, want %q", got, want)
	}
	// The engine also works while its owner waits.
	if again := build(t, guest, request(t, dirs[1], two(t, "2")...)); len(again.Steps.Executed) != 0 {
		t.Errorf("the attached engine executed %s, want nothing", names(again.Steps.Executed))
	}
	if err := guest.Close(); err != nil {
		t.Error(err)
	}
	select {
	case err := <-closed:
		if err != nil {
			t.Errorf("closing the owner: %v", err)
		}
	case <-time.After(hangs):
		t.Fatalf("the owner did not close within %s after the attached engine", hangs)
	}
	checkClean(t, state)
}

// TestGuestTakesOver checks that an attached engine continues after its owner is cut off.
func TestGuestTakesOver(t *testing.T) {
	needEngine(t)
	state := t.TempDir()
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	owner, err := Open(ctx, Options{State: state, Runc: runcPath()})
	if err != nil {
		t.Fatal(err)
	}
	guest := open(t, state)
	giveUp()
	if err := owner.Close(); err != nil {
		t.Errorf("closing the owner: %v", err)
	}
	build(t, guest, request(t, t.TempDir(), two(t, "2")...))
	if guest.Attached() {
		t.Error("the engine is still attached, want it to own the state")
	}
}

// TestKilledEngine kills a process in the middle of a step.
func TestKilledEngine(t *testing.T) {
	needEngine(t)
	if state := os.Getenv("LAYC_TEST_KILLED_STATE"); state != "" {
		start(t, t.Context(), open(t, state), request(t, os.Getenv("LAYC_TEST_KILLED_DIR"), image(t, "app", ran("long step", "sleep", state))), "long step")
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	state, dir := t.TempDir(), t.TempDir()
	child := exec.Command(os.Args[0], "-test.run=^TestKilledEngine$")
	child.Env = append(os.Environ(), "LAYC_TEST_KILLED_STATE="+state, "LAYC_TEST_KILLED_DIR="+dir, "TMPDIR="+t.TempDir())
	out, err := child.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the process ended with %v, want it killed:\n%s", err, out)
	}
	if len(bundles(state)) == 0 {
		t.Fatal("the killed engine left nothing to sweep: the test is wrong")
	}
	e := open(t, state)
	checkClean(t, state)
	build(t, e, request(t, dir, two(t, "2")...))
	if err := registry.Validate(dir); err != nil {
		t.Error(err)
	}
}

// checkClean fails the test if a step left a process, mount or bundle. Other tests may run on the
// machine, so a step that sleeps names its state.
func checkClean(t *testing.T, state string) {
	t.Helper()
	if left := bundles(state); len(left) > 0 {
		t.Errorf("bundles are left: %v", left)
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, state+"/") {
			t.Errorf("a mount is left: %s", line)
		}
	}
	for _, process := range sleepers(state) {
		t.Errorf("%s still runs", process)
	}
}

// sleepers returns the processes of the state's steps that sleep.
func sleepers(state string) (found []string) {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, name := range lines {
		if line, _ := os.ReadFile(name); string(line) == "/bin/step\x00sleep\x00"+state+"\x00" {
			found = append(found, filepath.Dir(name))
		}
	}
	return found
}
