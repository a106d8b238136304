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
	"golang.org/x/sys/unix"
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

// TestSnapshotterOfState checks that a state keeps its first snapshotter, and that the environment
// decides for a new one.
func TestSnapshotterOfState(t *testing.T) {
	for _, c := range []struct {
		set, want string
		dirs      []string
	}{
		{"", copies, []string{"runc-native"}},
		{"", overlays, []string{"runc-overlayfs", "runc-native"}},
		{"", fuses, []string{"runc-fuse-overlayfs"}},
		{copies, overlays, []string{"runc-overlayfs"}},
		{fuses, fuses, nil},
		{copies, copies, nil},
		{overlays, overlays, nil},
	} {
		t.Setenv(snapshotterVariable, c.set)
		state := t.TempDir()
		for _, dir := range c.dirs {
			if err := os.Mkdir(filepath.Join(state, dir), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if got := snapshotterFor(state); got != c.want {
			t.Errorf("with %v and %q the snapshotter is %s, want %s", c.dirs, c.set, got, c.want)
		}
	}
}

// TestUnknownSnapshotter checks that an unknown name in the environment is refused before anything
// is written.
func TestUnknownSnapshotter(t *testing.T) {
	t.Setenv(snapshotterVariable, "overlay2")
	want := `unknown snapshotter "overlay2" in the variable LAYC_SNAPSHOTTER` + "\nset it to overlayfs, fuse-overlayfs or native, or unset it"
	if err := checkSnapshotter(); err == nil || err.Error() != want {
		t.Errorf("the error is %v, want %s", err, want)
	}
}

// TestChroot checks that a plain chroot is refused, and that the engine works in the one that the
// error tells to make. As in most containers of CI, its root is an overlay mount, and it has a state
// directory directly below the root.
func TestChroot(t *testing.T) {
	needEngine(t)
	if state := os.Getenv("LAYC_TEST_STATE"); state != "" {
		build(t, open(t, state), request(t, t.TempDir(), two(t, "2")...))
		return
	}
	root := filepath.Join(onOverlay(t), "root")
	for _, dir := range []string{".", "proc", "sys", "dev", "tmp"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	mount := func(from, to string, flags uintptr) {
		t.Helper()
		if err := unix.Mount(from, to, "", flags, ""); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Unmount(to, unix.MNT_DETACH) })
	}
	mount("/proc", root+"/proc", unix.MS_BIND)
	mount("/sys", root+"/sys", unix.MS_BIND|unix.MS_REC)
	mount("/dev", root+"/dev", unix.MS_BIND)
	for _, dir := range []string{"/usr", "/lib", "/lib64"} { // the test's libraries
		to, err := os.Readlink(dir)
		switch {
		case err == nil:
			err = os.Symlink(to, root+dir)
		case errors.Is(err, syscall.EINVAL):
			if err = os.Mkdir(root+dir, 0o755); err == nil {
				mount(dir, root+dir, unix.MS_BIND)
			}
		case os.IsNotExist(err):
			err = nil
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, from := range map[string]string{"test": "/proc/self/exe", "runc": runcPath()} {
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(root, name), text, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	dir, err := stepDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(root+"/step", os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	run := func() (string, error) {
		cmd := exec.Command("/test", "-test.run=^TestChroot$")
		cmd.Env = append(os.Environ(), "LAYC_TEST_STATE=/state", "LAYC_TEST_STEP=/step", "LAYC_TEST_RUNC=/runc", "TMPDIR=/tmp", snapshotterVariable+"=")
		cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Chroot: root}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run()
	for _, want := range []string{"cannot start steps in this chroot, because its root directory is not a mount point", "mount --rbind DIR DIR, then chroot DIR"} {
		if err == nil || !strings.Contains(out, want) {
			t.Errorf("a plain chroot: %v, want %q in\n%s", err, want, out)
		}
	}
	mount(root, root, unix.MS_BIND|unix.MS_REC)
	if out, err := run(); err != nil {
		t.Errorf("a chroot that is a mount point: %v\n%s", err, out)
	}
	if _, err := os.Stat(root + "/state/runc-native"); err != nil {
		t.Errorf("the engine does not copy: %v", err)
	}
}
