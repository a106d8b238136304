package importing

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/moby/patternmatcher/ignorefile"
	"github.com/tonistiigi/fsutil"

	"github.com/layc-lang/layc/compiler/model"
)

// TestIgnores makes random ignore files for contexts in and above each other. Each copy of a directory takes
// the files that BuildKit would have in the context.
func TestIgnores(t *testing.T) {
	names := []string{"a", "b", "c.md"}
	files := fstest.MapFS{}
	for _, x := range names[:2] {
		for _, y := range names {
			files[x+"/"+y+"/f.md"] = &fstest.MapFile{}
			files[x+"/"+y+"/g"] = &fstest.MapFile{}
		}
		files[x+"/top"] = &fstest.MapFile{}
	}
	project := t.TempDir()
	if err := os.CopyFS(project, files); err != nil {
		t.Fatal(err)
	}
	words := []string{"*", "**", "a", "b", "c.md", "*.md", "g", "t?p", "f.md"}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		text := func() string {
			var b strings.Builder
			for range r.IntN(4) {
				b.WriteString([]string{"", "", "!"}[r.IntN(3)])
				for n := range 1 + r.IntN(3) {
					if n > 0 {
						b.WriteByte('/')
					}
					b.WriteString(words[r.IntN(len(words))])
				}
				b.WriteByte('\n')
			}
			return b.String()
		}
		texts := map[string]string{".dockerignore": text(), "X.dockerignore": text(), "a/.dockerignore": text(), "a/b/.dockerignore": text()}
		all := fstest.MapFS{}
		for k, v := range files {
			all[k] = v
		}
		var builds []Build
		for _, b := range []Build{{Context: ".", File: "Dockerfile"}, {Context: ".", File: "X"}, {Context: "a", File: "a/Dockerfile"}, {Context: "a/b", File: "a/b/Dockerfile"}} {
			if r.IntN(3) > 0 {
				builds = append(builds, b)
			}
		}
		for k, v := range texts {
			all[k] = &fstest.MapFile{Data: []byte(v)}
		}
		ignores := readIgnores(Input{Files: all, Builds: builds})
		var lines []string
		if text := ignores.text(false); text != "" {
			lines = strings.Split(strings.TrimSpace(text), "\n")
		}
		im := &importer{in: Input{Files: all}, ignores: ignores}
		for _, b := range builds {
			s := &stage{file: &dockerfile{im: im, build: &b}}
			for _, dir := range []string{"", "a", "a/b", "b"} {
				source := path.Join(b.Context, dir)
				if _, err := fs.Stat(all, source); err != nil {
					continue
				}
				got := layered(t, all, source, lines, excluding(s, b.Context, []string{source + "/"})[0].patterns)
				name := b.File + ".dockerignore"
				if b.File != "X" {
					name = path.Join(b.Context, ".dockerignore")
				}
				want := inContext(t, project, b.Context, source, texts[name])
				if !slices.Equal(got, want) {
					t.Fatalf("seed %d: %s of %s with %q\n.layerignore %q exclude %q\ngot %q\nwant %q", seed, source, b.File, texts, lines, excluding(s, b.Context, []string{source + "/"})[0].patterns, got, want)
				}
			}
		}
	}
}

// layered returns the files that layc copies.
func layered(t *testing.T, files fs.FS, source string, ignore, exclude []string) []string {
	s := model.Selection{Sources: []model.Source{{Path: source, Contents: true}}, Ignore: ignore, Exclude: exclude}
	all, _, err := s.Files(files, nil)
	if err != nil {
		t.Fatal(err, ignore, exclude)
	}
	var out []string
	for _, f := range all {
		if !f.IsDir() && path.Ext(f.Name) != ".dockerignore" {
			out = append(out, f.Name)
		}
	}
	slices.Sort(out)
	return out
}

// inContext returns the files in a directory of a context that BuildKit sends.
func inContext(t *testing.T, project, context, source, ignore string) []string {
	patterns, err := ignorefile.ReadAll(strings.NewReader(ignore))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := fsutil.NewFS(filepath.Join(project, context))
	if err != nil {
		t.Fatal(err)
	}
	if tree, err = fsutil.NewFilterFS(tree, &fsutil.FilterOpt{ExcludePatterns: patterns}); err != nil {
		t.Fatal(err)
	}
	var out []string
	err = tree.Walk(t.Context(), "", func(name string, d fs.DirEntry, err error) error {
		if name = path.Join(context, name); err == nil && !d.IsDir() && inside(name, source) {
			out = append(out, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}
