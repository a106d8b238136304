//go:build linux

package engine

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/moby/sys/capability"
)

// TestMissingCapabilities checks that all missing capabilities are reported together, and that
// nothing is written.
func TestMissingCapabilities(t *testing.T) {
	needEngine(t)
	state := filepath.Join(t.TempDir(), "state")
	errs := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		own, err := capability.NewPid2(0)
		if err == nil {
			err = own.Load()
		}
		if err == nil {
			own.Unset(capability.EFFECTIVE, capability.CAP_SYS_ADMIN, capability.CAP_MKNOD)
			err = own.Apply(capability.CAPS)
		}
		if err == nil {
			_, err = Open(t.Context(), Options{State: state, Runc: runcPath()})
		}
		errs <- err
	}()
	var missing *UnavailableError
	if err := <-errs; !errors.As(err, &missing) || !strings.Contains(missing.What, "does not have here: CAP_SYS_ADMIN, CAP_MKNOD") || missing.Help == "" {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Stat(state); err == nil {
		t.Error("the state exists")
	}
}

// TestUserNamespaceOfOneID checks that a user namespace with few IDs is refused, since it cannot
// store the files of images.
func TestUserNamespaceOfOneID(t *testing.T) {
	needEngine(t)
	if state := os.Getenv("LAYC_TEST_STATE"); state != "" {
		var missing *UnavailableError
		if err := Check(Options{State: state, Runc: runcPath()}); !errors.As(err, &missing) || !strings.Contains(missing.What, "only has the user IDs below 1") {
			t.Errorf("the error is %v", err)
		}
		return
	}
	child := exec.Command("/proc/self/exe", "-test.run=^TestUserNamespaceOfOneID$")
	child.Env = append(os.Environ(), "LAYC_TEST_STATE="+t.TempDir())
	only := []syscall.SysProcIDMap{{Size: 1}}
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: only, GidMappings: only}
	out, err := child.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) {
		t.Skip("user namespaces are not available")
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestSnapshotterOfState checks that a state keeps its first snapshotter.
func TestSnapshotterOfState(t *testing.T) {
	for want, dirs := range map[string][]string{copies: {"runc-native"}, overlays: {"runc-overlayfs", "runc-native"}} {
		state := t.TempDir()
		for _, dir := range dirs {
			if err := os.Mkdir(filepath.Join(state, dir), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if got := snapshotterFor(state); got != want {
			t.Errorf("with %v the snapshotter is %s, want %s", dirs, got, want)
		}
	}
}
