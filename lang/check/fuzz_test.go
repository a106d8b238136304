package check_test

import (
	"bytes"
	"path/filepath"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/stdlib"
)

// FuzzCheck checks that Check accepts any text, and that its errors can be displayed and do not
// depend on the order of maps.
func FuzzCheck(f *testing.F) {
	cases, err := filepath.Glob("../../testdata/compile/*.txtar")
	if err != nil || len(cases) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range cases {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if filepath.Ext(file.Name) == ".layer" {
				f.Add(string(file.Data))
			}
		}
	}
	for _, e := range diag.Entries() {
		if len(e.Example) < 1000 {
			f.Add(e.Example)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, second := checked(t, text), checked(t, text)
		if first != second {
			t.Errorf("checking twice differs:\n%s\nand\n%s", first, second)
		}
	})
}

// checked returns the result of Check for a module, and its errors and warnings.
func checked(t *testing.T, text string) string {
	program, list := load.Load(load.Input{
		Project: fstest.MapFS{"a.layer": {Data: []byte(text)}, "web/web.layer": {Data: []byte("component server(port: int = 80) {\n}\n")}},
		Dir:     ".", Std: stdlib.FS,
	})
	if program == nil {
		t.Fatal("no program")
	}
	p, found := check.Check(program)
	var out bytes.Buffer
	if err := diag.Render(&out, append(list, found...), diag.Options{Width: 100}); err != nil {
		t.Error(err)
	}
	return check.Dump(p) + out.String()
}
