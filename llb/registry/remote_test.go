package registry

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/llb/archive"
	"github.com/layc-lang/layc/llb/world/transport"
)

// TestUnreachable checks the error for registries that do not respond or break off: it names the
// registry and is temporary.
func TestUnreachable(t *testing.T) {
	done := make(chan struct{})
	hang := func(r *http.Request) {
		select {
		case <-done:
		case <-r.Context().Done():
		}
	}
	good := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	var digest v1.Hash
	isLayer := func(r *http.Request) bool {
		return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/")
	}
	broken := map[string]http.HandlerFunc{
		"says nothing": func(_ http.ResponseWriter, r *http.Request) { hang(r) },
		"in trouble":   func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"layer hangs": func(w http.ResponseWriter, r *http.Request) {
			if !isLayer(r) {
				good.ServeHTTP(w, r)
				return
			}
			w.Write([]byte("\x1f\x8b\x08"))
			w.(http.Flusher).Flush()
			hang(r)
		},
		"layer is cut": func(w http.ResponseWriter, r *http.Request) {
			if !isLayer(r) {
				good.ServeHTTP(w, r)
				return
			}
			w.Write([]byte("\x1f\x8b\x08"))
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
	}
	servers := map[string]*httptest.Server{}
	for what, handler := range broken {
		servers[what] = httptest.NewServer(handler)
		defer servers[what].Close()
	}
	defer close(done)
	{
		server := httptest.NewServer(good)
		defer server.Close()
		digest = pushed(t, strings.TrimPrefix(server.URL, "http://"), layerOf(t, strings.NewReader("x"), 1))
	}
	short := Client{options: []remote.Option{
		remote.WithTransport(transport.New(transport.Patience{Connect: time.Second, Header: 200 * time.Millisecond, Idle: 200 * time.Millisecond})),
	}}
	for what, server := range servers {
		host := strings.TrimPrefix(server.URL, "http://")
		_, err := short.Base(t.Context(), "", lock.BaseRef{Kind: "image", Name: host + "/base:1", Digest: digest.String()}, 0)
		var unreachable *UnreachableError
		if !errors.As(err, &unreachable) || !strings.Contains(err.Error(), "the registry name "+host) {
			t.Errorf("Base, %s: %v", what, err)
		}
		if strings.HasPrefix(what, "layer") {
			continue
		}
		_, err = short.Resolve(t.Context(), lock.ImageRef{Reference: host + "/base:1", Platform: "linux/amd64"})
		if !errors.As(err, &unreachable) || !strings.Contains(err.Error(), "the registry name "+host) {
			t.Errorf("Resolve, %s: %v", what, err)
		}
	}
	server := httptest.NewServer(good)
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	_, err := Client{}.Resolve(t.Context(), lock.ImageRef{Reference: host + "/none:1", Platform: "linux/amd64"})
	var unreachable *UnreachableError
	if err == nil || errors.As(err, &unreachable) {
		t.Errorf("an image that a registry does not have: %v", err)
	}
}

// TestBaseBounds checks that a layer that is too large is not read to its end, even if an upper
// layer hides its files.
func TestBaseBounds(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	const size = 4 << 20
	bomb := layerOf(t, zeros{}, size)
	for what, layers := range map[string][]v1.Layer{
		"the only layer": {bomb},
		"a hidden one":   {bomb, layerOf(t, strings.NewReader("x"), 1)},
	} {
		digest := pushed(t, host, layers...)
		ref := lock.BaseRef{Kind: "image", Name: host + "/base:1", Digest: digest.String()}
		_, err := Client{}.Base(t.Context(), "", ref, size/2)
		var limit *archive.LimitError
		if !errors.As(err, &limit) || !strings.Contains(err.Error(), "the archive unpacks to more than 0.0 GB, the limit set by --unpack-limit") {
			t.Errorf("%s: got %v", what, err)
		}
		if _, err := (Client{}).Base(t.Context(), "", ref, 2*size); err != nil {
			t.Errorf("%s, with a higher limit: %v", what, err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// layerOf returns a layer with one file.
func layerOf(t *testing.T, content io.Reader, size int64) v1.Layer {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: "file", Mode: 0o644, Size: size, Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(w, content, size); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(out.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

// pushed pushes an image as base:1.
func pushed(t *testing.T, host string, layers ...v1.Layer) v1.Hash {
	t.Helper()
	image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{Type: "layers"}})
	if err == nil {
		image, err = mutate.AppendLayers(image, layers...)
	}
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference(fmt.Sprintf("%s/base:1", host))
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, image); err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

// TestRedirections checks that a registry that redirects a request without an end is one that does not
// respond, and that a program for credentials that is missing is told.
func TestRedirections(t *testing.T) {
	backend := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	endless, asked := false, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if endless && strings.Contains(r.URL.Path, "/blobs/") {
			asked++
			http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
			return
		}
		backend.ServeHTTP(w, r)
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	pushed(t, host, layerOf(t, strings.NewReader("x"), 1))
	endless = true
	ref := lock.ImageRef{Reference: host + "/base:1", Platform: "linux/amd64"}
	_, err := Client{}.Resolve(t.Context(), ref)
	var down *UnreachableError
	if !errors.As(err, &down) || !strings.Contains(err.Error(), "stopped after 10 redirects") || asked > 100 {
		t.Errorf("after %d requests: %v", asked, err)
	}
	file := login(t, host, "bob", "secret")
	if err := os.WriteFile(file, []byte(`{"credHelpers":{"`+host+`":"nosuch"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Client{}.Resolve(t.Context(), ref)
	var unserved *UnservedError
	if !errors.As(err, &unserved) || !strings.HasPrefix(unserved.Note, "the credentials in "+file+" cannot be read: ") || !strings.Contains(unserved.Note, "docker-credential-nosuch") {
		t.Errorf("without the program for credentials: %v", err)
	}
}
