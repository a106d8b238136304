package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/moby/sys/capability"
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/exact"
	"github.com/layc-lang/layc/llb/world"
)

const containedProgram = `import "std/debian"

fleet {
    base debian.release("12")
}

component logger {
    needs os.packages("rsyslog")
}

component made {
    owns "/made"

    run "mkdir -p /made/a/b /made/empty; echo 1 > /made/a/b/file; ln /made/a/b/file /made/name; ln /made/name /made/third"
    run "echo 2 >> /made/name"
}

component edits {
    run "mkdir -p /srv/x; echo 1 > /srv/x/y; rm /etc/issue; chmod 700 /var/mail; chmod 700 /usr/bin/perl"
}

app extra {
    uses logger, made, edits
}
`

// TestContained builds Debian images in a container and in a chroot, as in jobs of CI: the root
// directory is an overlay mount, and so is the state. The images have the bytes of the same build on
// the machine. It takes minutes and gigabytes; `make contained` runs it, and with SHOP=1 it builds the
// shop of `make demo`, too.
func TestContained(t *testing.T) {
	if os.Getenv("LAYC_REQUIRE_CONTAINED") != "1" {
		t.Skip("needs root and minutes; make contained runs it")
	}
	dir := filepath.Join(t.TempDir(), "project") // the layout notes its name
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "fleet.layer"), []byte(containedProgram), 0o644); err != nil {
		t.Fatal(err)
	}
	must := func(cmd *exec.Cmd) {
		t.Helper()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	state := t.TempDir()
	must(exec.Command("../../bin/layc", "lock", "-C", dir))
	must(exec.Command("../../bin/layc", "build", "-C", dir, "--state", state, "-o", filepath.Join(dir, "out")))
	root := machine(t, dir)
	if os.Getenv("LAYC_CONTAINED_SHOP") == "1" {
		must(exec.Command("rm", "-r", dir, filepath.Join(root, "project")))
		must(exec.Command("cp", "-r", "../../testdata/shop", dir))
		must(exec.Command("cp", "-r", dir, filepath.Join(root, "project")))
		must(exec.Command("../../bin/layc", "build", "-C", dir, "--state", state, "-o", filepath.Join(dir, "out")))
	}
	if err := os.RemoveAll(state); err != nil { // gigabytes
		t.Fatal(err)
	}
	want := read(t, dir, "out/index.json")
	mirrors, err := world.FindMirrors(world.ThisHost(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		run  func(t *testing.T, root string, args []string) *exec.Cmd
	}{{"container", inContainer}, {"chroot", inChroot}} {
		t.Run(c.name, func(t *testing.T) {
			state := filepath.Join(root, c.name)
			defer os.RemoveAll(state)
			args := []string{"/usr/local/bin/layc", "build", "-C", "/project", "--state", "/" + c.name, "-o", "/out-" + c.name}
			for name, url := range mirrors {
				args = append(args, "--mirror", name+"="+url)
			}
			if out, err := c.run(t, root, args).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if got := read(t, root, "out-"+c.name, "index.json"); got != want {
				t.Errorf("the images are\n%s\nwant\n%s", got, want)
			}
			if _, err := os.Stat(filepath.Join(state, "runc-native")); err != nil {
				t.Errorf("the engine does not copy layers: %v", err)
			}
			if size, err := exec.Command("du", "-sh", state).Output(); err == nil {
				t.Logf("the state takes %s", strings.Fields(string(size))[0])
			}
		})
	}
}

// machine returns a root directory on an overlay mount: the Debian of a project's image, with layc,
// the project, and this machine's network settings and certificates.
func machine(t *testing.T, project string) string {
	t.Helper()
	dir := t.TempDir()
	for _, sub := range []string{"lower", "upper", "work", "root"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := exact.Unpack(filepath.Join(project, "out"), "extra", filepath.Join(dir, "lower")); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(dir, "root")
	if err := unix.Mount("overlay", root, "overlay", 0, fmt.Sprintf("lowerdir=%[1]s/lower,upperdir=%[1]s/upper,workdir=%[1]s/work", dir)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(root, unix.MNT_DETACH) })
	for _, c := range [][2]string{
		{"../../bin/layc", "usr/local/bin/"}, {"../../bin/layc-runc", "usr/local/bin/"}, {project, "project"},
		{"/etc/ssl", "etc/"}, {"/etc/resolv.conf", "etc/"}, {"/etc/hosts", "etc/"},
	} {
		if out, err := exec.Command("cp", "-rL", "--remove-destination", c[0], root+"/"+c[1]).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	return root
}

// inContainer returns a command that runs in a privileged container on the host's network.
func inContainer(t *testing.T, root string, args []string) *exec.Cmd {
	t.Helper()
	own, err := capability.NewPid2(0)
	if err == nil {
		err = own.Load()
	}
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, c := range capability.ListKnown() {
		if own.Get(capability.BOUNDING, c) {
			all = append(all, "CAP_"+strings.ToUpper(c.String()))
		}
	}
	id := filepath.Base(filepath.Dir(filepath.Dir(root)))
	spec := specs.Spec{
		Version: specs.Version,
		Root:    &specs.Root{Path: root},
		Process: &specs.Process{
			Args: args, Env: append(os.Environ(), "HOME=/root"), Cwd: "/",
			Capabilities: &specs.LinuxCapabilities{Bounding: all, Effective: all, Permitted: all},
		},
		Mounts: []specs.Mount{
			{Destination: "/proc", Type: "proc", Source: "proc"},
			{Destination: "/dev", Type: "bind", Source: "/dev", Options: []string{"rbind"}},
			{Destination: "/sys", Type: "sysfs", Source: "sysfs"},
			{Destination: "/sys/fs/cgroup", Type: "cgroup", Source: "cgroup"},
			{Destination: "/tmp", Type: "tmpfs", Source: "tmpfs"},
		},
		Linux: &specs.Linux{
			CgroupsPath: "/" + id,
			Resources:   &specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{{Allow: true, Access: "rwm"}}},
			Namespaces: []specs.LinuxNamespace{
				{Type: specs.PIDNamespace}, {Type: specs.MountNamespace}, {Type: specs.IPCNamespace}, {Type: specs.UTSNamespace}, {Type: specs.CgroupNamespace},
			},
		},
	}
	text, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	bundle := t.TempDir()
	if err := os.WriteFile(filepath.Join(bundle, "config.json"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	return exec.Command("../../bin/layc-runc", "--root", filepath.Join(bundle, "runc"), "run", "--bundle", bundle, id)
}

// inChroot returns a command that runs in a chroot with the usual file systems.
func inChroot(t *testing.T, root string, args []string) *exec.Cmd {
	t.Helper()
	for _, dir := range []string{"proc", "sys", "dev"} {
		if err := unix.Mount("/"+dir, filepath.Join(root, dir), "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Unmount(filepath.Join(root, dir), unix.MNT_DETACH) })
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "HOME=/root", "TMPDIR=/tmp")
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	return cmd
}
