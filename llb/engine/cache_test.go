//go:build linux

package engine

import (
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/moby/buildkit/client/llb"
	"github.com/opencontainers/go-digest"
	"github.com/tonistiigi/fsutil"

	"github.com/layc-lang/layc/llb/cache"
	"github.com/layc-lang/layc/llb/cache/testdata/actions"
)

// keeper starts a registry, and returns a repository of it.
func keeper(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://") + "/cache"
}

// cached adds places to a request that it reads and writes.
func cached(t *testing.T, req Request, from, to string) Request {
	t.Helper()
	add := func(list []cache.Place, text string, to bool) []cache.Place {
		if text == "" {
			return list
		}
		p, err := cache.Parse(text, to)
		if err != nil {
			t.Fatal(err)
		}
		return append(list, p)
	}
	req.CacheFrom, req.CacheTo = add(req.CacheFrom, from, false), add(req.CacheTo, to, true)
	return req
}

// fleet returns a request for images that share a step. Each has a local file, a step that reads it,
// and a proof. The files have the app's name as text, or another one.
func fleet(t *testing.T, out string, texts map[string]string, apps ...string) Request {
	t.Helper()
	req, where := request(t, out), t.TempDir()
	shared := ran("shared step", "write", "/out/shared", "both")
	for _, app := range apps {
		text := texts[app]
		if text == "" {
			text = app
		}
		dir := filepath.Join(where, app)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "text"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		files, err := fsutil.NewFS(dir)
		if err != nil {
			t.Fatal(err)
		}
		req.Locals[app] = files
		local := llb.Local(app, llb.SharedKeyHint(where), llb.LocalUniqueID(where), llb.WithCustomName("read "+app))
		own := llb.Scratch().File(llb.Copy(local, "/text", "/own/", &llb.CopyInfo{CreateDestPath: true, CreatedTime: &epoch}), llb.WithCustomName("copy "+app))
		made := root().Run(llb.Args([]string{"/bin/step", "write", "/out/" + app, app}), llb.AddMount("/in", own, llb.Readonly), llb.WithCustomName("step "+app)).AddMount("/out", llb.Scratch())
		kept := llb.Scratch().File(llb.Copy(made, "/", "/opt", &llb.CopyInfo{CreateDestPath: true, CopyDirContentsOnly: true, CreatedTime: &epoch}), llb.WithCustomName("keep "+app))
		req.Images = append(req.Images, image(t, app, shared, own, kept))
		req.Proofs = append(req.Proofs, proof(t, root().Run(llb.Args([]string{"/bin/step", "fail", "0"}), llb.AddMount("/in", kept, llb.Readonly), llb.WithCustomName("prove "+app)).Root()))
	}
	return req
}

// executed returns the names of executed steps, sorted. A merge is not among them: it moves no data,
// and BuildKit does not always find it.
func executed(r *Result) string {
	steps := slices.DeleteFunc(slices.Clone(r.Steps.Executed), func(s Step) bool { return strings.HasPrefix(s.Name, "merge ") })
	return sorted(names(steps))
}

// TestCaches checks that a new engine with a cache executes nothing that another engine has built,
// and only the steps of what changes; and that the images are the same.
func TestCaches(t *testing.T) {
	needEngine(t)
	dir, service, token := t.TempDir(), actions.New(), actions.Token("main")
	t.Cleanup(service.Close)
	for kind, at := range map[string][2]string{
		"registry": {keeper(t), ""},
		"local":    {"type=local,src=" + dir, "type=local,dest=" + dir},
		"GitHub 1": {"type=gha,scope=1,version=1,url=" + service.URL + ",token=" + token, ""},
		"GitHub 2": {"type=gha,scope=2,url_v2=" + service.URL + ",token=" + token, ""},
	} {
		from, to := at[0], at[0]
		if at[1] != "" {
			to = at[1]
		}
		t.Run(kind, func(t *testing.T) {
			a, b := t.TempDir(), t.TempDir()
			first := build(t, open(t, t.TempDir()), cached(t, fleet(t, a, nil, "app1", "app2"), from, to))
			if len(first.Steps.Executed) == 0 {
				t.Fatal("the first build executed nothing")
			}
			second := open(t, t.TempDir())
			again := build(t, second, cached(t, fleet(t, b, nil, "app1", "app2"), from, ""))
			if got := executed(again); got != "" {
				t.Errorf("with the cache, a new engine executed %s", got)
			}
			if got, want := files(t, b), files(t, a); !slices.Equal(got, want) {
				t.Errorf("the layout is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			// The edited step makes the same files, so what follows it is found.
			edit := map[string]string{"app2": "2"}
			third := build(t, open(t, t.TempDir()), cached(t, fleet(t, t.TempDir(), edit, "app1", "app2"), from, to))
			if got, want := executed(third), "copy app2, step app2"; got != want {
				t.Errorf("after an edit a new engine executed %s, want %s", got, want)
			}
			fourth := build(t, open(t, t.TempDir()), cached(t, fleet(t, t.TempDir(), edit, "app1", "app2"), from, ""))
			if got := executed(fourth); got != "" {
				t.Errorf("what was built after an edit is executed again: %s", got)
			}
		})
	}
}

// TestCacheForgets removes layers and manifests from GitHub's service, as it does itself: a build makes
// what is lost again, and keeps it.
func TestCacheForgets(t *testing.T) {
	needEngine(t)
	service := actions.New()
	t.Cleanup(service.Close)
	at := "type=gha,url_v2=" + service.URL + ",token=" + actions.Token("main")
	run := func() string {
		return executed(build(t, open(t, t.TempDir()), cached(t, fleet(t, t.TempDir(), nil, "app1"), at, at)))
	}
	all := run()
	for n, lost := range []func(key string, size int) bool{
		func(key string, size int) bool { return strings.Contains(key, "blob") && size > 100_000 },
		func(key string, size int) bool { return strings.Contains(key, "blob") },
	} {
		if service.Remove(lost) == 0 {
			t.Fatal("nothing is lost")
		}
		if got := run(); got != all {
			t.Errorf("%d: executed %s, want %s", n, got, all)
		}
		if got := run(); got != "" {
			t.Errorf("%d: what was kept again is executed: %s", n, got)
		}
	}
}

// TestDamagedCache cuts a layer and a manifest of a directory, in turn. The user is told once, and the
// build that writes to the directory repairs it.
func TestDamagedCache(t *testing.T) {
	needEngine(t)
	dir := t.TempDir()
	from, to := "type=local,src="+dir, "type=local,dest="+dir
	build(t, open(t, t.TempDir()), cached(t, fleet(t, "", nil, "app1", "app2"), "", to))
	blobs := filepath.Join(dir, "blobs", "sha256")
	for _, kind := range []string{"a layer", "a manifest"} {
		files, err := os.ReadDir(blobs)
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, f := range files {
			name := filepath.Join(blobs, f.Name())
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if json := text[0] == '{'; json == (kind == "a manifest") {
				if err := os.Truncate(name, int64(len(text)-1)); err != nil {
					t.Fatal(err)
				}
			}
		}
		var said []string
		e, err := Open(t.Context(), Options{State: t.TempDir(), Runc: runcPath(), Notice: func(text string) { said = append(said, text) }})
		if err != nil {
			t.Fatal(err)
		}
		repaired := build(t, e, cached(t, fleet(t, t.TempDir(), nil, "app1", "app2"), from, to))
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if len(said) != 1 || !strings.HasPrefix(said[0], "the cache "+dir+" is damaged ("+blobs) || executed(repaired) == "" {
			t.Errorf("%s: executed %s, and said %q", kind, executed(repaired), said)
		}
		again := build(t, open(t, t.TempDir()), cached(t, fleet(t, "", nil, "app1", "app2"), from, ""))
		if got := executed(again); got != "" {
			t.Errorf("%s: after the repair a new engine executed %s", kind, got)
		}
	}
}

// TestCachesOfBranches checks that two builds that write to one place at once lose nothing, also of a
// third one that wrote before.
func TestCachesOfBranches(t *testing.T) {
	needEngine(t)
	at, apps := keeper(t), []string{"app1", "app2"}
	var engines []*Engine
	for range 2 {
		_, address := buildkitd(t)
		engines = append(engines, foreign(t, Options{Address: address}))
	}
	empty := func(e *Engine) *Engine {
		if _, err := e.Prune(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		return e
	}
	build(t, engines[0], cached(t, fleet(t, "", nil, apps...), at, at))
	branches := []map[string]string{{"app1": "2"}, {"app2": "3"}}
	var both sync.WaitGroup
	for n, texts := range branches {
		e, req := empty(engines[n]), cached(t, fleet(t, "", texts, apps...), at, at)
		both.Go(func() {
			if _, err := e.Build(t.Context(), req); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	for _, texts := range append(branches, nil) {
		r := build(t, empty(engines[0]), cached(t, fleet(t, "", texts, apps...), at, ""))
		if got := executed(r); got != "" {
			t.Errorf("%v: a new engine executed %s", texts, got)
		}
	}
	r := build(t, empty(engines[1]), fleet(t, "", nil, apps...))
	if !strings.Contains(executed(r), "shared step") {
		t.Errorf("without the cache, an empty engine executed %s, want all", executed(r))
	}
}

// TestCacheIsFilled checks that an engine that has built everything already, without a cache, fills
// one.
func TestCacheIsFilled(t *testing.T) {
	needEngine(t)
	at := keeper(t)
	e := open(t, t.TempDir())
	build(t, e, fleet(t, "", nil, "app1", "app2"))
	build(t, e, cached(t, fleet(t, "", nil, "app1", "app2"), "", at))
	dirs := []string{t.TempDir(), t.TempDir()}
	build(t, e, fleet(t, dirs[0], nil, "app1", "app2"))
	build(t, open(t, t.TempDir()), cached(t, fleet(t, dirs[1], nil, "app1", "app2"), at, ""))
	if got, want := files(t, dirs[1]), files(t, dirs[0]); !slices.Equal(got, want) {
		t.Errorf("the layout is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	r := build(t, open(t, t.TempDir()), cached(t, fleet(t, "", map[string]string{"app2": "2"}, "app1", "app2"), at, ""))
	if got, want := executed(r), "copy app2, step app2"; got != want {
		t.Errorf("a new engine executed %s, want %s", got, want)
	}
}

// TestImagesWithoutCache checks that a build whose cache cannot be written gives complete images, and
// fills its other caches.
func TestImagesWithoutCache(t *testing.T) {
	needEngine(t)
	server := httptest.NewServer(nil)
	host := strings.TrimPrefix(server.URL, "http://")
	server.Close()
	out, other := t.TempDir(), keeper(t)
	req := cached(t, fleet(t, out, nil, "app1"), "", host+"/cache")
	r, err := open(t, t.TempDir()).Build(t.Context(), cached(t, req, "", other))
	if err != nil {
		t.Fatal(err)
	}
	var unavailable *UnavailableError
	if !errors.As(r.CacheErr, &unavailable) || !strings.Contains(r.CacheErr.Error(), "cannot write the cache "+host+"/cache") {
		t.Errorf("the error is %v", r.CacheErr)
	}
	if len(r.Images) != 1 || len(files(t, out)) == 0 {
		t.Errorf("the images are %v", r.Images)
	}
	again := build(t, open(t, t.TempDir()), cached(t, fleet(t, "", nil, "app1"), other, ""))
	if got := executed(again); got != "" {
		t.Errorf("with the other cache a new engine executed %s", got)
	}
}

// TestUnwritableCache pins the error for a cache that cannot be written. It does not say that images
// are complete: they may be on their way to a registry, or on other engines.
func TestUnwritableCache(t *testing.T) {
	server := httptest.NewServer(nil)
	host := strings.TrimPrefix(server.URL, "http://")
	server.Close()
	var said []string
	e := &Engine{opts: Options{Notice: func(text string) { said = append(said, text) }}}
	steps := &shared{keys: map[digest.Digest]string{digest.FromString("step"): "key"}}
	write := func(attributes string) error {
		place, err := cache.Parse("type=registry,ref="+host+"/cache"+attributes, true)
		if err != nil {
			t.Fatal(err)
		}
		return e.writeCaches(t.Context(), nil, Request{CacheTo: []cache.Place{place}}, steps, nil)
	}
	var unavailable *UnavailableError
	if err := write(""); !errors.As(err, &unavailable) || unavailable.What != "cannot write the cache "+host+"/cache" ||
		unavailable.Help != "check the network, the proxy settings, and the registry name "+host+"\nwith ignore-error=true in --cache-to, this is only a warning" {
		t.Errorf("the error is %#v", err)
	}
	if err := write(",ignore-error=true"); err != nil || len(said) != 1 || !strings.HasPrefix(said[0], "cannot write the cache "+host+"/cache: ") {
		t.Errorf("with ignore-error=true: %v, and said %q", err, said)
	}
}
