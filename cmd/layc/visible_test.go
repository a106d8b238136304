package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/layc-lang/layc/llb/engine"
)

// TestTerminalEscapes puts escape sequences into every source of text that layc prints:
// arguments, names of files and directories, steps, servers. None of them reaches the terminal.
func TestTerminalEscapes(t *testing.T) {
	const evil = "\x1b]0;title\a\x1b[2Jx\u009b31m"
	dir := t.TempDir()
	program := "component base {\n    rootfs \"https://example.com/r.tar\" sha256 \"00000000000000000000000000000000000000000000000000000000000000aa\"\n" +
		"    env COLOUR = \"\\u{1b}[31m\"\n}\n\nfleet {\n    base base\n}\n\napp one {\n    copy \"FILE\" to \"/a\"\n}\n"
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("missing/a.layer", program)
	write("missing/FILE"+evil, "")
	write(evil+"/a.layer", program)
	write(evil+"/FILE", "")
	write("plain/a.layer", program)
	write("plain/FILE", "")
	write("plain/layc.lock", "layc-lock 1\nbase sha256:00000000000000000000000000000000000000000000000000000000000000aa 1 configured\n")
	failing := func(err error) func(context.Context, engine.Options) (builder, error) {
		return func(context.Context, engine.Options) (builder, error) { return broken{fake{}, err}, nil }
	}
	for _, c := range []struct {
		what string
		err  error // of the engine
		args []string
	}{
		{"a file's name", nil, []string{"check", "-C", "missing"}},
		{"a directory's name", nil, []string{"fmt", "-l", evil, evil + "x"}},
		{"an argument", nil, []string{"plan", "-C", "plain", evil}},
		{"a value", nil, []string{"dump", "-C", "plain", "--stage", "bind"}},
		{"a step", &engine.StepError{Name: evil, ExitCode: 1, Log: []string{evil}, Err: errors.New(evil)}, []string{"build", "-C", "plain"}},
		{"a step that never starts", &engine.StepError{Name: evil, Err: errors.New(evil)}, []string{"build", "-C", "plain"}},
		{"a server", &engine.UnavailableError{What: "no", Err: errors.New(evil)}, []string{"build", "-C", "plain"}},
	} {
		t.Chdir(dir)
		var out bytes.Buffer
		cli := &cli{out: &out, err: &out, ready: readyFake, open: failing(c.err)}
		cli.run(t.Context(), c.args)
		if !strings.Contains(out.String(), "␛") || strings.ContainsAny(out.String(), "\x1b\a\u009b") {
			t.Errorf("%s is not shown with its escapes: %q", c.what, out.String())
		}
	}
}

// broken is an engine whose builds fail.
type broken struct {
	fake
	err error
}

func (b broken) Build(context.Context, engine.Request) (*engine.Result, error) { return nil, b.err }
