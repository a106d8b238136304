package registry

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/layc-lang/layc/compiler/lock"
)

// TestResolve pins each platform's manifest of an index, and checks the errors.
func TestResolve(t *testing.T) {
	server := httptest.NewServer(registry.New())
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	want := map[string]string{}
	var index v1.ImageIndex = empty.Index
	for _, arch := range []string{"amd64", "arm64"} {
		image, err := random.Image(100, 1)
		if err != nil {
			t.Fatal(err)
		}
		if image, err = mutate.ConfigFile(image, &v1.ConfigFile{OS: "linux", Architecture: arch, RootFS: v1.RootFS{Type: "layers"}}); err != nil {
			t.Fatal(err)
		}
		platform := &v1.Platform{OS: "linux", Architecture: arch}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: platform}})
		digest, err := image.Digest()
		if err != nil {
			t.Fatal(err)
		}
		want["linux/"+arch] = digest.String()
	}
	ref, err := name.ParseReference(host + "/base:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(ref, index); err != nil {
		t.Fatal(err)
	}
	for platform, digest := range want {
		got, err := Client{}.Resolve(t.Context(), lock.ImageRef{Reference: host + "/base:1", Platform: platform})
		if err != nil || got.Digest != digest || got.Platform != platform {
			t.Errorf("%s: got %v, %v, want %s", platform, got, err, digest)
		}
	}
	for _, bad := range []lock.ImageRef{
		{Reference: host + "/base:1", Platform: "linux/s390x"},
		{Reference: host + "/none:1", Platform: "linux/amd64"},
		{Reference: "UPPER//x", Platform: "linux/amd64"},
	} {
		if got, err := (Client{}).Resolve(t.Context(), bad); err == nil {
			t.Errorf("%v: %v, want an error", bad, got)
		}
	}
}
