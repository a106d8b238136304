package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/layc-lang/layc/llb/engine"
)

// late is an engine that finds at once that the image of one lacks its program. Then it builds for a while,
// and a step of two fails, or nothing more.
type late struct {
	fake
	t     *testing.T
	goes  time.Duration // how long the build goes on
	fails bool          // a step fails in the end
}

func (b late) Build(_ context.Context, r engine.Request) (*engine.Result, error) {
	proven := make([]engine.Proven, len(r.Proofs))
	for n, p := range r.Proofs {
		if !strings.Contains(string(slices.Concat(p.Definition.Def...)), "nosuch") {
			continue
		}
		failed := &engine.StepError{Vertex: last(b.t, p.Definition), ExitCode: 1, Log: []string{`layc-helper: not started: command missing "nosuch" "" "" ""`}}
		for _, raw := range p.Definition.Def {
			if id := digest.FromBytes(raw); strings.Contains(string(raw), "nosuch") {
				failed.Vertex = id
			}
		}
		proven[n] = engine.Proven{Failed: failed}
		r.Unproven(n, proven[n])
	}
	time.Sleep(b.goes)
	if b.fails {
		return nil, &engine.StepError{Vertex: last(b.t, r.Images[1].Definition), Name: "[two] second", ExitCode: 2, Log: []string{"no"}, Err: errors.New("exit code: 2")}
	}
	return nil, &engine.UnprovenError{Proven: proven}
}

// TestEarlyErrors checks how errors are told that a build finds while it goes on: with a line after a moment,
// if there is more to wait for and somebody watches, and completely in the end, once.
func TestEarlyErrors(t *testing.T) {
	dir := t.TempDir()
	program := "fleet {\n    base scratch\n}\n\napp one {\n    file \"/one\" text \"1\"\n    command [\"nosuch\"]\n}\n\napp two {\n    file \"/two\" text \"2\"\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "a.layer"), []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	const (
		line  = "a.layer:7: error[E0372]: the command of one starts nosuch, which the image does not have\n"
		whole = "error[E0372]: the command of one starts nosuch, which the image does not have\n --> a.layer:7:5\n"
		step  = "error[E0501]: a step of two failed\n"
	)
	for name, c := range map[string]struct {
		engine late
		flags  string
		code   int
		tells  bool // a line while the build goes on
	}{
		"the build ends":           {late{}, "--progress=plain", exitInput, false},
		"it goes on":               {late{goes: 2 * soon}, "--progress=plain", exitInput, true},
		"it goes on for a script":  {late{goes: 2 * soon}, "--json", exitInput, false},
		"it goes on, quietly":      {late{goes: 2 * soon}, "--quiet", exitInput, false},
		"a step fails":             {late{fails: true}, "--progress=plain", exitBuild, false},
		"a step fails later":       {late{fails: true, goes: 2 * soon}, "--progress=plain", exitBuild, true},
		"a step fails in a script": {late{fails: true}, "--json", exitBuild, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.engine.t = t
			var stdout, stderr bytes.Buffer
			l := &cli{out: &stdout, err: &stderr, ready: readyFake, open: func(context.Context, engine.Options) (builder, error) { return c.engine, nil }}
			code := l.run(t.Context(), []string{"build", "-C", dir, "--state", t.TempDir(), c.flags})
			text := stderr.String()
			if code != c.code || strings.Contains(text, line) != c.tells || strings.Count(text, whole) != 1 || strings.Count(text, step) > 1 || strings.Contains(text, step) != c.engine.fails {
				t.Errorf("exit code %d:\n%s", code, text)
			}
			if c.tells && strings.Index(text, line) > strings.Index(text, whole) {
				t.Errorf("the line is after the error:\n%s", text)
			}
			if c.flags != "--json" {
				return
			}
			var got struct{ Findings []struct{ Code string } }
			if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
				t.Fatalf("%v:\n%s", err, &stdout)
			}
			if c.engine.fails && len(got.Findings) != 2 || !c.engine.fails && !strings.Contains(stdout.String(), "E0372") {
				t.Errorf("the findings are %v", got.Findings)
			}
		})
	}
}
