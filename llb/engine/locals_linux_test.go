package engine

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/tonistiigi/fsutil"
)

// named is a tree with an identity.
type named struct {
	fsutil.FS
	id     string
	opened *int // files
}

func (n named) Identity() string { return n.id }

func (n named) Open(path string) (io.ReadCloser, error) {
	*n.opened++
	return n.FS.Open(path)
}

// A source with an identity is found by that, without a look at its files.
func TestIdentity(t *testing.T) {
	needEngine(t)
	e := open(t, t.TempDir())
	dir, opened := t.TempDir(), 0
	for n, build := range []struct {
		id, text string
		opened   int
	}{
		{"1", "one", 1},
		{"1", "another one", 1}, // which the identity denies
		{"2", "another one", 2},
		{"", "no identity", 3},
		{"", "not even now", 4},
	} {
		if err := os.WriteFile(filepath.Join(dir, "file"), []byte(build.text), 0o644); err != nil {
			t.Fatal(err)
		}
		files, err := fsutil.NewFS(dir)
		if err != nil {
			t.Fatal(err)
		}
		from := llb.Local("files", llb.SharedKeyHint("files"), llb.LocalUniqueID(build.id))
		copied := llb.Scratch().File(llb.Copy(from, "/file", "/file", &llb.CopyInfo{CreatedTime: &epoch}))
		// Each build has something new, or nothing at all would be looked at.
		req := request(t, t.TempDir(), image(t, "app", copied, file("/build", string(rune('a'+n)))))
		req.Locals["files"] = named{files, build.id, &opened}
		if _, err := e.Build(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		if opened != build.opened {
			t.Errorf("build %d has read files %d times, not %d", n, opened, build.opened)
		}
	}
}
