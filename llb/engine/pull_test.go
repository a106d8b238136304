//go:build linux

package engine

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/moby/buildkit/client/llb"

	"github.com/layc-lang/layc/llb/registry/access"
)

// TestPulls builds on images of registries that a machine has settings for: of one with a private
// authority, which first is busy, and of one without TLS. Then the registries do not have the image, or
// fail, or want a login.
func TestPulls(t *testing.T) {
	needEngine(t)
	certs := t.TempDir()
	ca, key := authority(t)
	certificates(t, certs, ca, key)
	pair, err := tls.LoadX509KeyPair(filepath.Join(certs, "cert.pem"), filepath.Join(certs, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	status, busy := 0, 0 // busy: so many responses are 503
	backend := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if busy > 0 {
			busy--
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if status != 0 {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			http.Error(w, "no", status)
			return
		}
		backend.ServeHTTP(w, r)
	})
	start := func(address string) *httptest.Server {
		l, err := net.Listen("tcp", address+":0")
		if err != nil {
			t.Fatal(err)
		}
		s := httptest.NewUnstartedServer(handler)
		s.Listener.Close()
		s.Listener = l
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		t.Cleanup(s.Close)
		return s
	}
	secured := start("127.0.0.1")
	secured.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	secured.StartTLS()
	plain := start("127.0.0.2")
	plain.Start()

	base, err := random.Image(1000, 1)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := base.Digest()
	if err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(plain.URL, "http://")
	ref, err := name.ParseReference(host+"/base:1", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, base); err != nil {
		t.Fatal(err)
	}
	on := func(host string) Request {
		return request(t, filepath.Join(t.TempDir(), "out"), image(t, "app", llb.Image(fmt.Sprintf("%s/base@%s", host, digest), llb.WithCustomName("base of "+host))))
	}
	dir := t.TempDir()
	t.Setenv("DOCKER_CONFIG", dir)
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}

	directory := t.TempDir()
	tlsHost := strings.TrimPrefix(secured.URL, "https://")
	if err := os.MkdirAll(filepath.Join(directory, tlsHost), 0o755); err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(filepath.Join(certs, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(directory, tlsHost, "ca.crt"), pem, 0o644); err != nil {
		t.Fatal(err)
	}
	registries, err := access.New(access.Options{Insecure: []string{host}, Directories: []string{directory}})
	if err != nil {
		t.Fatal(err)
	}
	with := func(r *access.Registries) *Engine {
		e, err := Open(t.Context(), Options{State: filepath.Join(t.TempDir(), "state"), Runc: runcPath(), Registries: r})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	closed := func(e *Engine) {
		t.Helper()
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
	e := with(registries)
	busy = 2
	build(t, e, on(tlsHost))
	build(t, e, on(host))
	closed(e)

	for _, status = range []int{404, 429, 500} {
		e = with(registries)
		_, err = e.Build(t.Context(), on(tlsHost))
		var down *UnavailableError
		says := map[int]string{404: "does not have the image", 429: "busy or failing", 500: "busy or failing"}[status]
		if !errors.As(err, &down) || down.Vertex == "" || !strings.Contains(down.Help, says) {
			t.Errorf("%d: the error is %v", status, err)
		}
		closed(e)
	}

	for _, status = range []int{401, 403} {
		e = with(registries)
		_, err = e.Build(t.Context(), on(tlsHost))
		var down *UnavailableError
		says := map[int]string{401: " wants a login to pull ", 403: " does not allow you to pull "}[status]
		if !errors.As(err, &down) || down.Vertex == "" || !strings.Contains(down.What, tlsHost+says+tlsHost+"/base@sha256:") ||
			!strings.Contains(down.Help, filepath.Join(dir, "config.json")+" has no credentials for "+tlsHost) || !strings.Contains(down.Help, "docker login "+tlsHost) {
			t.Errorf("%d: the error is %v", status, err)
		}
		closed(e)
	}
}
