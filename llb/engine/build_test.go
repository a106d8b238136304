//go:build linux

package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/opencontainers/go-digest"
	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/registry"
	"github.com/layc-lang/layc/llb/world/transport"
)

func TestBuild(t *testing.T) {
	needEngine(t)
	e := open(t, t.TempDir())
	dir := filepath.Join(t.TempDir(), "out")

	req := request(t, dir, two(t, "2")...)
	req.Status = func(s *client.SolveStatus) {
		for _, w := range s.Warnings {
			t.Errorf("the build warns: %s", w.Short)
		}
	}
	first := build(t, e, req)
	if a, b := first.Images[0].Layers[0], first.Images[1].Layers[0]; a != b || a.Size == 0 {
		t.Errorf("the shared layers are %v and %v, want one", a, b)
	}
	if a, b := first.Images[0].Layers[1], first.Images[1].Layers[1]; a == b {
		t.Errorf("both last layers are %v, want two", a)
	}
	if got := names(first.Steps.Executed); !strings.Contains(got, "shared step") {
		t.Errorf("the first build executed %s, want the shared step among them", got)
	}
	if err := registry.Validate(dir); err != nil {
		t.Error(err)
	}
	if got, want := files(t, dir), 2+2+2+3; len(got) != want { // index and layout, manifests, configurations, layers
		t.Errorf("the layout has %d files, want %d:\n%s", len(got), want, strings.Join(got, "\n"))
	}

	again := build(t, e, request(t, dir, two(t, "2")...))
	if len(first.Steps.Cached) > 0 || sorted(names(again.Steps.Cached)) != sorted(names(first.Steps.Executed)) {
		t.Errorf("the first build executed %s and found %s in the cache; the rebuild found %s, want all that was executed",
			names(first.Steps.Executed), names(first.Steps.Cached), names(again.Steps.Cached))
	}
	if len(again.Steps.Executed) != 0 {
		t.Errorf("the rebuild executed %s, want nothing", names(again.Steps.Executed))
	}
	if !slices.Equal(again.Images[0].Layers, first.Images[0].Layers) || again.Images[0].Manifest != first.Images[0].Manifest {
		t.Errorf("the rebuild returned %v, want %v", again.Images[0], first.Images[0])
	}

	edited := build(t, e, request(t, dir, two(t, "3")...))
	if got, want := names(edited.Steps.Executed), "file /two, merge app2"; sorted(got) != want {
		t.Errorf("after an edit the build executed %s, want %s", sorted(got), want)
	}
	if err := registry.Validate(dir); err != nil {
		t.Error(err)
	}
	if got, want := len(files(t, dir)), 9; got != want {
		t.Errorf("after an edit the layout has %d files, want %d: unused blobs are swept", got, want)
	}
}

func TestFreshStatesGiveEqualLayouts(t *testing.T) {
	needEngine(t)
	var want []string
	for range 2 {
		dir := t.TempDir()
		build(t, open(t, t.TempDir()), request(t, dir, two(t, "2")...))
		got := files(t, dir)
		index, err := os.ReadFile(filepath.Join(dir, "index.json"))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(index))
		if want != nil && !slices.Equal(got, want) {
			t.Errorf("the layout of the second state is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		want = got
	}
}

func TestPlatformsOfOneNameAreNested(t *testing.T) {
	needEngine(t)
	dir := t.TempDir()
	arm := image(t, "app", file("/arm", "x"))
	arm.Platform.Architecture = "arm64"
	arm.Config = []byte(strings.ReplaceAll(string(arm.Config), "amd64", "arm64"))
	build(t, open(t, t.TempDir()), request(t, dir, image(t, "app", file("/amd", "x")), arm))
	if err := registry.Validate(dir); err != nil {
		t.Error(err)
	}
	index, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(index), `"digest"`); got != 1 {
		t.Errorf("the index lists %d images, want one for both platforms:\n%s", got, index)
	}
}

func TestFailingStep(t *testing.T) {
	needEngine(t)
	dir := filepath.Join(t.TempDir(), "out")
	// The bad step needs the good one, and another one needs it.
	good := root().Run(llb.Args([]string{"/bin/step", "write", "/out/x", "1"}), llb.WithCustomName("good step")).AddMount("/out", llb.Scratch())
	bad := root().Run(llb.Args([]string{"/bin/step", "fail", "7"}), llb.AddMount("/in", good, llb.Readonly), llb.WithCustomName("bad step")).AddMount("/out", llb.Scratch())
	im := image(t, "app", llb.Scratch().File(llb.Copy(bad, "/", "/"), llb.WithCustomName("never")))
	result, err := open(t, t.TempDir()).Build(t.Context(), request(t, dir, im))
	var step *StepError
	if !errors.As(err, &step) {
		t.Fatalf("the error is %v, want a StepError", err)
	}
	if step.Name != "bad step" || step.ExitCode != 7 {
		t.Errorf("%q failed with %d, want \"bad step\" with 7", step.Name, step.ExitCode)
	}
	if result == nil || executed(result) != "copy step, good step" || len(result.Steps.Cached) > 0 {
		t.Errorf("the build reached %+v, want the steps before the bad one", result)
	}
	if n := len(step.Log); n != 20 || step.Log[0] != "line 11" || step.Log[19] != "line 30" {
		t.Errorf("the log is %q, want line 11 to line 30", step.Log)
	}
	if !slices.ContainsFunc(im.Definition.Def, func(def []byte) bool { return digest.FromBytes(def) == step.Vertex }) {
		t.Errorf("vertex %s is not one of the definition", step.Vertex)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the failed build left %s", dir)
	}
}

// TestFailingStepOfSharedState checks that the failure of a step is told if it mounts a state
// twice: BuildKit returns another error for it.
func TestFailingStepOfSharedState(t *testing.T) {
	needEngine(t)
	twice := root().Run(llb.Args([]string{"/bin/step", "fail", "7"}), llb.AddMount("/shared", root(), llb.Readonly), llb.WithCustomName("bad step"))
	req := request(t, filepath.Join(t.TempDir(), "out"), image(t, "good", file("/x", "1")), image(t, "app", twice.AddMount("/out", llb.Scratch())))
	_, err := open(t, t.TempDir()).Build(t.Context(), req)
	var step *StepError
	if !errors.As(err, &step) || step.Name != "bad step" || step.ExitCode != 7 || len(step.Log) != 20 {
		t.Errorf("the error is %#v, want the bad step with exit code 7 and its log", err)
	}
}

func TestFetch(t *testing.T) {
	needEngine(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/file" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, "content")
	}))
	t.Cleanup(server.Close)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	sum := digest.FromString("content")
	fetched := func(url string, sum digest.Digest) Image {
		src := llb.HTTP(url, llb.Checksum(sum), llb.Filename("f"), llb.WithCustomName("fetch"))
		return image(t, "app", llb.Scratch().File(llb.Copy(src, "/f", "/f", &llb.CopyInfo{CreatedTime: &epoch}), llb.WithCustomName("keep")))
	}
	e := open(t, t.TempDir())
	for _, c := range []struct {
		what, url string
		sum       digest.Digest
		network   bool
	}{
		{"nobody listens", "http://" + closed.Addr().String() + "/file", sum, true},
		{"no such host", "http://host.invalid/file", sum, true},
		{"no such file", server.URL + "/none", sum, true},
		{"wrong checksum", server.URL + "/file", digest.FromString("other"), false},
	} {
		_, err := e.Build(t.Context(), request(t, t.TempDir(), fetched(c.url, c.sum)))
		var network *UnavailableError
		var step *StepError
		if errors.As(err, &network) != c.network || errors.As(err, &step) == c.network {
			t.Errorf("%s: the error is %T %v", c.what, err, err)
		}
		if c.network && network != nil && network.Vertex == "" || !c.network && step != nil && step.Name != "fetch" {
			t.Errorf("%s: the error does not name the vertex: %#v", c.what, err)
		}
	}
	dir := t.TempDir()
	im := fetched(server.URL+"/file", sum)
	if got := names(build(t, e, request(t, dir, im)).Steps.Executed); sorted(got) != "fetch, keep" {
		t.Errorf("the build executed %s, want fetch, keep", got)
	}
	if got := names(build(t, e, request(t, dir, im)).Steps.Executed); got != "" {
		t.Errorf("the rebuild executed %s, want nothing", got)
	}
}

// TestServersThatHang checks the error for a server that accepts requests and never responds,
// stops in the middle, or never ends: it names the server.
func TestServersThatHang(t *testing.T) {
	needEngine(t)
	usual := patience
	patience = transport.Patience{Connect: time.Second, Header: 200 * time.Millisecond, Idle: 200 * time.Millisecond, Rate: 1000}
	t.Cleanup(func() { patience = usual })
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/half" {
			fmt.Fprint(w, "half of it")
			w.(http.Flusher).Flush()
		}
		for r.URL.Path == "/drops" && r.Context().Err() == nil {
			fmt.Fprint(w, ".")
			w.(http.Flusher).Flush()
			time.Sleep(20 * time.Millisecond)
		}
		<-over
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(over) })
	host := strings.TrimPrefix(server.URL, "http://")
	sum := digest.FromString("content")
	e := open(t, t.TempDir())
	for name, source := range map[string]llb.State{
		server.URL + "/file":   llb.HTTP(server.URL+"/file", llb.Checksum(sum)),
		server.URL + "/drops":  llb.HTTP(server.URL+"/drops", llb.Checksum(sum)),
		server.URL + "/half":   llb.HTTP(server.URL+"/half", llb.Checksum(sum)),
		host + "/base@sha256:": llb.Image(host + "/base@" + sum.String()),
	} {
		kept := llb.Scratch().File(llb.Copy(source, "/f", "/f", &llb.CopyInfo{CreatedTime: &epoch}))
		_, err := e.Build(t.Context(), request(t, t.TempDir(), image(t, "app", kept)))
		var unavailable *UnavailableError
		if !errors.As(err, &unavailable) || !strings.Contains(unavailable.What, name) {
			t.Errorf("%s: the error is %T %v, want an UnavailableError with the name", name, err, err)
		}
	}
}

// TestCancelEarly checks that a build ends soon if it is cancelled before the engine has begun with it, or just
// then.
func TestCancelEarly(t *testing.T) {
	needEngine(t)
	e := open(t, t.TempDir())
	c, err := e.current()
	if err != nil {
		t.Fatal(err)
	}
	interrupted := errors.New("interrupted")
	for n := range 30 {
		ctx, cancel := context.WithCancelCause(t.Context())
		if n == 0 {
			cancel(interrupted)
		}
		began := time.Now()
		time.AfterFunc(time.Duration(n)*50*time.Microsecond, func() { cancel(interrupted) })
		_, err := begin(ctx, c, client.SolveOpt{Internal: true}, func(ctx context.Context, g gateway.Client) (*gateway.Result, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, nil)
		if err == nil {
			t.Errorf("cancelled after %d times 50 us, the build succeeds", n)
		}
		if took := time.Since(began); took > 5*time.Second { // BuildKit waits for six
			t.Errorf("cancelled after %d times 50 us, the build took %v", n, took)
		}
	}
}

func TestCancel(t *testing.T) {
	needEngine(t)
	state, dir := t.TempDir(), t.TempDir()
	e := open(t, state)
	build(t, e, request(t, dir, two(t, "2")...))
	before := files(t, dir)

	ctx, cancel := context.WithCancelCause(t.Context())
	done := start(t, ctx, e, request(t, dir, image(t, "app1", file("/new", "new"), ran("long step", "sleep", state))), "long step")
	if len(sleepers(state)) == 0 {
		t.Fatal("the step does not sleep: the test is wrong")
	}
	began, interrupted := time.Now(), errors.New("interrupted")
	cancel(interrupted)
	if err := <-done; !errors.Is(err, interrupted) {
		t.Errorf("the error of the cancelled build is %v, want the cause of its end", err)
	}
	if err := e.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
	if took := time.Since(began); took > hangs {
		t.Errorf("the cancelled build and closing took %v", took)
	}
	checkClean(t, state)
	if got := files(t, dir); !slices.Equal(got, before) {
		t.Errorf("the cancelled build changed the layout to\n%s\nfrom\n%s", strings.Join(got, "\n"), strings.Join(before, "\n"))
	}
	if err := registry.Validate(dir); err != nil {
		t.Error(err)
	}
}

// onOverlay returns a directory on an overlay mount.
func onOverlay(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, sub := range []string{"lower", "upper", "work", "on"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	on := filepath.Join(dir, "on")
	options := fmt.Sprintf("lowerdir=%[1]s/lower,upperdir=%[1]s/upper,workdir=%[1]s/work", dir)
	if err := unix.Mount("overlay", on, "overlay", 0, options); err != nil {
		t.Fatalf("mounting an overlay: %v", err)
	}
	t.Cleanup(func() {
		// BuildKit may close its files a moment after the engine is closed. containerd leaves the
		// file of its check for fs-verity to the garbage collector.
		err := unix.Unmount(on, 0)
		for end := time.Now().Add(hangs); err == unix.EBUSY && time.Now().Before(end); {
			runtime.GC()
			time.Sleep(10 * time.Millisecond)
			err = unix.Unmount(on, 0)
		}
		if err != nil {
			t.Errorf("unmounting: %v", err)
		}
	})
	return on
}

// TestWithoutOverlay checks what the engine does if the state's file system, such as an overlay mount,
// does not support overlay mounts: fuse-overlayfs mounts layers, and where it is not installed, layers
// are copied. The images are the same.
func TestWithoutOverlay(t *testing.T) {
	needEngine(t)
	t.Setenv(snapshotterVariable, "")
	var want []string
	for _, kind := range []string{overlays, fuses, copies} {
		t.Run(kind, func(t *testing.T) {
			state := filepath.Join(t.TempDir(), "state")
			if kind != overlays {
				state = filepath.Join(onOverlay(t), "state")
			}
			if kind == copies {
				t.Setenv("PATH", t.TempDir())
			}
			out := t.TempDir()
			build(t, open(t, state), request(t, out, two(t, "2")...))
			if _, err := os.Stat(filepath.Join(state, "runc-"+kind)); err != nil {
				t.Errorf("the engine has another snapshotter: %v", err)
			}
			if err := registry.Validate(out); err != nil {
				t.Error(err)
			}
			got := files(t, out)
			if kind == overlays {
				want = got
			}
			if !slices.Equal(got, want) {
				t.Errorf("the layout is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// TestOverlaysAreGone checks that a state with overlay snapshots is refused where overlay mounts
// are not available. Otherwise its cache would be lost, and an innocent step would fail.
func TestOverlaysAreGone(t *testing.T) {
	needEngine(t)
	state := filepath.Join(onOverlay(t), "state")
	if err := os.MkdirAll(filepath.Join(state, "runc-overlayfs"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := open(t, state).Build(t.Context(), request(t, t.TempDir(), two(t, "2")...))
	var lost *UnavailableError
	if !errors.As(err, &lost) || !strings.Contains(lost.What, "needs overlay mounts") {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Stat(filepath.Join(state, "runc-native")); err == nil {
		t.Error("the engine copies layers")
	}
}

func TestForeignDirectoryIsRefused(t *testing.T) {
	needEngine(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := open(t, t.TempDir()).Build(t.Context(), request(t, dir, two(t, "2")...))
	var layout *LayoutError
	if !errors.As(err, &layout) {
		t.Errorf("the error is %v, want a LayoutError", err)
	}
	if got := strings.Join(files(t, dir), " "); got != "thesis.txt" {
		t.Errorf("the directory has %s, want thesis.txt alone", got)
	}
}

// sorted sorts a comma-separated list.
func sorted(list string) string {
	parts := strings.Split(list, ", ")
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}
