//go:build linux

package llb_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/images"
)

// settles is the age from which a file's change time tells versions apart.
const settles = 2100 * time.Millisecond

// recorded is a project that is built again and again, each time by another engine on one state.
type recorded struct {
	*testing.T
	dir, state, out string
	log             string // whose engine writes it, if it starts
}

// built builds all apps, and returns the digests of their images, by name, and the number of executed steps.
// started says whether the engine has started.
func (r *recorded) built(output engine.Output) (digests map[string]string, executed int, started bool) {
	r.Helper()
	if err := os.Remove(r.log); err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.Fatal(err)
	}
	compiled, list := compiler.Compile(compiler.Input{Project: os.DirFS(r.dir), Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"}}, compiler.Planned)
	if list.HasErrors() {
		r.Fatal(list[0].Message)
	}
	runc, err := filepath.Abs("../bin/layc-runc")
	if err != nil {
		r.Fatal(err)
	}
	e, err := engine.Open(r.Context(), engine.Options{State: r.state, Runc: runc, Later: true})
	if err != nil {
		r.Fatal(err)
	}
	in := images.Input{Files: compiled.Files, Dir: r.dir, Output: output, Native: e.Native()}
	for _, target := range compiled.Targets {
		in.Plans = append(in.Plans, target.Plan)
	}
	result, err := images.Build(r.Context(), e, in)
	if err = errors.Join(err, e.Close()); err != nil {
		r.Fatal(err)
	}
	digests = map[string]string{}
	for _, i := range result.Images {
		digests[i.Name] = i.Manifest.String()
		for _, l := range i.Layers {
			info, err := os.Stat(filepath.Join(output.Dir, "blobs", "sha256", l.Digest.Encoded()))
			if err != nil || info.Size() != l.Size {
				r.Errorf("%s lacks the layer %s: %v", i.Name, l.Digest, err)
			}
		}
	}
	_, unused := os.Stat(r.log)
	return digests, len(result.Steps.Executed), unused == nil
}

// write writes a file with the same time, whatever its content, and waits until its change time
// is old enough to tell versions apart.
func (r *recorded) write(files map[string]string) {
	r.Helper()
	for name, text := range files {
		at := filepath.Join(r.dir, name)
		if err := errors.Join(os.WriteFile(at, []byte(text), 0o644), os.Chtimes(at, time.Unix(1e9, 0), time.Unix(1e9, 0))); err != nil {
			r.Fatal(err)
		}
	}
	time.Sleep(settles)
}

// TestRecords builds again what is known, after changes that a record must not hide.
func TestRecords(t *testing.T) {
	b := newBuilder(t)
	r := &recorded{T: t, state: t.TempDir(), out: filepath.Join(t.TempDir(), "out")}
	r.log = filepath.Join(r.state, "engine.log")
	r.dir = b.write(map[string]string{"a.layer": `fleet {
    base base
}

component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
}

component shared {
    copy "shared/" to "/opt/shared/"
}

app a {
    uses shared
    copy "a.conf" to "/etc/a.conf"
}

app b {
    uses shared
    copy "b.conf" to "/etc/b.conf"
}
`, "shared/x": "x"})
	r.write(map[string]string{"a.conf": "one", "b.conf": "one", "shared/x": "x"})
	output := engine.Output{Dir: r.out}
	first, executed, _ := r.built(output)
	if executed == 0 {
		t.Fatal("the first build executes nothing")
	}
	expect := func(what string, same, started bool) map[string]string {
		t.Helper()
		now, _, did := r.built(output)
		if (fmt.Sprint(now) == fmt.Sprint(first)) != same || did != started {
			t.Errorf("%s: the images are %v, were %v; the engine starts: %v", what, now, first, did)
		}
		return now
	}
	expect("nothing has changed", true, false)

	r.write(map[string]string{"a.conf": "two"})
	if now := expect("another content of the same size and time", false, true); now["b"] != first["b"] || now["a"] == first["a"] {
		t.Errorf("a has changed, and the images are %v, were %v", now, first)
	}
	expect("nothing has changed again", false, false)
	r.write(map[string]string{"a.conf": "one"})
	expect("the first content again", true, true)

	// Two files exchange their names: both keep their sizes, times and inodes.
	r.write(map[string]string{"b.conf": "two"})
	expect("b has changed", false, true)
	if err := errors.Join(os.Rename(filepath.Join(r.dir, "a.conf"), filepath.Join(r.dir, "c")), os.Rename(filepath.Join(r.dir, "b.conf"), filepath.Join(r.dir, "a.conf")), os.Rename(filepath.Join(r.dir, "c"), filepath.Join(r.dir, "b.conf"))); err != nil {
		t.Fatal(err)
	}
	if now := expect("two files are exchanged", false, true); now["b"] != first["b"] {
		t.Errorf("b has its first content, and is %s, was %s", now["b"], first["b"])
	}
	r.write(map[string]string{"a.conf": "one", "b.conf": "one"})
	expect("the first content of both", true, true)
	if err := os.Chmod(filepath.Join(r.dir, "a.conf"), 0o755); err != nil {
		t.Fatal(err)
	}
	expect("a file is executable", false, true)
	if err := os.Chmod(filepath.Join(r.dir, "a.conf"), 0o644); err != nil {
		t.Fatal(err)
	}
	time.Sleep(settles)
	expect("it is not any more", true, true)
	expect("nothing has changed once more", true, false)

	// The layout.
	blobs, err := filepath.Glob(filepath.Join(r.out, "blobs", "sha256", "*"))
	if err != nil || len(blobs) < 8 {
		t.Fatal(blobs, err)
	}
	before := map[string][]byte{}
	for _, blob := range blobs {
		text, err := os.ReadFile(blob)
		if err != nil {
			t.Fatal(err)
		}
		before[blob] = text
	}
	intact := func(what string) {
		t.Helper()
		for blob, text := range before {
			if now, err := os.ReadFile(blob); err != nil || !bytes.Equal(now, text) {
				t.Errorf("%s: the blob %s is not what it was: %v", what, filepath.Base(blob), err)
			}
		}
	}
	for _, blob := range blobs {
		if err := os.Remove(blob); err != nil {
			t.Fatal(err)
		}
		now, _, _ := r.built(output)
		if fmt.Sprint(now) != fmt.Sprint(first) {
			t.Errorf("without a blob the images are %v, were %v", now, first)
		}
		intact("a blob was removed")
	}
	if err := os.RemoveAll(r.out); err != nil {
		t.Fatal(err)
	}
	expect("the layout is removed", true, true)
	intact("the layout was removed")

	// Another output of the same images.
	annotated := engine.Output{Dir: r.out, Annotations: map[string]string{"a": "b"}}
	if now, _, started := r.built(annotated); now["a"] == first["a"] || started {
		t.Errorf("annotated images are %v, were %v; the engine starts: %v", now, first, started)
	}
	expect("without annotations", true, false)
	intact("annotations were removed")
	zstd := engine.Output{Dir: r.out, Compression: engine.Compression{Type: "zstd"}}
	if now, _, _ := r.built(zstd); now["a"] == first["a"] {
		t.Error("images with another compression are the same")
	}
	expect("the usual compression", true, true)

	// A temporary layout has links to the engine's blobs, as long as the engine has them.
	temporary := func(what string, known bool) {
		t.Helper()
		dir, remove, err := engine.TemporaryLayout(engine.Options{State: r.state})
		if err != nil {
			t.Fatal(err)
		}
		defer remove()
		if now, _, started := r.built(engine.Output{Dir: dir, Temporary: true}); fmt.Sprint(now) != fmt.Sprint(first) || started == known {
			t.Errorf("%s: the images are %v, were %v; the engine starts: %v", what, now, first, started)
		}
	}
	temporary("a temporary layout", true)

	// The state.
	records, err := filepath.Glob(filepath.Join(r.state, "records", "[0-9a-f]*"))
	if err != nil || len(records) < 4 {
		t.Fatal(records, err)
	}
	for n, at := range records {
		text, err := os.ReadFile(at)
		if err != nil {
			t.Fatal(err)
		}
		damaged := [][]byte{text[:len(text)/2], nil, append(text[:len(text)-1:len(text)-1], 'x'), []byte(strings.Repeat("x", 100))}[n%4]
		if err := os.WriteFile(at, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	expect("damaged records", true, true)
	expect("they are written again", true, false)
	if err := os.RemoveAll(filepath.Join(r.state, "runc-overlayfs", "content", "blobs")); err != nil {
		t.Fatal(err)
	}
	expect("the engine has lost its blobs, and the layout has them", true, false)
	if err := os.RemoveAll(r.state); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(r.state, 0o700); err != nil {
		t.Fatal(err)
	}
	expect("the state is lost", true, true)
	temporary("a state that was lost", true)
}

// TestRecordsOfNewFiles builds files that were written just before, as in a new checkout. The build takes
// longer than they need to settle, so the next one knows them by other evidence. What was changed meanwhile is
// built again.
func TestRecordsOfNewFiles(t *testing.T) {
	b := newBuilder(t)
	r := &recorded{T: t, state: t.TempDir(), out: filepath.Join(t.TempDir(), "out")}
	r.log = filepath.Join(r.state, "engine.log")
	program := func(late string) map[string]string {
		return map[string]string{"a.layer": `fleet {
    base scratch
}

app a {
    copy  "a.conf" to "/etc/a.conf"
    fetch "$URL/late?` + late + `" sha256 "` + fmt.Sprintf("%x", sha256.Sum256([]byte("late"))) + `" to "/late"
}
`, "a.conf": "one"}
	}
	for _, change := range []bool{false, true} {
		r.dir = b.write(program(fmt.Sprint(change)))
		if change {
			go func() {
				time.Sleep(time.Second)
				_ = os.WriteFile(filepath.Join(r.dir, "a.conf"), []byte("two"), 0o644)
			}()
		}
		output := engine.Output{Dir: r.out}
		if _, _, started := r.built(output); !started {
			t.Fatal("the first build starts no engine")
		}
		time.Sleep(settles)
		if _, _, started := r.built(output); started != change {
			t.Errorf("a file is changed during the build: %v; the engine starts again: %v", change, started)
		}
		if _, _, started := r.built(output); started {
			t.Error("nothing has changed, and the engine starts")
		}
	}
}
