package registry

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
)

// serve starts an in-memory registry behind a handler, which reports whether it has responded
// itself. It counts the requests by method and kind.
func serve(t *testing.T, before func(http.ResponseWriter, *http.Request) bool) (host string, count func() map[string]int) {
	t.Helper()
	handler, count := countingRegistry(before)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://"), count
}

// countingRegistry is the registry of serve. count returns the requests since it was called last.
func countingRegistry(before func(http.ResponseWriter, *http.Request) bool) (http.Handler, func() map[string]int) {
	backend := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	var mu sync.Mutex
	requests := map[string]int{}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		requests[r.Method+" "+kindOf(r)]++
		mu.Unlock()
		if before == nil || !before(w, r) {
			backend.ServeHTTP(w, r)
		}
	})
	return handler, func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		last := requests
		requests = map[string]int{}
		return last
	}
}

// kindOf is what a request is about.
func kindOf(r *http.Request) string {
	switch path := r.URL.Path; {
	case path == "/v2/":
		return "greeting"
	case path == "/token":
		return "token"
	case strings.Contains(path, "/manifests/sha256:"):
		return "manifest"
	case strings.Contains(path, "/manifests/"):
		return "tag"
	case r.URL.Query().Get("mount") != "":
		return "mount"
	case strings.Contains(path, "/uploads/"):
		return "upload"
	}
	return "blob"
}

// refuse responds with an error of the registry's API.
func refuse(w http.ResponseWriter, status int, code, message string) bool {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]string{"code": code, "message": message}}})
	return true
}

// listenElsewhere starts a server on a loopback address that libraries do not take for an insecure
// registry.
func listenElsewhere(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	server.Listener.Close()
	server.Listener = l
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(server.Close)
	return server
}

// fleet writes a layout of n images, which have one layer of their own and two shared ones. The last
// image has another layer for each version.
func fleet(t *testing.T, dir string, base v1.Image, n int, apps map[string]v1.Image) {
	t.Helper()
	index := v1.ImageIndex(empty.Index)
	for i := range n {
		app := fmt.Sprintf("app%d", i)
		if apps[app] == nil {
			apps[app] = withLayer(t, base, "amd64")
		}
		index = mutate.AppendManifests(index, named(app, apps[app]))
	}
	if _, err := layout.Write(dir, index); err != nil {
		t.Fatal(err)
	}
}

// based returns an image of two layers.
func based(t *testing.T) v1.Image {
	t.Helper()
	base, err := random.Image(1000, 2)
	if err != nil {
		t.Fatal(err)
	}
	return base
}

// login makes a home directory without credentials, or with a Docker configuration for a host.
func login(t *testing.T, host, user, password string) (file string) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", dir)
	if host == "" {
		return dir
	}
	t.Setenv("DOCKER_CONFIG", filepath.Join(dir, ".docker")) // the library reads HOME only once
	file = filepath.Join(dir, ".docker/config.json")
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	auth := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	if err := os.WriteFile(file, fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, host, auth), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// below returns the names of images below a prefix.
func below(prefix string, images ...string) map[string]string {
	names := map[string]string{}
	for _, i := range images {
		names[i] = prefix + "/" + i
	}
	return names
}
