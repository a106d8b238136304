package load

import (
	"io/fs"
	"testing"
	"testing/fstest"
)

func TestTree(t *testing.T) {
	long := Repository{URL: "https://git.example.com/a/b.git", Version: "v1"}
	short := Repository{URL: "https://git.example.com/a", Version: "v1"}
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	p := &Program{Repositories: []Repository{long, short}}
	in := Input{
		Project: fstest.MapFS{"conf/x": file("project"), "@scope/x": file("scope"), "@git.example.com/a/y": file("hidden")},
		Modules: map[Repository]Fetched{
			long: {Files: fstest.MapFS{"web/conf/x": file("long")}}, short: {Files: fstest.MapFS{"b/x": file("hidden"), "x": file("short")}},
		},
	}
	tree := p.Tree(in)
	for name, want := range map[string]string{
		"conf/x": "project", "@scope/x": "scope", "@git.example.com/a/b/web/conf/x": "long", "@git.example.com/a/x": "short",
		"@git.example.com/a/y": "", "@git.example.com/a/b/x": "",
	} {
		text, err := fs.ReadFile(tree, name)
		if string(text) != want || (err != nil) != (want == "") {
			t.Errorf("%s: got %q, want %q (%v)", name, text, want, err)
		}
	}
	if found, err := fs.Glob(tree, "@git.example.com/a/b/web/*/x"); len(found) != 1 || err != nil {
		t.Errorf("the pattern matches %v, %v; want one file", found, err)
	}
	m := &Module{Path: "git.example.com/a/b//web", Git: long}
	if dir, ok := m.Dir(); dir != "@git.example.com/a/b/web" || !ok {
		t.Errorf("the module's directory is %s, %v", dir, ok)
	}
	if dir, ok := (&Module{Path: "git.example.com/a", Git: short}).Dir(); dir != "@git.example.com/a" || !ok {
		t.Errorf("the root module's directory is %s, %v", dir, ok)
	}
}
