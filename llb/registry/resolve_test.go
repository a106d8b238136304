package registry

import (
	"errors"
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
	login(t, "", "", "")
	const hides = "check the name and the tag; a registry may also hide what needs a login: docker login HOST or podman login HOST"
	for _, bad := range []struct{ reference, platform, want string }{
		{"/base:1", "linux/s390x", "HOST/base:1 has no image for linux/s390x, only for linux/amd64, linux/arm64 (name an image for that platform, or other `platforms` in the fleet)"},
		{"/base:2", "linux/amd64", "HOST has no base:2 (404 Not Found: Unknown manifest) (" + hides + ")"},
		{"/none:1", "linux/amd64", "HOST has no repository none (404 Not Found: Unknown name) (" + hides + ")"},
		{"/UPPER//x", "linux/amd64", "not a valid image reference"},
	} {
		got, err := Client{}.Resolve(t.Context(), lock.ImageRef{Reference: host + bad.reference, Platform: bad.platform})
		if err == nil || !strings.HasPrefix(strings.ReplaceAll(err.Error(), host, "HOST"), bad.want) {
			t.Errorf("%v: %v, %v", bad, got, err)
		}
	}
	var served *UnservedError
	login(t, host, "bob", "secret")
	_, err = Client{}.Resolve(t.Context(), lock.ImageRef{Reference: host + "/none:1", Platform: "linux/amd64"})
	if !errors.As(err, &served) || served.Help != "check the name and the tag; a registry may also hide what bob may not read" {
		t.Errorf("with a login: %v", err)
	}
}
