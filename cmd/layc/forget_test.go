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

// TestForget interrupts a build, and starts one with a wrong flag. The result of an earlier build must
// not look like theirs.
func TestForget(t *testing.T) {
	dir, none := t.TempDir(), strings.Repeat("0", 64)
	file := filepath.Join(dir, "result.json")
	for name, text := range map[string]string{
		"a.layer":   "component base {\n    rootfs \"https://example.com/root.tar\" sha256 \"" + none + "\"\n}\n\nfleet {\n    base base\n}\n\napp a {\n    file \"/a\" text \"a\"\n}\n",
		"layc.lock": "layc-lock 1\nbase sha256:" + none + " 1 configured\n",
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
	for _, try := range []struct {
		flag string
		code int
	}{{"--load=nosuch", exitUsage}, {"--verify=false", exitInterrupted}} {
		if err := os.WriteFile(file, []byte(`{"exitCode": 0}`), 0o644); err != nil {
			t.Fatal(err)
		}
		if code := c.run(ctx, []string{"build", "-C", dir, "--json-file", file, try.flag}); code != try.code {
			t.Errorf("%s: exit code %d\n%s", try.flag, code, problems.String())
		}
		if text, err := os.ReadFile(file); err == nil {
			t.Errorf("%s: the file has %s", try.flag, text)
		}
	}
}
