//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/layc-lang/layc/llb/exact"
	"github.com/layc-lang/layc/llb/registry"
)

// sharing is a program whose images need no base: they share a component, and have owners, modes and
// links, and one has a health check.
const sharing = `
fleet {
    registry "registry.example.com/shop"
}

user nonroot {
    uid 65532
}

component shared {
    file "/etc/message" text "hello"
    dir  "/var/lib/shared/deep" owner "65532"
    link "/srv/message" to "/etc/message"
}

app api {
    base scratch
    uses shared

    file "/api" text "api" mode "4755"

    user        nonroot
    command     ["/api"]
    healthcheck ["/api", "check"] every 30s
}

app web {
    base scratch
    uses shared

    file "/var/lib/shared/web" text "web" owner "65532"
    tag  "1"
    tag  "lts"

    annotation "com.example.team" = "web"
}
`

func newSharing(t *testing.T) *victim {
	t.Helper()
	requireEngine(t)
	p := &victim{T: t, dir: t.TempDir(), state: filepath.Join(t.TempDir(), "state"), temp: t.TempDir()}
	var err error
	if p.bin, err = filepath.Abs("../../bin/layc"); err != nil {
		t.Fatal(err)
	}
	p.write("a.layer", sharing)
	return p
}

// must runs a build that succeeds, and returns its output.
func (p *victim) must(args ...string) string {
	p.Helper()
	code, text := p.run(append([]string{"build", "--state", p.state}, args...)...)
	if code != exitOK {
		p.Fatalf("%q: exit code %d\n%s", args, code, text)
	}
	return text
}

// TestOutputs builds images once in all forms, and compares what is in them: blobs by their digests, and
// root file systems with what the layout's layers are.
func TestOutputs(t *testing.T) {
	p := newSharing(t)
	out := t.TempDir()
	text := p.must("-o", out+"/layout", "-o", "type=oci,dest="+out+"/oci.tar", "-o", "type=docker,dest="+out+"/docker.tar",
		"-o", "type=tar,dest="+out+"/{app}.tar", "-o", "type=local,dest="+out+"/root/{app}")
	if strings.Count(text, "Podman ignores health checks") != 1 {
		t.Errorf("no notice about the health check, or several:\n%s", text)
	}
	if err := os.Mkdir(out+"/oci", 0o755); err != nil {
		t.Fatal(err)
	}
	if text, err := exec.Command("tar", "-xf", out+"/oci.tar", "-C", out+"/oci").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for _, dir := range []string{"layout", "oci"} {
		if err := registry.Validate(filepath.Join(out, dir)); err != nil {
			t.Error(err)
		}
	}
	for _, app := range []struct{ name, image, full string }{
		{"api", "api", "registry.example.com/shop/api:latest"}, {"web", "web:lts", "registry.example.com/shop/web:lts"},
	} {
		want := filepath.Join(out, "want-"+app.name)
		if err := exact.Unpack(filepath.Join(out, "layout"), app.image, want); err != nil {
			t.Fatal(err)
		}
		got := filepath.Join(out, "tar-"+app.name)
		if err := os.Mkdir(got, 0o755); err != nil {
			t.Fatal(err)
		}
		if text, err := exec.Command("tar", "-xpf", filepath.Join(out, app.name+".tar"), "-C", got).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		for _, dir := range []string{got, filepath.Join(out, "root", app.name)} {
			sameTrees(t, want, dir)
		}
		sameImages(t, out, app.image, app.full)
	}

	// A second build writes the same bytes.
	before, err := os.ReadFile(out + "/docker.tar")
	if err != nil {
		t.Fatal(err)
	}
	p.must("-o", "type=docker,dest="+out+"/docker.tar")
	if after, err := os.ReadFile(out + "/docker.tar"); err != nil || string(before) != string(after) {
		t.Errorf("the archive has changed, %v", err)
	}

	// Other media types and compression, in a part of the layout.
	text = p.must("api", "-o", "type=oci,tar=false,dest="+out+"/layout,oci-mediatypes=false,compression=gzip,compression-level=9", "--label", "team=ops")
	if strings.Contains(text, "Podman") {
		t.Errorf("a notice about Docker's media types:\n%s", text)
	}
	p.must("web", "-o", "type=oci,tar=false,dest="+out+"/layout,compression=zstd", "--annotation", "a.b/c=d=e")
	index, err := layout.ImageIndexFromPath(out + "/layout")
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if err := registry.Validate(out + "/layout"); err != nil {
		t.Error(err)
	}
	var types []string
	for _, d := range manifest.Manifests {
		image, err := index.Image(d.Digest)
		if err != nil {
			t.Fatal(err)
		}
		m, err := image.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		types = append(types, fmt.Sprint(d.Annotations["org.opencontainers.image.ref.name"], " ", d.MediaType, " ", m.Layers[0].MediaType, " ", m.Annotations["a.b/c"], m.Annotations["com.example.team"]))
	}
	if want := []string{
		"api application/vnd.docker.distribution.manifest.v2+json application/vnd.docker.image.rootfs.diff.tar.gzip ",
		"web:1 application/vnd.oci.image.manifest.v1+json application/vnd.oci.image.layer.v1.tar+zstd d=eweb",
		"web:lts application/vnd.oci.image.manifest.v1+json application/vnd.oci.image.layer.v1.tar+zstd d=eweb",
	}; !slices.Equal(types, want) {
		t.Errorf("the layout has\n%s\nwant\n%s", strings.Join(types, "\n"), strings.Join(want, "\n"))
	}
}

// TestUmask checks that the umask of the user decides who can read what a build writes, also while the
// engine runs with another one.
func TestUmask(t *testing.T) {
	p := newSharing(t)
	out := filepath.Join(t.TempDir(), "made")
	build := exec.Command("sh", "-c", `umask 027 && exec "$@"`, "sh", p.bin, "build", "web", "-C", p.dir, "--state", p.state,
		"-o", out+"/layout", "-o", "type=oci,dest="+out+"/archives/web.tar", "--cache-to", "type=local,dest="+out+"/cache", "--annotation", "a=b")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	seen := 0
	err := filepath.WalkDir(out, func(name string, d os.DirEntry, err error) error {
		if err != nil || strings.Contains(name, "/cache/") { // BuildKit's files
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		seen++
		if mode := info.Mode().Perm(); mode&0o027 != 0 || mode&0o440 != 0o440 {
			t.Errorf("%s has the mode %o", name, mode)
		}
		return nil
	})
	if err != nil || seen < 10 {
		t.Errorf("%d files: %v", seen, err)
	}
}

// sameTrees compares two directories, with owners, modes and times.
func sameTrees(t *testing.T, want, got string) {
	t.Helper()
	var trees [2]exact.Tree
	for n, dir := range []string{want, got} {
		var err error
		if trees[n], err = exact.Read(dir); err != nil {
			t.Fatal(err)
		}
		delete(trees[n], "/") // no layer has it
	}
	if diff := exact.Compare(trees[0], trees[1], true); len(diff) > 0 {
		t.Errorf("%s differs:\n%s", got, strings.Join(diff, "\n"))
	}
}

// sameImages compares an image of the archive for docker load with the layout's.
func sameImages(t *testing.T, out, image, full string) {
	t.Helper()
	tag, err := name.NewTag(full)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := tarball.ImageFromPath(out+"/docker.tar", &tag)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(loaded); err != nil {
		t.Error(err)
	}
	config, err := loaded.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	built, err := exact.Open(out+"/layout", image)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := loaded.Layers()
	if err != nil || len(layers) != len(built.Layers) {
		t.Fatalf("%s has %d layers, want %d, %v", full, len(layers), len(built.Layers), err)
	}
	for n, l := range layers {
		if id, err := l.Digest(); err != nil || id.String() != built.Layers[n].Digest.String() {
			t.Errorf("layer %d is %s, want %s, %v", n, id, built.Layers[n].Digest, err)
		}
	}
	index, err := layout.ImageIndexFromPath(out + "/layout")
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range manifest.Manifests {
		if d.Annotations["org.opencontainers.image.ref.name"] != image {
			continue
		}
		if d.Annotations["io.containerd.image.name"] != full {
			t.Errorf("containerd calls %s %s, want %s", image, d.Annotations["io.containerd.image.name"], full)
		}
		i, err := index.Image(d.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if id, err := i.ConfigName(); err != nil || id != config {
			t.Errorf("the configuration is %s, want %s, %v", config, id, err)
		}
	}
}

// TestTools reads and loads what layc writes with other tools, as `make tools` does.
func TestTools(t *testing.T) {
	if os.Getenv("LAYC_REQUIRE_TOOLS") == "" {
		t.Skip("needs skopeo, umoci, podman, containerd and Docker: run make tools")
	}
	p := newSharing(t)
	tools := startTools(t)
	out := t.TempDir()
	p.must("-o", out+"/layout", "-o", "type=oci,dest="+out+"/oci.tar", "-o", "type=docker,dest="+out+"/docker.tar")
	for _, c := range []struct {
		want string
		args []string
	}{
		{`"Digest": "sha256:`, []string{"skopeo", "inspect", "oci:" + out + "/layout:api"}},
		{`"Digest": "sha256:`, []string{"skopeo", "inspect", "oci-archive:" + out + "/oci.tar:web:lts"}},
		{`"Name": "registry.example.com/shop/web"`, []string{"skopeo", "inspect", "docker-archive:" + out + "/docker.tar:registry.example.com/shop/web:1"}},
		{"api\nweb:1\nweb:lts", []string{"umoci", "list", "--layout", out + "/layout"}},
		{"registry.example.com/shop/api:latest", []string{"ctr", "-n", "archive", "images", "import", out + "/oci.tar"}},
	} {
		if text := tools.run(c.args...); !strings.Contains(text, c.want) {
			t.Errorf("%q: got\n%s\nwant %s", c.args, text, c.want)
		}
	}
	for _, c := range []struct {
		loader, store string
		inspect       []string
		health        bool
	}{
		{"docker", "Docker", []string{"docker", "image", "inspect"}, true},
		{"podman", "Podman", []string{"podman", "image", "inspect"}, true},
		{"ctr", "containerd (ctr)", []string{"ctr", "images", "list"}, false},
	} {
		text := p.must("--load="+c.loader, "--progress", "plain")
		if want := "loaded registry.example.com/shop/web:lts into " + c.store; !strings.Contains(text, want) {
			t.Errorf("got\n%s\nwant %s", text, want)
		}
		args := c.inspect
		if c.health {
			args = append(args, "registry.example.com/shop/api:latest")
		}
		text = tools.run(args...)
		if c.health && !strings.Contains(text, `"/api"`) || c.health && !strings.Contains(text, "Healthcheck") || !strings.Contains(text, "shop/api:latest") {
			t.Errorf("%q: got\n%s", args, text)
		}
	}
	// Docker's archive keeps health checks in Podman; an OCI layout does not.
	tools.run("podman", "rmi", "--all")
	tools.run("podman", "load", "-i", out+"/docker.tar")
	var loaded []struct{ HealthCheck *struct{ Test []string } }
	if err := json.Unmarshal([]byte(tools.run("podman", "image", "inspect", "registry.example.com/shop/api:latest")), &loaded); err != nil || len(loaded) != 1 || loaded[0].HealthCheck == nil {
		t.Errorf("the health check is lost: %v, %v", loaded, err)
	}
}

// tools are the tools of other projects, with stores of their own.
type tools struct{ *testing.T }

// startTools starts containerd and Docker, which end with the test, and makes them the tools of the
// test's process.
func startTools(t *testing.T) *tools {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "layc-") // Podman takes paths of 50 characters
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	x := &tools{t}
	write := func(name, text string, mode os.FileMode) string {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return name
	}
	config := write("containerd.toml", fmt.Sprintf("version = 2\nroot = %q\nstate = %q\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n[grpc]\naddress = %q\n",
		dir+"/containerd", dir+"/run", dir+"/containerd.sock"), 0o644)
	podman, err := exec.LookPath("podman")
	if err != nil {
		t.Fatal(err)
	}
	write("bin/podman", fmt.Sprintf("#!/bin/sh\nexec %s --root %s/podman --runroot %[2]s/podman-run --storage-driver vfs --cgroup-manager cgroupfs \"$@\"\n", podman, dir), 0o755)
	write("home/.config/containers/policy.json", `{"default":[{"type":"insecureAcceptAnything"}]}`, 0o644)
	t.Setenv("HOME", dir+"/home")
	t.Setenv("PATH", dir+"/bin:"+os.Getenv("PATH"))
	t.Setenv("CONTAINERD_ADDRESS", dir+"/containerd.sock")
	t.Setenv("DOCKER_HOST", "unix://"+dir+"/docker.sock")
	x.start("containerd", "-c", config)
	x.until("ctr", "version")
	x.start("dockerd", "--data-root", dir+"/docker", "--exec-root", dir+"/docker-run", "--pidfile", dir+"/docker.pid", "--host", "unix://"+dir+"/docker.sock",
		"--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs", "--containerd", dir+"/containerd.sock")
	x.until("docker", "version")
	return x
}

// start starts a daemon, which ends with the test.
func (x *tools) start(args ...string) {
	x.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	if err := cmd.Start(); err != nil {
		x.Fatal(err)
	}
	x.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
}

// until waits until a command succeeds.
func (x *tools) until(args ...string) {
	x.Helper()
	for start := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		cmd := exec.Command(args[0], args[1:]...)
		text, err := cmd.CombinedOutput()
		if err == nil {
			return
		}
		if time.Since(start) > 2*time.Minute {
			x.Fatalf("%q: %v: %s", args, err, text)
		}
	}
}

// run runs a command that succeeds, and returns its output.
func (x *tools) run(args ...string) string {
	x.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	text, err := cmd.CombinedOutput()
	if err != nil {
		x.Fatalf("%q: %v: %s", args, err, text)
	}
	return string(text)
}
