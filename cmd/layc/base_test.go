package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	of "github.com/layc-lang/layc/llb/registry"
)

// TestLockBases pins base systems of all kinds with the facts that layers depend on, and updates
// one that has changed.
func TestLockBases(t *testing.T) {
	archive := system(t, "odd", 0o700)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(archive); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	declared := system(t, "declared", 0o711)
	images := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/declared.tar" {
			_, _ = w.Write(declared)
			return
		}
		if r.URL.Path == "/root.tar.gz" {
			_, _ = w.Write(packed.Bytes())
			return
		}
		images.ServeHTTP(w, r)
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	ref, err := name.ParseReference(host + "/base:1")
	if err != nil {
		t.Fatal(err)
	}
	configured, err := mutate.Config(imageOf(t, archive, system(t, "more", 0o2755)), v1.Config{
		User: "1001", Cmd: []string{"sh", "-l"}, Env: []string{"A=b=c", "PATH=/bin"}, ExposedPorts: map[string]struct{}{"80/tcp": {}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, configured); err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	if _, err := layout.Write(filepath.Join(dir, "system"), mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: imageOf(t, archive)})); err != nil {
		t.Fatal(err)
	}
	program := fmt.Sprintf(`
component image {
    image "%[1]s/base:1"
}

component layout {
    layout "system"
}

component archive {
    rootfs "%[2]s/root.tar.gz"
}

component declared {
    rootfs "%[2]s/gone.tar", "%[2]s/declared.tar" sha256 "%[3]x"
}

app a {
    base image
}

app d {
    base declared
}

app b {
    base layout
}

app c {
    base archive
}
`, host, server.URL, sha256.Sum256(declared))
	if err := os.WriteFile(filepath.Join(dir, "a.layer"), []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) {
		t.Helper()
		var out, err bytes.Buffer
		c := &cli{out: &out, err: &err, ready: readyFake, open: openFake}
		if code := c.run(t.Context(), append(args, "-C", dir, "--platform", "linux/amd64")); code != 0 {
			t.Fatalf("layc %s: exit code %d\n%s%s", strings.Join(args, " "), code, &out, &err)
		}
	}
	facts := func() string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(dir, "layc.lock"))
		if err != nil {
			t.Fatal(err)
		}
		var kept []string
		for line := range strings.Lines(string(text)) {
			if !regexp.MustCompile(`^(base|config|dir|link|image) `).MatchString(line) {
				continue
			}
			kept = append(kept, regexp.MustCompile(`sha256:[0-9a-f]+|127\.0\.0\.1:\d+`).ReplaceAllStringFunc(strings.TrimSpace(line), func(d string) string {
				if !strings.HasPrefix(d, "sha256") {
					return "HOST"
				}
				return ""
			}))
		}
		return strings.Join(kept, "\n")
	}
	run("lock")
	first := facts()
	if got, want := strings.Count(first, "dir  /odd 0:0 0700"), 3; got != want {
		t.Errorf("the lock file has the odd directory %d times, want %d:\n%s", got, want, first)
	}
	for _, want := range []string{
		"base  2 configured", "base  1 configured", "config  user 1001", `config  "env A" b=c`, `config  command ["sh","-l"]`,
		`config  expose ["80/tcp"]`, "dir  /more 0:0 02755", "dir  /declared 0:0 0711", "link  /bin /usr/bin", "image HOST/base:1 linux/amd64 ",
	} {
		if !strings.Contains(first, want) {
			t.Errorf("the lock file lacks %q:\n%s", want, first)
		}
	}
	run("check", "--locked")

	if err := remote.Write(ref, imageOf(t, archive)); err != nil {
		t.Fatal(err)
	}
	run("lock")
	if got := facts(); got != first {
		t.Errorf("lock changes existing pins:\n%s", got)
	}
	run("update", host+"/base:1")
	if got := facts(); strings.Contains(got, "/more") || strings.Contains(got, "base  2") {
		t.Errorf("after the update the lock file still has:\n%s", got)
	}
	run("check", "--locked")

	// All bases can be vendored. The second time nothing is downloaded.
	run("vendor", "--all")
	if err := of.Validate(filepath.Join(dir, "vendor", "layc-images")); err != nil {
		t.Error(err)
	}
	server.Close()
	run("vendor", "--all", "--check")
	run("vendor", "--all")
	run("check", "--locked")
}

// system returns an archive of a root file system with one directory of a given mode.
func system(t *testing.T, odd string, mode int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []*tar.Header{
		{Name: "usr/bin/", Typeflag: tar.TypeDir, Mode: 0o755},
		{Name: "bin", Typeflag: tar.TypeSymlink, Linkname: "usr/bin"},
		{Name: odd + "/", Typeflag: tar.TypeDir, Mode: mode},
	} {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// imageOf returns an image of layers.
func imageOf(t *testing.T, layers ...[]byte) v1.Image {
	t.Helper()
	image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{Type: "layers"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range layers {
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil })
		if err != nil {
			t.Fatal(err)
		}
		if image, err = mutate.AppendLayers(image, layer); err != nil {
			t.Fatal(err)
		}
	}
	return image
}
