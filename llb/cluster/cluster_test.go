//go:build linux

package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/moby/buildkit/client/llb"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/tonistiigi/fsutil"

	"github.com/layc-lang/layc/llb/cache"
	"github.com/layc-lang/layc/llb/engine"
)

// needEngine skips the test if the engine is not available. With LAYC_REQUIRE_ENGINE=1 the test
// fails instead.
func needEngine(t *testing.T) {
	t.Helper()
	if os.Getenv("LAYC_REQUIRE_ENGINE") != "1" {
		t.Skip("needs root and runc; set LAYC_REQUIRE_ENGINE=1 to run it")
	}
}

// buildkitd starts a BuildKit with default settings, and others, with mounts of its own, and returns its
// process and its engine.
func buildkitd(t *testing.T, flags ...string) (*exec.Cmd, Member) {
	t.Helper()
	bin, err := filepath.Abs("../../bin")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "bk") // the path of a socket is limited
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	address := "unix://" + filepath.Join(dir, "s")
	cmd := exec.Command(filepath.Join(bin, "buildkitd"), append([]string{"--root", filepath.Join(dir, "state"), "--addr", address, "--oci-worker=true",
		"--oci-worker-binary", filepath.Join(bin, "layc-runc"), "--otel-socket-path", filepath.Join(dir, "otel")}, flags...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: run make bin/buildkitd first", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		e, err := engine.Open(t.Context(), engine.Options{Address: address})
		if err == nil {
			return cmd, Member{address, e}
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// step is the directory with the program of the engine's tests, for steps.
var step = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "step")
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, "step"), "../engine/testdata/step")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", errors.New(string(out))
	}
	return dir, nil
})

var (
	epoch = time.Unix(0, 0).UTC()
	amd64 = ocispecs.Platform{OS: "linux", Architecture: "amd64"}
)

// base is a root file system with the program step.
func base() llb.State {
	tools := llb.Local("tools", llb.SharedKeyHint("tools"), llb.LocalUniqueID("tools"), llb.WithCustomName("read tools"))
	return made("base", llb.Scratch().File(llb.Copy(tools, "/step", "/bin/step", &llb.CopyInfo{CreateDestPath: true, CreatedTime: &epoch}), llb.WithCustomName("copy step")))
}

// made adds a file to a state with a step. Its name is the step's.
func made(name string, on llb.State) llb.State {
	out := on.Run(llb.Args([]string{"/bin/step", "write", "/out/" + name, name}), llb.WithCustomName(name)).AddMount("/out", llb.Scratch())
	layer := llb.Scratch().File(llb.Copy(out, "/", "/files", &llb.CopyInfo{CreateDestPath: true, CopyDirContentsOnly: true, CreatedTime: &epoch}), llb.WithCustomName("keep "+name))
	return llb.Merge([]llb.State{on, layer}, llb.WithCustomName("merge "+name))
}

// app returns an image on spine layers. more is merged into it.
func app(t *testing.T, name string, spine []string, more ...llb.State) engine.Image {
	t.Helper()
	state := base()
	for _, layer := range spine {
		state = made(layer, state)
	}
	state = made(name, state)
	if len(more) > 0 {
		state = llb.Merge(append([]llb.State{state}, more...), llb.WithCustomName("merge all of "+name))
	}
	def, err := state.Marshal(t.Context(), llb.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	config := ocispecs.Image{Created: &epoch, Platform: amd64}
	for range len(spine) + len(more) + 3 {
		config.History = append(config.History, ocispecs.History{Created: &epoch, CreatedBy: "layc"})
	}
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	im := engine.Image{Name: name, Platform: amd64, Definition: def.ToPB(), Config: raw, Spine: append([]string{"base"}, spine...)}
	for _, layer := range append(slices.Clone(im.Spine), name) {
		im.Planned = append(im.Planned, engine.PlannedLayer{ID: layer, Size: 1e6})
	}
	return im
}

// apps returns images of a fleet: two spines on one base, and a component on each.
func apps(t *testing.T) []engine.Image {
	t.Helper()
	var all []engine.Image
	for i := range 9 {
		spine := []string{"jdk17"}
		if i%3 == 1 {
			spine = append(spine, "tomcat")
		} else if i%3 == 2 {
			spine = []string{"jdk21"}
		}
		all = append(all, app(t, fmt.Sprintf("app%d", i), spine))
	}
	return all
}

func request(t *testing.T, dir string, images ...engine.Image) engine.Request {
	t.Helper()
	at, err := step()
	if err != nil {
		t.Fatal(err)
	}
	files, err := fsutil.NewFS(at)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	place, err := cache.Parse(strings.TrimPrefix(server.URL, "http://")+"/cache", true)
	if err != nil {
		t.Fatal(err)
	}
	return engine.Request{
		Images: images, Locals: map[string]fsutil.FS{"tools": files}, Output: engine.Output{Dir: dir},
		CacheFrom: []cache.Place{place}, CacheTo: []cache.Place{place},
	}
}

// twice returns the steps that were executed more than once, as far as they run a program. A step of
// an engine that was lost does not count.
func (c *Cluster) twice() []string {
	count := map[string]int{}
	for _, r := range c.ran {
		for _, s := range r.steps {
			if !strings.HasPrefix(s.Name, "merge ") && !strings.HasPrefix(s.Name, "keep ") && !strings.HasPrefix(s.Name, "copy ") {
				count[s.Name]++
			}
		}
	}
	var all []string
	for name, n := range count {
		if n > 1 {
			all = append(all, name)
		}
	}
	return all
}

// manifests returns the digests of the images.
func manifests(r *engine.Result) string {
	var all []string
	for _, i := range r.Images {
		all = append(all, i.Name+" "+i.Manifest.String())
	}
	return strings.Join(all, "\n")
}

// TestCluster checks that three engines build what one builds, each shared step once; that the next
// build executes nothing; and that they do so if one is killed in the middle.
func TestCluster(t *testing.T) {
	needEngine(t)
	var daemons []*exec.Cmd
	var members []Member
	for range 4 {
		d, m := buildkitd(t)
		t.Cleanup(func() { _ = m.Close() }) // one of them is killed
		daemons, members = append(daemons, d), append(members, m)
	}
	var told []string
	c := New(members[:3], func(s string) { told = append(told, s) })
	var kill sync.Once
	killed := -1
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		kill.Do(func() {
			if killed >= 0 {
				_ = daemons[killed].Process.Kill()
			}
		})
		fmt.Fprint(w, "content")
	}))
	defer server.Close()
	download := llb.HTTP(server.URL+"/file", llb.Checksum(digest.FromString("content")), llb.Filename("file"), llb.WithCustomName("download"))
	images := apps(t)
	images[4] = app(t, "app4", []string{"jdk17", "tomcat"}, llb.Scratch().File(llb.Copy(download, "/file", "/file", &llb.CopyInfo{CreatedTime: &epoch}), llb.WithCustomName("copy file")))

	one := request(t, t.TempDir(), images...)
	one.CacheFrom, one.CacheTo = nil, nil
	want, err := members[3].Build(t.Context(), one)
	if err != nil {
		t.Fatal(err)
	}
	kill = sync.Once{}
	jobs, err := spread(one, []node{{members[0].Name, []ocispecs.Platform{amd64}}, {members[1].Name, []ocispecs.Platform{amd64}}, {members[2].Name, []ocispecs.Platform{amd64}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range jobs {
		if slices.Contains(j.images, 4) {
			killed = j.node
		}
	}

	req := request(t, t.TempDir(), images...)
	got, err := c.Build(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if manifests(got) != manifests(want) {
		t.Errorf("the images are\n%s\nwant\n%s", manifests(got), manifests(want))
	}
	if all := c.twice(); len(all) > 0 {
		t.Errorf("executed twice: %s", strings.Join(all, ", "))
	}
	if len(told) != 1 || !strings.HasPrefix(told[0], "building without "+members[killed].Name+": ") {
		t.Errorf("the user is told %q, want the loss of %s", told, members[killed].Name)
	}
	if len(got.Lost) != 1 || got.Lost[0].Engine != members[killed].Name || got.Lost[0].Err == nil {
		t.Fatalf("the lost engines are %+v, want %s", got.Lost, members[killed].Name)
	}
	var moved []string
	for _, i := range got.Lost[0].Images {
		moved = append(moved, i.Name)
		if on := slices.IndexFunc(members[:3], func(m Member) bool { return m.Name == i.On }); on < 0 || on == killed {
			t.Errorf("%s is built on %q instead", i.Name, i.On)
		}
	}
	if !slices.Contains(moved, images[4].Name) {
		t.Errorf("the lost engine had to build %q, want %s, too", moved, images[4].Name)
	}
	used := map[int]bool{}
	for _, r := range c.ran {
		used[r.member] = used[r.member] || len(r.steps) > 0
	}
	if len(used) < 2 {
		t.Errorf("%d engines executed steps, want at least two", len(used))
	}

	again, err := c.Build(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range again.Steps.Executed {
		if !strings.HasPrefix(s.Name, "merge ") {
			t.Errorf("the next build executed %s", s.Name)
		}
	}
	if manifests(again) != manifests(want) {
		t.Errorf("the next build's images are\n%s\nwant\n%s", manifests(again), manifests(want))
	}
}

// TestNativeNodes checks that images of a platform are built on the engine whose own platform it is, and
// not on one that also runs its programs, with an emulator; and there if the other one is lost. This
// machine has one architecture, so images only have files.
func TestNativeNodes(t *testing.T) {
	needEngine(t)
	platform := func(p string) string { return "--oci-worker-platform=linux/" + p }
	_, both := buildkitd(t, platform("amd64"), platform("arm64"))
	daemon, native := buildkitd(t, platform("arm64"))
	t.Cleanup(func() { _, _ = both.Close(), native.Close() }) // one of them is killed
	var told []string
	c := New([]Member{both, native}, func(s string) { told = append(told, s) })
	for _, m := range []Member{both, native} { // both list this machine's platforms, too
		all, err := m.Platforms(t.Context())
		if own := map[string]string{both.Name: "amd64", native.Name: "arm64"}[m.Name]; err != nil || all[0].Architecture != own || !slices.ContainsFunc(all, func(p ocispecs.Platform) bool { return p.Architecture == "arm64" }) {
			t.Fatalf("the platforms of %s are %v, %v", m.Name, all, err)
		}
	}
	// built returns the engines that have executed the steps of images of both platforms.
	built := func(text string) map[string][]int {
		var images []engine.Image
		for _, arch := range []string{"amd64", "arm64"} {
			for _, name := range []string{"app1", "app2"} {
				im := app(t, name, nil)
				tools := llb.Local("tools", llb.SharedKeyHint("tools"), llb.LocalUniqueID("tools"), llb.WithCustomName("read tools"))
				state := llb.Scratch().File(llb.Copy(tools, "/step", "/"+arch+name+text, &llb.CopyInfo{CreatedTime: &epoch}), llb.WithCustomName(arch+" "+name))
				def, err := state.Marshal(t.Context(), llb.Platform(ocispecs.Platform{OS: "linux", Architecture: arch}))
				if err != nil {
					t.Fatal(err)
				}
				im.Definition, im.Platform.Architecture = def.ToPB(), arch
				im.Config = []byte(fmt.Sprintf(`{"os": "linux", "architecture": "%s", "history": [{"created": "1970-01-01T00:00:00Z"}]}`, arch))
				images = append(images, im)
			}
		}
		c.ran = nil
		result, err := c.Build(t.Context(), request(t, t.TempDir(), images...))
		if err != nil {
			t.Fatal(err)
		}
		if len(result.Images) != len(images) {
			t.Errorf("built %d images, want %d", len(result.Images), len(images))
		}
		where := map[string][]int{}
		for _, r := range c.ran {
			for _, step := range r.steps {
				if arch, _, _ := strings.Cut(step.Name, " "); !slices.Contains(where[arch], r.member) {
					where[arch] = append(where[arch], r.member)
				}
			}
		}
		return where
	}
	if got := built("1"); !slices.Equal(got["amd64"], []int{0}) || !slices.Equal(got["arm64"], []int{1}) {
		t.Errorf("images are built on the engines %v, want amd64 on 0 and arm64 on 1", got)
	}
	if err := daemon.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = daemon.Wait()
	if got := built("2"); !slices.Equal(got["amd64"], []int{0}) || !slices.Equal(got["arm64"], []int{0}) {
		t.Errorf("without the engine 1, images are built on the engines %v, want 0", got)
	}
	if len(told) != 1 || !strings.HasPrefix(told[0], "building without "+native.Name+": ") {
		t.Errorf("the user is told %q", told)
	}
}
