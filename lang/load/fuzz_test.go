package load_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
)

// FuzzLoad checks that Load accepts any files and imports, and that modules come after their imports.
func FuzzLoad(f *testing.F) {
	for _, e := range diag.Entries() {
		if e.Code >= "E0100" && e.Code < "E0200" {
			f.Add(e.Example, "component server {\n}\n")
		}
	}
	f.Add("-- a.layer --\nimport \"./b\"\n-- b/b.layer --\nimport \"../c\"\nimport \"std/java\"\n-- c/c.layer --\n", "import \"./web\"\n")
	f.Fuzz(func(t *testing.T, files, fetched string) {
		if !strings.HasPrefix(strings.TrimPrefix(files, "\n"), "-- ") {
			files = "-- example.layer --\n" + files
		}
		own, err := txtar.FS(txtar.Parse([]byte(strings.TrimPrefix(files, "\n"))))
		if err != nil {
			return // no file system has such names
		}
		web := fstest.MapFS{"web/web.layer": {Data: []byte(fetched)}}
		program, list := load.Load(load.Input{Project: own, Dir: ".", Std: std, Modules: map[load.Repository]load.Fetched{
			{URL: webURL, Version: version}: {Files: web},
		}})
		if program == nil {
			if !list.HasErrors() {
				t.Error("no program and no error")
			}
			return
		}
		done := map[*load.Module]bool{}
		for _, m := range program.Modules {
			for _, to := range m.Imports {
				if !done[to] {
					t.Errorf("%s comes before %s, which it imports", m.Path, to.Path)
				}
			}
			done[m] = true
		}
		if last := program.Modules[len(program.Modules)-1]; last != program.Root {
			t.Errorf("the last module is %s, not the root", last.Path)
		}
	})
}
