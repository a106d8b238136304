//go:build linux

package llb_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/helper"
	"github.com/layc-lang/layc/llb/project"
)

// builder builds programs on the real engine, on a root file system with nothing but testdata/sh
// as its shell.
type builder struct {
	t      *testing.T
	engine *engine.Engine
	url    string
	sum    string // of the root file system
	empty  string // of a root file system without files
}

func newBuilder(t *testing.T) *builder {
	t.Helper()
	if os.Getenv("LAYC_REQUIRE_ENGINE") != "1" {
		t.Skip("needs root and runc; set LAYC_REQUIRE_ENGINE=1 to run it")
	}
	archive, empty := rootfs(t), emptyRootfs(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/rootfs.tar":
			_, _ = w.Write(archive)
		case "/empty.tar":
			_, _ = w.Write(empty)
		case "/hello":
			fmt.Fprint(w, "hello")
		case "/late": // later than files that were new need to settle
			time.Sleep(3 * time.Second)
			fmt.Fprint(w, "late")
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	runc, err := filepath.Abs("../bin/layc-runc")
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(t.Context(), engine.Options{State: t.TempDir(), Runc: runc})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("closing the engine: %v", err)
		}
	})
	return &builder{t, e, server.URL, fmt.Sprintf("%x", sha256.Sum256(archive)), fmt.Sprintf("%x", sha256.Sum256(empty))}
}

// shell returns the program testdata/sh, built once.
var shell = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "layc-sh-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, "sh"), "./testdata/sh")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	return os.ReadFile(filepath.Join(dir, "sh"))
})

// rootfs returns an archive with /bin/sh, /etc/passwd and /etc/group.
func rootfs(t *testing.T) []byte {
	t.Helper()
	program, err := shell()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range []struct {
		name string
		mode int64
		text []byte
	}{
		{"bin/sh", 0o755, program},
		{"etc/passwd", 0o644, []byte("root:x:0:0:root:/root:/bin/sh\n")},
		{"etc/group", 0o644, []byte("root:x:0:\nusers:x:100:\n")},
		{"etc/profile", 0o644, []byte("base")},
		{"etc/hosts", 0o644, nil},
		{"etc/resolv.conf", 0o644, nil},
		{"dev/", 0o755, nil},
		{"proc/", 0o755, nil},
		{"sys/", 0o755, nil},
		{"bin/", 0o755, nil},
	} {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.text)), ModTime: time.Unix(llb.Epoch, 0)}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// emptyRootfs returns an archive with one empty directory.
func emptyRootfs(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := errors.Join(w.WriteHeader(&tar.Header{Name: "srv/", Typeflag: tar.TypeDir, Mode: 0o755, ModTime: time.Unix(llb.Epoch, 0)}), w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// build builds a program, after it replaces $URL and $SUM, and returns the files of its first
// image and the engine's result.
func (b *builder) build(program string, secrets map[string][]byte) (files map[string]file, result *engine.Result, err error) {
	b.t.Helper()
	return b.make(sources{files: map[string]string{"a.layer": program}, secrets: secrets})
}

// sources are the inputs of a build.
type sources struct {
	files   map[string]string // $URL, $SUM and $EMPTY are replaced in all of them; layc.lock also gets the pin of $URL/hello
	modules map[load.Repository]load.Fetched
	secrets map[string][]byte
	agent   string // the socket of an SSH agent
}

// write writes the files of a project into a new directory.
func (b *builder) write(files map[string]string) (dir string) {
	b.t.Helper()
	dir = b.t.TempDir()
	hello := fmt.Sprintf("%x", sha256.Sum256([]byte("hello")))
	files = maps.Clone(files)
	files[lock.Name] = "layc-lock 1\nurl $URL/hello sha256:" + hello + " 5\n" + files[lock.Name]
	fill := strings.NewReplacer("$URL", b.url, "$SUM", b.sum, "$EMPTY", b.empty)
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(fill.Replace(text)), 0o644)); err != nil {
			b.t.Fatal(err)
		}
	}
	return dir
}

// make builds all images and returns the files of the first one.
func (b *builder) make(s sources) (map[string]file, *engine.Result, error) {
	b.t.Helper()
	out := b.t.TempDir()
	result, err := b.solve(b.write(s.files), out, s)
	if err != nil {
		return nil, nil, err
	}
	return extract(b.t, out, result.Images[0]), result, nil
}

// solve builds the project in dir into the layout out.
func (b *builder) solve(dir, out string, s sources) (*engine.Result, error) {
	t := b.t
	t.Helper()
	compiled, list := compiler.Compile(compiler.Input{
		Project: os.DirFS(dir), Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"}, Modules: s.modules,
	}, compiler.Planned)
	if list.HasErrors() {
		var text bytes.Buffer
		_ = diag.Render(&text, list, diag.Options{})
		t.Fatal(text.String())
	}
	g, err := llb.Lower(compiled.Targets[0].Plan, llb.Options{Tree: "tree"})
	if err != nil {
		t.Fatal(err)
	}
	req := engine.Request{
		Locals: helper.Sources(), Layouts: map[string]string{}, Secrets: s.secrets, SSHAgent: s.agent, Output: engine.Output{Dir: out},
	}
	req.Locals[llb.ProjectSource] = project.Source(compiled.Files, g.Selections)
	for _, name := range g.Layouts {
		req.Layouts[name] = filepath.Join(dir, name)
	}
	for _, i := range g.Images {
		req.Images = append(req.Images, engine.Image{Name: i.App.Name, Platform: i.Platform, Definition: i.Definition(), Config: i.Config})
	}
	return b.engine.Build(t.Context(), req)
}

// file is a file of an image.
type file struct {
	text string
	tar.Header
}

func extract(t *testing.T, dir string, built engine.BuiltImage) map[string]file {
	t.Helper()
	path, err := layout.FromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := v1.NewHash(built.Manifest.String())
	if err != nil {
		t.Fatal(err)
	}
	image, err := path.Image(digest)
	if err != nil {
		t.Fatal(err)
	}
	in := mutate.Extract(image)
	defer in.Close()
	files := map[string]file{}
	for r := tar.NewReader(in); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files["/"+strings.Trim(h.Name, "/")] = file{string(text), *h}
	}
}
