//go:build linux

package engine

import (
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/moby/buildkit/client/llb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sys/unix"
)

// TestEmulator checks that steps of another platform run where an emulator is registered. The
// registration is in a user namespace, so the machine has none afterwards. Linux has these
// registrations since 6.7.
func TestEmulator(t *testing.T) {
	if os.Getenv("LAYC_REQUIRE_EMULATOR") != "1" {
		t.Skip("needs root, runc and qemu-aarch64-static; make emulated runs it")
	}
	if os.Getenv("LAYC_TEST_PART") == "" {
		child := exec.Command("/proc/self/exe", "-test.run=^TestEmulator$")
		child.Env = append(os.Environ(), "LAYC_TEST_PART=emulator")
		ids := []syscall.SysProcIDMap{{Size: 1 << 20}}
		child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER | unix.CLONE_NEWNS, UidMappings: ids, GidMappings: ids, GidMappingsEnableSetgroups: true}
		if out, err := child.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	arm64 := ocispecs.Platform{OS: "linux", Architecture: "arm64"}
	runs := func(e *Engine) bool {
		all, err := e.Platforms(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(all, func(p ocispecs.Platform) bool { return p.Architecture == "arm64" })
	}
	registerEmulator(t)
	e := open(t, t.TempDir())
	if !runs(e) {
		t.Fatal("the engine does not run programs for linux/arm64")
	}
	t.Setenv("GOARCH", "arm64") // of the program that stepDir builds
	out := root().Run(llb.Args([]string{"/bin/step", "write", "/out/file", "text"}), llb.Platform(arm64)).AddMount("/out", llb.Scratch())
	made := image(t, "app", llb.Scratch().File(llb.Copy(out, "/", "/opt", &llb.CopyInfo{CreateDestPath: true, CopyDirContentsOnly: true, CreatedTime: &epoch})))
	if res := build(t, e, request(t, t.TempDir(), made)); len(res.Images) != 1 {
		t.Errorf("the images are %+v", res.Images)
	}
}

// registerEmulator registers qemu-aarch64-static for programs for linux/arm64.
func registerEmulator(t *testing.T) {
	t.Helper()
	path, err := exec.LookPath("qemu-aarch64-static")
	if err != nil {
		t.Fatalf("%v: install qemu-user-static", err)
	}
	if path, err = filepath.Abs(path); err != nil {
		t.Fatal(err)
	}
	const dir = "/proc/sys/fs/binfmt_misc"
	if err := unix.Mount("binfmt_misc", dir, "binfmt_misc", 0, ""); err != nil {
		t.Fatalf("mounting binfmt_misc in a user namespace (this needs Linux 6.7): %v", err)
	}
	escaped := func(header string) string {
		raw, err := hex.DecodeString(strings.ReplaceAll(header, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, c := range raw {
			b.WriteString(`\x` + hex.EncodeToString([]byte{c}))
		}
		return b.String()
	}
	// The start of an ELF file, little-endian, for the machine 0xb7: executable or shared.
	magic := escaped("7f454c46 02010100 00000000 00000000 0200b700")
	mask := escaped("ffffffff ffffff00 ffffffff ffffffff feffffff")
	if err := os.WriteFile(dir+"/register", []byte(":layc-arm64:M::"+magic+":"+mask+":"+path+":FOC"), 0); err != nil {
		t.Fatal(err)
	}
}
