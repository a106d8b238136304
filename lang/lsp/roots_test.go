package lsp_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

// shared are two roots that share a module, as the files of a project: top imports mid/lib, and so does
// mid. deep is a third one, which imports a part of it.
var shared = map[string]string{
	"top.layer":       "import \"./mid/lib\"\n\ncomponent t {\n    needs lib.b\n}\n",
	"mid/m.layer":     "import \"./lib\"\n\ncomponent m {\n    needs lib.b\n}\n",
	"mid/lib/l.layer": "component b {\n    file \"/l\" text \"l\"\n}\n",
}

func filesOf(t *testing.T, texts map[string]string) fstest.MapFS {
	files := fstest.MapFS{}
	for name, text := range texts {
		files[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return memory(t, files)
}

// TestSharedModule types in a module that two roots have: both are analysed, and what both find in it is
// shown once.
func TestSharedModule(t *testing.T) {
	c := start(t, filesOf(t, shared), nil)
	c.await(nil)
	lib := shared["mid/lib/l.layer"]
	c.open("mid/lib/l.layer", lib)
	c.open("mid/m.layer", shared["mid/m.layer"])
	renamed := []string{"mid/m.layer:4: E0207 module lib does not declare `b`", "top.layer:4: E0207 module mid/lib does not declare `b`"}
	wrong := "mid/lib/l.layer:2: E0207 unknown name `q`"
	for _, step := range []struct {
		text string
		want []string
	}{
		{strings.Replace(lib, "b", "zz", 1), renamed}, {lib, nil},
		{strings.Replace(lib, "\"l\"", "q", 1), []string{wrong}}, {lib, nil},
		{strings.Replace(strings.Replace(lib, "\"l\"", "q", 1), "b", "zz", 1), append([]string{wrong}, renamed...)},
	} {
		c.replace("mid/lib/l.layer", step.text)
		c.await(step.want)
	}
	c.close("mid/lib/l.layer")
	c.await(nil)
}

// TestOnlyOneRootFinds shows what one of two roots finds in the module that both have, whichever of them
// is analysed last.
func TestOnlyOneRootFinds(t *testing.T) {
	texts := map[string]string{
		"top.layer":         "import \"./mid/lib\"\n\nfleet {\n    base scratch\n}\n\napp t {\n    uses lib.b(\"/none\")\n}\n",
		"mid/m.layer":       "import \"./lib\"\n\nfleet {\n    base scratch\n}\n\napp m {\n    uses lib.b(\"/l.txt\")\n}\n",
		"mid/lib/l.layer":   "component b(name: string) {\n    copy \".${name}\" to \"/l\"\n}\n",
		"mid/lib/l.txt":     "l\n",
		"mid/apart/a.layer": "let a = nothing\n",
	}
	files := filesOf(t, texts)
	c := start(t, files, nil)
	want := append(check(files, nil), "mid/apart/a.layer:1: E0207 unknown name `nothing`")
	slices.Sort(want)
	if len(want) != 2 {
		t.Fatalf("the findings are %v", want)
	}
	c.await(want)
	c.open("mid/m.layer", texts["mid/m.layer"])
	for range 3 {
		c.replace("mid/m.layer", "# x\n"+texts["mid/m.layer"])
		c.replace("mid/m.layer", texts["mid/m.layer"])
		c.await(want)
	}
}

// TestImportsMove edits imports without saving: the modules move to the roots that import them now, and
// the server answers there.
func TestImportsMove(t *testing.T) {
	c := start(t, filesOf(t, shared), nil)
	lib := strings.Replace(shared["mid/lib/l.layer"], "\"l\"", "q", 1)
	wrong := "mid/lib/l.layer:2: E0207 unknown name `q`"
	answers := func() {
		t.Helper()
		var hover struct{ Contents struct{ Value string } }
		c.awaitUntil(func() bool {
			c.call("textDocument/hover", at("mid/lib/l.layer", lib, strings.Index(lib, "b {")), &hover)
			return strings.Contains(hover.Contents.Value, "component b")
		}, func() string { return "no hover" })
	}
	c.open("mid/lib/l.layer", shared["mid/lib/l.layer"])
	c.open("top.layer", shared["top.layer"])
	c.replace("top.layer", "component t {\n}\n")
	c.await(nil)
	c.replace("mid/lib/l.layer", lib)
	c.await([]string{wrong})
	answers()
	c.open("mid/m.layer", "component m {\n}\n")
	c.await([]string{wrong})
	answers()
	c.replace("mid/lib/l.layer", "component b {\n}\n")
	c.await(nil)
	c.replace("mid/lib/l.layer", lib)
	c.await([]string{wrong})
	c.replace("top.layer", shared["top.layer"])
	c.await([]string{wrong})
	answers()
	c.replace("top.layer", "component t {\n    file \"/x\" text \"\n}\n"+shared["top.layer"])
	answers()
}

// TestNewImport shows what a root finds in a module once an unsaved text imports it.
func TestNewImport(t *testing.T) {
	texts := map[string]string{
		"a.layer":     "fleet {\n    base scratch\n}\n\napp a {\n}\n",
		"lib/l.layer": "component b(name: string) {\n    copy \".${name}\" to \"/l\"\n}\n",
	}
	files := filesOf(t, texts)
	c := start(t, files, nil)
	c.await(check(files, nil))
	c.open("a.layer", texts["a.layer"])
	text := "import \"./lib\"\n\n" + strings.Replace(texts["a.layer"], "app a {\n", "app a {\n    uses lib.b(\"/nofile\")\n", 1)
	want := check(files, map[string]string{"a.layer": text})
	if len(want) == 0 || !strings.HasPrefix(want[len(want)-1], "lib/l.layer:2: ") {
		t.Fatalf("the findings are %v", want)
	}
	c.replace("a.layer", text)
	c.await(want)
}

// TestRenameInAllRoots renames what several roots share, from each of its places: the edits are those of
// all roots.
func TestRenameInAllRoots(t *testing.T) {
	texts := map[string]string{
		"top.layer":            "import \"./mid/lib\"\n\ncomponent t {\n    needs lib.b, lib\n    user lib.www\n}\n",
		"mid/m.layer":          "import \"./lib\" as x\n\ncomponent m {\n    needs x.b, x\n    file \"/v\" text x.v + x.v\n}\n",
		"mid/far/far.layer":    "component b {\n}\n",
		"mid/lib/l.layer":      "import \"./part\"\n\ncomponent b {\n    needs part.p\n}\ncomponent lib {\n}\nlet v = \"1\"\nuser www {\n    uid 33\n}\n",
		"mid/lib/part/p.layer": "component p {\n}\n",
		"mid/o.layer":          "import \"./lib\"\nimport \"./lib/part\"\n\ncomponent o {\n    needs lib.b, part.p\n}\n",
	}
	c := start(t, filesOf(t, texts), nil)
	c.await(nil)
	for name, text := range texts {
		c.open(name, text)
	}
	for _, step := range []struct{ file, at, want, refs string }{
		{"mid/lib/l.layer", "b {", "mid/lib/l.layer 1, mid/m.layer 1, mid/o.layer 1, top.layer 1", "4"},
		{"mid/m.layer", "b, x", "mid/lib/l.layer 1, mid/m.layer 1, mid/o.layer 1, top.layer 1", "4"},
		{"top.layer", "b, lib", "mid/lib/l.layer 1, mid/m.layer 1, mid/o.layer 1, top.layer 1", "4"},
		{"mid/lib/l.layer", "v =", "mid/lib/l.layer 1, mid/m.layer 2", "3"},
		{"mid/m.layer", "v +", "mid/lib/l.layer 1, mid/m.layer 2", "3"},
		{"mid/lib/l.layer", "www", "mid/lib/l.layer 1, top.layer 1", "2"},
		{"mid/o.layer", "p\n", "mid/lib/l.layer 1, mid/lib/part/p.layer 1, mid/o.layer 1", "3"},
		{"mid/lib/part/p.layer", "p {", "mid/lib/l.layer 1, mid/lib/part/p.layer 1, mid/o.layer 1", "3"},
		{"mid/m.layer", "x\n\n", "mid/m.layer 5", "5"},
		{"mid/far/far.layer", "b {", "mid/far/far.layer 1", "1"},
	} {
		p := everything(step.file, texts[step.file], strings.Index(texts[step.file], step.at))
		var edit struct{ Changes map[string][]any }
		c.call("textDocument/rename", p, &edit)
		var got []string
		for u, edits := range edit.Changes {
			got = append(got, fmt.Sprint(strings.TrimPrefix(u, uri("")+"/"), " ", len(edits)))
		}
		slices.Sort(got)
		if all := strings.Join(got, ", "); all != step.want {
			t.Errorf("%s, %s: the edits are %s, want %s", step.file, step.at, all, step.want)
		}
		var places []any
		c.call("textDocument/references", p, &places)
		if fmt.Sprint(len(places)) != step.refs {
			t.Errorf("%s, %s: %d references, want %s", step.file, step.at, len(places), step.refs)
		}
	}
	for query, want := range map[string]int{"b": 2, "www": 1, "p": 1} { // b of lib, and of far
		var symbols []struct{ Name string }
		c.call("workspace/symbol", map[string]any{"query": query}, &symbols)
		n := 0
		for _, s := range symbols {
			if s.Name == query {
				n++
			}
		}
		if n != want {
			t.Errorf("%s is listed %d times, want %d", query, n, want)
		}
	}
	var items, calls []map[string]any
	c.call("textDocument/prepareCallHierarchy", at("mid/lib/l.layer", texts["mid/lib/l.layer"], strings.Index(texts["mid/lib/l.layer"], "b {")), &items)
	c.call("callHierarchy/incomingCalls", map[string]any{"item": items[0]}, &calls)
	if len(calls) != 3 {
		t.Errorf("%d callers, want t, m and o: %v", len(calls), calls)
	}
	p := everything("mid/m.layer", texts["mid/m.layer"], strings.Index(texts["mid/m.layer"], "b, x"))
	p["newName"] = "_b"
	if m := c.try("textDocument/rename", p); m.Error == nil || !strings.Contains(m.Error.Message, "other modules use it") {
		t.Errorf("a private name: %+v", m)
	}
}

// TestRenameRefusedElsewhere refuses a renaming that only another root forbids, and names that.
func TestRenameRefusedElsewhere(t *testing.T) {
	texts := map[string]string{
		"top.layer":       "import \"./mid/lib\"\n\ncomponent t {\n    needs lib.b\n}\n",
		"mid/m.layer":     "import \"./lib\"\n\ncomponent m {\n    run \"chown www /v\"\n    needs lib.b\n}\n",
		"mid/lib/l.layer": "user www {\n    uid 33\n}\n\ncomponent b {\n}\n",
	}
	c := start(t, filesOf(t, texts), nil)
	for name, text := range texts {
		c.open(name, text)
	}
	m := c.try("textDocument/rename", everything("mid/lib/l.layer", texts["mid/lib/l.layer"], strings.Index(texts["mid/lib/l.layer"], "www")))
	if want := "in /work/project/mid: the command in line 4 of m.layer has the word www, which may be the same user: rename it there first"; m.Error == nil || m.Error.Message != want {
		t.Errorf("got %+v, want %s", m.Error, want)
	}
}

// TestDirectories makes and removes directories, about which the editor tells nothing else.
func TestDirectories(t *testing.T) {
	files := filesOf(t, map[string]string{
		"a.layer": "let a = 1\n", "one.d/b.layer": "let b = x\n", "two.layer/c.layer": "let c = x\n", "v1.2/deep/d.layer": "let d = x\n", "plain/e.layer": "let e = x\n",
	})
	o := options(t, files)
	var mutex sync.Mutex
	hidden := map[string]bool{}
	hide := func(name string, gone bool) {
		mutex.Lock()
		defer mutex.Unlock()
		hidden[name] = gone
	}
	now := o.Source.Files
	o.Source.Files = func(dir string) fs.FS {
		mutex.Lock()
		defer mutex.Unlock()
		left := fstest.MapFS{}
		for name, f := range files {
			first, _, _ := strings.Cut(strings.TrimPrefix(name, project[1:]+"/"), "/")
			if !hidden[first] {
				left[name] = f
			}
		}
		if len(left) == len(files) {
			return now(dir)
		}
		sub, err := fs.Sub(left, dir[1:])
		if err != nil {
			t.Error(err)
		}
		return sub
	}
	dirs := map[string]string{"one.d": "one.d/b.layer", "two.layer": "two.layer/c.layer", "v1.2": "v1.2/deep/d.layer", "plain": "plain/e.layer"}
	for dir := range dirs {
		hide(dir, true)
	}
	c := startWith(t, o, nil)
	c.open("a.layer", "let a = z\n")
	want := []string{"a.layer:1: E0207 unknown name `z`"}
	c.await(want)
	tell := func(dir string, kind int) {
		c.notify("workspace/didChangeWatchedFiles", map[string]any{"changes": []any{map[string]any{"uri": uri(dir), "type": kind}}})
	}
	for dir, file := range dirs {
		hide(dir, false)
		tell(dir, 1)
		c.await(append(slices.Clone(want), file+":1: E0207 unknown name `x`"))
		hide(dir, true)
		tell(dir, 3)
		c.await(want)
	}
	c.call("shutdown", nil, nil)
	c.finish()
}

// TestSpellings opens a file by several URIs: all of them get what is found, until they are closed.
func TestSpellings(t *testing.T) {
	c := start(t, filesOf(t, map[string]string{"a b/ü.layer": "let a = 1\n"}), nil)
	c.await(nil)
	names := []string{"a%20b/%C3%BC.layer", "a b/ü.layer", "a%20b/ü.layer"}
	shown := func(message string, open []string) {
		t.Helper()
		var want []string
		for _, name := range open {
			want = append(want, name+":1: E0207 unknown name `"+message+"`")
		}
		slices.Sort(want)
		c.await(want)
	}
	for n, name := range names {
		c.open(name, "let a = b\n")
		shown("b", names[:n+1])
	}
	for _, name := range names {
		c.replace(name, "let a = b"+name[:1]+"\n")
		shown("ba", names)
		c.replace(name, "let a = c\n")
		shown("c", names)
		var symbols []any
		c.call("textDocument/documentSymbol", document(names[0]), &symbols)
		if len(symbols) != 1 {
			t.Errorf("%s has %d symbols", names[0], len(symbols))
		}
	}
	c.close(names[1])
	shown("c", []string{names[0], names[2]})
	c.close(names[2])
	shown("c", names[:1])
	c.replace(names[0], "let a = d\n")
	shown("d", names[:1])
	c.close(names[0])
	c.await(nil)
}
