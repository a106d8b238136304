//go:build linux

package llb_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/llb/engine"
	layoutof "github.com/layc-lang/layc/llb/registry"
)

// baseImage is an image of three layers: the tests' root file system, odd directories and a link,
// and a file that hides a file of the first layer.
func baseImage(t *testing.T) v1.Image {
	t.Helper()
	pack := func(headers ...*tar.Header) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, h := range headers {
			if err := w.WriteHeader(h); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{Type: "layers"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range [][]byte{
		rootfs(t),
		pack(
			&tar.Header{Name: "usr/lib/", Typeflag: tar.TypeDir, Mode: 0o755},
			&tar.Header{Name: "lib", Typeflag: tar.TypeSymlink, Linkname: "usr/lib"},
			&tar.Header{Name: "srv/", Typeflag: tar.TypeDir, Mode: 0o2750, Gid: 8},
			// No layer has an entry for /var, so its time depends on who unpacks it.
			&tar.Header{Name: "var/shared/", Typeflag: tar.TypeDir, Mode: 0o3775, Uid: 3, Gid: 8},
			&tar.Header{Name: "var/mail/", Typeflag: tar.TypeDir, Mode: 0o2775, Gid: 8},
		),
		pack(&tar.Header{Name: "etc/.wh.profile", Mode: 0o644}),
	} {
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

// TestBases builds on an image of three layers, from a registry that requires a login, and from
// an OCI layout of the project. Both produce the same image, with the base's layers at the
// bottom, on any engine.
func TestBases(t *testing.T) {
	b := newBuilder(t)
	image := baseImage(t)
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	images := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "reader" || password != "pass" {
			w.Header().Set("WWW-Authenticate", `Basic realm="base"`)
			http.Error(w, "who is it?", http.StatusUnauthorized)
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
	config := t.TempDir()
	t.Setenv("DOCKER_CONFIG", config)
	account := fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, host, base64.StdEncoding.EncodeToString([]byte("reader:pass")))
	if err := os.WriteFile(filepath.Join(config, "config.json"), []byte(account), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, image, remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		t.Fatal(err)
	}
	const program = `
fleet {
    base base
}

component base {
    BASE
}

component tool {
    owns "/opt/tool"
    run  """
        write /opt/tool/x 1
        has /usr/lib
    """
}

component stacked {
    run "write /etc/motd hello"
}

component beneath {
    dir  "/srv/plain"
    dir  "/srv/mode" mode 0711
    file "/srv/deep/er/x" text "x"
    copy "tree/" to "/srv/contents/"
    copy "tree" to "/srv/tree/named"
    copy "/opt/tool" from tool to "/srv/from/tool"
    run  "has /srv/plain"
}

component again {
    run  """
        removeall /var/shared
        removeall /var/mail
    """
    dir  "/var/mail"
    file "/var/shared/x" text "x"
}

component mixed {
    needs again
    owns  "/var/mail/mixed/own"
    file  "/var/mail/mixed/file" text "x"
    run   "write /var/mail/mixed/own/x 1"
}

app all {
    uses tool, stacked, beneath, again, mixed
    file "/srv/own/x" text "x"
    link "/srv/own/link" to "x"
    dir  "/var/drop" owner "5:6" mode 01777
    file "/var/drop/x" text "x"
    file "/opt/su" text "x" mode 04755
    dir  "/opt/group" owner "0:7" mode "g+s"
}
`
	build := func(base string) (map[string]file, engine.BuiltImage) {
		t.Helper()
		dir := b.write(map[string]string{"a.layer": strings.Replace(program, "BASE", base, 1), "tree/sub/x": "x"})
		if _, err := layout.Write(filepath.Join(dir, "system"), mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: image})); err != nil {
			t.Fatal(err)
		}
		pin(t, dir, lock.Refs{
			Images: []lock.ImageRef{{Reference: host + "/base:1", Platform: "linux/amd64"}},
			Bases:  []lock.BaseRef{{Kind: "layout", Name: "system", Digest: digest.String()}},
		})
		out := t.TempDir()
		result, err := b.solve(dir, out, sources{})
		if err != nil {
			t.Fatal(err)
		}
		return extract(t, out, result.Images[0]), result.Images[0]
	}
	files, first := build(`image "` + host + `/base:1"`)
	for name, want := range map[string]string{"/opt/tool/x": "1", "/etc/motd": "hello", "/srv/own/x": "x"} {
		if got := files[name].text; got != want {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
	if _, ok := files["/etc/profile"]; ok {
		t.Error("/etc/profile, which the base deletes, is in the image")
	}
	for name, want := range map[string]string{
		"/srv": "0:8 2750", // as in the base
		// A set-group-ID directory passes on its group, but not if a step declares the owner.
		"/srv/plain": "0:0 755", "/srv/mode": "0:0 711", "/srv/deep": "0:0 755", "/srv/deep/er": "0:0 755", "/srv/deep/er/x": "0:0 644",
		"/srv/contents": "0:0 755", "/srv/contents/sub": "0:0 755", "/srv/tree": "0:0 755", "/srv/tree/named": "0:0 755", "/srv/tree/named/sub/x": "0:0 644",
		"/srv/from": "0:0 755", "/srv/from/tool": "0:0 755", "/var/mail/mixed": "0:0 755", "/var/mail/mixed/own": "0:0 755", "/var/mail/mixed/own/x": "0:0 644",
		// A directory that a run has deleted comes back as it is in the base.
		"/var/mail": "0:8 2775", "/var/shared": "3:8 3775", "/var/shared/x": "0:0 644",
		"/srv/own": "0:0 755", "/srv/own/x": "0:0 644", "/srv/own/link": "0:0 777", "/var/drop": "5:6 1777", "/opt/su": "0:0 4755", "/opt/group": "0:7 2755",
	} {
		f := files[name]
		if got := fmt.Sprintf("%d:%d %o", f.Uid, f.Gid, f.Mode&0o7777); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if f := files["/lib"]; f.Linkname != "usr/lib" {
		t.Errorf("/lib leads to %q, want usr/lib", f.Linkname)
	}
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for n, l := range layers {
		if want, err := l.Digest(); err != nil || first.Layers[n].Digest.String() != want.String() {
			t.Errorf("layer %d is %s, want the base's %s (%v)", n, first.Layers[n].Digest, want, err)
		}
	}
	if _, second := build(`layout "system"`); second.Manifest != first.Manifest {
		t.Errorf("on a layout the image is %s, want %s as on the image in the registry", second.Manifest, first.Manifest)
	}
	b = newBuilder(t)
	if _, again := build(`image "` + host + `/base:1"`); again.Manifest != first.Manifest {
		t.Errorf("on another engine the image is %s, want %s", again.Manifest, first.Manifest)
	}
}

// pin adds the pins of refs to a project's lock file.
func pin(t *testing.T, dir string, refs lock.Refs) {
	t.Helper()
	file := filepath.Join(dir, lock.Name)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pins, err := lock.Parse(file, text)
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range refs.Images {
		image, err := layoutof.Client{}.Resolve(context.Background(), ref)
		if err != nil {
			t.Fatal(err)
		}
		pins.Images = append(pins.Images, image)
	}
	for _, ref := range refs.Bases {
		base, err := layoutof.Client{}.Base(context.Background(), dir, ref, 0)
		if err != nil {
			t.Fatal(err)
		}
		pins.Bases = append(pins.Bases, base)
	}
	pins.Sort()
	if err := os.WriteFile(file, pins.Format(), 0o644); err != nil {
		t.Fatal(err)
	}
}
