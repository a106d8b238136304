package compiler_test

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// TestOneMistake removes, doubles and damages every third token of the examples in turn, or with
// LAYC_SEEDS=all each one, and compiles the result. One mistake must cause one error in nearly all
// cases, and never many.
func TestOneMistake(t *testing.T) {
	every := 3 // fewer say too little about a share of 2 %
	if os.Getenv("LAYC_SEEDS") == "all" {
		every = 1
	}
	mistakes, more := 0, 0
	for _, name := range []string{"shop/shop.layer", "tomcat/tomcat.layer", "openliberty/openliberty.layer", "jupyter/jupyter.layer", "selenium/selenium.layer"} {
		files := memory(t, os.DirFS("../testdata/"+path.Dir(name)))
		file := path.Base(name)
		text := string(files[file].Data)
		if list := findings(files); len(list) > 0 {
			t.Fatalf("%s: %s", name, list[0].Message)
		}
		tree, _ := syntax.Parse(source.New(file, text))
		for n, token := range tree.Tokens {
			if token.Kind == syntax.EOF || token.Kind == syntax.Comment || n%every > 0 {
				continue
			}
			before, word, after := text[:token.Start], text[token.Start:token.End], text[token.End:]
			for _, spoilt := range []string{before + after, before + word + " " + word + after, before + "@@" + after, before + "zzz" + after} {
				files := maps.Clone(files)
				files[file] = &fstest.MapFile{Data: []byte(spoilt)}
				list := findings(files)
				mistakes++
				if len(list) > 1 {
					more++
				}
				if len(list) > 3 {
					var out bytes.Buffer
					if err := diag.Render(&out, list, diag.Options{}); err != nil {
						t.Fatal(err)
					}
					t.Errorf("%s, line %d, at %s: %d findings for one mistake:\n%s",
						name, tree.Source.Position(int(token.Start)).Line, word, len(list), out.String())
				}
			}
		}
	}
	if more*50 > mistakes {
		t.Errorf("%d of %d mistakes cause more than one finding", more, mistakes)
	}
}

func findings(files fs.FS) diag.List {
	_, list := compiler.Compile(compiler.Input{
		Project: files, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"},
	}, compiler.Bound)
	return list.Sorted()
}

// memory reads a directory into memory.
func memory(t *testing.T, files fs.FS) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		out[name] = &fstest.MapFile{Data: text, Mode: 0o644}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
