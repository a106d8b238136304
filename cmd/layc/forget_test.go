package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/layc-lang/layc/llb/engine"
)

// TestForget interrupts a build. The result of an earlier build must not look like its own.
func TestForget(t *testing.T) {
	dir, none := t.TempDir(), strings.Repeat("0", 64)
	file := filepath.Join(dir, "result.json")
	for name, text := range map[string]string{
		"a.layer":     "component base {\n    rootfs \"https://example.com/root.tar\" sha256 \"" + none + "\"\n}\n\nfleet {\n    base base\n}\n\napp a {\n    file \"/a\" text \"a\"\n}\n",
		"layc.lock":   "layc-lock 1\nbase sha256:" + none + " 1 configured\n",
		"result.json": `{"exitCode": 0}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var out, problems bytes.Buffer
	c := &cli{out: &out, err: &problems, ready: readyFake, open: func(ctx context.Context, _ engine.Options) (builder, error) {
		interrupt()
		return nil, ctx.Err()
	}}
	if code := c.run(ctx, []string{"build", "-C", dir, "--json-file", file}); code != exitInterrupted {
		t.Fatalf("exit code %d\n%s", code, problems.String())
	}
	if text, err := os.ReadFile(file); err == nil {
		t.Errorf("the file has %s", text)
	}
}
