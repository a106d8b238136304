package importing_test

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/layc-lang/layc/compiler/importing"
	"github.com/layc-lang/layc/lang/format"
	"github.com/layc-lang/layc/lang/source"
)

// FuzzImport imports any text as a Dockerfile. A module is valid, and in canonical form.
func FuzzImport(f *testing.F) {
	cases, err := filepath.Glob("../../testdata/import/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range cases {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if strings.HasSuffix(file.Name, "Dockerfile") {
				f.Add(string(file.Data))
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		files := fstest.MapFS{"Dockerfile": {Data: []byte(text)}, "a": {Data: []byte("a")}, "dir/b": {Data: []byte("b")}}
		found, err := importing.Find(files, []string{"."})
		if err != nil {
			t.Skip()
		}
		r, err := importing.Import(importing.Input{Files: files, Builds: found.Builds, Skipped: found.Skipped})
		if err != nil {
			if strings.Contains(err.Error(), "the module would have an error") {
				t.Fatalf("%v\n%s", err, text)
			}
			return
		}
		again, wrong := format.Source(source.New("fleet.layer", r.Module))
		if wrong.HasErrors() || again != r.Module {
			t.Fatalf("not canonical: %v\n%s", wrong, r.Module)
		}
	})
}
