package main

import (
	"bytes"
	"errors"
	"testing"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
)

// TestReplacesLink shows a link that a step would replace: the path, the link, and
// the path to write instead.
func TestReplacesLink(t *testing.T) {
	file := source.New("a.layer", "    fetch \"https://example.com/a.tar\" unpack to \"/\"\n")
	step := &engine.StepError{ExitCode: 1, Err: errors.New("exit code: 1"), Log: []string{`layc-helper: replaced link: "/bin/my tool" "/bin" "/usr/bin"`}}
	d := stepFailed(step, llb.Origin{Component: "tool", Span: source.Span{File: file, Start: 4, End: len(file.Text()) - 1}})
	var out bytes.Buffer
	if err := diag.Render(&out, diag.List{d}, diag.Options{Width: 100}); err != nil {
		t.Fatal(err)
	}
	const want = `error[E0342]: tool holds /bin/my tool, and /bin is a link to /usr/bin
 --> a.layer:1:5
  |
1 |     fetch "https://example.com/a.tar" unpack to "/"
  |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = note: the layer would replace the link
  = help: place it at "/usr/bin/my tool": make it at another path in a component of its own, and
          ` + "`copy` it `from` that\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &out, want)
	}
	step.Log = []string{"layc-helper: replaced link: broken"}
	if d := stepFailed(step, llb.Origin{Component: "tool", Span: d.Span}); d.Code != "E0501" {
		t.Errorf("another message is %s", d.Code)
	}
}
