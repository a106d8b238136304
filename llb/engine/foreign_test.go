//go:build linux

package engine

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	capspb "github.com/moby/buildkit/util/apicaps/pb"
	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// buildkitd starts a BuildKit with default settings, and others, and returns its process and the
// address of its socket. The end of the test ends it.
func buildkitd(t *testing.T, flags ...string) (*exec.Cmd, string) {
	t.Helper()
	needEngine(t)
	bin, err := filepath.Abs("../../bin")
	if err != nil {
		t.Fatal(err)
	}
	// The path of a socket is limited.
	dir, err := os.MkdirTemp(temp, "bk")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(sweepDaemon(dir), os.RemoveAll(dir)); err != nil {
			t.Error(err)
		}
	})
	address := "unix://" + filepath.Join(dir, "s")
	cmd := exec.Command(filepath.Join(bin, "buildkitd"), append([]string{
		"--root", filepath.Join(dir, "state"), "--addr", address, "--oci-worker=true", "--oci-worker-binary", filepath.Join(bin, "layc-runc"), "--otel-socket-path", filepath.Join(dir, "otel"),
	}, flags...)...)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: run make bin/buildkitd first", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		e, err := Open(t.Context(), Options{Address: address})
		if err == nil {
			e.Close()
			return cmd, address
		}
		if time.Now().After(end) {
			text, _ := os.ReadFile(log.Name())
			t.Fatalf("buildkitd does not start: %v\n%s", err, text)
		}
	}
}

// sweepDaemon ends the steps, and removes the mounts, that a killed buildkitd leaves in a directory.
func sweepDaemon(dir string) error {
	own, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil {
		return err
	}
	processes, _ := filepath.Glob("/proc/[0-9]*") // the pattern is valid
	for _, p := range processes {
		space, _ := os.Readlink(p + "/ns/mnt")
		mounts, _ := os.ReadFile(p + "/mountinfo") // it may have ended
		if pid, err := strconv.Atoi(filepath.Base(p)); err == nil && space != own && strings.Contains(string(mounts), dir+"/") {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	mounts, err := mountinfo.GetMounts(mountinfo.PrefixFilter(dir))
	for _, m := range slices.Backward(mounts) {
		err = errors.Join(err, unix.Unmount(m.Mountpoint, unix.MNT_DETACH))
	}
	return err
}

// foreign opens the engine at an address.
func foreign(t *testing.T, o Options) *Engine {
	t.Helper()
	e, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// TestForeign checks that a BuildKit with default settings, with copied layers or with
// fuse-overlayfs, builds the bytes that the built-in engine builds.
func TestForeign(t *testing.T) {
	needEngine(t)
	want := t.TempDir()
	build(t, open(t, t.TempDir()), request(t, want, two(t, "2")...))
	for _, kind := range []string{"overlayfs", "native", "fuse-overlayfs"} {
		_, address := buildkitd(t, "--oci-worker-snapshotter", kind)
		dir, told := t.TempDir(), ""
		build(t, foreign(t, Options{Address: address, Notice: func(s string) { told += s }}), request(t, dir, two(t, "2")...))
		if warns := strings.Contains(told, "cannot start steps that mount several layers"); warns != (kind == "fuse-overlayfs") {
			t.Errorf("%s: the user is told %q", kind, told)
		}
		if got, want := files(t, dir), files(t, want); !slices.Equal(got, want) {
			t.Errorf("%s: the layout is\n%s\nwant\n%s", kind, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestForeignIsLost checks the error if an engine elsewhere dies during a build.
func TestForeignIsLost(t *testing.T) {
	daemon, address := buildkitd(t)
	e := foreign(t, Options{Address: address})
	done := start(t, t.Context(), e, request(t, t.TempDir(), image(t, "app1", ran("long step", "sleep"))), "long step")
	if err := daemon.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	wantUnavailable(t, <-done, "lost the connection to the BuildKit at "+address, "see whether it still runs, and run the command again: what it has built is in its cache")
}

// TestForeignIsFull checks the error if the disk of an engine elsewhere is full.
func TestForeignIsFull(t *testing.T) {
	needEngine(t)
	small := t.TempDir()
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=24m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(small, syscall.MNT_DETACH) })
	_, address := buildkitd(t, "--root", small, "--oci-worker-gc=false")
	text := strings.Repeat("x", 3<<20)
	e := foreign(t, Options{Address: address})
	var err error
	for n := range 40 {
		if _, err = e.Build(t.Context(), request(t, t.TempDir(), image(t, "app", file("/x", text+string(rune('a'+n)))))); err != nil {
			break
		}
	}
	wantUnavailable(t, err, "the engine's disk is full", "free space on the disk of that engine: docker buildx prune or buildctl prune empties its cache")
}

// TestUnreachable checks the errors for addresses at which no BuildKit responds.
func TestUnreachable(t *testing.T) {
	closed := "unix://" + filepath.Join(t.TempDir(), "none.sock")
	t.Setenv("PATH", t.TempDir())
	t.Setenv("BUILDX_CONFIG", t.TempDir())
	for address, want := range map[string][2]string{
		closed:                  {"no BuildKit responds at " + closed, "start buildkitd there, or check the address; or omit the address to use the built-in engine"},
		"tcp://127.0.0.1:1":     {"no BuildKit responds at tcp://127.0.0.1:1", "start buildkitd there, or check the address; or omit the address to use the built-in engine"},
		"docker-container://b":  {"no BuildKit responds at docker-container://b", "install the program that docker-container: addresses need, and put it into PATH; or omit the address to use the built-in engine"},
		"docker://":             {"no BuildKit responds at docker://", "install the program that docker: addresses need, and put it into PATH; or omit the address to use the built-in engine"},
		"buildx:defautl":        {"docker buildx has no builder defautl", "did you mean buildx:default?"},
		"buildx:something-else": {"docker buildx has no builder something-else", "it knows default"},
	} {
		_, err := Open(t.Context(), Options{Address: address})
		wantUnavailable(t, err, want[0], want[1])
	}
}

func wantUnavailable(t *testing.T, err error, what, help string) {
	t.Helper()
	var got *UnavailableError
	if !errors.As(err, &got) {
		t.Errorf("the error is %T %v, want an UnavailableError", err, err)
		return
	}
	if got.What != what || got.Help != help {
		t.Errorf("the error is %q with the help %q,\nwant %q with %q\n%v", got.What, got.Help, what, help, got.Err)
	}
	for _, words := range []string{"failed to solve", "rpc error", "desc = ", "failed to call info", "connection error"} {
		if strings.Contains(err.Error(), words) {
			t.Errorf("the error has words of the libraries: %v", err)
		}
	}
}

// TestLacking checks the errors for engines without what a build needs.
func TestLacking(t *testing.T) {
	def := &pb.Definition{Metadata: map[string]*pb.OpMetadata{"a": {Caps: map[string]bool{string(pb.CapMergeOp): true, string(pb.CapFileBase): true}}}}
	caps := func(change func(c *capspb.APICap)) gateway.BuildOpts {
		all := pb.Caps.All()
		for _, c := range all {
			if c.ID == string(pb.CapMergeOp) {
				change(c)
			}
		}
		return gateway.BuildOpts{LLBCaps: pb.Caps.CapSet(all)}
	}
	e := &Engine{opts: Options{Address: "docker://"}, foreign: "v0.9.3"}
	if err := e.lacks(caps(func(*capspb.APICap) {}), []*pb.Definition{def}); err != nil {
		t.Errorf("a complete engine: %v", err)
	}
	err := e.lacks(caps(func(c *capspb.APICap) { c.ID = "other" }), []*pb.Definition{def})
	wantUnavailable(t, err, "the BuildKit at docker:// (v0.9.3) lacks what this build needs: merging layers",
		"update it (layc is tested with BuildKit 0.34), or omit the address to use the built-in engine")
	err = e.lacks(caps(func(c *capspb.APICap) {
		c.Enabled, c.DisabledReasonMsg = false, "only enabled with containerd image store backend"
	}), []*pb.Definition{def})
	wantUnavailable(t, err, "the BuildKit at docker:// (v0.9.3) lacks what this build needs: merging layers",
		"turn on the containerd image store of that Docker, create a builder (docker buildx create), or omit the address to use the built-in engine")
	if err == nil || !strings.Contains(err.Error(), "only enabled with containerd image store backend") {
		t.Errorf("the error lacks the reason: %v", err)
	}
}

// TestToldForeign checks that errors of an engine elsewhere that layc does not know are told as its.
func TestToldForeign(t *testing.T) {
	e := &Engine{opts: Options{Address: "docker://"}, foreign: "v0.9.3"}
	err := e.toldForeign(context.Background(), errors.New("failed to solve: something odd"))
	wantUnavailable(t, err, "the BuildKit at docker:// (v0.9.3) failed", "see the log of that BuildKit, or omit the address to use the built-in engine")
	err = e.toldForeign(context.Background(), errors.New(`failed to solve: exporter "oci" could not be found`))
	wantUnavailable(t, err, "the BuildKit at docker:// (v0.9.3) failed",
		"turn on the containerd image store of that Docker, create a builder (docker buildx create), or omit the address to use the built-in engine")
}

// TestTriedVersion checks that layc, the BuildKit of the tests, and what users are told have one
// version.
func TestTriedVersion(t *testing.T) {
	line := regexp.MustCompile(`(?m)github\.com/moby/buildkit v(\d+\.\d+)\.(\d+)( // indirect)?$`)
	own, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	tests, err := os.ReadFile("testdata/buildkitd/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	a, b := line.FindStringSubmatch(string(own)), line.FindStringSubmatch(string(tests))
	if a == nil || b == nil || !slices.Equal(a[1:3], b[1:3]) || a[1] != triedVersion {
		t.Errorf("the versions are %q, %q and %s", a, b, triedVersion)
	}
}
