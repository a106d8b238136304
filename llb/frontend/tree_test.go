package frontend

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	cacheutil "github.com/moby/buildkit/cache/util"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/tonistiigi/fsutil/types"
)

// directory is a directory, read as BuildKit reads it.
type directory string

func (d directory) ReadFile(ctx context.Context, r gateway.ReadRequest) ([]byte, error) {
	return cacheutil.ReadFile(ctx, string(d), cacheutil.ReadRequest{Filename: r.Filename, Range: &cacheutil.FileRange{Offset: r.Range.Offset, Length: r.Range.Length}}, 16<<20)
}

func (d directory) ReadDir(ctx context.Context, r gateway.ReadDirRequest) ([]*types.Stat, error) {
	return cacheutil.ReadDir(ctx, string(d), cacheutil.ReadDirRequest{Path: r.Path})
}

// written returns a directory with files, links ("NAME": "-> TARGET") and hard links ("=> NAME").
func written(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for _, links := range []bool{false, true} {
		for name, text := range files {
			at := filepath.Join(dir, name)
			symbolic, isLink := strings.CutPrefix(text, "-> ")
			hard, isHard := strings.CutPrefix(text, "=> ")
			if links != isHard {
				continue
			}
			err := os.MkdirAll(filepath.Dir(at), 0o755)
			switch {
			case err != nil:
			case isLink:
				err = os.Symlink(symbolic, at)
			case isHard:
				err = os.Link(filepath.Join(dir, hard), at)
			default:
				err = os.WriteFile(at, []byte(text), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// TestTree checks that a tree of BuildKit is a file system, and follows links as os.DirFS does.
func TestTree(t *testing.T) {
	dir := written(t, map[string]string{
		"a/b/file": "text", "a/second": "=> a/b/file", "a/b/third": "=> a/b/file", "large": strings.Repeat("0123456789", chunk/10+1), "empty": "",
		"to-dir": "-> a/b", "a/up": "-> ../large",
	})
	tree := newTree(t.Context(), directory(dir))
	if err := fstest.TestFS(tree, "a/b/file", "a/second", "a/b/third", "large", "empty"); err != nil {
		t.Error(err)
	}
	for name, size := range map[string]int64{"to-dir/file": 4, "to-dir/third": 4, "a/second": 4, "a/up": chunk/10*10 + 10, "empty": 0} {
		text, err := fs.ReadFile(tree, name)
		if want, _ := os.ReadFile(filepath.Join(dir, name)); err != nil || int64(len(text)) != size || string(text) != string(want) {
			t.Errorf("%s has %d bytes, want %d: %v", name, len(text), size, err)
		}
	}
	tree = newTree(t.Context(), directory(written(t, map[string]string{
		"a/b/file": "text", "a/loop": "-> loop", "out": "-> ../../etc", "absolute": "-> /etc/passwd", "broken": "-> nowhere",
	})))
	for _, name := range []string{"a/loop", "out", "absolute", "broken", "a/b/file/x", "none", "../x", "/a"} {
		if text, err := fs.ReadFile(tree, name); err == nil {
			t.Errorf("%s has text: %q", name, text)
		}
	}
	for _, name := range []string{"absolute", "broken", "none"} {
		if _, err := fs.Stat(tree, name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if to, err := fs.ReadLink(tree, "absolute"); to != "/etc/passwd" || err != nil {
		t.Errorf("the link leads to %q: %v", to, err)
	}
}
