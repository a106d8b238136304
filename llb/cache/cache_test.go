package cache

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	"github.com/tonistiigi/fsutil"
)

// TestParse checks the places that texts mean.
func TestParse(t *testing.T) {
	for _, c := range []struct {
		text              string
		to                bool
		repository, dir   string
		prefix, mode, zip string
	}{
		{"registry.example.com/ci/cache", true, "registry.example.com/ci/cache", "", "layc", "max", ""},
		{"type=registry,ref=registry.example.com/app:ci,mode=min,compression=zstd", true, "registry.example.com/app", "", "ci", "min", "zstd"},
		{"type=registry,ref=localhost:5000/cache", false, "localhost:5000/cache", "", "layc", "max", ""},
		{"type=local,dest=/c", true, "", "/c", "", "max", ""},
		{"type=local,src=/c", false, "", "/c", "", "max", ""},
	} {
		p, err := Parse(c.text, c.to)
		if err != nil || p.Repository != c.repository || p.Dir != c.dir || p.Prefix != c.prefix || p.Attrs["mode"] != c.mode || p.Attrs["compression"] != c.zip {
			t.Errorf("%s is %+v, %v", c.text, p, err)
		}
	}
}

// TestParseErrors pins the errors of texts that mean no place.
func TestParseErrors(t *testing.T) {
	for _, c := range []struct {
		text string
		to   bool
		want string
	}{
		{"type=s3,bucket=x", true, "type=s3: expected one of registry, local, gha"},
		{"ref=a", true, "expected type=registry,ref=REPOSITORY, type=local,dest=DIR or type=gha"},
		{"type=registry", true, "type=registry needs ref=…"},
		{"type=local,dest=c", false, "did you mean src=c?"},
		{"type=local,src=c", true, "did you mean dest=c?"},
		{"type=local,src=c,ref=a", false, "type=local has no ref"},
		{"type=registry,ref=a,mode=all", true, "mode=all: expected one of max, min"},
		{"type=registry,ref=a,mode=max", false, "unknown attribute mode: expected one of ref, registry.insecure, scope, src, token, type, url, url_v2, version"},
		{"type=registry,ref=a,compression-level=high", true, "compression-level=high: expected a number"},
		{"type=registry,ref", true, "ref needs a value: ref=…"},
		{"./c", true, "expected a repository; for a directory, write type=local,dest=./c"},
		{"c/", false, "expected a repository; for a directory, write type=local,src=c/"},
		{"localhost:5000", true, "expected a repository and its registry, like registry.example.com/cache; for a directory, write type=local,dest=localhost:5000"},
		{"type=registry,ref=cache", false, "expected a repository and its registry, like registry.example.com/cache; for a directory, write type=local,src=cache"},
		{"registry.example.com/a@sha256:00", true, "expected a repository, not an image with a digest"},
	} {
		if _, err := Parse(c.text, c.to); err == nil || err.Error() != c.want {
			t.Errorf("%s: the error is %v, want %s", c.text, err, c.want)
		}
	}
}

// tree returns a local source with files.
func tree(t *testing.T, files map[string]string) fsutil.FS {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	source, err := fsutil.NewFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// keysOf returns the keys of a copy of two files, each in a step of its own, and of both together,
// by the steps' names, as a machine with the project at a place has them.
func keysOf(t *testing.T, where string, files map[string]string) map[string]string {
	t.Helper()
	local := llb.Local("project", llb.SharedKeyHint(where), llb.LocalUniqueID(where))
	a := llb.Scratch().File(llb.Copy(local, "/a/", "/"), llb.WithCustomName("a"))
	b := llb.Scratch().File(llb.Copy(local, "/b/*.txt", "/"), llb.WithCustomName("b"))
	def, err := llb.Merge([]llb.State{a, b}, llb.WithCustomName("both")).Marshal(t.Context(), llb.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	byVertex, err := Keys(t.Context(), "gzip", []*pb.Definition{def.ToPB()}, map[string]fsutil.FS{"project": tree(t, files)})
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{}
	for id, key := range byVertex {
		keys[def.Metadata[id].Description["llb.customname"]] = key
	}
	return keys
}

// TestKeys checks that keys follow from what is built, not from where, and that an edit changes the
// keys of the steps that see it.
func TestKeys(t *testing.T) {
	files := map[string]string{"a/one": "1", "a/two": "2", "b/x.txt": "x", "c": "c"}
	first := keysOf(t, "/home/one", files)
	if len(first) != 3 {
		t.Fatalf("the keys are %v, want three", first)
	}
	for name, c := range map[string]struct {
		path, text string
		changed    string
	}{
		"another place":     {"c", "c", ""},
		"a file of none":    {"c", "other", ""},
		"a file of one":     {"a/two", "other", "a both"},
		"one by a pattern":  {"b/x.txt", "other", "b both"},
		"a new file of one": {"a/three", "", "a both"},
	} {
		edited := maps.Clone(files)
		edited[c.path] = c.text
		var changed []string
		for step, key := range keysOf(t, "/home/two", edited) {
			if key != first[step] {
				changed = append(changed, step)
			}
		}
		slices.Sort(changed)
		if got := strings.Join(changed, " "); got != c.changed {
			t.Errorf("%s: the keys of %q change, want %q", name, got, c.changed)
		}
	}
}

// TestNames checks the names in a directory.
func TestNames(t *testing.T) {
	p, err := Parse("type=local,dest="+t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	d := digest.FromString("manifest")
	if err := p.Name(t.Context(), d, []string{"one", "two"}); err != nil {
		t.Fatal(err)
	}
	found, err := p.Find(t.Context(), []string{"one", "three", "two"})
	if err != nil || len(found) != 2 || found["one"] != d || found["two"] != d {
		t.Errorf("found %v, %v", found, err)
	}
	if all := found.Manifests(); len(all) != 1 {
		t.Errorf("the manifests are %v, want one", all)
	}
}
