package compiler_test

import (
	"bytes"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/show"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb"
)

// FuzzCompile runs projects through the whole pipeline. No project may make it fail or run for
// long, and compiling twice must produce the same text. A project is a txtar archive, like the
// cases of testdata/compile.
func FuzzCompile(f *testing.F) {
	cases, err := filepath.Glob(casesDir + "/*.txtar")
	if err != nil || len(cases) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range cases {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		in := &txtar.Archive{}
		for _, file := range archive.Files {
			if !strings.HasPrefix(file.Name, "want/") {
				in.Files = append(in.Files, file)
			}
		}
		if text := string(txtar.Format(in)); len(text) < 4000 {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		project, err := txtar.FS(inputs(txtar.Parse([]byte(text))))
		if err != nil {
			return // no file system has such names
		}
		begin := time.Now()
		first := pipeline(t, project)
		if took := time.Since(begin); took > 2*time.Minute {
			t.Errorf("one compilation took %s", took)
		}
		if second := pipeline(t, project); first != second {
			t.Errorf("compiling twice differs:\n%s\nand\n%s", first, second)
		}
	})
}

// pipeline returns what all stages make of a project, and the errors and warnings.
func pipeline(t *testing.T, project fs.FS) string {
	out, list := compiler.Compile(compiler.Input{
		Project: project, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"},
		Plan: plan.Options{Work: 100_000},
	}, compiler.Planned)
	var text bytes.Buffer
	if err := diag.Render(&text, list, diag.Options{Width: 100}); err != nil {
		t.Error(err)
	}
	if out.Checked != nil {
		text.WriteString(check.Dump(out.Checked))
	}
	for _, target := range out.Targets {
		text.WriteString(model.Dump(target.Graph))
		if target.Plan == nil {
			if !list.HasErrors() {
				t.Error("no plan and no error")
			}
			continue
		}
		text.WriteString(show.Tree(target.Plan, show.Terminal) + target.Plan.Summary())
		g, err := llb.Lower(target.Plan, llb.Options{})
		if err != nil {
			t.Errorf("cannot lower the plan: %v", err)
			continue
		}
		lowered, err := llb.Dump(g)
		if err != nil {
			t.Error(err)
		}
		text.WriteString(lowered)
	}
	return text.String()
}
