package compiler_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
)

// TestExamples plans the fleets of testdata with their lock files, and expects no errors or
// warnings.
func TestExamples(t *testing.T) {
	for _, dir := range []string{"shop", "tomcat", "openliberty", "jupyter", "selenium", "postgres", "fleet"} {
		t.Run(dir, func(t *testing.T) {
			out, list := compiler.Compile(compiler.Input{
				Project: os.DirFS(filepath.Join("../testdata", dir)), Dir: ".",
				Platform: model.Platform{OS: "linux", Arch: "amd64"},
			}, compiler.Planned)
			var text bytes.Buffer
			if err := diag.Render(&text, list, diag.Options{}); err != nil {
				t.Fatal(err)
			}
			if text.Len() > 0 {
				t.Fatalf("findings:\n%s", &text)
			}
			for _, i := range out.Targets[0].Plan.Images {
				limit := i.App.Layers
				if limit == 0 {
					limit = out.Targets[0].Graph.Fleet.Layers
				}
				if limit > 0 && len(i.Layers) > limit {
					t.Errorf("%s has %d layers; the limit is %d", i.App.Name, len(i.Layers), limit)
				}
			}
		})
	}
}
