//go:build linux

package exact_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/exact"
)

// Files of the project: what copies select, and the engine's state after edits. The truth is read
// from the project's directory.

// layerTime is the time of all files in a layer, in nanoseconds.
const layerTime = 315532800 * 1e9

// projects builds projects with bin/layc on one state.
type projects struct {
	*testing.T
	dir  string
	layc string
	base exact.Tree // the root file system of all projects' base
}

func newProjects(t *testing.T) *projects {
	t.Helper()
	if os.Getenv("LAYC_REQUIRE_ENGINE") != "1" {
		t.Skip("needs root and the engine; set LAYC_REQUIRE_ENGINE=1 to run it")
	}
	layc, err := filepath.Abs("../../bin/layc")
	if err != nil {
		t.Fatal(err)
	}
	return &projects{T: t, dir: t.TempDir(), layc: layc}
}

func (p *projects) ok(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// create creates a project on a minimal base.
func (p *projects) create(name string) string {
	dir := filepath.Join(p.dir, name)
	var content bytes.Buffer
	w := tar.NewWriter(&content)
	p.ok(w.WriteHeader(&tar.Header{Name: "base/", Typeflag: tar.TypeDir, Mode: 0o755, ModTime: time.Unix(1, 0)}))
	p.ok(w.Close())
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content.Bytes())), nil })
	p.ok(err)
	image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{Type: "layers"}})
	p.ok(err)
	image, err = mutate.AppendLayers(image, layer)
	p.ok(err)
	_, err = layout.Write(filepath.Join(dir, "system"), mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: image}))
	p.ok(err)
	if p.base == nil {
		p.base = p.unpacked(filepath.Join(dir, "system"), "")
	}
	return dir
}

// program writes a project's program and pins its base.
func (p *projects) program(dir string, apps []string) {
	text := "fleet {\n    base base\n}\n\ncomponent base {\n    layout \"system\"\n}\n\n" + strings.Join(apps, "")
	p.ok(os.WriteFile(filepath.Join(dir, "a.layer"), []byte(text), 0o644))
	p.run("lock", "-C", dir)
}

func (p *projects) run(args ...string) string {
	p.Helper()
	out, err := exec.Command(p.layc, args...).CombinedOutput()
	if err != nil {
		p.Fatalf("layc %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// build builds a project on the shared state, and returns its layout and layc's output.
func (p *projects) build(dir string) (out, says string) {
	p.Helper()
	out = dir + ".out"
	return out, p.run("build", "-C", dir, "-o", out, "--state", filepath.Join(p.dir, "state"))
}

func (p *projects) unpacked(layout, ref string) exact.Tree {
	p.Helper()
	dir, err := os.MkdirTemp(p.dir, "image")
	p.ok(err)
	defer os.RemoveAll(dir)
	p.ok(exact.Unpack(layout, ref, dir))
	tree, err := exact.Read(dir)
	p.ok(err)
	return tree
}

// image returns an image without the files of its base.
func (p *projects) image(layout, app string) exact.Tree {
	p.Helper()
	tree := p.unpacked(layout, app)
	for at := range p.base {
		delete(tree, at)
	}
	return tree
}

// asCopied returns a project's entry as a copy stores it.
func asCopied(e exact.Entry) exact.Entry {
	out := exact.Entry{Mode: e.Mode & unix.S_IFMT, Size: e.Size, Sum: e.Sum, Target: e.Target, Mtime: layerTime}
	switch {
	case out.Mode == unix.S_IFLNK:
		out.Mode |= 0o777
	case out.Mode == unix.S_IFDIR || e.Mode&0o111 != 0:
		out.Mode |= 0o755
	default:
		out.Mode |= 0o644
	}
	return out
}

var plainDir = exact.Entry{Mode: unix.S_IFDIR | 0o755, Mtime: layerTime}

// fileNames are names of files; most have a meaning in patterns.
var fileNames = []string{
	"a", "b", "c.txt", "d.js", "d.test.js", "secret.env", "e f", "\u00e9", "!x", "[id].js", `a\b`, "new\nline", " lead", "trail ", ".hidden", "keep.log", "x.log", "#c", "*", "q?",
}

var dirNames = []string{"d", "lib", "node_modules", "x.d", "deep dir", "!n", "[p]"}

// sow fills a directory with random files, directories and links.
func sow(r *rand.Rand, dir string, depth int) error {
	if info, err := os.Lstat(dir); err == nil && !info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var all error
	for range 1 + r.IntN(6) {
		name := filepath.Join(dir, fileNames[r.IntN(len(fileNames))])
		if r.IntN(8) == 0 {
			_ = os.Symlink([]string{"a", "b", "../c", "nowhere"}[r.IntN(4)], name)
			continue
		}
		all = errors.Join(all, write(r, name, sizes[r.IntN(len(sizes))]))
	}
	if depth > 0 {
		for range r.IntN(3) {
			all = errors.Join(all, sow(r, filepath.Join(dir, dirNames[r.IntN(len(dirNames))]), depth-1))
		}
		if r.IntN(4) == 0 {
			all = errors.Join(all, os.MkdirAll(filepath.Join(dir, "empty"), 0o755))
		}
	}
	return all
}

var sizes = []int{0, 1, 8, 8, 8, 4096, 70000}

// write writes random bytes to a file, new or not, always with the same time.
func write(r *rand.Rand, name string, size int) error {
	if info, err := os.Lstat(name); err == nil && !info.Mode().IsRegular() {
		return nil
	}
	text := make([]byte, size)
	for n := range text {
		text[n] = 'a' + byte(r.IntN(26))
	}
	if err := os.WriteFile(name, text, 0o644); err != nil {
		return err
	}
	mode := []fs.FileMode{0o644, 0o644, 0o600, 0o755, 0o664, 0o700}[r.IntN(6)]
	return errors.Join(os.Chmod(name, mode), os.Chtimes(name, longAgo, longAgo))
}

var longAgo = time.Unix(1e9, 0)
