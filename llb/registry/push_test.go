package registry

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// server is an in-memory registry that records changes. The registry behind it has one set of
// blobs for all repositories; this one keeps them separate.
type server struct {
	host string
	fail string // requests with this in their path fail

	mu   sync.Mutex
	puts []string        // one for each change: "blob REPO", "mount REPO", "digest REPO", "tag REPO"
	has  map[string]bool // "REPO DIGEST" of the blobs
}

func newServer(t *testing.T) *server {
	s := &server{has: map[string]bool{}}
	backend := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.fail != "" && r.Method == http.MethodPut && strings.Contains(r.URL.Path, s.fail) {
			http.Error(w, `{"errors":[{"code":"DENIED","message":"no"}]}`, http.StatusForbidden)
			return
		}
		if status := s.note(r); status != 0 {
			w.WriteHeader(status)
			return
		}
		backend.ServeHTTP(w, r)
	}))
	t.Cleanup(h.Close)
	u, err := url.Parse(h.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.host = u.Host
	return s
}

// note records the request, and responds with a status if it is not 0.
func (s *server) note(r *http.Request) (status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	repo, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/shop/"), "/")
	query := r.URL.Query()
	switch {
	case r.Method == http.MethodHead && strings.HasPrefix(rest, "blobs/"):
		if !s.has[repo+" "+strings.TrimPrefix(rest, "blobs/")] {
			return http.StatusNotFound
		}
	case r.Method == http.MethodPost && query.Get("mount") != "":
		if !s.has[strings.TrimPrefix(query.Get("from"), "shop/")+" "+query.Get("mount")] {
			return 0 // an ordinary upload follows
		}
		s.puts = append(s.puts, "mount "+repo)
		s.has[repo+" "+query.Get("mount")] = true
		return http.StatusCreated
	case r.Method == http.MethodPut && strings.HasPrefix(rest, "blobs/"):
		s.puts = append(s.puts, "blob "+repo)
		s.has[repo+" "+query.Get("digest")] = true
	case r.Method == http.MethodPut && strings.HasPrefix(rest, "manifests/sha256:"):
		s.puts = append(s.puts, "digest "+repo)
	case r.Method == http.MethodPut:
		s.puts = append(s.puts, "tag "+repo)
	}
	return 0
}

// shop writes a layout of two images with three layers each, two of them shared.
func shop(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	base, err := random.Image(1000, 2)
	if err != nil {
		t.Fatal(err)
	}
	index := v1.ImageIndex(empty.Index)
	for _, app := range []string{"app1", "app2"} {
		index = mutate.AppendManifests(index, named(app, withLayer(t, base, "amd64")))
	}
	if _, err := layout.Write(dir, index); err != nil {
		t.Fatal(err)
	}
	return dir
}

// withLayer adds another layer to the image, for the architecture.
func withLayer(t *testing.T, image v1.Image, arch string) v1.Image {
	t.Helper()
	layer, err := random.Layer(100, types.OCILayer)
	if err != nil {
		t.Fatal(err)
	}
	image, err = mutate.AppendLayers(image, layer)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config.OS, config.Architecture = "linux", arch
	if image, err = mutate.ConfigFile(image, config); err != nil {
		t.Fatal(err)
	}
	return image
}

func named(name string, part mutate.Appendable) mutate.IndexAddendum {
	return mutate.IndexAddendum{Add: part, Descriptor: v1.Descriptor{Annotations: map[string]string{refName: name}}}
}

func TestPushOrder(t *testing.T) {
	s, dir := newServer(t), shop(t)
	var reports []string
	var sent int64
	pushed, err := Client{}.Push(t.Context(), dir, s.host+"/shop", nil, PushOptions{Progress: func(p Progress) {
		if p.What != "" {
			reports = append(reports, fmt.Sprintf("%s %d/%d", p.What, p.Done, p.Total))
		}
		sent = p.Sent
	}})
	if err != nil {
		t.Fatal(err)
	}
	// Two of eight blobs (three layers and a configuration each) are shared.
	want := slices.Concat(
		slices.Repeat([]string{"blob"}, 6), slices.Repeat([]string{"mount"}, 2),
		[]string{"digest app1", "digest app2", "tag app1", "tag app2"})
	got := slices.Clone(s.puts)
	for i, put := range got {
		if kind, _, _ := strings.Cut(put, " "); kind == "blob" || kind == "mount" {
			got[i] = kind
		}
	}
	if len(got) == 12 {
		// Only the kinds of requests have an order.
		slices.Sort(got[:8])
		slices.Sort(got[8:10])
		slices.Sort(got[10:])
	}
	if !slices.Equal(got, want) {
		t.Errorf("the changes are\n%q\nwant\n%q", got, want)
	}
	if first, last := reports[0], reports[len(reports)-1]; first != "blob 1/12" || last != "tag 12/12" {
		t.Errorf("progress goes from %q to %q, want from \"blob 1/12\" to \"tag 12/12\"", first, last)
	}
	if sent < 2*1000+2*100 {
		t.Errorf("%d bytes were reported, fewer than the layers have", sent)
	}
	for i, app := range []string{"app1", "app2"} {
		p := pushed[i]
		if want := s.host + "/shop/" + app + ":latest"; p.Reference != want || p.Name != app {
			t.Errorf("pushed %s as %s, want %s as %s", p.Name, p.Reference, app, want)
		}
		check(t, p)
	}
}

// check pulls a pushed image and validates it.
func check(t *testing.T, p Pushed) {
	t.Helper()
	ref, err := name.ParseReference(p.Reference)
	if err != nil {
		t.Fatal(err)
	}
	desc, err := remote.Get(ref, remote.WithAuthFromKeychain(authn.DefaultKeychain))
	if err != nil {
		t.Fatal(err)
	}
	if got := desc.Digest.String(); got != p.Digest {
		t.Errorf("%s is %s, want %s", p.Reference, got, p.Digest)
	}
	if desc.MediaType.IsIndex() {
		index, err := desc.ImageIndex()
		if err == nil {
			err = validate.Index(index)
		}
		if err != nil {
			t.Errorf("%s: %v", p.Reference, err)
		}
		return
	}
	image, err := desc.Image()
	if err == nil {
		err = validate.Image(image)
	}
	if err != nil {
		t.Errorf("%s: %v", p.Reference, err)
	}
}

func TestPushAgainSendsNothing(t *testing.T) {
	s, dir := newServer(t), shop(t)
	for range 2 {
		s.puts = nil
		if _, err := (Client{}).Push(t.Context(), dir, s.host+"/shop", nil, PushOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.puts) > 0 {
		t.Errorf("the changes of the second push are %q, want none", s.puts)
	}
}

func TestPushSome(t *testing.T) {
	s, dir := newServer(t), shop(t)
	pushed, err := Client{}.Push(t.Context(), dir, s.host+"/shop", []string{"app2"}, PushOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(pushed) != 1 || pushed[0].Name != "app2" {
		t.Errorf("pushed %v, want app2 alone", pushed)
	}
	for _, put := range s.puts {
		if !strings.HasSuffix(put, " app2") {
			t.Errorf("the push of app2 made the change %q", put)
		}
	}
	if _, err := (Client{}).Push(t.Context(), dir, s.host+"/shop", []string{"app3"}, PushOptions{}); err == nil || !strings.Contains(err.Error(), "app3") || !strings.Contains(err.Error(), "app1, app2") {
		t.Errorf("the error for app3 is %v, want one that names app3 and the existing images", err)
	}
}

func TestPushIndex(t *testing.T) {
	s, dir := newServer(t), t.TempDir()
	base, err := random.Image(1000, 1)
	if err != nil {
		t.Fatal(err)
	}
	app := v1.ImageIndex(empty.Index)
	for _, arch := range []string{"amd64", "arm64"} {
		app = mutate.AppendManifests(app, mutate.IndexAddendum{
			Add:        withLayer(t, base, arch),
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}},
		})
	}
	if _, err := layout.Write(dir, mutate.AppendManifests(empty.Index, named("app:1.0", app))); err != nil {
		t.Fatal(err)
	}
	pushed, err := Client{}.Push(t.Context(), dir, s.host+"/shop", nil, PushOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := append(slices.Repeat([]string{"blob app"}, 5), "digest app", "digest app", "digest app", "tag app")
	if !slices.Equal(s.puts, want) {
		t.Errorf("the changes are\n%q\nwant\n%q", s.puts, want)
	}
	if want := s.host + "/shop/app:1.0"; pushed[0].Reference != want {
		t.Errorf("pushed as %s, want %s", pushed[0].Reference, want)
	}
	check(t, pushed[0])
}

func TestFailedPushMovesNoTag(t *testing.T) {
	s, dir := newServer(t), shop(t)
	s.fail = "app2/manifests"
	pushed, err := Client{}.Push(t.Context(), dir, s.host+"/shop", nil, PushOptions{})
	if err == nil || !strings.Contains(err.Error(), "shop/app2") {
		t.Errorf("the error is %v, want one that names shop/app2", err)
	}
	for _, p := range pushed {
		if p.State != NotMoved {
			t.Errorf("%s is said to be %s", p.Reference, p.State)
		}
	}
	s.mu.Lock() // a request that was ended may not have
	defer s.mu.Unlock()
	for _, put := range s.puts {
		if strings.HasPrefix(put, "tag ") {
			t.Errorf("the failed push made the change %q", put)
		}
	}
}

func TestValidateFindsDamage(t *testing.T) {
	dir := shop(t)
	if err := Validate(dir); err != nil {
		t.Fatal(err)
	}
	blobs, err := filepath.Glob(filepath.Join(dir, "blobs", "sha256", "*"))
	if err != nil || len(blobs) == 0 {
		t.Fatalf("no blobs: %v", err)
	}
	for _, blob := range blobs {
		raw, err := os.ReadFile(blob)
		if err != nil {
			t.Fatal(err)
		}
		os.Chmod(blob, 0o644)
		damaged := slices.Clone(raw)
		damaged[len(damaged)/2] ^= 1
		if err := os.WriteFile(blob, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := Validate(dir); err == nil {
			t.Errorf("Validate finds nothing wrong with a damaged %s:\n%.200q", filepath.Base(blob), raw)
		}
		if err := os.WriteFile(blob, raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPushNames pushes an image under a name of its own, and the other below the prefix.
func TestPushNames(t *testing.T) {
	s := newServer(t)
	pushed, err := Client{}.Push(t.Context(), shop(t), s.host+"/shop", nil, PushOptions{Places: []map[string]string{{"app2": s.host + "/other/x:1"}}})
	if err != nil || len(pushed) != 2 || pushed[0].Reference != s.host+"/shop/app1:latest" || pushed[1].Reference != s.host+"/other/x:1" {
		t.Errorf("pushed %v, %v", pushed, err)
	}
}
