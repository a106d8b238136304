package syntax_test

import (
	"bytes"
	"flag"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

var update = flag.Bool("update", false, "rewrite goldens, and fail")

// compileDir has the cases of all stages. The names of this package's cases begin with syntax_.
const compileDir = "../../testdata/compile"

// TestGoldens compares want/syntax (the dump of the tree) and want/diagnostics (errors and
// warnings as on a terminal) of each case.
func TestGoldens(t *testing.T) {
	cases, err := filepath.Glob(compileDir + "/syntax_*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases in %s: %v", compileDir, err)
	}
	for _, name := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { golden(t, name) })
	}
}

func golden(t *testing.T, name string) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var dump, findings bytes.Buffer
	for _, f := range archive.Files {
		if path.Ext(f.Name) != ".layer" {
			continue
		}
		tree, list := syntax.Parse(source.New(f.Name, string(f.Data)))
		dump.WriteString(syntax.Dump(tree))
		if err := diag.Render(&findings, list, diag.Options{Width: 100}); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]string{"want/syntax": dump.String(), "want/diagnostics": findings.String()}
	changed := false
	for i, f := range archive.Files {
		out, ok := got[f.Name]
		if !ok {
			continue
		}
		delete(got, f.Name)
		if string(f.Data) == out {
			continue
		}
		t.Errorf("%s differs (- want, + got):\n%s", f.Name, diffLines(string(f.Data), out))
		archive.Files[i].Data, changed = []byte(out), true
	}
	if len(got) == 2 {
		t.Error("the case checks nothing: it has neither want/syntax nor want/diagnostics")
	}
	if out, unchecked := got["want/diagnostics"]; unchecked && out != "" {
		t.Errorf("unexpected errors or warnings:\n%s", out)
	}
	if *update && changed {
		if err := os.WriteFile(name, txtar.Format(archive), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// diffLines returns the lines in which two texts differ, without common lines at the start
// and the end.
func diffLines(want, got string) string {
	a, b := strings.SplitAfter(want, "\n"), strings.SplitAfter(got, "\n")
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	var out strings.Builder
	for _, l := range a {
		out.WriteString("- " + strings.TrimSuffix(l, "\n") + "\n")
	}
	for _, l := range b {
		out.WriteString("+ " + strings.TrimSuffix(l, "\n") + "\n")
	}
	return out.String()
}

// seeds returns the .layer sections of all txtar files in testdata, for fuzzing.
func seeds(t testing.TB) []string {
	var all []string
	err := filepath.WalkDir("../../testdata", func(name string, d os.DirEntry, err error) error {
		switch {
		case err != nil || d.IsDir():
			return err
		case path.Ext(name) == ".layer":
			text, err := os.ReadFile(name)
			all = append(all, string(text))
			return err
		case path.Ext(name) != ".txtar":
			return nil
		}
		archive, err := txtar.ParseFile(name)
		if err != nil {
			return err
		}
		for _, f := range archive.Files {
			if path.Ext(f.Name) == ".layer" {
				all = append(all, string(f.Data))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
