//go:build linux

package engine

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/sirupsen/logrus"
	"github.com/tonistiigi/fsutil"
)

// needEngine skips the test if the engine is not available. With LAYC_REQUIRE_ENGINE=1 the test
// fails instead.
func needEngine(t *testing.T) {
	t.Helper()
	if os.Getenv("LAYC_REQUIRE_ENGINE") != "1" {
		t.Skip("needs root and runc; set LAYC_REQUIRE_ENGINE=1 to run it")
	}
}

// runcPath returns the runc built by `make build`, or "" to look for one. In a chroot of a test it is
// elsewhere.
func runcPath() string {
	if path := os.Getenv("LAYC_TEST_RUNC"); path != "" {
		return path
	}
	path, err := filepath.Abs("../../bin/layc-runc")
	if err != nil {
		return ""
	}
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// temp is the temporary directory while no engine is open.
var temp = os.TempDir()

// stepBuilt is the directory that stepDir created, "" before.
var stepBuilt string

// stepDir returns a directory with the program testdata/step, built once.
var stepDir = sync.OnceValues(func() (string, error) {
	if dir := os.Getenv("LAYC_TEST_STEP"); dir != "" {
		return dir, nil // in a chroot, without a compiler
	}
	dir, err := os.MkdirTemp(temp, "layc-step-")
	if err != nil {
		return "", err
	}
	stepBuilt = dir
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, "step"), "./testdata/step")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", errors.New(string(out))
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	Child()
	logrus.SetOutput(io.Discard)
	code := m.Run()
	if stepBuilt != "" {
		os.RemoveAll(stepBuilt)
	}
	os.Exit(code)
}

// open returns an engine on the state directory. The end of the test closes it.
func open(t *testing.T, state string) *Engine {
	t.Helper()
	e, err := Open(t.Context(), Options{State: state, Runc: runcPath()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("closing the engine: %v", err)
		}
	})
	return e
}

var epoch = time.Unix(0, 0).UTC()

// tools returns the local source with the program step.
func tools() llb.State {
	return llb.Local("tools", llb.SharedKeyHint("tools"), llb.LocalUniqueID("tools"), llb.WithCustomName("read tools"))
}

// root returns a root file system with the program step.
func root() llb.State {
	return llb.Scratch().File(llb.Copy(tools(), "/step", "/bin/step", &llb.CopyInfo{CreateDestPath: true, CreatedTime: &epoch}), llb.WithCustomName("copy step"))
}

// file returns a layer with one file.
func file(name, text string) llb.State {
	return llb.Scratch().File(llb.Mkfile(name, 0o644, []byte(text), llb.WithCreatedTime(epoch)), llb.WithCustomName("file "+name))
}

// ran returns a layer with the files that a step wrote to /out, with fixed times.
func ran(name string, args ...string) llb.State {
	out := root().Run(llb.Args(append([]string{"/bin/step"}, args...)), llb.WithCustomName(name)).AddMount("/out", llb.Scratch())
	return llb.Scratch().File(llb.Copy(out, "/", "/opt", &llb.CopyInfo{CreateDestPath: true, CopyDirContentsOnly: true, CreatedTime: &epoch}), llb.WithCustomName("keep "+name))
}

var amd64 = ocispecs.Platform{OS: "linux", Architecture: "amd64"}

// image returns an image with merged layers and a complete configuration.
func image(t *testing.T, name string, layers ...llb.State) Image {
	t.Helper()
	state := layers[0]
	if len(layers) > 1 {
		state = llb.Merge(layers, llb.WithCustomName("merge "+name))
	}
	def, err := state.Marshal(t.Context(), llb.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	config := ocispecs.Image{Created: &epoch, Platform: amd64}
	for range layers {
		config.History = append(config.History, ocispecs.History{Created: &epoch, CreatedBy: "layc"})
	}
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	return Image{Name: name, Platform: amd64, Definition: def.ToPB(), Config: raw}
}

// request returns a request that builds the images into dir.
func request(t *testing.T, dir string, images ...Image) Request {
	t.Helper()
	step, err := stepDir()
	if err != nil {
		t.Fatal(err)
	}
	fs, err := fsutil.NewFS(step)
	if err != nil {
		t.Fatal(err)
	}
	return Request{Images: images, Locals: map[string]fsutil.FS{"tools": fs}, Output: Output{Dir: dir}}
}

// two returns two images that share a layer created by a step.
func two(t *testing.T, last string) []Image {
	shared := ran("shared step", "write", "/out/shared", "both")
	return []Image{
		image(t, "app1", shared, file("/one", "1")),
		image(t, "app2", shared, file("/two", last)),
	}
}

func build(t *testing.T, e *Engine, req Request) *Result {
	t.Helper()
	res, err := e.Build(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func names(steps []Step) string {
	var out []string
	for _, s := range steps {
		out = append(out, s.Name)
	}
	return strings.Join(out, ", ")
}

// hangs is how long a test waits for what takes a moment, unless the machine is busy.
const hangs = 2 * time.Minute

// start starts a build and returns when the named step runs.
func start(t *testing.T, ctx context.Context, e *Engine, req Request, name string) (done chan error) {
	t.Helper()
	running := make(chan struct{})
	var once sync.Once
	req.Status = func(s *client.SolveStatus) {
		for _, l := range s.Logs {
			if strings.Contains(string(l.Data), "asleep") {
				once.Do(func() { close(running) })
			}
		}
	}
	done = make(chan error, 1)
	go func() { _, err := e.Build(ctx, req); done <- err }()
	select {
	case <-running:
	case err := <-done:
		t.Fatalf("the build ended before %q ran: %v", name, err)
	case <-time.After(hangs):
		t.Fatalf("%q did not start within %s", name, hangs)
	}
	return done
}
