//go:build unix

package engine

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/llb/registry"
)

// writeLayout writes to a layout like a build: images of one layer with an empty file of the
// given name. With fail it stops before the index.
func writeLayout(t *testing.T, dir string, fail bool, layers ...string) ([]BuiltImage, error) {
	t.Helper()
	var images []Image
	for i := range layers {
		images = append(images, Image{Name: "app" + string(rune('1'+i)), Platform: ocispecs.Platform{OS: "linux", Architecture: "amd64"}})
	}
	res, err := writeImages(t, Output{Dir: dir}, fail, images, layers)
	return res.Images, err
}

// writeImages writes the images, each with the layer of the same index.
func writeImages(t *testing.T, out Output, fail bool, images []Image, layers []string) (Result, error) {
	t.Helper()
	var res Result
	l, err := openLayout(out.Dir)
	if err != nil {
		return res, err
	}
	if err := l.begin(t.Context()); err != nil {
		return res, err
	}
	put := func(mediaType string, raw []byte) ocispecs.Descriptor {
		desc := ocispecs.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
		err := content.WriteBlob(context.Background(), l.store, string(desc.Digest), bytes.NewReader(raw), desc)
		if err != nil {
			t.Fatal(err)
		}
		return desc
	}
	encode := func(v any) []byte {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	index := newIndex()
	for i, text := range layers {
		var raw, compressed bytes.Buffer
		archive, zip := tar.NewWriter(&raw), gzip.NewWriter(&compressed)
		errs := []error{archive.WriteHeader(&tar.Header{Name: text, Mode: 0o644}), archive.Close()}
		_, err := zip.Write(raw.Bytes())
		if err := errors.Join(append(errs, err, zip.Close())...); err != nil {
			t.Fatal(err)
		}
		layer := put(ocispecs.MediaTypeImageLayerGzip, compressed.Bytes())
		config := ocispecs.Image{Platform: images[i].Platform, RootFS: ocispecs.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromBytes(raw.Bytes())}}}
		manifest := ocispecs.Manifest{Versioned: index.Versioned, MediaType: ocispecs.MediaTypeImageManifest,
			Config: put(ocispecs.MediaTypeImageConfig, encode(config)), Layers: []ocispecs.Descriptor{layer}}
		index.Manifests = append(index.Manifests, put(ocispecs.MediaTypeImageManifest, encode(manifest)))
	}
	desc := put(ocispecs.MediaTypeImageIndex, encode(index))
	if fail {
		return res, l.close()
	}
	res.Images, res.Changes, _, err = l.commit(t.Context(), Request{Images: images, Output: out}, nil, base64.StdEncoding.EncodeToString(encode(desc)))
	return res, errors.Join(err, l.close())
}

// TestLayoutAnnotations checks the annotations of images, which those of the output replace, and of the
// index of two platforms, which has those that they have in common.
func TestLayoutAnnotations(t *testing.T) {
	dir := t.TempDir()
	image := func(name, arch string, annotations map[string]string) Image {
		return Image{Name: name, Platform: ocispecs.Platform{OS: "linux", Architecture: arch}, Annotations: annotations}
	}
	images := []Image{
		image("both", "amd64", map[string]string{"team": "a", "arch": "amd64", "level": "1"}),
		image("both", "arm64", map[string]string{"team": "a", "arch": "arm64", "level": "1"}),
		image("none", "amd64", nil),
	}
	out := Output{Dir: dir, Annotations: map[string]string{"level": "2"}}
	if _, err := writeImages(t, out, false, images, []string{"one", "two", "three"}); err != nil {
		t.Fatal(err)
	}
	read := func(id digest.Digest, v any) {
		t.Helper()
		raw, err := os.ReadFile(filepath.Join(dir, "blobs", "sha256", id.Encoded()))
		if err == nil {
			err = json.Unmarshal(raw, v)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	entries := readIndex(t, dir).Manifests
	var index ocispecs.Index
	read(entries[0].Digest, &index)
	got := []map[string]string{index.Annotations}
	for _, d := range append(index.Manifests, entries[1]) {
		var manifest ocispecs.Manifest
		read(d.Digest, &manifest)
		got = append(got, manifest.Annotations)
	}
	want := []map[string]string{
		{"level": "2", "team": "a"}, {"arch": "amd64", "level": "2", "team": "a"}, {"arch": "arm64", "level": "2", "team": "a"}, {"level": "2"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the annotations are %v, want %v", got, want)
	}
}

// TestLayoutModes checks that the umask decides who can read and change a layout, as it does for the
// layouts of other tools. Blobs are read-only.
func TestLayoutModes(t *testing.T) {
	before := syscall.Umask(0)
	defer syscall.Umask(before)
	for _, umask := range []os.FileMode{0o077, 0o027, 0o022, 0o002} {
		syscall.Umask(int(umask))
		dir := filepath.Join(t.TempDir(), "made", "layout")
		images := []Image{{Name: "app", Platform: ocispecs.Platform{OS: "linux", Architecture: "amd64"}}}
		if _, err := writeImages(t, Output{Dir: dir, Annotations: map[string]string{"a": "b"}}, false, images, []string{"one"}); err != nil {
			t.Fatal(err)
		}
		err := filepath.WalkDir(filepath.Dir(dir), func(name string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			allowed, got := os.FileMode(0o666)&^umask, info.Mode().Perm()
			if d.IsDir() {
				allowed = 0o777 &^ umask
			}
			blob := strings.Contains(name, "sha256/")
			if got != allowed && !(blob && got == allowed&^0o222) {
				t.Errorf("umask %03o: %s has the mode %o, want %o", umask, name, got, allowed)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestLayout(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	built, err := writeLayout(t, dir, false, "one", "two")
	if err != nil {
		t.Fatal(err)
	}
	if len(built) != 2 || built[1].Name != "app2" || built[1].Layers[0].Size == 0 || built[1].Layers[0].Digest == built[1].Layers[0].DiffID {
		t.Errorf("built %+v", built)
	}
	want := files(t, dir)
	if len(want) != 8 { // index and layout, two of manifests, configurations and layers
		t.Errorf("the layout has the files\n%s\nwant 8", strings.Join(want, "\n"))
	}
	if err := registry.Validate(dir); err != nil {
		t.Error(err)
	}

	// A failed build leaves the old images and nothing else.
	if _, err := writeLayout(t, dir, true, "three"); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); !slices.Equal(got, want) {
		t.Errorf("the failed build left\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	// The next build removes the leftovers of a killed build, and what its images replace.
	if err := os.MkdirAll(filepath.Join(dir, "ingest", "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := writeLayout(t, dir, false, "three"); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); len(got) != 8 {
		t.Errorf("the layout has the files\n%s\nwant 8", strings.Join(got, "\n"))
	}
	if _, err := os.Stat(filepath.Join(dir, "ingest")); !os.IsNotExist(err) {
		t.Errorf("the directory ingest still exists: %v", err)
	}
}

func TestLayoutFailsFresh(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	if _, err := writeLayout(t, dir, true, "one"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the failed build left %s: %v", dir, err)
	}
}

// TestLayoutFails checks that a failed build keeps a directory that existed before, and that
// nothing but its own blobs is swept if the index cannot be followed: an image of another tool that is
// not there keeps no build from its end.
func TestLayoutFails(t *testing.T) {
	dir := t.TempDir()
	if _, err := writeLayout(t, dir, true, "one"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("the failed build removed a directory that it did not create: %v", err)
	}
	built, err := writeLayout(t, dir, false, "one")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "blobs", "sha256", built[0].Manifest.Encoded())); err != nil {
		t.Fatal(err)
	}
	layer := filepath.Join(dir, "blobs", "sha256", built[0].Layers[0].Digest.Encoded())
	age(t, layer)
	if _, err := writeLayout(t, dir, true, "two"); err != nil {
		t.Error(err)
	}
	if got := blobFiles(t, dir); len(got) != 2 || !slices.Contains(got, "sha256/"+filepath.Base(layer)) {
		t.Errorf("the layout has the blobs %q, want the layer and the configuration of an image without its manifest", got)
	}
}

// TestLayoutCountsLayers checks that an image with different layers in its configuration and
// manifest is refused.
func TestLayoutCountsLayers(t *testing.T) {
	dir := t.TempDir()
	if _, err := writeLayout(t, dir, false, "one"); err != nil {
		t.Fatal(err)
	}
	l := &layout{dir: dir}
	put := func(v any) ocispecs.Descriptor {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		desc := ocispecs.Descriptor{Digest: digest.FromBytes(raw), Size: int64(len(raw))}
		if err := os.WriteFile(l.blob(desc.Digest), raw, 0o644); err != nil {
			t.Fatal(err)
		}
		return desc
	}
	config := put(ocispecs.Image{RootFS: ocispecs.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromString("x"), digest.FromString("y")}}})
	_, err := l.describe(Image{Name: "a"}, put(ocispecs.Manifest{Config: config, Layers: []ocispecs.Descriptor{config}}))
	if want := "the image a has 1 layers and 2 diffIDs"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestLayoutRepairsDamage(t *testing.T) {
	for what, size := range map[string]int64{"cut": 10, "too long": 1 << 16} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			built, err := writeLayout(t, dir, false, "one")
			if err != nil {
				t.Fatal(err)
			}
			blob := filepath.Join(dir, "blobs", "sha256", built[0].Layers[0].Digest.Encoded())
			if err := os.Truncate(blob, size); err != nil {
				t.Fatal(err)
			}
			_, err = writeLayout(t, dir, false, "one")
			var damaged *LayoutError
			if !errors.As(err, &damaged) || !strings.Contains(err.Error(), "build again") {
				t.Errorf("the error is %v, want a LayoutError with help", err)
			}
			if _, err := writeLayout(t, dir, false, "one"); err != nil {
				t.Errorf("the next build: %v", err)
			}
			if err := registry.Validate(dir); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLayoutRefusesOtherDirectories(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, file} {
		var refused *LayoutError
		if _, err := openLayout(path); !errors.As(err, &refused) {
			t.Errorf("opening %s: %v, want a LayoutError", path, err)
		}
	}
}

// TestDamagedLayoutIsRefused checks that a layout that cannot be read is refused, before a build
// and by it.
func TestDamagedLayoutIsRefused(t *testing.T) {
	for what, damage := range map[string]func(dir string) error{
		"index.json is truncated":   func(dir string) error { return os.WriteFile(filepath.Join(dir, "index.json"), []byte(`{"mani`), 0o644) },
		"index.json is empty":       func(dir string) error { return os.WriteFile(filepath.Join(dir, "index.json"), nil, 0o644) },
		"index.json is a pipe":      func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, "index.json"), 0o644) },
		"index.json is a directory": func(dir string) error { return os.Mkdir(filepath.Join(dir, "index.json"), 0o755) },
		"oci-layout is truncated":   func(dir string) error { return os.WriteFile(filepath.Join(dir, "oci-layout"), []byte(`{`), 0o644) },
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := CheckOutput(dir); err != nil {
			t.Errorf("without an index, like after a killed build: %v", err)
		}
		if err := damage(dir); err != nil {
			t.Fatal(err)
		}
		file, _, _ := strings.Cut(what, " ")
		var refused *LayoutError
		if err := CheckOutput(dir); !errors.As(err, &refused) || !refused.Unfit || !strings.Contains(err.Error(), "is a damaged OCI layout: its "+file) {
			t.Errorf("%s: the error is %v", what, err)
		}
	}
}

func TestLayoutIsLocked(t *testing.T) {
	dir := t.TempDir()
	first, err := openLayout(dir)
	if err == nil {
		err = first.begin(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	second, err := openLayout(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := second.begin(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second build: %v, want it to wait", err)
	}
	if err := first.close(); err != nil {
		t.Fatal(err)
	}
	if err := second.begin(t.Context()); err != nil {
		t.Errorf("after the first build the second one: %v", err)
	}
	if err := second.close(); err != nil {
		t.Fatal(err)
	}
}

// files returns the sorted files under dir.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			out = append(out, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestLayoutEndsWriters closes a layout while the engine still sends blobs, as after an error: nothing is left
// of them.
func TestLayoutEndsWriters(t *testing.T) {
	for range 20 {
		dir := filepath.Join(t.TempDir(), "out")
		if _, err := writeLayout(t, dir, false, "a"); err != nil {
			t.Fatal(err)
		}
		want := files(t, dir)
		l, err := openLayout(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		var sent sync.WaitGroup
		var started atomic.Int32
		for n := range 8 {
			sent.Go(func() {
				for k := range 200 {
					w, err := l.store.Writer(context.Background(), content.WithRef(fmt.Sprint(n, "-", k)))
					if err != nil {
						return
					}
					started.Add(1)
					_ = w.Close() // as the engine does when it is interrupted
				}
			})
		}
		for started.Load() < 8 {
			runtime.Gosched()
		}
		if err := l.close(); err != nil {
			t.Fatal(err)
		}
		sent.Wait()
		if got := files(t, dir); !slices.Equal(got, want) {
			t.Fatalf("left behind\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}
