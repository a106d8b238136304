package cache

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	types "github.com/moby/buildkit/cache/remotecache/v1/types"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/sirupsen/logrus"

	"github.com/layc-lang/layc/llb/cache/testdata/actions"
)

// service starts a service.
func service(t *testing.T) *actions.Service {
	t.Helper()
	s := actions.New()
	t.Cleanup(s.Close)
	return s
}

// protocols are the attributes of the two versions of the protocol.
func protocols(s *actions.Service) []string {
	return []string{"version=1,url=" + s.URL, "url_v2=" + s.URL}
}

// job returns the service as a job on a branch has it.
func job(t *testing.T, attributes, token string) Place {
	t.Helper()
	p, err := Parse("type=gha,"+attributes+",token="+token, true)
	if err != nil {
		t.Fatal(err)
	}
	p.github.pause = 20 * time.Millisecond
	return p
}

func init() { logrus.SetOutput(io.Discard) } // containerd tells what a file system lacks

// send puts blobs into a place, as BuildKit does.
func send(t *testing.T, p Place, blobs ...string) {
	t.Helper()
	store, done, err := p.Content()
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	for _, blob := range blobs {
		desc := ocispecs.Descriptor{Digest: digest.FromString(blob), Size: int64(len(blob))}
		if err := content.WriteBlob(t.Context(), store, "ref-"+desc.Digest.String(), strings.NewReader(blob), desc); err != nil {
			t.Fatal(err)
		}
	}
}

// kept writes a manifest with one layer, and names it.
func kept(t *testing.T, p Place, layer string, keys ...string) digest.Digest {
	t.Helper()
	manifest, err := json.Marshal(ocispecs.Manifest{
		Config: ocispecs.Descriptor{MediaType: types.CacheConfigMediaTypeV0, Digest: digest.FromString("{}"), Size: 2},
		Layers: []ocispecs.Descriptor{{Digest: digest.FromString(layer), Size: int64(len(layer))}},
	})
	if err != nil {
		t.Fatal(err)
	}
	send(t, p, "{}", layer, string(manifest))
	if err := p.Name(t.Context(), digest.FromBytes(manifest), keys); err != nil {
		t.Fatal(err)
	}
	return digest.FromBytes(manifest)
}

// leads returns where keys lead, as "KEY:LAYER", in what is sound.
func leads(t *testing.T, p Place, layers map[digest.Digest]string, keys ...string) string {
	t.Helper()
	found, err := p.Find(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	if damaged, err := p.Sound(t.Context(), found); err != nil || damaged != nil {
		t.Fatal(damaged, err)
	}
	var all []string
	for key, manifest := range found {
		all = append(all, key+":"+layers[manifest])
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// TestGitHubBranches checks that a job finds what its own branch and the branches that it reads have,
// its own first, and that branches do not replace what others have.
func TestGitHubBranches(t *testing.T) {
	s := service(t)
	for n, attributes := range protocols(s) {
		attributes += fmt.Sprintf(",scope=s%d", n)
		main, pull := job(t, attributes, actions.Token("main")), job(t, attributes, actions.Token("pull", "main"))
		layers := map[digest.Digest]string{}
		layers[kept(t, main, "base", "a", "b")] = "base"
		layers[kept(t, main, "more", "c")] = "more"
		layers[kept(t, pull, "pull", "b", "d")] = "pull"
		again, again2 := job(t, attributes, actions.Token("pull", "main")), job(t, attributes, actions.Token("", "main"))
		if got, want := leads(t, again, layers, "a", "b", "c", "d", "e"), "a:base b:pull c:more d:pull"; got != want {
			t.Errorf("%s: a pull request finds %q, want %q", attributes, got, want)
		}
		if got, want := leads(t, again2, layers, "a", "b", "c", "d", "e"), "a:base b:base c:more"; got != want {
			t.Errorf("%s: another one finds %q, want %q", attributes, got, want)
		}
		if err := again2.Name(t.Context(), digest.FromString(""), []string{"a"}); err == nil || err.Error() != "the token of this job may only read" {
			t.Errorf("%s: a job that may only read: %v", attributes, err)
		}
		// Of what the service has removed, nothing is found. It is written again.
		if s.Remove(func(key string, _ int) bool { return key == blobKey(digest.FromString("base")) }) != 1 {
			t.Error("the layer is not there")
		}
		third := job(t, attributes, actions.Token("main"))
		if got, want := leads(t, third, layers, "a", "b", "c"), "c:more"; got != want {
			t.Errorf("%s: without a layer a job finds %q, want %q", attributes, got, want)
		}
		kept(t, third, "base", "a", "b")
		if got, want := leads(t, job(t, attributes, actions.Token("main")), layers, "a", "b", "c"), "a:base b:base c:more"; got != want {
			t.Errorf("%s: a job finds %q, want %q", attributes, got, want)
		}
		s.Remove(func(string, int) bool { return true })
	}
}

// TestGitHubAtOnce checks that jobs of a branch that write at once lose nothing, also while another one
// has died, and while the service wants fewer requests.
func TestGitHubAtOnce(t *testing.T) {
	s := service(t)
	for n, attributes := range protocols(s) {
		attributes += fmt.Sprintf(",scope=s%d", n)
		s.Reserve("main", job(t, attributes, actions.Token("main")).github.indexKey("main")+"2")
		s.Busy = 3
		var all sync.WaitGroup
		for _, key := range []string{"a", "b", "c"} {
			all.Go(func() { kept(t, job(t, attributes, actions.Token("main")), "layer of "+key, key) })
		}
		all.Wait()
		found, err := job(t, attributes, actions.Token("main")).Find(t.Context(), []string{"a", "b", "c"})
		if err != nil || len(found) != 3 {
			t.Errorf("%s: found %v, %v, want three", attributes, found, err)
		}
	}
}

// TestGitHubContent checks what a session reads and writes.
func TestGitHubContent(t *testing.T) {
	s := service(t)
	big := strings.Repeat("0123456789", 500_000) // several blocks
	for _, attributes := range protocols(s) {
		send(t, job(t, attributes, actions.Token("main")), "small", big)
		before := len(s.Keys())
		p := job(t, attributes, actions.Token("main"))
		send(t, p, "small", big) // they are there
		if len(s.Keys()) != before {
			t.Errorf("%s: blobs are written twice", attributes)
		}
		kept(t, p, big, "key")
		p = job(t, attributes, actions.Token("main"))
		leads(t, p, nil, "key")
		store, done, err := p.Content()
		if err != nil {
			t.Fatal(err)
		}
		r, err := store.ReaderAt(t.Context(), ocispecs.Descriptor{Digest: digest.FromString(big)})
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(content.NewReader(r)); err != nil || string(text) != big {
			t.Errorf("%s: read %d bytes, %v, want %d", attributes, len(text), err, len(big))
		}
		part := make([]byte, 5)
		if n, err := r.ReadAt(part, int64(len(big))-3); n != 3 || string(part[:n]) != "789" {
			t.Errorf("%s: the end is %q, %v", attributes, part[:n], err)
		}
		r.Close()
		if _, err := store.ReaderAt(t.Context(), ocispecs.Descriptor{Digest: digest.FromString("none")}); !errdefs.IsNotFound(err) {
			t.Errorf("%s: a blob that does not exist: %v", attributes, err)
		}
		if err := done(); err != nil {
			t.Error(err)
		}
		s.Remove(func(string, int) bool { return true })
	}
}

// TestGitHubErrors pins what is told if the service cannot be used. No error has a token or a signature.
func TestGitHubErrors(t *testing.T) {
	for _, name := range []string{"ACTIONS_RUNTIME_TOKEN", "ACTIONS_CACHE_URL", "ACTIONS_RESULTS_URL", "ACTIONS_CACHE_SERVICE_V2"} {
		t.Setenv(name, "")
	}
	const how = " is not set; GitHub sets it only for actions: add the action crazy-max/ghaction-github-runtime as a step before this one"
	check := func(attributes, want string) {
		t.Helper()
		p, err := Parse("type=gha"+attributes, true)
		if err == nil {
			err = p.Check()
		}
		if fmt.Sprint(err) != want {
			t.Errorf("%s: the error is %v, want %s", attributes, err, want)
		}
	}
	check("", "ACTIONS_RUNTIME_TOKEN"+how)
	check(",token=x", "ACTIONS_CACHE_URL"+how)
	check(",token=x,version=2", "ACTIONS_RESULTS_URL"+how)
	check(",token=x,url=http://127.0.0.1:1/", "ACTIONS_RUNTIME_TOKEN is not a token for the cache: token is malformed: token contains an invalid number of segments")
	check(",ref=a", "type=gha has no ref")
	check(",version=3", "version=3: expected one of 1, 2")
	t.Setenv("ACTIONS_RUNTIME_TOKEN", actions.Token("main"))
	t.Setenv("ACTIONS_CACHE_SERVICE_V2", "true")
	check("", "ACTIONS_RESULTS_URL"+how)
	t.Setenv("ACTIONS_RESULTS_URL", "http://127.0.0.1:1/")
	check("", "<nil>")

	s := service(t)
	for _, attributes := range protocols(s) {
		p := job(t, attributes, actions.Token("main"))
		kept(t, p, "layer", "key")
		p = job(t, attributes, actions.Token("main"))
		if _, err := p.github.entry(t.Context(), digest.FromString("layer")); err != nil {
			t.Fatal(err)
		}
		s.Remove(func(string, int) bool { return true }) // while a build runs
		store, done, err := p.Content()
		if err != nil {
			t.Fatal(err)
		}
		p.github.sizes[digest.FromString("layer")] = 5
		r, err := store.ReaderAt(t.Context(), ocispecs.Descriptor{Digest: digest.FromString("layer")})
		if err == nil {
			_, err = r.ReadAt(make([]byte, 5), 0)
		}
		if err == nil || strings.Contains(err.Error(), "sig=") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error is %v", attributes, err)
		}
		done()
	}
	s.Close()
	for _, attributes := range protocols(s) {
		if _, err := job(t, attributes, actions.Token("main")).Find(t.Context(), []string{"key"}); err == nil || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("%s: the error is %v", attributes, err)
		}
	}
}

// TestIndex checks that an index forgets what nothing leads to, and the oldest manifests.
func TestIndex(t *testing.T) {
	var i index
	for n := range maxIndexed + 5 {
		i.add(digest.FromString(fmt.Sprint(n)), []string{fmt.Sprint("key", n), "shared"})
	}
	if len(i.Manifests) != maxIndexed || i.Manifests[0].Digest != digest.FromString(fmt.Sprint(maxIndexed+4)) {
		t.Errorf("the index has %d manifests", len(i.Manifests))
	}
	for _, m := range i.Manifests[1:] {
		if slices.Contains(m.Keys, "shared") {
			t.Errorf("a key leads to two manifests")
		}
	}
	i.add(i.Manifests[7].Digest, []string{"new"})
	if len(i.Manifests) != maxIndexed || len(i.Manifests[0].Keys) != 2 {
		t.Errorf("the first manifest has the keys %v", i.Manifests[0].Keys)
	}
}
