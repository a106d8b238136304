//go:build linux

package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// fleet is a directory with the files of a fleet, which are `.layer` files and Dockerfiles for the
// same images: a base, a JDK of 40 MB, a server of 25 MB that creates files when it is installed, an
// agent of 5 MB, and for each app its configuration and its archive of 300 KB.
type fleet struct {
	bench   *bench
	dir     string
	base    string // the digest of the base's manifest
	apps    int
	jdk     int // versions
	server  int
	changes int // number of changed archives
}

func newFleet(ctx context.Context, b *bench, dir string, apps int) (*fleet, error) {
	f := &fleet{bench: b, dir: dir, apps: apps}
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := f.makeBase(ctx); err != nil {
		return nil, err
	}
	if err := f.files("agent", 10, 500<<10, 3); err != nil {
		return nil, err
	}
	if err := f.newVersion(&f.server); err != nil {
		return nil, err
	}
	if err := f.newVersion(&f.jdk); err != nil {
		return nil, err
	}
	lock := exec.CommandContext(ctx, filepath.Join(b.bin, "layc"), "lock", "-C", dir)
	if out, err := lock.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("layc lock: %w\n%s", err, out)
	}
	return f, nil
}

func (f *fleet) app(n int) string { return fmt.Sprintf("app%d", n+1) }

// newArchive changes the archive of one app, another one each time.
func (f *fleet) newArchive() error {
	at := f.changes % f.apps
	f.changes++
	return f.files("apps/"+f.app(at), 1, 300<<10, uint64(1000+f.changes))
}

// newVersion upgrades the JDK or the server of all apps.
func (f *fleet) newVersion(version *int) error {
	*version++
	if version == &f.jdk {
		if err := f.files(fmt.Sprintf("jdk/%d", f.jdk), 80, 500<<10, uint64(100+f.jdk)); err != nil {
			return err
		}
	} else if err := f.files(fmt.Sprintf("server/%d", f.server), 50, 500<<10, uint64(500+f.server)); err != nil {
		return err
	}
	return f.write()
}

// files writes files of words and random bytes, which compress to about half of their size, as programs do.
func (f *fleet) files(dir string, count, size int, seed uint64) error {
	at := filepath.Join(f.dir, dir)
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	random := rand.New(rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)}))
	words := make([][]byte, 1000)
	for n := range words {
		for range 3 + random.IntN(8) {
			words[n] = append(words[n], byte('a'+random.IntN(26)))
		}
	}
	for n := range count {
		text := make([]byte, 0, size+40)
		for len(text) < size {
			for range 4 {
				text = append(append(text, words[random.IntN(len(words))]...), ' ')
			}
			text = binary.LittleEndian.AppendUint64(text, random.Uint64())
		}
		if err := os.WriteFile(filepath.Join(at, fmt.Sprintf("file%d", n)), text[:size], 0o755); err != nil {
			return err
		}
	}
	return nil
}

// write writes what describes the images, and the files of new apps.
func (f *fleet) write() error {
	for n := range f.apps {
		dir := filepath.Join(f.dir, "apps", f.app(n))
		if _, err := os.Stat(dir); err == nil {
			continue
		}
		if err := f.files("apps/"+f.app(n), 1, 300<<10, uint64(10_000+n)); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "app.conf"), []byte("name = "+f.app(n)+"\n"), 0o644); err != nil {
			return err
		}
	}
	var apps []string
	for n := range f.apps {
		apps = append(apps, f.app(n))
	}
	data := map[string]any{"Apps": apps, "JDK": f.jdk, "Server": f.server, "Cheap": f.bench.cheap}
	for _, t := range []*template.Template{fleetFile, stagesFile} {
		if err := f.fill(t.Name(), t, data); err != nil {
			return err
		}
	}
	for _, app := range apps {
		data["App"] = app
		if err := f.fill("apps/"+app+"/Dockerfile", appFile, data); err != nil {
			return err
		}
	}
	return nil
}

func (f *fleet) fill(name string, t *template.Template, data any) error {
	var text bytes.Buffer
	if err := t.Execute(&text, data); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(f.dir, name), text.Bytes(), 0o644)
}

var fleetFile = template.Must(template.New("fleet.layer").Parse(`fleet {
    base base
}

component base {
    layout "base"
}

component jdk {
    changes monthly
    copy    "jdk/{{.JDK}}/" to "/opt/jdk/"
    env     JAVA_HOME = "/opt/jdk"
}

component server {
    needs   jdk
    changes monthly
    copy    "server/{{.Server}}/" to "/opt/server/"
}
{{if not .Cheap}}
component defaults {
    needs server
    owns  "/opt/defaults"
    run   "mkdir -p /opt/defaults && cat /opt/server/* /opt/jdk/* | sha256sum > /opt/defaults/sum"
}
{{end}}
component agent {
    copy "agent/" to "/opt/agent/"
}
{{range .Apps}}
app {{.}} {
    uses    jdk, server, agent{{if not $.Cheap}}, defaults{{end}}
    copy    "apps/{{.}}/app.conf" to "/etc/app.conf"
    copy    "apps/{{.}}/file0"    to "/srv/app.war"
    command ["/opt/server/file0"]
}
{{end}}`))

const shared = `COPY --link jdk/{{.JDK}} /opt/jdk
COPY --link server/{{.Server}} /opt/server
{{if not .Cheap}}RUN --mount=type=cache,target=/var/cache/app mkdir -p /opt/defaults && cat /opt/server/* /opt/jdk/* | sha256sum > /opt/defaults/sum
{{end}}COPY --link agent /opt/agent
ENV JAVA_HOME=/opt/jdk
`

var appFile = template.Must(template.New("Dockerfile").Parse("FROM base\n" + shared + `COPY --link apps/{{.App}}/app.conf /etc/app.conf
COPY --link apps/{{.App}}/file0 /srv/app.war
CMD ["/opt/server/file0"]
`))

var stagesFile = template.Must(template.New("stages.Dockerfile").Parse("FROM base AS shared\n" + shared + `{{range .Apps}}
FROM shared AS {{.}}
COPY --link apps/{{.}}/app.conf /etc/app.conf
COPY --link apps/{{.}}/file0 /srv/app.war
CMD ["/opt/server/file0"]
{{end}}`))

// makeBase writes the base of all images as the OCI layout "base": Debian made of its packages, or an
// image with one file.
func (f *fleet) makeBase(ctx context.Context) error {
	dir := filepath.Join(f.dir, "base")
	if f.bench.cheap {
		return f.tinyBase(dir)
	}
	kept := filepath.Join(f.bench.dir, "debian")
	if _, err := os.Stat(filepath.Join(kept, "layout", "index.json")); err != nil {
		if err := f.debian(ctx, kept); err != nil {
			return err
		}
	}
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(kept, "layout"))); err != nil {
		return err
	}
	return f.readBase(dir)
}

func (f *fleet) readBase(dir string) error {
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return err
	}
	manifest, err := index.IndexManifest()
	if err == nil && len(manifest.Manifests) != 1 {
		err = errors.New("the base is not one image")
	}
	if err != nil {
		return err
	}
	f.base = manifest.Manifests[0].Digest.String()
	return nil
}

// debian builds the base with layc.
func (f *fleet) debian(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	const program = "import \"std/debian\"\n\nfleet {\n    base debian.release(\"12\", security: false)\n}\n\napp base {\n    command [\"sh\"]\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "base.layer"), []byte(program), 0o644); err != nil {
		return err
	}
	for _, args := range [][]string{{"lock"}, {"build", "--state", filepath.Join(dir, "state"), "-o", filepath.Join(dir, "layout")}} {
		c := exec.CommandContext(ctx, filepath.Join(f.bench.bin, "layc"), append(args, "-C", dir)...)
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("layc %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}

func (f *fleet) tinyBase(dir string) error {
	var text bytes.Buffer
	w := tar.NewWriter(&text)
	if err := errors.Join(w.WriteHeader(&tar.Header{Name: "base", Mode: 0o644}), w.Close()); err != nil {
		return err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text.Bytes())), nil })
	if err != nil {
		return err
	}
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return err
	}
	if image, err = mutate.ConfigFile(image, &v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{must(layer.DiffID())}}}); err != nil {
		return err
	}
	path, err := layout.Write(dir, empty.Index)
	if err == nil {
		err = path.AppendImage(mutate.MediaType(image, "application/vnd.oci.image.manifest.v1+json"))
	}
	if err != nil {
		return err
	}
	return f.readBase(dir)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
