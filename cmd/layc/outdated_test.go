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

// TestOutdated asks about an engine whose cache is of another version of layc, damaged, or was open when
// the machine stopped. The engine would empty it, so it is opened elsewhere or not at all.
func TestOutdated(t *testing.T) {
	t.Setenv("BUILDKIT_HOST", "")
	dir := t.TempDir()
	state := filepath.Join(dir, "state")
	if err := os.MkdirAll(filepath.Join(state, "runc-overlayfs"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		word, format, want string
		opened             int    // 1: elsewhere, 2: the state itself
		more               string // a file of the state that has a text
	}{
		{"try", "1\n", "has all that layc needs", 1, ""},
		{"usage", "1\n", "the cache in STATE is of another version of layc, which compresses layers differently; the next build removes it", 0, ""},
		{"prune", "1\n", "removed ", 2, ""},
		{"try", "2\n", "has all that layc needs", 2, ""},
		{"usage", "2\n", "cache of the built-in engine", 2, ""},
		{"try", "2\n", "the cache in STATE was in use when the machine stopped; the next build removes it\nthe built-in engine", 1, "lock"},
		{"usage", "2\n", "the cache in STATE was in use when the machine stopped; the next build removes it", 0, "lock"},
		{"try", "2\n", "the cache in STATE is damaged (cache.db is missing or empty); the next build removes it\nthe built-in engine", 1, "runc-overlayfs/metadata_v2.db"},
		{"usage", "2\n", "the cache in STATE is damaged (cache.db is missing or empty); the next build removes it", 0, "runc-overlayfs/metadata_v2.db"},
	} {
		if err := os.WriteFile(filepath.Join(state, "format"), []byte(c.format), 0o600); err != nil {
			t.Fatal(err)
		}
		if c.more != "" {
			if err := os.WriteFile(filepath.Join(state, c.more), []byte("1\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		opened := 0
		var out, problems bytes.Buffer
		cli := &cli{out: &out, err: &problems, ready: readyFake, open: func(ctx context.Context, o engine.Options) (builder, error) {
			if opened = 1; o.State == state {
				opened = 2
			}
			return openFake(ctx, o)
		}}
		code := cli.run(t.Context(), []string{"engine", c.word, "--state", state})
		if c.more != "" {
			if text, err := os.ReadFile(filepath.Join(state, c.more)); string(text) != "1\n" {
				t.Errorf("%s with %s: the file has %q, %v", c.word, c.more, text, err)
			}
			_ = os.Remove(filepath.Join(state, c.more))
		}
		if got := strings.ReplaceAll(out.String(), state, "STATE"); code != exitOK || opened != c.opened || !strings.Contains(got, c.want) {
			t.Errorf("%s with format %q: exit code %d, opened %d\n%s%s", c.word, c.format, code, opened, got, problems.String())
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
