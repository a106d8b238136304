package compiler_test

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
	"golang.org/x/tools/txtar"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan/show"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb"
)

var update = flag.Bool("update", false, "rewrite goldens, and fail")

const casesDir = "../testdata/compile"

// TestGoldens compiles each case and compares the sections that it has: want/check, want/bind,
// want/plan, want/llb, want/diagnostics. A case without a lock file gets layc.lock of the
// directory, which pins a tiny distribution.
func TestGoldens(t *testing.T) {
	cases, err := filepath.Glob(casesDir + "/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range cases {
		if strings.HasPrefix(filepath.Base(name), "syntax_") {
			continue // of package syntax
		}
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { golden(t, name) })
	}
}

func golden(t *testing.T, name string) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	project, err := txtar.FS(inputs(archive))
	if err != nil {
		t.Fatal(err)
	}
	got := stages(t, project)
	checked := 0
	changed := false
	for i, f := range archive.Files {
		out, ok := got[f.Name]
		if !ok {
			if strings.HasPrefix(f.Name, "want/") {
				t.Errorf("unknown stage %s", f.Name)
			}
			continue
		}
		checked++
		if want := string(f.Data); out != want {
			t.Errorf("%s", diff.Diff(f.Name, f.Data, "got", []byte(out)))
			archive.Files[i].Data, changed = []byte(out), true
		}
		delete(got, f.Name)
	}
	if checked == 0 {
		t.Error("the case checks nothing")
	}
	if findings, unchecked := got["want/diagnostics"]; unchecked && findings != "" {
		t.Errorf("unexpected errors or warnings:\n%s", findings)
	}
	if *update && changed {
		if err := os.WriteFile(name, txtar.Format(archive), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// inputs returns a case's files with its lock file.
func inputs(a *txtar.Archive) *txtar.Archive {
	in := &txtar.Archive{}
	locked := false
	for _, f := range a.Files {
		if !strings.HasPrefix(f.Name, "want/") {
			in.Files = append(in.Files, f)
			locked = locked || f.Name == lock.Name
		}
	}
	if text, err := os.ReadFile(filepath.Join(casesDir, lock.Name)); err == nil && !locked {
		in.Files = append(in.Files, txtar.File{Name: lock.Name, Data: text})
	}
	return in
}

// stages compiles a project and returns each stage that the compilation reaches as text.
func stages(t *testing.T, project fs.FS) map[string]string {
	t.Helper()
	out, list := compiler.Compile(compiler.Input{
		Project: project, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"},
	}, compiler.Planned)
	var findings bytes.Buffer
	if err := diag.Render(&findings, list, diag.Options{Width: 100}); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{
		"want/diagnostics": findings.String(), "want/check": "", "want/bind": "", "want/plan": "", "want/llb": "",
	}
	if out.Checked != nil {
		got["want/check"] = check.Dump(out.Checked)
	}
	for _, target := range out.Targets {
		got["want/bind"] += model.Dump(target.Graph)
		if target.Plan == nil {
			continue
		}
		got["want/plan"] += show.Tree(target.Plan, show.Terminal) + "\n" + target.Plan.Summary() + "\n"
		got["want/llb"] += lowered(t, target)
	}
	return got
}

// lowered lowers a plan twice, and checks that the bytes are the same.
func lowered(t *testing.T, target *compiler.Target) string {
	t.Helper()
	var text [2]string
	var raw [2][]byte
	for n := range text {
		g, err := llb.Lower(target.Plan, llb.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if text[n], err = llb.Dump(g); err != nil {
			t.Fatal(err)
		}
		for _, i := range g.Images {
			raw[n] = append(raw[n], bytes.Join(i.Definition().Def, nil)...)
			raw[n] = append(raw[n], i.Config...)
		}
	}
	if text[0] != text[1] || !bytes.Equal(raw[0], raw[1]) {
		t.Error("lowering a plan twice produces different bytes")
	}
	return text[0]
}
