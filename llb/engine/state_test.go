//go:build linux

package engine

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestPrepareState checks that a state directory becomes private, or is refused.
func TestPrepareState(t *testing.T) {
	for _, c := range []struct {
		what   string
		mode   os.FileMode
		files  []string
		owner  int // of the directory
		wanted string
	}{
		{what: "a private state", mode: 0o700, files: []string{"lock", "cache.db"}},
		{what: "a state that others can read", mode: 0o755, files: []string{"lock"}},
		{what: "a new volume that all can write", mode: 0o777, files: []string{"lost+found"}},
		{what: "a private directory of other files", mode: 0o700, files: []string{"thesis.txt"}},
		{what: "a state that others can write", mode: 0o777, files: []string{"lock"}, wanted: "other users can write"},
		{what: "a state that a group can write", mode: 0o2770, files: []string{"lock"}, wanted: "other users can write"},
		{what: "a directory of other files", mode: 0o755, files: []string{"thesis.txt"}, wanted: "has other files"},
		{what: "a directory such as /tmp", mode: 0o1777, files: []string{"x"}, wanted: "has other files"},
		{what: "another user's directory", mode: 0o700, owner: 65534, wanted: "belongs to user 65534, not to you (user 0)"},
	} {
		t.Run(c.what, func(t *testing.T) {
			if c.owner != 0 && os.Geteuid() != 0 {
				t.Skip("needs root to give a directory away")
			}
			dir := t.TempDir()
			for _, f := range c.files {
				if err := os.WriteFile(filepath.Join(dir, f), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := unix.Chmod(dir, uint32(c.mode)); err != nil {
				t.Fatal(err)
			}
			if c.owner != 0 {
				if err := os.Chown(dir, c.owner, c.owner); err != nil {
					t.Fatal(err)
				}
			}
			_, err := prepareState(dir)
			var refused *UnavailableError
			if c.wanted != "" {
				if !errors.As(err, &refused) || !strings.Contains(refused.What, c.wanted) || refused.Help == "" {
					t.Errorf("the error is %v, want one with %q", err, c.wanted)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("the mode is %v, want 0700 (%v)", info.Mode(), err)
			}
		})
	}
}

// TestStateBelowOpenDirectory checks that a state is refused if everyone can replace it by
// renaming a directory above it.
func TestStateBelowOpenDirectory(t *testing.T) {
	top := t.TempDir()
	open := filepath.Join(top, "open")
	for _, dir := range []string{"open/own/state", "own"} {
		if err := os.MkdirAll(filepath.Join(top, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"open/to": "../own", "own/into": "../open/own"} {
		if err := os.Symlink(to, filepath.Join(top, link)); err != nil {
			t.Fatal(err)
		}
	}
	for mode, fine := range map[uint32]bool{0o755: true, 0o775: true, 0o1777: true, 0o777: false, 0o702: false} {
		if err := unix.Chmod(open, mode); err != nil {
			t.Fatal(err)
		}
		for _, state := range []string{"open/own/state", "open/new/state", "open/to/state", "own/into/state"} {
			err := checkState(filepath.Join(top, state))
			var refused *UnavailableError
			if fine && err != nil || !fine && (!errors.As(err, &refused) || !strings.Contains(refused.What, "all users can write to "+open+",")) {
				t.Errorf("%s, where open has the mode %o: %v", state, mode, err)
			}
		}
	}
	for _, dir := range []string{"open/new", "own/state"} {
		if _, err := os.Stat(filepath.Join(top, dir)); err == nil {
			t.Errorf("the check created %s", dir)
		}
	}
}

// TestPrepareStateFollowsLinks checks that the path is the one in the kernel's mount table.
func TestPrepareStateFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink(dir, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	got, err := prepareState(filepath.Join(dir, "link", "state"))
	want, linkErr := filepath.EvalSymlinks(filepath.Join(dir, "state"))
	if err != nil || linkErr != nil || got != want {
		t.Errorf("got %s (%v), want %s (%v)", got, err, want, linkErr)
	}
}

// TestStateIsClosedToOthers checks that another user can neither reach the socket nor read the
// log or the snapshots, even if the state directory was open to all and the umask is 0. A log
// that is a link is not followed.
func TestStateIsClosedToOthers(t *testing.T) {
	needEngine(t)
	if path := os.Getenv("LAYC_TEST_REACH"); path != "" {
		reach(t, path)
		return
	}
	dir := t.TempDir()
	state, kept := filepath.Join(dir, "state"), filepath.Join(dir, "kept")
	old := syscall.Umask(0)
	t.Cleanup(func() { syscall.Umask(old) }) // after the engine has closed, which restores its own
	for _, path := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(kept, []byte("kept"), 0o644); err != nil {
		t.Fatal(err)
	}
	e := open(t, state)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(state, "engine.log")
	if err := errors.Join(os.Remove(log), os.Symlink(kept, log), os.Chmod(state, 0o755)); err != nil {
		t.Fatal(err)
	}
	open(t, state)
	if text, err := os.ReadFile(kept); err != nil || string(text) != "kept" {
		t.Errorf("the engine's log went through a link: %q, %v", text, err)
	}
	for _, name := range []string{socketName, "engine.log", lockName, "cache.db", "history.db"} {
		info, err := os.Lstat(filepath.Join(state, name))
		if err != nil {
			t.Error(err)
		} else if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v, want 0600", name, info.Mode())
		}
	}
	// The test's own program is in a private directory.
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "reach"), self, 0o755); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(filepath.Join(dir, "reach"), "-test.run=^TestStateIsClosedToOthers$")
	child.Env = append(os.Environ(), "LAYC_TEST_REACH="+state)
	child.Dir = dir
	child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("as another user: %v\n%s", err, out)
	}
}

// reach fails the test if this user can use a state directory.
func reach(t *testing.T, state string) {
	if os.Geteuid() == 0 {
		t.Fatal("this must run as another user")
	}
	if c, err := dialSocket(t.Context(), state); !errors.Is(err, os.ErrPermission) {
		t.Errorf("connecting to the socket: %v, %v, want it denied", c, err)
	}
	for _, name := range []string{".", "engine.log", "runc-overlayfs/snapshots"} {
		if f, err := os.Open(filepath.Join(state, name)); !errors.Is(err, os.ErrPermission) {
			t.Errorf("opening %s: %v, %v, want it denied", name, f, err)
		}
	}
	if _, err := Open(t.Context(), Options{State: state}); err == nil {
		t.Error("the engine opens for another user")
	}
}
