package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/opencontainers/go-digest"

	"github.com/layc-lang/layc/llb/engine"
)

// writing is an engine that builds nothing, but writes images: random ones, which it keeps by name.
type writing struct {
	fake
	images   map[string]v1.Image
	cacheErr error
}

func (w *writing) Build(ctx context.Context, r engine.Request) (*engine.Result, error) {
	result, err := w.fake.Build(ctx, r)
	if err != nil || r.Output.Dir == "" {
		return result, err
	}
	index := v1.ImageIndex(empty.Index)
	for n, i := range r.Images {
		image := w.images[i.Name]
		if image == nil {
			if image, err = random.Image(2000, 1); err != nil {
				return nil, err
			}
			w.images[i.Name] = image
		}
		id, err := image.Digest()
		if err != nil {
			return nil, err
		}
		result.Images[n].Manifest = digest.Digest(id.String())
		for _, name := range append([]string{i.Name}, i.Aliases...) {
			index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{
				Annotations: map[string]string{"org.opencontainers.image.ref.name": name},
			}})
		}
	}
	result.CacheErr = w.cacheErr
	_, err = layout.Write(r.Output.Dir, index)
	return result, err
}

// pushed is what scripts read of the result of a push.
type pushed struct {
	ExitCode int
	Error    string
	Images   []jsonBuilt
	Written  []string
	Pushes   []jsonPush
	Findings []struct {
		Code, File, Message string
		Line                int
		Notes, Help         []string
	}
}

// states returns what happened to each tag, without the names of hosts.
func (p pushed) states() string {
	var all []string
	for _, to := range p.Pushes {
		_, name, _ := strings.Cut(to.Reference, "/")
		all = append(all, name+" "+to.State)
	}
	return strings.Join(all, ", ")
}

// TestPushesToSeveral pushes to two registries. As long as one of them does not have all images, no tag
// moves in the other, and each tag is told. A cache that cannot be written holds back neither.
func TestPushesToSeveral(t *testing.T) {
	var refuse, down, closed atomic.Bool
	serve := func(broken func(*http.Request) bool) string {
		backend := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if broken(r) {
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprint(w, `{"errors":[{"code":"DENIED","message":"no"}]}`)
				return
			}
			backend.ServeHTTP(w, r)
		}))
		t.Cleanup(server.Close)
		return strings.TrimPrefix(server.URL, "http://")
	}
	first := serve(func(r *http.Request) bool {
		put := r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/")
		return put && (down.Load() || refuse.Load() && strings.HasSuffix(r.URL.Path, "/one/manifests/latest")) || closed.Load()
	})
	second := serve(func(*http.Request) bool { return closed.Load() })
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	t.Setenv("REGISTRY_AUTH_FILE", filepath.Join(t.TempDir(), "auth.json"))
	dir, e := t.TempDir(), &writing{images: map[string]v1.Image{}}
	program := "fleet {\n    registry \"" + first + "/a\"\n}\n\napp one {\n    base scratch\n    file \"/one\" text \"1\"\n}\n\napp two {\n    base scratch\n    file \"/two\" text \"2\"\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "a.layer"), []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(t.TempDir(), "state")
	layc := func(more ...string) pushed {
		t.Helper()
		var stdout, stderr bytes.Buffer
		c := &cli{out: &stdout, err: &stderr, ready: readyFake, open: func(context.Context, engine.Options) (builder, error) { return e, nil }}
		code := c.run(t.Context(), append([]string{"build", "-C", dir, "--state", state, "--json", "--push", "-o", "type=registry", "-o", "type=registry,name=" + second + "/b"}, more...))
		var r pushed
		if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
			t.Fatalf("%v:\n%s%s", err, &stdout, &stderr)
		}
		if r.ExitCode != code {
			t.Errorf("the exit code is %d, the JSON says %d", code, r.ExitCode)
		}
		return r
	}
	closed.Store(true)
	if r := layc(); r.ExitCode != exitUnavailable || len(r.Images) > 0 || len(r.Findings) != 2 ||
		r.Findings[0].Message != "cannot push to "+first+"/a" || r.Findings[1].Message != "cannot push to "+second+"/b" ||
		r.states() != "a/one:latest not pushed, a/two:latest not pushed, b/one:latest not pushed, b/two:latest not pushed" {
		t.Errorf("both places are closed: exit code %d, the states are %s, %+v", r.ExitCode, r.states(), r.Findings)
	}
	closed.Store(false)
	for _, step := range []struct {
		name         string
		refuse, down bool
		states       string
		code         int
	}{
		{"one place fails", false, true, "a/one:latest not pushed, a/two:latest not pushed, b/one:latest not pushed, b/two:latest not pushed", exitUnavailable},
		{"a tag is refused", true, false, "a/one:latest refused, a/two:latest pushed, b/one:latest pushed, b/two:latest pushed", exitUnavailable},
		{"all is well", false, false, "a/one:latest pushed, a/two:latest unchanged, b/one:latest unchanged, b/two:latest unchanged", exitOK},
	} {
		refuse.Store(step.refuse)
		down.Store(step.down)
		if r := layc(); r.states() != step.states || r.ExitCode != step.code || len(r.Images) != 2 {
			t.Errorf("%s: exit code %d, the states are %s, want %s", step.name, r.ExitCode, r.states(), step.states)
		}
	}
	clear(e.images)
	e.cacheErr = &engine.UnavailableError{What: "cannot write the cache"}
	moved := "a/one:latest pushed, a/two:latest pushed, b/one:latest pushed, b/two:latest pushed"
	if r := layc(); r.states() != moved || r.ExitCode != exitUnavailable || r.Error != "cannot write the cache" {
		t.Errorf("without the cache: exit code %d, error %q, the states are %s", r.ExitCode, r.Error, r.states())
	}
	refuse.Store(true)
	clear(e.images)
	if r := layc(); r.ExitCode != exitUnavailable || r.Error != "cannot write the cache" || len(r.Findings) != 1 {
		t.Errorf("without the cache and a tag: exit code %d, error %q, %+v", r.ExitCode, r.Error, r.Findings)
	}
}

// TestBuildPushes builds and pushes to a registry that changes its mind, and reads the results as a
// person and as a script do.
func TestBuildPushes(t *testing.T) {
	var deny, refuse, page, absent atomic.Bool
	backend := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		write := r.Method != http.MethodGet && r.Method != http.MethodHead
		switch {
		case page.Load():
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, "<html>log in</html>")
		case absent.Load() && write:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"errors":[{"code":"NAME_UNKNOWN","message":"create it first"}]}`)
		case deny.Load() && write:
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"errors":[{"code":"DENIED","message":"no"}]}`)
		case refuse.Load() && write && strings.HasSuffix(r.URL.Path, "/shop/two/manifests/1.0"):
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"errors":[{"code":"TAG_INVALID","message":"the tag is immutable"}]}`)
		default:
			backend.ServeHTTP(w, r)
		}
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	t.Setenv("REGISTRY_AUTH_FILE", filepath.Join(t.TempDir(), "auth.json"))
	t.Setenv("TMPDIR", t.TempDir())
	dir := t.TempDir()
	program := fmt.Sprintf(`component base {
    rootfs "https://example.com/root.tar" sha256 "%s"
}

fleet {
    base     base
    registry "%s/shop"
}

app one {
    file "/one" text "1"
}

app two {
    tag "1.0"
    tag "latest"
    file "/two" text "2"
}
`, strings.Repeat("0", 64), host)
	for name, text := range map[string]string{"a.layer": program, "layc.lock": "layc-lock 1\nbase sha256:" + strings.Repeat("0", 64) + " 1 configured\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	images := map[string]v1.Image{}
	opened, state := 0, filepath.Join(t.TempDir(), "state")
	layc := func(args ...string) (code int, out, problems string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		c := &cli{out: &stdout, err: &stderr, ready: readyFake, open: func(context.Context, engine.Options) (builder, error) {
			opened++
			return &writing{images: images}, nil
		}}
		code = c.run(t.Context(), append([]string{"build", "-C", dir, "--state", state, "--push"}, args...))
		return code, strings.ReplaceAll(stdout.String(), host, "HOST"), strings.ReplaceAll(stderr.String(), host, "HOST")
	}
	read := func(args ...string) (pushed, string) {
		t.Helper()
		code, out, problems := layc(append(args, "--json")...)
		var r pushed
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatalf("%v:\n%s%s", err, out, problems)
		}
		if r.ExitCode != code {
			t.Errorf("the exit code is %d, the JSON says %d", code, r.ExitCode)
		}
		return r, problems
	}
	deny.Store(true)
	code, _, problems := layc()
	words := strings.Join(strings.Fields(problems), " ")
	if code != exitUnavailable || !strings.HasPrefix(words, "error[E0521]: cannot push to HOST/shop = note: HOST does not allow you to push to shop/one without a login (403 Forbidden): no = note: no credentials were found") ||
		!strings.HasSuffix(words, "= help: log in with docker login HOST or podman login HOST") {
		t.Errorf("denied: exit code %d\n%s", code, problems)
	}
	if r, _ := read(); r.ExitCode != exitUnavailable || len(r.Findings) != 1 || r.Findings[0].Code != "E0521" || len(r.Findings[0].Help) != 1 ||
		len(r.Pushes) != 3 || slices.ContainsFunc(r.Pushes, func(p jsonPush) bool { return p.State != "not pushed" || p.Reference == "" || p.Image == "" }) {
		t.Errorf("denied: the result is %+v", r)
	}
	if opened > 0 {
		t.Errorf("the engine is opened %d times before the registry is asked", opened)
	}
	deny.Store(false)
	absent.Store(true)
	code, _, problems = layc()
	if words := strings.Join(strings.Fields(problems), " "); code != exitUnavailable || opened > 0 ||
		words != "error[E0521]: cannot push to HOST/shop = note: HOST has no repositories shop/one, shop/two (404 Not Found) = help: create them: this registry does not do that on a push" {
		t.Errorf("without repositories: exit code %d\n%s", code, problems)
	}
	absent.Store(false)
	page.Store(true)
	code, _, problems = layc()
	if words := strings.Join(strings.Fields(problems), " "); code != exitUnavailable || opened > 0 ||
		!strings.Contains(words, "HOST: not a registry: the server answers with a web page = help: check the registry name, and whether a proxy with a login page answers for HOST") {
		t.Errorf("a web page: exit code %d\n%s", code, problems)
	}
	page.Store(false)

	code, out, problems := layc("--progress", "quiet")
	if code != exitOK || problems != "" || strings.Count(out, "HOST/shop/") != 3 || strings.Count(out, "\n") != 3 {
		t.Errorf("quiet: exit code %d\n%s\n%s", code, out, problems)
	}
	code, out, problems = layc()
	if code != exitOK || problems != "" || strings.Count(out, "\nunchanged HOST/shop/") != 3 {
		t.Errorf("unchanged: exit code %d\n%s\n%s", code, out, problems)
	}
	refuse.Store(true)
	if r, _ := read(); strings.ReplaceAll(r.states(), "shop/", "") != "one:latest unchanged, two:1.0 unchanged, two:latest unchanged" || r.ExitCode != exitOK || r.Images[1].Pushed == "" {
		t.Errorf("unchanged: %s, %+v", strings.ReplaceAll(r.states(), "shop/", ""), r)
	}

	clear(images)
	recorded := filepath.Join(t.TempDir(), "digests.json")
	r, problems := read("--digests", recorded)
	if text, err := os.ReadFile(recorded); err != nil || !strings.Contains(string(text), r.Pushes[0].Digest) || strings.Contains(string(text), r.Pushes[1].Digest) {
		t.Errorf("refused: the digests are %s, %v", text, err)
	}
	if strings.ReplaceAll(r.states(), "shop/", "") != "one:latest pushed, two:1.0 refused, two:latest pushed" || r.ExitCode != exitUnavailable {
		t.Errorf("refused: %s, %+v", strings.ReplaceAll(r.states(), "shop/", ""), r)
	}
	if len(r.Findings) != 1 || r.Findings[0].File != "a.layer" || r.Findings[0].Line != 14 || r.Findings[0].Message != "cannot push HOST/shop/two:1.0" ||
		!strings.Contains(fmt.Sprint(r.Findings[0].Notes), "the tag is immutable") {
		t.Errorf("refused: the findings are %+v", r.Findings)
	}
	if r.Images[0].Pushed == "" || r.Images[1].Pushed != "" {
		t.Errorf("refused: the images are %+v", r.Images)
	}
	if want := "\n2 tags pushed, 0 unchanged, 1 not pushed\n"; !strings.Contains(problems, want) {
		t.Errorf("refused: it does not say %q:\n%s", want, problems)
	}
	code, out, problems = layc()
	if code != exitUnavailable || !strings.Contains(out, "refused HOST/shop/two:1.0@sha256:") || !strings.Contains(problems, "if the tag is immutable") {
		t.Errorf("refused: exit code %d\n%s\n%s", code, out, problems)
	}

	refuse.Store(false)
	clear(images)
	code, _, problems = layc()
	if lines := strings.Split(problems, "\n"); code != exitOK || !strings.HasPrefix(lines[0], "pushed 1/9 blob HOST/shop/") || len(lines) != 10 {
		t.Errorf("progress: exit code %d\n%s", code, problems)
	}
	for _, dir := range []string{os.TempDir(), filepath.Join(state, "layouts")} {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left behind in %s: %v, %v", dir, left, err)
		}
	}

	code, _, problems = layc("--registry", "Registry.example.com/Team")
	if code != exitUsage || !strings.Contains(problems, "--registry Registry.example.com/Team: expected a host, such as registry.example.com") {
		t.Errorf("an invalid prefix: exit code %d\n%s", code, problems)
	}
	code, _, problems = layc("--insecure", "http://a")
	if code != exitUsage || !strings.Contains(problems, "--insecure http://a: expected the host of a registry") {
		t.Errorf("an invalid host: exit code %d\n%s", code, problems)
	}
}
