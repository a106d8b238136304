package outputs

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	containerd "github.com/containerd/containerd/v2/pkg/archive"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/llb/docker"
)

// An entry of a layer is "NAME", a file whose content is its name and the layer's; "DIR/"; "NAME -> TARGET",
// a symbolic link; or "NAME = TARGET", a hard link.

// layerOf returns a layer's tar.
func layerOf(t *testing.T, n int, entries []string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: e, Mode: 0o640, ModTime: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), Uid: os.Getuid(), Gid: os.Getgid()}
		var content string
		if strings.HasSuffix(e, "/") {
			h.Typeflag, h.Mode = tar.TypeDir, 0o700+int64(n)
		} else if name, target, ok := strings.Cut(e, " -> "); ok {
			h.Typeflag, h.Name, h.Linkname = tar.TypeSymlink, name, target
		} else if name, target, ok := strings.Cut(e, " = "); ok {
			h.Typeflag, h.Name, h.Linkname = tar.TypeLink, name, target
		} else {
			content = fmt.Sprint(e, n)
			h.Size = int64(len(content))
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// testLayout writes a layout with images, by name, of layers; their bytes are the tars.
type testLayout struct {
	dir   string
	index ocispecs.Index
	tars  map[string][][]byte
}

func (l *testLayout) put(t *testing.T, mediaType string, raw []byte) ocispecs.Descriptor {
	t.Helper()
	d := ocispecs.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	dir := filepath.Join(l.dir, "blobs", "sha256")
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, d.Digest.Encoded()), raw, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func newLayout(t *testing.T) *testLayout {
	return &testLayout{dir: t.TempDir(), index: newIndex(nil), tars: map[string][][]byte{}}
}

// add adds an image for platforms of one architecture each, with equal layers.
func (l *testLayout) add(t *testing.T, image string, arches []string, layers ...[]string) {
	t.Helper()
	var all []ocispecs.Descriptor
	for _, arch := range arches {
		platform := ocispecs.Platform{OS: "linux", Architecture: arch}
		config := ocispecs.Image{Platform: platform, RootFS: ocispecs.RootFS{Type: "layers"}}
		m := ocispecs.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispecs.MediaTypeImageManifest}
		l.tars[image] = nil
		for n, entries := range layers {
			plain := layerOf(t, n, entries)
			l.tars[image] = append(l.tars[image], plain)
			config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, digest.FromBytes(plain))
			m.Layers = append(m.Layers, l.layer(t, n, plain))
		}
		m.Config = l.put(t, ocispecs.MediaTypeImageConfig, encode(t, config))
		d := l.put(t, m.MediaType, encode(t, m))
		d.Platform = &platform
		all = append(all, d)
	}
	d := all[0]
	if len(all) > 1 {
		d = l.put(t, ocispecs.MediaTypeImageIndex, encode(t, newIndex(all)))
	}
	d.Annotations = map[string]string{ocispecs.AnnotationRefName: image}
	l.index.Manifests = append(l.index.Manifests, d)
	if err := os.WriteFile(filepath.Join(l.dir, "index.json"), encode(t, l.index), 0o644); err != nil {
		t.Fatal(err)
	}
}

// layer stores a layer: the first as gzip, the second as zstd, the third as it is, and so on.
func (l *testLayout) layer(t *testing.T, n int, plain []byte) ocispecs.Descriptor {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	var err error
	switch n % 3 {
	case 0:
		w = gzip.NewWriter(&out)
	case 1:
		w, err = zstd.NewWriter(&out)
	default:
		return l.put(t, ocispecs.MediaTypeImageLayer, plain)
	}
	if err == nil {
		_, err = w.Write(plain)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return l.put(t, []string{ocispecs.MediaTypeImageLayerGzip, ocispecs.MediaTypeImageLayerZstd}[n%3], out.Bytes())
}

// listing describes all files below a directory: mode, content, time, and which names are one file.
func listing(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	first := map[uint64]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		what := ""
		switch {
		case info.Mode().IsRegular():
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			ino := info.Sys().(*syscall.Stat_t).Ino
			if first[ino] == "" {
				first[ino] = rel
			}
			what = string(raw) + " is " + first[ino]
		case info.Mode()&fs.ModeSymlink != 0:
			if what, err = os.Readlink(path); err != nil {
				return err
			}
		}
		when := ""
		if !d.IsDir() && info.ModTime().Year() == 1980 { // containerd touches the directories of whiteouts
			when = " in 1980"
		}
		out = append(out, fmt.Sprint(info.Mode(), " ", rel, " ", what, when))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestTree compares root file systems with what containerd unpacks, layer by layer: as directories, and
// as tars that GNU tar unpacks.
func TestTree(t *testing.T) {
	long := strings.Repeat("long/", 60) + "name"
	for what, layers := range map[string][][]string{
		"one layer":     {{"etc/", "etc/a", "b", long}},
		"replaced":      {{"etc/", "etc/a", "b"}, {"etc/", "etc/a"}, {"b"}},
		"removed":       {{"etc/", "etc/a", "etc/b", "x/", "x/y/", "x/y/z"}, {"etc/.wh.a", ".wh.x"}},
		"again":         {{"x/", "x/old"}, {".wh.x"}, {"x/", "x/new"}},
		"removed first": {{"x/", "x/old"}, {".wh.x", "x/", "x/new"}},
		"opaque":        {{"x/", "x/old", "x/y/", "x/y/old"}, {"x/", "x/.wh..wh..opq", "x/new"}},
		"opaque last":   {{"x/", "x/old", "x/y/", "x/y/old"}, {"x/", "x/new", "x/y/", "x/y/new", "x/.wh..wh..opq"}},
		"dir to file":   {{"x/", "x/old"}, {"x"}},
		"file to dir":   {{"x"}, {"x/", "x/new"}},
		"dir to link":   {{"x/", "x/old", "y/"}, {"x -> y"}},
		"links":         {{"a", "b = a", "dir/", "dir/c = a"}},
		"link replaced": {{"a", "b = a", "c = a"}, {"a"}},
		"link removed":  {{"z", "b = z", "c = z"}, {".wh.z"}},
		"link below":    {{"a"}, {"b = a"}, {"c = b"}},
		"through links": {{"usr/", "usr/lib/", "lib -> usr/lib", "abs -> /usr"}, {"lib/x", "abs/lib/y"}, {"lib/.wh.x", "z = abs/lib/y"}},
		"parent link":   {{"a/", "a/b/", "a/b/up -> ../../c", "c/"}, {"a/b/up/x"}},
		"odd names":     {{".whx", "x.wh.", "a b", "ü", "-"}, {".wh.-"}},
		"empty":         {{}},
	} {
		t.Run(what, func(t *testing.T) {
			l := newLayout(t)
			l.add(t, "app", []string{"amd64"}, layers...)
			want := t.TempDir()
			for _, raw := range l.tars["app"] {
				if _, err := containerd.Apply(t.Context(), want, bytes.NewReader(raw), containerd.WithNoSameOwner()); err != nil {
					t.Fatal(err)
				}
			}
			apps := []App{{Name: "app", Images: []string{"app"}, Platforms: []string{"linux/amd64"}}}
			out := t.TempDir()
			for _, value := range []string{"type=local,dest=" + out + "/a/b", "type=tar,dest=" + out + "/a.tar"} {
				if written, err := writeTo(t, l, apps, value, nil, nil); err != nil || len(written) != 1 {
					t.Fatalf("%s: %v, %v", value, written, err)
				}
			}
			if got, want := listing(t, out+"/a/b"), listing(t, want); !slices.Equal(got, want) {
				t.Errorf("the directory is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if err := os.Mkdir(out+"/tar", 0o755); err != nil {
				t.Fatal(err)
			}
			if text, err := exec.Command("tar", "-xpf", out+"/a.tar", "-C", out+"/tar").CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			if got, want := listing(t, out+"/tar"), listing(t, want); !slices.Equal(got, want) {
				t.Errorf("the tar has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// writeTo writes an output as --output describes it.
func writeTo(t *testing.T, l *testLayout, apps []App, value string, names map[string]string, stdout io.Writer) ([]string, error) {
	t.Helper()
	o, err := Parse(value)
	if err == nil {
		err = o.Check(apps)
	}
	if err != nil {
		t.Fatal(err)
	}
	return Write(t.Context(), l.dir, apps, o, names, stdout)
}

// TestTreeFails checks that damage leaves no output.
func TestTreeFails(t *testing.T) {
	l := newLayout(t)
	l.add(t, "app", []string{"amd64"}, []string{"a", "b = a"}, []string{"c = nowhere"})
	l.add(t, "cut", []string{"amd64"}, []string{"a"})
	m, err := layout{t.Context(), l.dir}.platform(l.index.Manifests[1], "linux/amd64")
	if err != nil {
		t.Fatal(err)
	}
	blob := filepath.Join(l.dir, "blobs", "sha256", m.Layers[0].Digest.Encoded())
	raw, err := os.ReadFile(blob)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)-1] ^= 1 // the size in gzip's trailer
	if err := os.WriteFile(blob, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	for image, want := range map[string]string{"app": "c is a hard link to nowhere, which is not a file", "cut": "invalid checksum"} {
		apps := []App{{Name: image, Images: []string{image}, Platforms: []string{"linux/amd64"}}}
		values := []string{"type=local,dest=" + out + "/dir", "type=tar,dest=" + out + "/file"}
		if image == "cut" {
			values = append(values, "type=oci,dest="+out+"/file", "type=docker,dest="+out+"/file")
		}
		for _, value := range values {
			expected := want
			if strings.HasPrefix(value, "type=oci") || strings.HasPrefix(value, "type=docker") {
				expected = "is damaged"
			}
			if _, err := writeTo(t, l, apps, value, map[string]string{image: "docker.io/library/a:1"}, nil); err == nil || !strings.Contains(err.Error(), expected) {
				t.Errorf("%s: got the error %v, want %s", value, err, expected)
			}
		}
	}
	if left, err := os.ReadDir(out); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// files returns the files of a tar by name.
func files(t *testing.T, raw []byte) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for r := tar.NewReader(bytes.NewReader(raw)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := out[h.Name]; twice {
			t.Errorf("%s is in the archive twice", h.Name)
		}
		if out[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

// TestArchives writes archives of two apps that share a layer, for several platforms, and reads them
// back.
func TestArchives(t *testing.T) {
	l := newLayout(t)
	l.add(t, "api:1", []string{"s390x", "mips"}, []string{"shared"})
	l.add(t, "api:2", []string{"s390x", "mips"}, []string{"shared"})
	l.add(t, "web", []string{"s390x"}, []string{"shared"}, []string{"web"}, []string{"top"})
	apps := []App{
		{Name: "api", Images: []string{"api:1", "api:2"}, Platforms: []string{"linux/s390x", "linux/mips"}},
		{Name: "web", Images: []string{"web"}, Platforms: []string{"linux/s390x"}},
	}
	names := map[string]string{"api:1": "localhost:5000/api:1", "api:2": "localhost:5000/api:2", "web": "docker.io/library/web:latest"}

	var oci bytes.Buffer
	if _, err := writeTo(t, l, apps, "type=oci", names, &oci); err != nil {
		t.Fatal(err)
	}
	got := files(t, oci.Bytes())
	var index ocispecs.Index
	if err := json.Unmarshal(got["index.json"], &index); err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, d := range index.Manifests {
		told = append(told, d.Annotations[ocispecs.AnnotationRefName]+" "+d.Annotations[annotationName]+" "+d.MediaType)
	}
	if want := []string{
		"api:1 localhost:5000/api:1 " + ocispecs.MediaTypeImageIndex, "api:2 localhost:5000/api:2 " + ocispecs.MediaTypeImageIndex,
		"web docker.io/library/web:latest " + ocispecs.MediaTypeImageManifest,
	}; !slices.Equal(told, want) {
		t.Errorf("the archive has %q, want %q", told, want)
	}
	blobs, err := os.ReadDir(filepath.Join(l.dir, "blobs", "sha256"))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(blobs)+4 || got["manifest.json"] != nil {
		t.Errorf("the archive has %d files for %d blobs", len(got), len(blobs))
	}

	var again, dockers bytes.Buffer
	if _, err := writeTo(t, l, apps, "type=oci", names, &again); err != nil || !bytes.Equal(again.Bytes(), oci.Bytes()) {
		t.Errorf("a second archive differs, %v", err)
	}
	if _, err := writeTo(t, l, apps, "type=docker,dest=-", names, &dockers); err != nil {
		t.Fatal(err)
	}
	got = files(t, dockers.Bytes())
	if err := json.Unmarshal(got["index.json"], &index); err != nil {
		t.Fatal(err)
	}
	// The zstd layer of web has no media type of Docker's.
	if d := index.Manifests; len(d) != 3 || d[0].MediaType != docker.Manifest || d[1].Digest != d[0].Digest || d[2].MediaType != ocispecs.MediaTypeImageManifest {
		t.Errorf("the index is %s", got["index.json"])
	}
	for full, layers := range map[string]int{"localhost:5000/api:1": 1, "localhost:5000/api:2": 1, "web:latest": 3} {
		tag, err := name.NewTag(full)
		if err != nil {
			t.Fatal(err)
		}
		image, err := tarball.Image(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(dockers.Bytes())), nil }, &tag)
		if err != nil {
			t.Errorf("%s: %v", full, err)
			continue
		}
		if found, err := image.Layers(); err != nil || len(found) != layers {
			t.Errorf("%s has %d layers, %v, want %d", full, len(found), err, layers)
		}
		if layers == 1 { // the library takes layers of an archive for gzip or plain tars
			if err := validate.Image(image); err != nil {
				t.Errorf("%s: %v", full, err)
			}
		}
		if config, err := image.ConfigFile(); err != nil || config.Architecture != "s390x" {
			t.Errorf("%s: %v, %v", full, config, err)
		}
	}

	dir := t.TempDir()
	written, err := writeTo(t, l, apps, "type=oci,dest="+dir+"/{app}-{platform}.tar", names, nil)
	var base []string
	for _, w := range written {
		base = append(base, filepath.Base(w))
	}
	if want := []string{"api-linux-s390x.tar", "api-linux-mips.tar", "web-linux-s390x.tar"}; err != nil || !slices.Equal(base, want) {
		t.Errorf("wrote %q, %v, want %q", base, err, want)
	}
}

// TestPipe writes into a named pipe: it waits for a reader, and ends with the context, also while
// the reader takes nothing.
func TestPipe(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	fill := func(size int) func(io.Writer) error {
		return func(w io.Writer) error {
			_, err := w.Write(make([]byte, size))
			return err
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if err := file(ctx, name, fill(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("without a reader: %v", err)
	}

	const size = 1 << 20 // more than the pipe holds
	written := make(chan error, 1)
	go func() { written <- file(t.Context(), name, fill(size)) }()
	got, err := os.ReadFile(name)
	if writeErr := <-written; err != nil || writeErr != nil || len(got) != size {
		t.Errorf("read %d bytes, %v, %v", len(got), err, writeErr)
	}

	reader, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if err := file(ctx, name, fill(size)); !errors.Is(err, context.Canceled) {
		t.Errorf("with a reader that takes nothing: %v", err)
	}
}
