package registry

import (
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// TestExisting finds images in a layout, by a tag, and by a repository, for each platform of an index.
func TestExisting(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	image := func(arch string) v1.Image {
		i, err := random.Image(100, 1)
		if err != nil {
			t.Fatal(err)
		}
		config, err := i.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		config = config.DeepCopy()
		config.OS, config.Architecture = "linux", arch
		if i, err = mutate.ConfigFile(i, config); err != nil {
			t.Fatal(err)
		}
		return i
	}
	amd64 := image("amd64")
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: image("arm64"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}},
		mutate.IndexAddendum{Add: image("amd64"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}})
	push := func(tag string, write func(name.Reference) error) {
		ref, err := name.ParseReference(host + "/team/app:" + tag)
		if err == nil {
			err = write(ref)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	push("one", func(ref name.Reference) error { return remote.Write(ref, amd64) })
	push("two", func(ref name.Reference) error { return remote.WriteIndex(ref, index) })
	dir := t.TempDir()
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := path.AppendImage(amd64, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": "here"})); err != nil {
		t.Fatal(err)
	}
	if err := path.AppendImage(image("arm64"), layout.WithAnnotations(map[string]string{
		"org.opencontainers.image.ref.name": "latest", "io.containerd.image.name": "docker.io/library/app:latest"})); err != nil {
		t.Fatal(err)
	}
	one, two := host+"/team/app:one linux/amd64", host+"/team/app:two linux/amd64"
	for source, want := range map[string][]string{
		dir:                    {"app:latest linux/arm64", "here linux/amd64"},
		host + "/team/app:one": {one},
		host + "/team/app":     {one, two, host + "/team/app:two linux/arm64"},
	} {
		found, err := Client{}.Existing(t.Context(), source)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range found {
			got = append(got, fmt.Sprint(f.Name, " ", f.Platform))
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", source, got, want)
		}
	}
	for source, want := range map[string]string{
		t.TempDir():              "is not an OCI layout: it has no index.json",
		"./nothing":              "is not an OCI layout: no such directory; images in a registry are named with its host, such as registry.example.com/nothing",
		"UPPER/case":             "not a layout or an image",
		host + "/team/app:three": "reading " + host + "/team/app:three",
		host + "/team/none":      "listing the tags of " + host + "/team/none",
	} {
		if _, err := (Client{}).Existing(t.Context(), source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", source, err, want)
		}
	}
}
