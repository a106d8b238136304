//go:build linux

package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/llb/registry"
)

// TestCompressorsAreDeterministic checks that compressed bytes depend on nothing but the tar: not on
// how it arrives, and not on the machine. Other digests mean that all layers of all images change
// with this version of layc; then change formatName's format.
func TestCompressorsAreDeterministic(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var data []byte
	for len(data) < 3<<20 {
		word := make([]byte, 3+random.IntN(60))
		for i := range word {
			word[i] = byte(' ' + random.IntN(60))
		}
		data = append(data, bytes.Repeat(word, 1+random.IntN(4))...)
	}
	for _, c := range []struct {
		Compression
		want string
	}{
		{Compression{}, "0daefc659a7c72cb"},
		{Compression{Level: 9}, "1919ec9a0857c709"},
		{Compression{Type: "zstd"}, "a99d8eaa4016e9c4"},
		{Compression{Type: "zstd", Level: 10}, "4b2f3471c62d01dd"},
	} {
		for _, cpus := range []int{1, 4} {
			for _, chunk := range []int{1000, 32 << 10, len(data)} {
				before := runtime.GOMAXPROCS(cpus)
				var out bytes.Buffer
				config := c.config()
				compress, _ := config.Type.Compress(t.Context(), config)
				w, err := compress(&out, config.Type.MediaType())
				if err != nil {
					t.Fatal(err)
				}
				for rest := range slices.Chunk(data, chunk) {
					if _, err := w.Write(rest); err != nil {
						t.Fatal(err)
					}
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				runtime.GOMAXPROCS(before)
				if got := digest.FromBytes(out.Bytes()).Encoded()[:16]; got != c.want {
					t.Errorf("%v with %d CPUs and chunks of %d bytes is %s, want %s", config.Type, cpus, chunk, got, c.want)
				}
			}
		}
	}
}

func TestCheckCompression(t *testing.T) {
	for _, c := range []struct {
		Compression
		want string
	}{
		{Compression{}, ""},
		{Compression{Type: "zstd", Level: 22}, ""},
		{Compression{Type: "lz4"}, `unknown compression "lz4": use gzip, zstd, estargz, uncompressed`},
		{Compression{Level: 10}, "gzip has no compression level 10: use 1 to 9"},
		{Compression{Type: "estargz", Level: -1}, "estargz has no compression level -1: use 1 to 9"},
		{Compression{Type: "uncompressed", Level: 1}, "the compression uncompressed has no levels"},
	} {
		if got := c.Check(); fmt.Sprint(got) != c.want && (got != nil || c.want != "") {
			t.Errorf("%+v: %v, want %s", c.Compression, got, c.want)
		}
	}
}

// builtAs builds images with a compression into a new directory, which it returns.
func builtAs(t *testing.T, e *Engine, images []Image, c Compression) string {
	t.Helper()
	req := request(t, t.TempDir(), images...)
	req.Output.Compression = c
	build(t, e, req)
	if err := registry.Validate(req.Output.Dir); err != nil {
		t.Errorf("%+v: %v", c, err)
	}
	return req.Output.Dir
}

// mediaTypes returns the media types of the layers of a layout's images.
func mediaTypes(t *testing.T, dir string) []string {
	t.Helper()
	decode := func(name string, v any) {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = json.Unmarshal(raw, v)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var index ocispecs.Index
	decode("index.json", &index)
	var types []string
	for _, m := range index.Manifests {
		var manifest ocispecs.Manifest
		decode("blobs/sha256/"+m.Digest.Encoded(), &manifest)
		for _, l := range manifest.Layers {
			types = append(types, strings.TrimPrefix(l.MediaType, "application/vnd.oci.image.layer.v1."))
		}
	}
	return types
}

// TestCompression checks that an image has the same bytes on each engine for each compression, and
// whatever the engine has compressed before.
func TestCompression(t *testing.T) {
	needEngine(t)
	_, address := buildkitd(t)
	state := t.TempDir()
	own := open(t, t.TempDir())
	other := foreign(t, Options{Address: address, State: state})
	all := []Compression{{}, {Type: "zstd"}, {Type: "gzip", Level: 1}, {Type: "estargz"}, {Type: "uncompressed"}, {Type: "zstd", Level: 9}, {Level: 6}}
	digests := map[Compression][]string{}
	for _, c := range append(all, all[0], all[1]) {
		got, there := files(t, builtAs(t, own, two(t, "2"), c)), files(t, builtAs(t, other, two(t, "2"), c))
		if !slices.Equal(got, there) {
			t.Errorf("%+v: the engines differ:\n%s\n\n%s", c, strings.Join(got, "\n"), strings.Join(there, "\n"))
		}
		if before := digests[c]; before != nil && !slices.Equal(before, got) {
			t.Errorf("%+v: the second build differs:\n%s\n\n%s", c, strings.Join(before, "\n"), strings.Join(got, "\n"))
		}
		digests[c] = got
	}
	fresh := open(t, t.TempDir())
	if got := files(t, builtAs(t, fresh, two(t, "2"), Compression{Type: "zstd"})); !slices.Equal(got, digests[all[1]]) {
		t.Errorf("zstd on an engine without other compressions differs:\n%s", strings.Join(got, "\n"))
	}
	if !slices.Equal(digests[all[0]], digests[Compression{Level: 6}]) {
		t.Error("the default is not level 6")
	}
	if got := mediaTypes(t, builtAs(t, own, two(t, "2"), Compression{Type: "zstd"})); !slices.Equal(got, []string{"tar+zstd", "tar+zstd", "tar+zstd", "tar+zstd"}) {
		t.Errorf("the layers are %s, want tar+zstd", got)
	}
}

// TestCompressedOnce checks that layers of an engine elsewhere are neither transferred nor compressed
// again, and that a damaged one is told and made again.
func TestCompressedOnce(t *testing.T) {
	needEngine(t)
	_, address := buildkitd(t)
	state := t.TempDir()
	e := foreign(t, Options{Address: address, State: state})
	want := files(t, builtAs(t, e, two(t, "2"), Compression{}))
	blobs, err := filepath.Glob(filepath.Join(state, "compressed", "blobs", "sha256", "*"))
	if err != nil || len(blobs) != 3 {
		t.Fatalf("%d layers are kept, want 3: %v", len(blobs), err)
	}
	before, _ := os.Stat(blobs[0])
	if got := files(t, builtAs(t, e, two(t, "2"), Compression{})); !slices.Equal(got, want) {
		t.Errorf("the second layout is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if after, _ := os.Stat(blobs[0]); !os.SameFile(before, after) {
		t.Error("a kept layer was written again")
	}
	if err := os.WriteFile(blobs[0], bytes.Repeat([]byte("x"), int(before.Size())), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = e.Build(t.Context(), request(t, t.TempDir(), two(t, "2")...))
	if err == nil || !strings.Contains(err.Error(), "was damaged; it has been removed") {
		t.Errorf("the error for a damaged layer is %v", err)
	}
	if got := files(t, builtAs(t, e, two(t, "2"), Compression{})); !slices.Equal(got, want) {
		t.Error("after a damaged layer the layout differs")
	}
	(&keptLayers{dir: filepath.Join(state, "compressed")}).limit(0)
	if left, _ := filepath.Glob(filepath.Join(state, "compressed", "blobs", "sha256", "*")); len(left) != 0 {
		t.Errorf("%d layers are left above the limit", len(left))
	}
}

// TestBasesKeepTheirCompression checks that the layers of an image that is a base keep their bytes,
// unless all layers are to be compressed.
func TestBasesKeepTheirCompression(t *testing.T) {
	needEngine(t)
	own := open(t, t.TempDir())
	base := builtAs(t, own, []Image{image(t, "base", file("/base", "base"))}, Compression{Level: 1})
	raw, err := os.ReadFile(filepath.Join(base, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var index ocispecs.Index
	if err := json.Unmarshal(raw, &index); err != nil {
		t.Fatal(err)
	}
	from := llb.OCILayout("layc/layout@"+index.Manifests[0].Digest.String(), llb.OCIStore("", "store"))
	_, address := buildkitd(t)
	engines := []*Engine{open(t, t.TempDir()), foreign(t, Options{Address: address, State: t.TempDir()})}
	for _, c := range []struct {
		Compression
		want []string
	}{
		{Compression{Type: "zstd"}, []string{"tar+gzip", "tar+zstd"}},
		{Compression{Type: "zstd", Force: true}, []string{"tar+zstd", "tar+zstd"}},
	} {
		var layouts [][]string
		for _, e := range engines {
			im := image(t, "app", from, file("/app", "1"))
			im.Inherited = 1
			req := request(t, t.TempDir(), im)
			req.Layouts = map[string]string{"store": base}
			req.Output.Compression = c.Compression
			build(t, e, req)
			if got := mediaTypes(t, req.Output.Dir); !slices.Equal(got, c.want) {
				t.Errorf("%+v: the layers are %s, want %s", c.Compression, got, c.want)
			}
			layouts = append(layouts, files(t, req.Output.Dir))
		}
		if !slices.Equal(layouts[0], layouts[1]) {
			t.Errorf("%+v: the engines differ", c.Compression)
		}
	}
}

// TestStatesThatAreNotUsed checks that a cache is not used if another version of layc has compressed its
// layers, or if the machine stopped while it was open.
func TestStatesThatAreNotUsed(t *testing.T) {
	needEngine(t)
	state := t.TempDir()
	e := open(t, state)
	build(t, e, request(t, "", two(t, "2")...))
	for _, c := range []struct {
		change func() error
		want   string
	}{
		{func() error { return os.Remove(filepath.Join(state, formatName)) }, "is of another version of layc, which compresses layers differently"},
		{func() error {
			return errors.Join(os.WriteFile(filepath.Join(state, lockName), []byte("1\n"), 0o600), os.WriteFile(filepath.Join(state, bootName), []byte("before"), 0o600))
		}, "was in use when the machine stopped"},
		{func() error { return os.WriteFile(filepath.Join(state, bootName), []byte("before"), 0o600) }, ""}, // it was closed
	} {
		if err := errors.Join(e.Close(), c.change()); err != nil {
			t.Fatal(err)
		}
		told := ""
		var err error
		if e, err = Open(t.Context(), Options{State: state, Runc: runcPath(), Notice: func(s string) { told += s }}); err != nil {
			t.Fatal(err)
		}
		if c.want != "" {
			c.want = fmt.Sprintf("the cache in %s %s; removed it, building without it", state, c.want)
		}
		if told != c.want {
			t.Errorf("the user is told %q, want %q", told, c.want)
		}
		executed := names(build(t, e, request(t, "", two(t, "2")...)).Steps.Executed)
		if again := strings.Contains(executed, "shared step"); again != (c.want != "") {
			t.Errorf("%s: the build executed %s", c.want, executed)
		}
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}
