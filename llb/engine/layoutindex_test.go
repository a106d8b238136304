//go:build unix

package engine

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/llb/registry"
)

// listed returns the names of the images in a layout's index; "" stands for an image without one.
func listed(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	for _, d := range readIndex(t, dir).Manifests {
		names = append(names, d.Annotations[ocispecs.AnnotationRefName])
	}
	return names
}

func readIndex(t *testing.T, dir string) (index ocispecs.Index) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err == nil {
		err = json.Unmarshal(raw, &index)
	}
	if err != nil {
		t.Fatal(err)
	}
	return index
}

// TestLayoutKeepsOthers builds two fleets into one layout that another tool has written to, parts of
// them, and prunes: only images of the fleet itself go, and with them their blobs alone.
func TestLayoutKeepsOthers(t *testing.T) {
	out := Output{Dir: t.TempDir(), Fleet: "shop"}
	build := func(out Output, apps ...string) Result {
		t.Helper()
		var images []Image
		var layers []string
		for _, a := range apps {
			name, layer, _ := strings.Cut(a, "=")
			images, layers = append(images, Image{Name: name, Aliases: []string{name + ":1"}, Platform: ocispecs.Platform{OS: "linux", Architecture: "amd64"}}), append(layers, layer)
		}
		res, err := writeImages(t, out, false, images, layers)
		if err != nil {
			t.Fatal(err)
		}
		if err := registry.Validate(out.Dir); err != nil {
			t.Fatal(err)
		}
		return res
	}
	want := func(files int, names ...string) {
		t.Helper()
		if got := listed(t, out.Dir); !slices.Equal(got, names) {
			t.Errorf("the layout has %q, want %q", got, names)
		}
		if got := blobFiles(t, out.Dir); len(got) != files {
			t.Errorf("the layout has %d blobs, want %d", len(got), files)
		}
	}
	build(out, "api=a", "web=w")
	want(6, "api", "api:1", "web", "web:1")
	old := blobFiles(t, out.Dir)
	build(out, "web=new")
	want(6, "api", "api:1", "web", "web:1")
	if got := blobFiles(t, out.Dir); slices.Equal(old, got) {
		t.Error("web has not changed")
	}
	if res := build(Output{Dir: out.Dir, Fleet: "other", Prune: true, Names: full("db", "db:1")}, "db=d"); len(res.Pruned)+len(res.Taken) > 0 {
		t.Errorf("the other fleet changed %+v", res.Changes)
	}
	want(9, "api", "api:1", "web", "web:1", "db", "db:1")

	// An image that skopeo wrote, and one without a name.
	index := readIndex(t, out.Dir)
	first := index.Manifests[4]
	first.Annotations = nil
	index.Manifests = append(index.Manifests, first)
	first.Annotations = map[string]string{ocispecs.AnnotationRefName: "mine"}
	index.Manifests = append(index.Manifests, first)
	index.Annotations = map[string]string{"of": "another tool"}
	raw, err := json.Marshal(index)
	if err == nil {
		err = os.WriteFile(filepath.Join(out.Dir, "index.json"), raw, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	out.Prune, out.Names = true, full("api", "web", "web:1")
	res := build(out, "web=new")
	want(9, "api", "web", "web:1", "db", "db:1", "", "mine")
	if !slices.Equal(res.Pruned, []string{"api:1"}) {
		t.Errorf("pruned %q", res.Pruned)
	}
	out.Names = full("web", "web:1")
	build(out, "web=new")
	want(6, "web", "web:1", "db", "db:1", "", "mine")
	if got := readIndex(t, out.Dir).Manifests[0].Annotations; got["io.containerd.image.name"] != "registry.example.com/web" {
		t.Errorf("web has the annotations %v", got)
	}
	if got := readIndex(t, out.Dir).Annotations["of"]; got != "another tool" {
		t.Errorf("the index lost its annotation, it is %q", got)
	}
}

// full returns full names of images.
func full(names ...string) map[string]string {
	out := map[string]string{}
	for _, n := range names {
		out[n] = "registry.example.com/" + n
	}
	return out
}

// blobFiles returns the files of the layout's blobs.
func blobFiles(t *testing.T, dir string) []string {
	t.Helper()
	return files(t, filepath.Join(dir, ocispecs.ImageBlobsDir))
}

// TestLayoutSparse builds into a layout with an index of several platforms, one of which is not
// there, and with a signature: both stay complete.
func TestLayoutSparse(t *testing.T) {
	dir := t.TempDir()
	if _, err := writeLayout(t, dir, false, "one"); err != nil {
		t.Fatal(err)
	}
	l := &layout{dir: dir}
	there := readIndex(t, dir).Manifests[0]
	gone := ocispecs.Descriptor{MediaType: ocispecs.MediaTypeImageManifest, Digest: digest.FromString("gone"), Size: 4}
	multi, err := l.writeIndexBlob([]ocispecs.Descriptor{gone, there}, nil)
	if err != nil {
		t.Fatal(err)
	}
	put := func(v any) ocispecs.Descriptor {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		desc := ocispecs.Descriptor{MediaType: ocispecs.MediaTypeImageManifest, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
		if err := os.WriteFile(l.blob(desc.Digest), raw, 0o644); err != nil {
			t.Fatal(err)
		}
		return desc
	}
	signature := put(map[string]any{"blobs": []any{put("signature")}, "subject": multi})
	index := newIndex()
	index.Manifests = []ocispecs.Descriptor{signature}
	if err := l.write(ocispecs.ImageIndexFile, index); err != nil {
		t.Fatal(err)
	}
	before := blobFiles(t, dir)
	if _, err := writeLayout(t, dir, false, "other"); err != nil {
		t.Fatal(err)
	}
	after := blobFiles(t, dir)
	for _, b := range before {
		if !slices.Contains(after, b) {
			t.Errorf("the blob %s was swept", b)
		}
	}
	if len(after) != len(before)+3 {
		t.Errorf("%d blobs became %d", len(before), len(after))
	}
}

// TestLayoutTakesNames builds an image with the name of another fleet's, which is told.
func TestLayoutTakesNames(t *testing.T) {
	dir := t.TempDir()
	images := []Image{{Name: "api", Platform: ocispecs.Platform{OS: "linux", Architecture: "amd64"}}}
	for _, c := range []struct {
		fleet string
		want  []Taken
	}{
		{"shop", nil}, {"shop", nil}, {"bank", []Taken{{"api", "shop"}}}, {"", []Taken{{"api", "bank"}}}, {"bank", nil},
	} {
		res, err := writeImages(t, Output{Dir: dir, Fleet: c.fleet}, false, images, []string{"one"})
		if err != nil || !slices.Equal(res.Taken, c.want) {
			t.Errorf("%q: took %v, %v, want %v", c.fleet, res.Taken, err, c.want)
		}
	}
}

// TestLayoutKeepsYoungBlobs builds while another tool adds an image, whose index is last: its blobs stay,
// unless they are old, as after a killed build.
func TestLayoutKeepsYoungBlobs(t *testing.T) {
	dir := t.TempDir()
	if _, err := writeLayout(t, dir, false, "one"); err != nil {
		t.Fatal(err)
	}
	put := func(text string) string {
		name := filepath.Join(dir, "blobs", "sha256", digest.FromString(text).Encoded())
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return name
	}
	young, old := put("young"), put("old")
	age(t, old)
	if _, err := writeLayout(t, dir, false, "two"); err != nil {
		t.Fatal(err)
	}
	if got := blobFiles(t, dir); len(got) != 4 || !slices.Contains(got, "sha256/"+filepath.Base(young)) {
		t.Errorf("the layout has the blobs %q, want 3 of the image two and %s", got, filepath.Base(young))
	}
	// A killed build leaves its directory, too.
	if err := os.Mkdir(filepath.Join(dir, ingest), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := writeLayout(t, dir, false, "two"); err != nil {
		t.Fatal(err)
	}
	if got := blobFiles(t, dir); len(got) != 3 {
		t.Errorf("after a killed build, the layout has the blobs %q, want 3 of the image two", got)
	}
}

// age makes a file two days old.
func age(t *testing.T, name string) {
	t.Helper()
	then := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(name, then, then); err != nil {
		t.Fatal(err)
	}
}
