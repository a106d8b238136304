package git

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/load"
)

func TestDigest(t *testing.T) {
	files := []File{{Name: "b.layer", Data: []byte("2")}, {Name: "a/a.layer", Data: []byte("1")}}
	want := Digest(files)
	files[0], files[1] = files[1], files[0]
	if got := Digest(files); got != want {
		t.Errorf("the order of files changes the digest: %s, %s", got, want)
	}
	for _, other := range [][]File{
		{},
		{files[0]},
		{files[0], {Name: "b.layer", Data: []byte("3")}},
		{files[0], {Name: "c.layer", Data: []byte("2")}},
		{files[0], {Name: "b.layer", Data: []byte("2"), Executable: true}},
		{files[0], {Name: "b.layer", Data: []byte("2"), Link: true}},
	} {
		if Digest(other) == want {
			t.Errorf("%v has the digest of %v", other, files)
		}
	}
}

// TestReadOnlyRelevant checks that only the relevant files of a directory are read, and that no link
// is followed.
func TestReadOnlyRelevant(t *testing.T) {
	vendor := t.TempDir()
	pin := lock.Module{URL: "https://git.example.com/layers.git", Version: "v1", Commit: strings.Repeat("0", 40)}
	files := []File{{Name: "web/web.layer", Data: []byte("let x = 1\n")}}
	pin.Digest = Digest(files)
	dir := filepath.Join(vendor, "git.example.com/layers@v1")
	if err := writeDir(dir, files); err != nil {
		t.Fatal(err)
	}
	s := Store{Cache: t.TempDir(), Vendor: vendor, Announce: func(string) {}}
	fsys, err := s.Read(context.Background(), pin, false)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := fs.ReadFile(fsys, "web/web.layer"); string(text) != "let x = 1\n" || err != nil {
		t.Errorf("read %q, %v", text, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "README"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(context.Background(), pin, false); err != nil {
		t.Errorf("a file outside of modules: %v", err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "passwd.layer")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(context.Background(), pin, false); err == nil || !strings.Contains(err.Error(), "passwd.layer is not a regular file") {
		t.Errorf("a link: %v", err)
	}
	// A second write removes the files of the first.
	if err := writeDir(dir, []File{{Name: "other.layer"}}); err != nil {
		t.Fatal(err)
	}
	var tampered *TamperedError
	if _, err := s.Read(context.Background(), pin, false); !errors.As(err, &tampered) || tampered.Want != pin.Digest {
		t.Errorf("other content: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(vendor, "git.example.com", "*"))
	if len(left) != 1 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(context.Background(), pin, false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing there, offline: %v", err)
	}
}

// TestEntries checks that a malicious tree is refused.
func TestEntries(t *testing.T) {
	r := load.Repository{URL: "https://git.example.com/l.git", Version: "v1"}
	entry := func(mode, name string) string { return mode + " blob 0123 5\t" + name + "\x00" }
	files, ask, err := entries(r, entry("100644", "a/b.layer")+entry("100755", "a/bin/run")+entry("100644", "README")+entry("100644", "docs/a/x")+entry("120000", "a/link.layer")+entry("120000", "docs/link")+"160000 commit 0123 -\ta/sub.layer\x00")
	if err != nil || len(files) != 2 || len(ask) != 2 || files[0].Name != "a/b.layer" || files[1].Name != "a/bin/run" || !files[1].Executable {
		t.Errorf("got %v %v %v", files, ask, err)
	}
	files, _, err = entries(r, entry("100644", "a/b.layer")+entry("120000", "a/link"))
	if err != nil || len(files) != 2 || !files[1].Link {
		t.Errorf("a link: got %v %v", files, err)
	}
	if _, _, err := entries(r, entry("100644", "a/b.layer")+entry("120000", "a/link")+entry("100644", "a/link/x/y")); err == nil || !strings.Contains(err.Error(), "which is not allowed") {
		t.Errorf("a file beneath a link: %v", err)
	}
	for _, name := range []string{"../x.layer", "/etc/x.layer", "a//x.layer", `a\x.layer`, "a\nx.layer", "./x.layer", "/etc/y"} {
		if _, _, err := entries(r, entry("100644", "/etc/x.layer")+entry("100644", name)); err == nil || !strings.Contains(err.Error(), "which is not allowed") {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, _, err := entries(r, "100644 blob 0123 99999999\tx.layer\x00"); err == nil || !strings.Contains(err.Error(), "too many .layer files") {
		t.Errorf("a large file: %v", err)
	}
	if _, _, err := entries(r, entry("100644", "a/x.layer")+"100644 blob 0123 99999999\ta/x\x00"); err == nil || !strings.Contains(err.Error(), "too many files in directories with .layer files") {
		t.Errorf("a large file beside a module: %v", err)
	}
	if _, _, err := entries(r, ""); err != nil {
		t.Errorf("an empty tree: %v", err)
	}
}

// TestMemory checks the file system of verified files, and that files can be written to a
// directory and read back.
func TestMemory(t *testing.T) {
	files := []File{{Name: "a/conf/x", Data: []byte("1")}, {Name: "a/m.layer", Data: []byte("2")}, {Name: "a/run", Executable: true}, {Name: "a/to", Data: []byte("conf/../conf/x"), Link: true}, {Name: "a/up", Data: []byte("../a/conf"), Link: true}}
	if err := fstest.TestFS(newMemory(files), "a/conf/x", "a/m.layer", "a/run", "a/to", "a/up"); err != nil {
		t.Error(err)
	}
	dir := filepath.Join(t.TempDir(), "m")
	if err := writeDir(dir, files); err != nil {
		t.Fatal(err)
	}
	read, err := readDir(dir)
	if err != nil || Digest(read) != Digest(files) {
		t.Errorf("read %v, %v, want the written files", read, err)
	}
	again, err := listed(newMemory(read))
	if err != nil || Digest(again) != Digest(files) {
		t.Errorf("listed %v, %v, want the written files", again, err)
	}
}

// TestLinks checks that links lead only to files of the tree.
func TestLinks(t *testing.T) {
	link := func(name, to string) File { return File{Name: name, Data: []byte(to), Link: true} }
	m := newMemory([]File{
		{Name: "a/x", Data: []byte("1")}, link("a/to", "x"), link("b/to", "../a"), link("c", "b/to/to"),
		link("out", "../x"), link("abs", "/a/x"), link("gone", "y"), link("round", "about"), link("about", "round"),
	})
	for _, name := range []string{"a/x", "a/to", "b/to/x", "b/to/to", "c"} {
		if text, err := fs.ReadFile(m, name); string(text) != "1" {
			t.Errorf("%s leads to %q, %v; want a/x", name, text, err)
		}
	}
	for _, name := range []string{"out", "abs", "gone", "round", "a/x/y", "a/to/y"} {
		if _, err := fs.Stat(m, name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s leads somewhere: %v", name, err)
		}
	}
}

func TestEnvironment(t *testing.T) {
	got := strings.Join(Environment([]string{"HOME=/h", "GIT_DIR=/elsewhere", "GIT_SSH_COMMAND=mine", "https_proxy=p"}), " ")
	if want := "HOME=/h GIT_SSH_COMMAND=mine https_proxy=p LC_ALL=C GIT_TERMINAL_PROMPT=0"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
