package lsp_test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/stdlib"
)

// TestDiagnostics edits a file of a module with two, and one that it imports.
func TestDiagnostics(t *testing.T) {
	files := memory(t, fstest.MapFS{
		"a.layer":     {Data: []byte("import \"./web\"\n\ncomponent a {\n    needs web.page, b\n}\n")},
		"b.layer":     {Data: []byte("component b {\n    needs aa\n    file \"/b\" text \"b\" mode 999\n}\n")},
		"web/w.layer": {Data: []byte("component page {\n    needs nothing\n}\n")},
	})
	c := start(t, files, nil)
	texts := map[string]string{}
	set := func(name, text string, open bool) {
		texts[name] = text
		if open {
			c.open(name, text)
		} else {
			c.replace(name, text)
		}
		c.await(check(files, texts))
	}
	set("web/w.layer", "component page {\n    needs nothing, more\n}\n", true)
	if len(c.findings()) != 4 {
		t.Errorf("too few findings: %v", c.findings())
	}
	set("web/w.layer", "component page {\n}\n", false)
	set("b.layer", "component b {\n    needs a\n}\n", true)
	set("new.layer", "component new {\n    needs ne\n}\n", true)
	set("b.layer", "", false)
	c.close("b.layer")
	delete(texts, "b.layer")
	c.await(check(files, texts))
	for _, name := range []string{"web/w.layer", "new.layer"} {
		c.close(name)
	}
	c.await(check(files, nil))
}

// TestTyping types examples key by key: from the start, and in the middle of the whole text.
func TestTyping(t *testing.T) {
	names, err := filepath.Glob("../../testdata/*/*.layer")
	if err != nil || len(names) < 10 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		name = strings.TrimPrefix(filepath.ToSlash(name), "../../testdata/")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := testdata(t, path.Dir(name))
			file := path.Base(name)
			text := string(files[path.Join(project, file)[1:]].Data)
			c := start(t, files, nil)
			c.open(file, "")
			step := 1
			if testing.Short() {
				step = 13
			}
			for n := 0; n < len(text); n += step {
				end := min(n+step, len(text))
				p := positionIn(text[:n], n)
				c.change(file, map[string]any{"range": map[string]any{"start": p, "end": p}, "text": text[n:end]})
				if n%(41*step) == 0 {
					c.await(check(files, map[string]string{file: text[:end]}))
				}
			}
			c.await(check(files, nil))
		})
	}
}

// TestRandomEdits changes examples at random, asks in between, and takes the changes back.
func TestRandomEdits(t *testing.T) {
	files := testdata(t, "fleet")
	r := rand.New(rand.NewPCG(1, 2))
	c := start(t, files, nil)
	texts := map[string]string{}
	var names []string
	for _, name := range []string{"fleet.layer", "java.layer", "jobs.layer", "services.layer", "sites.layer"} {
		text, err := fs.ReadFile(files, path.Join(project, name)[1:])
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
		names = append(names, name)
		c.open(name, string(text))
	}
	whole := maps.Clone(texts)
	edits := 2000
	if testing.Short() {
		edits = 150
	}
	bits := []string{"", "", "\n", "{", "}", "(", "\"", "${", "app x {", "uses ", "é€😀", ".", ",", " + ", "import \"./x\"\n", "component", "#", "\r\n", "\x00", "java.jdk("}
	for n := range edits {
		name := names[r.IntN(len(names))]
		text := texts[name]
		start := r.IntN(len(text) + 1)
		for start > 0 && start < len(text) && text[start]&0xC0 == 0x80 {
			start--
		}
		end := min(len(text), start+r.IntN(30))
		for end < len(text) && text[end]&0xC0 == 0x80 {
			end++
		}
		bit := bits[r.IntN(len(bits))]
		c.change(name, map[string]any{"range": map[string]any{"start": positionIn(text, start), "end": positionIn(text, end)}, "text": bit})
		texts[name] = text[:start] + bit + text[end:]
		if n%10 == 0 {
			for method := range methods {
				c.begin(method, everything(name, texts[name], start))
			}
			id, _ := c.begin("textDocument/rename", everything(name, texts[name], start))
			c.notify("$/cancelRequest", map[string]any{"id": id})
		}
		if n%25 == 24 {
			c.await(check(files, texts))
			for name, text := range whole {
				c.replace(name, text)
				texts[name] = text
			}
		}
	}
	c.await(check(files, nil))
}

// everything has the parameters of every kind of request.
func everything(name, text string, offset int) map[string]any {
	p := at(name, text, offset)
	p["range"] = map[string]any{"start": p["position"], "end": positionIn(text, len(text))}
	p["positions"] = []any{p["position"]}
	p["context"] = map[string]any{"diagnostics": []any{}, "includeDeclaration": true}
	p["newName"] = "renamed"
	p["query"] = "a"
	p["ch"] = "\n"
	p["options"] = map[string]any{"tabSize": 4, "insertSpaces": true}
	return p
}

// methods are the requests about a document.
var methods = map[string]bool{
	"textDocument/codeAction": true, "textDocument/completion": true, "textDocument/hover": true, "textDocument/definition": true,
	"textDocument/references": true, "textDocument/documentHighlight": true, "textDocument/documentSymbol": true, "workspace/symbol": true,
	"textDocument/prepareCallHierarchy": true, "textDocument/foldingRange": true, "textDocument/selectionRange": true,
	"textDocument/signatureHelp": true, "textDocument/semanticTokens/full": true, "textDocument/formatting": true,
	"textDocument/rangeFormatting": true, "textDocument/onTypeFormatting": true, "textDocument/codeLens": true,
	"textDocument/inlayHint": true,
}

// TestFixes applies the fix of each finding, as an editor does.
func TestFixes(t *testing.T) {
	text := "component a {\n    needs aa\n    file \"/b\" text \"b\" mode 755\n}\n\napp x {\n    uses a, b\n    comand [\"ä😀\"]\n    user root\n}\n"
	want := "component a {\n    needs a\n    file \"/b\" text \"b\" mode 0755\n}\n\napp x {\n    uses a, b\n    command [\"ä😀\"]\n    user root\n}\n"
	c := start(t, memory(t, fstest.MapFS{}), nil)
	c.open("a.layer", text)
	for range 9 {
		p := everything("a.layer", text, 0)
		var actions []struct {
			Title, Kind string
			Edit        struct {
				Changes map[string][]struct {
					Range   struct{ Start, End position }
					NewText string
				}
			}
		}
		c.call("textDocument/codeAction", p, &actions)
		if len(actions) == 0 {
			break
		}
		edit := actions[0].Edit.Changes[uri("a.layer")][0]
		lines := strings.SplitAfter(text, "\n")
		start := len(strings.Join(lines[:edit.Range.Start.Line], "")) + edit.Range.Start.Character
		end := len(strings.Join(lines[:edit.Range.End.Line], "")) + edit.Range.End.Character
		text = text[:start] + edit.NewText + text[end:]
		c.replace("a.layer", text)
	}
	if text != want {
		t.Errorf("got:\n%s\nwant:\n%s", text, want)
	}
}

// TestImports imports the module of the project that an unknown name means.
func TestImports(t *testing.T) {
	c := start(t, memory(t, fstest.MapFS{"web/w.layer": {Data: []byte("component page {\n}\n")}}), nil)
	c.open("a.layer", "component a {\n    needs web.page\n}\n")
	var actions []struct {
		Title string
		Edit  struct {
			Changes map[string][]struct{ NewText string }
		}
	}
	c.call("textDocument/codeAction", everything("a.layer", "component a {\n    needs web.page\n}\n", 0), &actions)
	if len(actions) == 0 || actions[0].Title != "Import ./web" || actions[0].Edit.Changes[uri("a.layer")][0].NewText != "import \"./web\"\n\n" {
		t.Errorf("the actions are %+v", actions)
	}
}

// TestMembers offers the members of a module whose name is used as a value, imported or not.
func TestMembers(t *testing.T) {
	for text, want := range map[string]string{
		"import \"std/rsyslog\"\n\napp a {\n    uses rsyslog\n}\n": "Write rsyslog.agent: 3:9 rsyslog.agent",
		"app a {\n    uses rsyslog\n}\n":                           "Replace by rsyslog.agent: 1:9 rsyslog.agent, 0:0 import \"std/rsyslog\"\n\n",
		"import \"./web\"\n\napp a {\n    uses web\n}\n":           "Replace by web.form: 3:9 web.form; Replace by web.page: 3:9 web.page",
		"app a {\n    uses web\n}\n":                               "Replace by web.form: 1:9 web.form, 0:0 import \"./web\"\n\n; Replace by web.page: 1:9 web.page, 0:0 import \"./web\"\n\n",
		"import \"./own\"\n\napp a {\n    uses own.x\n}\n":         "",
		"import \"./own\"\n\napp a {\n    uses own\n}\n":           "",
	} {
		c := start(t, memory(t, fstest.MapFS{
			"web/w.layer": {Data: []byte("component page {\n}\nslot form\ncomponent _private {\n}\n")}, "own/own.layer": {Data: []byte("component own {\n}\n")},
		}), nil)
		c.open("a.layer", text)
		var actions []struct {
			Title string
			Edit  struct {
				Changes map[string][]struct {
					Range   struct{ Start position }
					NewText string
				}
			}
		}
		c.call("textDocument/codeAction", everything("a.layer", text, 0), &actions)
		var got []string
		for _, a := range actions {
			var edits []string
			for _, e := range a.Edit.Changes[uri("a.layer")] {
				edits = append(edits, fmt.Sprintf("%d:%d %s", e.Range.Start.Line, e.Range.Start.Character, e.NewText))
			}
			got = append(got, a.Title+": "+strings.Join(edits, ", "))
		}
		if all := strings.Join(got, "; "); all != want {
			t.Errorf("%q: got %s, want %s", text, all, want)
		}
	}
}

// TestCancel cancels requests that take long: the editor hears of that at once, and other requests are
// answered meanwhile.
func TestCancel(t *testing.T) {
	c, text := opened(t, 500, 1000)
	at := at("fleet.layer", text, strings.Index(text, "c499")+1)
	id, slow := c.begin("textDocument/hover", at)
	c.notify("$/cancelRequest", map[string]any{"id": id})
	c.call("textDocument/documentHighlight", at, nil)
	if m := <-slow; m.Error != nil && m.Error.Code != -32800 {
		t.Errorf("the error of a cancelled request is %+v", m.Error)
	}
}

// TestUnopened finds the errors and the names of modules without an open file, in folders that are there
// from the start and in one that is added and removed.
func TestUnopened(t *testing.T) {
	files := memory(t, fstest.MapFS{
		"one/a.layer":            {Data: []byte("let first = nothing\n")},
		"one/part/b.layer":       {Data: []byte("let second = missing\n")},
		"node_modules/x/c.layer": {Data: []byte("let x = missing\n")},
		".hidden/d.layer":        {Data: []byte("let x = missing\n")},
		"out/index/e.layer":      {Data: []byte("let x = missing\n")},
		"out/oci-layout":         {Data: []byte("{}")},
		"cache/CACHEDIR.TAG":     {},
		"cache/f.layer":          {Data: []byte("let x = missing\n")},
	})
	files["work/other/deep/e.layer"] = &fstest.MapFile{Data: []byte("let third = gone\n")}
	c := start(t, files, nil)
	inside := []string{"one/a.layer:1: E0207 unknown name `nothing`", "one/part/b.layer:1: E0207 unknown name `missing`"}
	c.await(inside)
	var symbols []struct{ Name string }
	c.call("workspace/symbol", map[string]any{"query": "secon"}, &symbols)
	if len(symbols) != 1 || symbols[0].Name != "second" {
		t.Errorf("the symbols are %v", symbols)
	}
	other := []any{map[string]any{"uri": "file:///work/other", "name": "other"}}
	folders := func(event map[string]any) {
		c.notify("workspace/didChangeWorkspaceFolders", map[string]any{"event": event})
	}
	folders(map[string]any{"added": other, "removed": []any{}})
	c.await(append([]string{"file:///work/other/deep/e.layer:1: E0207 unknown name `gone`"}, inside...))
	folders(map[string]any{"added": []any{}, "removed": other})
	c.await(inside)
	c.open("one/a.layer", "let first = 1\n")
	c.await(inside[1:])
	c.close("one/a.layer")
	c.await(inside)
}

// gated is a directory with a part that cannot be read until a channel is closed.
type gated struct {
	fs.FS
	gate chan struct{}
}

func (g gated) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == "slow" {
		<-g.gate
	}
	return fs.ReadDir(g.FS, name)
}

// TestScanBeside checks that the server answers while it looks for modules on a slow disk.
func TestScanBeside(t *testing.T) {
	o := options(t, memory(t, fstest.MapFS{
		"slow/a.layer": {Data: []byte("let first = nothing\n")}, "one/b.layer": {Data: []byte("let second = missing\n")},
	}))
	gate, files := make(chan struct{}), o.Source.Files
	o.Source.Files = func(dir string) fs.FS { return gated{files(dir), gate} }
	c := startWith(t, o, nil)
	c.open("one/b.layer", "let second = other\n")
	opened := "one/b.layer:1: E0207 unknown name `other`"
	c.await([]string{opened})
	var symbols []struct{ Name string }
	c.call("textDocument/documentSymbol", document("one/b.layer"), &symbols)
	if len(symbols) != 1 {
		t.Errorf("the symbols are %v", symbols)
	}
	c.notify("workspace/didChangeWatchedFiles", map[string]any{"changes": []any{map[string]any{"uri": uri("two/c.layer"), "type": 1}}})
	close(gate)
	c.await([]string{opened, "slow/a.layer:1: E0207 unknown name `nothing`"})
	c.call("shutdown", nil, nil)
	c.finish()
}

// TestStd opens the files of the standard library beside a project: nothing is wrong with them, and
// definitions, references and documentation lead from module to module.
func TestStd(t *testing.T) {
	files := memory(t, fstest.MapFS{"a.layer": {Data: []byte("import \"std/liberty\"\n\ncomponent c {\n    needs liberty.server\n}\n")}})
	names, err := fs.Glob(stdlib.FS, "*/*.layer")
	if err != nil || len(names) < 5 {
		t.Fatal(names, err)
	}
	texts := map[string]string{}
	for _, name := range names {
		text, err := fs.ReadFile(stdlib.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		files["std/"+name] = &fstest.MapFile{Data: text}
		texts["/std/"+name] = string(text)
	}
	c := start(t, files, nil)
	c.open("a.layer", string(files[project[1:]+"/a.layer"].Data))
	for name, text := range texts {
		c.open(name, text)
	}
	ask := func(method, name, at string, into any) {
		t.Helper()
		c.call(method, everything(name, texts[name], strings.Index(texts[name], at)+1), into)
	}
	var places []struct {
		URI   string
		Range struct{ Start position }
	}
	var got []string
	ask("textDocument/references", "/std/java/java.layer", "java = jdk", &places)
	for _, p := range places {
		got = append(got, strings.TrimPrefix(p.URI, "file:///std/"))
	}
	if s := strings.Join(got, " "); !strings.Contains(s, "java/java.layer") || !strings.Contains(s, "liberty/liberty.layer") || !strings.Contains(s, "logstash/logstash.layer") || strings.Contains(s, "untitled") {
		t.Errorf("the references of the slot are in %s", s)
	}
	for _, at := range []string{"java\n    owns", "std/java\"\n\n"} {
		var declared []struct{ URI string }
		ask("textDocument/definition", "/std/liberty/liberty.layer", at, &declared)
		if len(declared) != 1 || declared[0].URI != "file:///std/java/java.layer" {
			t.Errorf("%q is declared in %v", at, declared)
		}
	}
	var hover struct{ Contents struct{ Value string } }
	ask("textDocument/hover", "/std/liberty/liberty.layer", "java\n    owns", &hover)
	if !strings.Contains(hover.Contents.Value, "Any Java") {
		t.Errorf("the documentation is %q", hover.Contents.Value)
	}
	var actions []any
	ask("textDocument/codeAction", "/std/liberty/liberty.layer", "java", &actions)
	if len(actions) > 0 {
		t.Errorf("the actions are %v", actions)
	}
	c.await(nil)
}

// TestOutline asks for the outline as a tree, and as a list for an editor that knows no trees.
func TestOutline(t *testing.T) {
	for _, tree := range []bool{true, false} {
		c := start(t, memory(t, fstest.MapFS{}), map[string]any{"textDocument": map[string]any{"documentSymbol": map[string]any{"hierarchicalDocumentSymbolSupport": tree}}})
		c.open("a.layer", "component web(port: int) {\n}\n")
		var symbols []struct {
			Name, ContainerName string
			Location            struct{ URI string }
			Children            []struct{ Name string }
		}
		c.call("textDocument/documentSymbol", document("a.layer"), &symbols)
		if tree && (len(symbols) != 1 || len(symbols[0].Children) != 1 || symbols[0].Location.URI != "") {
			t.Errorf("the tree is %+v", symbols)
		}
		if !tree && (len(symbols) != 2 || symbols[1].Name != "port" || symbols[1].ContainerName != "web" || symbols[1].Location.URI != uri("a.layer")) {
			t.Errorf("the list is %+v", symbols)
		}
		for _, arguments := range [][]any{nil, {true}, {[]any{}}, {"a", "b"}, {""}} {
			m := c.try("workspace/executeCommand", map[string]any{"command": "layc.plan", "arguments": arguments})
			if m.Error == nil || m.Error.Code != -32602 || m.Error.Message != "layc.plan needs one argument: the URI of an open document, as a string" {
				t.Errorf("%v: %+v", arguments, m.Error)
			}
		}
	}
}

// TestCancelPlan cancels a page while it is made, then asks for the end of the session while another is
// made: both searches end.
func TestCancelPlan(t *testing.T) {
	o := options(t, testdata(t, "shop"))
	began, ended := make(chan bool, 1), make(chan bool, 2)
	o.Page = func(ctx context.Context, _ string, _ *compiler.Output) (string, error) {
		began <- true
		<-ctx.Done()
		ended <- true
		return "", ctx.Err()
	}
	c := startWith(t, o, nil)
	c.open("shop.layer", string(testdata(t, "shop")[project[1:]+"/shop.layer"].Data))
	show := map[string]any{"command": "layc.plan", "arguments": []any{uri("shop.layer")}}
	id, first := c.begin("workspace/executeCommand", show)
	awaitPage := func(answer <-chan message) {
		t.Helper()
		select {
		case <-began:
		case m := <-answer:
			t.Fatalf("no page is made: %+v", m)
		}
	}
	awaitPage(first)
	c.notify("$/cancelRequest", map[string]any{"id": id})
	if m := <-first; m.Error == nil || m.Error.Code != -32800 {
		t.Errorf("a cancelled plan: %+v", m)
	}
	<-ended
	_, second := c.begin("workspace/executeCommand", show)
	awaitPage(second)
	c.call("shutdown", nil, nil)
	if m := <-second; m.Error == nil || m.Error.Code != -32800 {
		t.Errorf("a plan at the end of the session: %+v", m)
	}
	<-ended
	c.finish()
}

// TestSession checks what the server does with messages that no editor should send.
func TestSession(t *testing.T) {
	c := start(t, memory(t, fstest.MapFS{"a.layer": {Data: []byte("let a = 1\n")}}), map[string]any{
		"general": map[string]any{"positionEncodings": []any{"utf-8", "utf-16"}},
	})
	if c.caps["positionEncoding"] != "utf-8" {
		t.Errorf("the encoding is %v", c.caps["positionEncoding"])
	}
	for method, code := range map[string]int{"textDocument/unknown": -32601, "initialize": -32600, "$/unknown": -32601} {
		if m := c.try(method, map[string]any{}); m.Error == nil || m.Error.Code != code {
			t.Errorf("%s: got %+v, want error %d", method, m.Error, code)
		}
	}
	if m := c.try("textDocument/codeAction", []int{1}); m.Error == nil || m.Error.Code != -32602 {
		t.Errorf("malformed parameters: got %+v", m.Error)
	}
	c.notify("textDocument/didChange", map[string]any{"textDocument": 1})
	c.notify("textDocument/didClose", document("never.layer"))
	c.notify("$/cancelRequest", map[string]any{"id": 12345})
	c.notify("unknown", nil)
	for method := range methods {
		if m := c.try(method, everything("never.layer", "", 0)); m.Error != nil {
			t.Errorf("%s about an unknown document: %s", method, m.Error.Message)
		}
	}
	c.open("a.layer", "let a = b\n")
	c.change("a.layer", map[string]any{"range": map[string]any{"start": position{99, 99}, "end": position{-1, -5}}, "text": "let x = \"€\"\nlet y = z"})
	c.await([]string{"a.layer:2: E0207 unknown name `z`"})
	c.change("a.layer", map[string]any{"range": map[string]any{"start": position{0, 13}, "end": position{1, 9}}, "text": " + zz"})
	c.await([]string{"a.layer:1: E0207 unknown name `zz`"})
	if at := c.shown[uri("a.layer")].items[0].Range.Start; at != (position{0, 16}) {
		t.Errorf("the error is at %v, not at byte 16", at)
	}
	c.open("untitled:untitled:Untitled-1", "let a = b\n")
	c.awaitUntil(func() bool { return strings.Contains(strings.Join(c.findings(), "\n"), "Untitled-1:1: E0207") }, func() string { return strings.Join(c.findings(), "\n") })
}

// TestPlan checks what the server shows of a plan: nothing unless the user has set it, and a page on
// request, which is made again when a document is saved.
func TestPlan(t *testing.T) {
	files := testdata(t, "shop")
	text := string(files[project[1:]+"/shop.layer"].Data)
	c := start(t, files, map[string]any{"window": map[string]any{"showDocument": map[string]any{"support": true}}})
	c.open("shop.layer", text)
	var lenses []struct {
		Range   struct{ Start position }
		Command struct{ Title, Command string }
	}
	var hints []struct {
		Position position
		Label    string
	}
	all := everything("shop.layer", text, 0)
	c.call("textDocument/codeLens", all, &lenses)
	c.call("textDocument/inlayHint", all, &hints)
	if len(lenses)+len(hints) > 0 {
		t.Errorf("shown without being asked: %v %v", lenses, hints)
	}
	c.notify("workspace/didChangeConfiguration", map[string]any{"settings": map[string]any{"layc": map[string]any{"codeLens": true, "inlayHints": true}}})
	c.call("textDocument/codeLens", all, &lenses)
	c.call("textDocument/inlayHint", all, &hints)
	var titles []string
	for n, l := range lenses {
		titles = append(titles, l.Command.Title)
		if hints[n].Label != l.Command.Title || hints[n].Position.Line != l.Range.Start.Line {
			t.Errorf("the hint %v is not the lens %v", hints[n], l)
		}
	}
	if got := strings.Join(titles, "; "); got != "4 layers, ~560MB; 4 layers, ~560MB" {
		t.Errorf("the lenses are %s", got)
	}
	var address string
	before := pages.Load()
	c.call("workspace/executeCommand", map[string]any{"command": "layc.plan", "arguments": []any{uri("shop.layer")}}, &address)
	if address != fmt.Sprintf("page of %s, %d", project, before+1) {
		t.Errorf("the page is at %s", address)
	}
	c.notify("textDocument/didSave", document("shop.layer"))
	c.awaitUntil(func() bool { return pages.Load() == before+2 }, func() string { return "the page was not made again" })
	if m := c.try("workspace/executeCommand", map[string]any{"command": "other"}); m.Error == nil {
		t.Error("an unknown command has no error")
	}
	c.replace("shop.layer", "app a {")
	if m := c.try("workspace/executeCommand", map[string]any{"command": "layc.plan", "arguments": []any{uri("shop.layer")}}); m.Error == nil || !strings.Contains(m.Error.Message, "no plan") {
		t.Errorf("a plan of a program with errors: %+v", m)
	}
}
