package lsp_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// result is what `layc build --json` prints of findings.
func result(t *testing.T, findings ...*diag.Diagnostic) map[string]any {
	t.Helper()
	text, err := json.Marshal(findings)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, d := range findings {
		for _, f := range d.Files() {
			files[f.Name()] = f.Digest()
		}
	}
	return map[string]any{"images": []any{}, "findings": json.RawMessage(text), "files": files}
}

// TestBuilt shows what a build has found, with its fix, until the file changes or there is another
// result.
func TestBuilt(t *testing.T) {
	text := "# ü𝄞\nfleet {\n    base scratch\n}\n\ncomponent tool {\n    owns \"/ü𝄞\" # ü\n    run  \"make\"\n}\n\napp a {\n    uses tool, lib.tool\n}\n"
	text = "import \"./lib\"\n\n" + text
	lib := "component tool {\n    file \"/lib\" text \"x\"\n}\n"
	files := memory(t, fstest.MapFS{"a b/a.layer": {Data: []byte(text)}, "a b/lib/lib.layer": {Data: []byte(lib)}})
	c := start(t, files, nil)
	c.await(nil)
	open := strings.ReplaceAll("a b/a.layer", " ", "%20")
	c.open(open, text)

	f, other := source.New("a.layer", text), source.New("lib/lib.layer", lib)
	span := func(f *source.File, part string) source.Span {
		start := strings.Index(f.Text(), part)
		return source.Span{File: f, Start: start, End: start + len(part)}
	}
	end := span(f, " # ü")
	end.End = end.Start
	var list diag.List
	list.Errorf(diag.ChangesNotKept, span(f, "tool"), "tool changes paths that it does not own").
		Hint("first").Hint("to keep what is new, write `owns \"/x\"`").Fix(end, `, "/x"`).See(span(other, "tool"), "not here")
	list.Warnf(diag.NotRepeatable, span(other, "file"), "it differs")
	list.Errorf(diag.StepFailed, source.Span{}, "nowhere")
	list.Errorf(diag.StepFailed, source.Span{File: source.New("std/java/java.layer", "x")}, "elsewhere")
	built := func(r map[string]any) {
		t.Helper()
		c.call("workspace/executeCommand", map[string]any{"command": "layc.built", "arguments": []any{strings.ReplaceAll(uri("a b"), " ", "%20"), r}}, nil)
	}
	both := []string{"a%20b/a.layer:8: E0519 tool changes paths that it does not own", "a%20b/lib/lib.layer:2: E0504 it differs"}
	built(result(t, list...))
	c.await(both)

	var actions []struct {
		Title, Kind string
		Diagnostics []item
		Edit        struct {
			Changes map[string][]struct {
				Range   struct{ Start, End position }
				NewText string
			}
		}
	}
	offered := func(text string) string {
		t.Helper()
		p := everything(open, text, strings.Index(text, "tool"))
		c.call("textDocument/codeAction", p, &actions)
		for _, a := range actions {
			if a.Kind == "quickfix" {
				return fmt.Sprint(a.Title, a.Diagnostics[0].Code, a.Edit.Changes)
			}
		}
		return ""
	}
	at := positionIn(text, end.Start)
	want := fmt.Sprintf(`To keep what is new, write owns "/x"E0519map[%s:[{{{%d %d} {%d %d}} , "/x"}]]`, uri(open), at.Line, at.Character, at.Line, at.Character)
	if got := offered(text); got != want {
		t.Errorf("the action is\n%s\nwant\n%s", got, want)
	}

	// A change of one file concerns only what is in it. When the text is as it was, the error is, too.
	changed := strings.Replace(text, "make", "make all", 1)
	c.replace(open, changed)
	c.await(both[1:])
	if got := offered(changed); got != "" {
		t.Errorf("offered in a changed text: %s", got)
	}
	c.replace(open, text)
	c.await(both)
	c.replace(open, strings.Replace(text, "uses tool", "uses tol", 1))
	c.await([]string{"a%20b/a.layer:14: E0207 unknown name `tol`", both[1]})
	c.replace(open, text)
	c.await(both)

	built(result(t, list[1]))
	c.await(both[1:])
	built(map[string]any{"images": []any{}})
	c.await(nil)

	for _, arguments := range [][]any{nil, {uri("")}, {1, map[string]any{}}, {uri(""), "x"}, {"untitled:x", map[string]any{}}, {uri(""), map[string]any{"findings": []any{"x"}}}} {
		if m := c.try("workspace/executeCommand", map[string]any{"command": "layc.built", "arguments": arguments}); m.Error == nil || !strings.HasPrefix(m.Error.Message, "layc.built") {
			t.Errorf("%v is a result: %+v", arguments, m.Error)
		}
	}
}
