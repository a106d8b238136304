package workspace_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/lsp/workspace"
)

// project writes files, and returns a workspace that has their directory open.
func project(t *testing.T, files map[string]string) (string, *workspace.Workspace) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		write(t, filepath.Join(dir, name), text)
	}
	git := fstest.MapFS{"web/w.layer": {Data: []byte("component page {\n}\n")}}
	return dir, workspace.New(workspace.Source{
		Files: func(dir string) fs.FS { return os.DirFS(dir) },
		Modules: func(_ context.Context, _ string, pins *lock.File) map[load.Repository]load.Fetched {
			all := map[load.Repository]load.Fetched{}
			for _, m := range pins.Modules {
				all[load.Repository{URL: m.URL, Version: m.Version}] = load.Fetched{Files: git}
			}
			return all
		},
		Repository: func(string, lock.Module) (string, bool) { return "/git", true },
		Std:        func() (string, error) { return "/std", nil },
		Platform:   model.Platform{OS: "linux", Arch: "amd64"},
	}, []string{dir})
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// findings returns what is found in the roots of a view: the root, the file and the message.
func findings(w *workspace.Workspace, dir string) string {
	var all []string
	for _, root := range w.View().Roots() {
		a := w.View().Analysis(root)
		_, list := a.Bound()
		short := strings.TrimPrefix(strings.TrimPrefix(root, dir), "/")
		if len(list) == 0 {
			all = append(all, short+": ok")
		}
		for _, d := range list.Sorted() {
			all = append(all, fmt.Sprintf("%s: %s: %s", short, strings.TrimPrefix(a.URI(d.Span.File), "file://"+dir+"/"), d.Message))
		}
	}
	return strings.Join(all, "; ")
}

// TestRoots opens files of several modules, and changes files on the disk.
func TestRoots(t *testing.T) {
	dir, w := project(t, map[string]string{
		"one/one.layer": "import \"./lib\"\ncomponent a {\n    needs lib.b\n}\n", "one/lib/lib.layer": "component b {\n}\n",
		"two/two.layer": "component a {\n    needs x\n}\n", "one/apart/apart.layer": "component c {\n}\n",
	})
	open := func(name, text string) {
		w.Open(workspace.Document{URI: workspace.URI(filepath.Join(dir, name)), Version: 1, Text: text})
	}
	expect := func(want string) {
		t.Helper()
		if got := findings(w, dir); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
	open("one/lib/lib.layer", "component renamed {\n}\n")
	expect("one: one/one.layer: module lib does not declare `b`")
	open("two/two.layer", "component a {\n    needs y\n}\n")
	expect("one: one/one.layer: module lib does not declare `b`; two: two/two.layer: unknown name `y`")
	open("one/apart/apart.layer", "component c {\n    needs z\n}\n")
	expect("one: one/one.layer: module lib does not declare `b`; one/apart: one/apart/apart.layer: unknown name `z`; two: two/two.layer: unknown name `y`")
	w.Close(workspace.URI(filepath.Join(dir, "two/two.layer")))
	w.Close(workspace.URI(filepath.Join(dir, "one/apart/apart.layer")))
	write(t, filepath.Join(dir, "one/one.layer"), "import \"./lib\"\ncomponent a {\n    needs lib.renamed\n}\n")
	w.Refresh()
	expect("one: ok")
	write(t, filepath.Join(dir, "one/one.layer"), "component a {\n}\n")
	w.Refresh()
	expect("one/lib: ok")
	w.Close(workspace.URI(filepath.Join(dir, "one/lib/lib.layer")))
	expect("")
	w.Open(workspace.Document{URI: "untitled:Untitled-1", Version: 1, Text: "import \"./lib\"\nlet a = b\n"})
	expect("untitled:Untitled-1: untitled:Untitled-1: no module in \"lib\"; untitled:Untitled-1: untitled:Untitled-1: unknown name `b`")
	w.Close("untitled:Untitled-1")
	w.Close("untitled:Untitled-1")
	w.Change("untitled:Untitled-1", 2, "")
	expect("")
}

// TestPlaces checks where the files of standard modules and of repositories are.
func TestPlaces(t *testing.T) {
	dir, w := project(t, map[string]string{
		"a b/a.layer":   "import \"std/java\"\nimport \"git+https://git.example.com/team/layers.git//web@v1\"\ncomponent a {\n    needs web.page, java.jdk\n}\n",
		"a b/layc.lock": "layc-lock 1\n\nmodule https://git.example.com/team/layers.git v1 0123456789012345678901234567890123456789 sha256:" + strings.Repeat("0", 64) + "\n",
	})
	uri := "file://" + strings.ReplaceAll(dir, " ", "%20") + "/a%20b/a.layer"
	text, err := os.ReadFile(filepath.Join(dir, "a b/a.layer"))
	if err != nil {
		t.Fatal(err)
	}
	w.Open(workspace.Document{URI: uri, Version: 3, Text: string(text)})
	a := w.View().Of(uri)
	out, list := a.Bound()
	if len(list) > 0 {
		t.Fatal(list[0].Message)
	}
	var got []string
	for _, m := range out.Checked.Modules {
		got = append(got, a.URI(m.Files[0].Source))
	}
	if want := "file:///std/java/java.layer file:///git/web/w.layer " + uri; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if v, open := a.Version(uri); v != 3 || !open {
		t.Errorf("the version is %d", v)
	}
	for n, m := range out.Checked.Modules {
		if a.Editable(m.Files[0].Source) != (n == 2) {
			t.Errorf("%s: editable %v", m.Path, n != 2)
		}
	}
	before := a
	w.Change(uri, 4, "let a = 1\n")
	if after := w.View().Of(uri); after == before || !before.Superseded() || after.Superseded() {
		t.Error("a change does not supersede the analysis before it")
	}
}

// TestPlanEnds ends the search for a plan; the next one who asks gets a plan.
func TestPlanEnds(t *testing.T) {
	dir, w := project(t, map[string]string{"a.layer": "component c {\n  file \"/c\" text \"c\"\n}\n\napp a {\n  base scratch\n  uses c\n}\n"})
	w.Open(workspace.Document{URI: workspace.URI(dir + "/a.layer"), Version: 1, Text: "component c {\n  file \"/c\" text \"c\"\n}\n\napp a {\n  base scratch\n  uses c\n}\n"})
	a := w.View().Analysis(dir)
	done := make(chan struct{})
	close(done)
	if _, list := a.Bound(); list.HasErrors() {
		t.Fatal(list[0].Message)
	}
	for range 20 { // some get as far as to the search
		a.Planned(done)
	}
	if a.Planned(nil) == nil {
		t.Error("no plan after a search that ended")
	}
}

// TestRefresh checks that only the roots that have a changed file are analysed again.
func TestRefresh(t *testing.T) {
	dir, w := project(t, map[string]string{
		"one/a.layer": "component a {\n}\n", "one/two/b.layer": "component b {\n}\n", "three/c.layer": "component c {\n}\n",
	})
	root := func(name string) string { return filepath.Join(dir, name) }
	w.Found([]string{root("one"), root("one/two"), root("three")})
	if got := len(w.View().Roots()); got != 3 {
		t.Fatalf("%d roots", got)
	}
	for _, c := range []struct{ file, again string }{
		{"one/a.layer", "one"}, {"one/two/b.layer", "one one/two"}, {"three/layc.lock", "three"}, {"elsewhere/x", ""},
	} {
		before := w.View()
		w.Refresh(root(c.file))
		var again []string
		for _, name := range []string{"one", "one/two", "three"} {
			if w.View().Analysis(root(name)) != before.Analysis(root(name)) {
				again = append(again, name)
			}
		}
		if got := strings.Join(again, " "); got != c.again {
			t.Errorf("%s: %q is analysed again, want %q", c.file, got, c.again)
		}
	}
	write(t, root("one/a.layer"), "import \"./two\"\ncomponent a {\n    needs two.b\n}\n")
	w.Refresh(root("one/a.layer"))
	if got := strings.Join(w.View().Roots(), " "); got != root("one")+" "+root("three") {
		t.Errorf("the roots are %s", got)
	}
	before := w.View().Analysis(root("three"))
	w.Refresh()
	if w.View().Analysis(root("three")) == before {
		t.Error("a refresh without files leaves an analysis")
	}
}

// TestChange checks which roots a change in a document is analysed in, and that a module moves when the
// analysis of a root reaches it no longer.
func TestChange(t *testing.T) {
	texts := map[string]string{
		"a.layer": "import \"./one/lib\"\n", "one/b.layer": "import \"./lib\"\n", "one/lib/c.layer": "let c = 1\n", "two/d.layer": "let d = 1\n",
	}
	dir, w := project(t, texts)
	name := func(n string) string { return filepath.Join(dir, n) }
	w.Found([]string{dir, name("one"), name("one/lib"), name("two")})
	for n, text := range texts {
		w.Open(workspace.Document{URI: workspace.URI(name(n)), Version: 1, Text: text})
	}
	change := func(n, text, want string) {
		t.Helper()
		before := w.View()
		w.Change(workspace.URI(name(n)), 2, text)
		var again []string
		for _, root := range w.View().Roots() {
			if a := w.View().Analysis(root); a != before.Analysis(root) {
				again = append(again, strings.TrimPrefix(strings.TrimPrefix(root, dir), "/"))
			}
		}
		if got := strings.Join(again, ","); got != want {
			t.Errorf("%s: %q is analysed again, want %q", n, got, want)
		}
	}
	rootOf := func(want string) {
		t.Helper()
		for _, root := range w.View().Roots() {
			if a := w.View().Analysis(root); a != nil { // a root of before may be gone
				a.Checked()
				w.Reached(a)
			}
		}
		if got := w.View().RootOf(workspace.URI(name("one/lib/c.layer"))); got != name(want) {
			t.Errorf("the root is %s, want %s", got, name(want))
		}
	}
	rootOf("")
	change("one/lib/c.layer", "let c = 2\n", ",one")
	change("one/b.layer", "import \"./lib\"\nlet b = 1\n", ",one")
	change("two/d.layer", "let d = 2\n", ",two")
	change("a.layer", "let a = 1\n", "")
	rootOf("one")
	change("one/b.layer", "let b = 1\n", ",one")
	rootOf("one/lib")
	change("one/lib/c.layer", "let c = 3\n", ",one,one/lib")
	change("a.layer", texts["a.layer"], "")
	rootOf("")
}
