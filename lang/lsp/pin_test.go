package lsp_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// TestPin declares the checksums of downloads: one is in the lock file, the others are downloaded, but
// only when the user chooses that.
func TestPin(t *testing.T) {
	before := downloads.Load()
	pinned := strings.Repeat("cd", 32)
	files := memory(t, fstest.MapFS{"layc.lock": {Data: []byte("layc-lock 1\nurl https://example.com/pinned sha256:" + pinned + " 7\n")}})
	c := start(t, files, map[string]any{
		"workspace": map[string]any{"applyEdit": true, "workspaceEdit": map[string]any{"documentChanges": true}},
		"window":    map[string]any{"workDoneProgress": true},
	})
	text := "fleet {\n    base scratch\n}\n\napp a {\n"
	for _, name := range []string{"pinned", "new", "slow", "missing", "gone"} {
		text += fmt.Sprintf("    fetch \"https://example.com/%s\" to \"/%s\"\n", name, name)
	}
	text += "}\n"
	c.open("a.layer", text)
	type action struct {
		Title, Kind string
		Diagnostics []item
		Edit        *struct {
			Changes map[string][]struct{ NewText string }
		}
		Command *struct {
			Command   string
			Arguments []any
		}
	}
	actionAt := func(name string) action {
		t.Helper()
		p := at("a.layer", text, strings.Index(text, "com/"+name))
		p["range"] = map[string]any{"start": p["position"], "end": p["position"]}
		p["context"] = map[string]any{"diagnostics": []any{}}
		var all []action
		c.call("textDocument/codeAction", p, &all)
		for _, a := range all {
			if strings.Contains(a.Title, "checksum") {
				return a
			}
		}
		t.Fatalf("no action for %s: %+v", name, all)
		return action{}
	}
	run := func(a action) { c.call("workspace/executeCommand", a.Command, nil) }
	told := func(method string) []map[string]any {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		return c.asked[method]
	}
	arrive := func() {
		c.call("textDocument/foldingRange", document("a.layer"), nil) // what was sent before has been read
		arrived <- struct{}{}
	}
	wait := func(method string, n int) []map[string]any {
		t.Helper()
		c.awaitUntil(func() bool { return len(told(method)) >= n }, func() string { return method + " did not come" })
		return told(method)
	}

	a := actionAt("pinned")
	if a.Edit == nil || a.Command != nil || !strings.Contains(a.Edit.Changes[uri("a.layer")][0].NewText, pinned) || a.Kind != "refactor.rewrite" {
		t.Errorf("the action for a pinned file is %+v", a)
	}
	a = actionAt("new")
	if a.Edit != nil || a.Command == nil || a.Kind != "quickfix" || len(a.Diagnostics) != 1 || a.Diagnostics[0].Code != "E0310" {
		t.Errorf("the action for a file that is not pinned is %+v", a)
	}
	if n := downloads.Load() - before; n != 0 {
		t.Errorf("%d downloads that nobody has chosen", n)
	}

	// The text changes meanwhile: the edit is for the new one.
	run(a)
	run(a) // once is enough
	text = "# A comment.\n" + text
	c.replace("a.layer", text)
	arrive()
	edit := fmt.Sprint(wait("workspace/applyEdit", 1)[0])
	for _, want := range []string{"version:2", "line:7", strings.Repeat("ab", 32), uri("a.layer")} {
		if !strings.Contains(edit, want) {
			t.Errorf("the edit lacks %s: %s", want, edit)
		}
	}
	progress := fmt.Sprint(wait("$/progress", 3))
	for _, want := range []string{"kind:begin", "title:Downloading https://example.com/new", "cancellable:true", "message:5.0MB percentage:50", "kind:end"} {
		if !strings.Contains(progress, want) {
			t.Errorf("the progress lacks %s: %s", want, progress)
		}
	}

	run(actionAt("missing"))
	if got := wait("window/showMessage", 1)[0]["message"]; got != "cannot download https://example.com/missing" {
		t.Errorf("the error is %v", got)
	}

	run(actionAt("slow"))
	begun := wait("$/progress", 8) // two for others and this one's begin and report
	c.notify("window/workDoneProgress/cancel", map[string]any{"token": begun[len(begun)-1]["token"]})
	wait("$/progress", 9)

	run(actionAt("gone"))
	text = strings.Replace(text, "com/gone", "com/other", 1)
	c.replace("a.layer", text)
	arrive()
	got := fmt.Sprint(wait("window/showMessage", 2)[1]["message"])
	if !strings.Contains(got, "no longer has a download of https://example.com/gone") || !strings.Contains(got, strings.Repeat("ab", 32)) {
		t.Errorf("the error is %v", got)
	}
	if n := len(told("window/showMessage")); n != 2 {
		t.Errorf("%d messages: %v", n, told("window/showMessage"))
	}
	if n := len(told("workspace/applyEdit")); n != 1 {
		t.Errorf("%d edits", n)
	}
	if n := downloads.Load() - before; n != 4 {
		t.Errorf("%d downloads", n)
	}
}

// TestPinUnable offers no download to an editor that cannot insert its checksum then, and refuses to
// download what the program does not.
func TestPinUnable(t *testing.T) {
	c := start(t, memory(t, fstest.MapFS{}), nil)
	text := "app a {\n    fetch \"https://example.com/new\" to \"/new\"\n}\n"
	c.open("a.layer", text)
	var all []struct{ Title string }
	p := everything("a.layer", text, strings.Index(text, "fetch"))
	c.call("textDocument/codeAction", p, &all)
	for _, a := range all {
		if strings.Contains(a.Title, "checksum") {
			t.Errorf("offered: %s", a.Title)
		}
	}
	for _, arguments := range [][]any{nil, {uri("a.layer")}, {uri("a.layer"), position{0, 0}}, {uri("never.layer"), position{1, 5}}, {1, 2}} {
		if m := c.try("workspace/executeCommand", map[string]any{"command": "layc.pin", "arguments": arguments}); m.Error == nil {
			t.Errorf("%v begins a download", arguments)
		}
	}
}
