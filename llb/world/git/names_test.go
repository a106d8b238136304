package git

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/layc-lang/layc/lang/load"
)

// odd lists paths in a repository, and whether git checks them out.
var odd = []struct {
	name string
	link bool
	fine bool
}{
	{name: ".git/config"}, {name: "a/.git/config"}, {name: ".GIT/config"}, {name: "a/.Git"},
	{name: "GIT~1/config"}, {name: "a/git~1"}, {name: "git~1 . ./x"}, {name: ".git./x"}, {name: ".git /x"}, {name: ".git::$INDEX_ALLOCATION/x"}, {name: ".git:x"},
	{name: `.git\x`}, {name: `a/.git\x`},
	{name: ".g\u200cit/config"}, {name: ".\ufeffGi\u202et/x"}, {name: "\u206f.git"},
	{name: ".."}, {name: "a/../b"}, {name: "."}, {name: "a/./b"},
	{name: ".gitmodules", link: true}, {name: ".GitModules", link: true}, {name: "GITMOD~1", link: true}, {name: "gi7eba~1", link: true}, {name: ".gitm\u200codules", link: true},
	{name: ".gitmodules", fine: true}, {name: "gitmod~1", fine: true}, {name: "gitmod~9", link: true, fine: true},
	{name: ".github/x", fine: true}, {name: "x.git/config", fine: true}, {name: "git/config", fine: true}, {name: "git~2", fine: true},
	{name: ".gitignore", fine: true}, {name: ".gitattributes", fine: true}, {name: "...", fine: true}, {name: ".git.x", fine: true}, {name: "a b", fine: true},
}

// TestNames compares the refused names with git itself, configured to protect all file systems.
func TestNames(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal("git not found")
	}
	dir := t.TempDir()
	run := func(in string, args ...string) (string, error) {
		cmd := exec.Command(git, append([]string{"-c", "core.protectNTFS=true", "-c", "core.protectHFS=true"}, args...)...)
		cmd.Dir, cmd.Stdin, cmd.Env = dir, strings.NewReader(in), Environment(os.Environ())
		out, err := cmd.Output()
		return strings.TrimSpace(string(out)), err
	}
	if _, err := run("", "init", "-q"); err != nil {
		t.Fatal(err)
	}
	blob, err := run("to", "hash-object", "-w", "--stdin")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range odd {
		mode := "100644"
		if x.link {
			mode = linkMode
		}
		_, err := run("", "update-index", "--add", "--cacheinfo", mode+","+blob+","+x.name)
		if (err == nil) != x.fine {
			t.Errorf("%q, link %v: git returns %v", x.name, x.link, err)
		}
		if got := checkName("r", x.name, x.link); (got == nil) != x.fine {
			t.Errorf("%q, link %v: %v", x.name, x.link, got)
		}
		run("", "rm", "-q", "--cached", "--force", "--", x.name)
	}
}

// TestDotGit checks that a repository with one of git's own files is refused, even outside of
// modules, and that no such file is written, whatever the cache has.
func TestDotGit(t *testing.T) {
	r := load.Repository{URL: "https://git.example.com/l.git", Version: "v1"}
	for _, name := range []string{".git/config", "docs/.GIT/config", "m/git~1"} {
		_, _, err := entries(r, "100644 blob 0123 5\tm/m.layer\x00100644 blob 0123 5\t"+name+"\x00")
		if err == nil || !strings.Contains(err.Error(), "which is not allowed: git reads settings there") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := entries(r, "100644 blob 0123 5\tm/m.layer\x00160000 commit 0123 -\tdocs/.git\x00"); err == nil {
		t.Error("a submodule called .git: no error")
	}
	dir := filepath.Join(t.TempDir(), "m")
	if err := writeDir(dir, []File{{Name: "m.layer"}, {Name: ".git/config"}}); err == nil {
		t.Error("written: no error")
	}
	if _, err := os.Lstat(dir); !os.IsNotExist(err) {
		t.Errorf("something is written: %v", err)
	}
}

// TestWriteStaysInside checks that no file is written through a link, even if names that differ
// only in case are the same.
func TestWriteStaysInside(t *testing.T) {
	outside := t.TempDir()
	dir := filepath.Join(t.TempDir(), "m")
	err := writeDir(dir, []File{{Name: "a", Link: true, Data: []byte(outside)}, {Name: "a/x", Data: []byte("harm")}})
	if err == nil {
		t.Error("no error")
	}
	if left, err := os.ReadDir(outside); len(left) > 0 || err != nil {
		t.Errorf("written outside: %v, %v", left, err)
	}
	// A link out of the copy is kept, since nothing follows it.
	link := []File{{Name: "m.layer"}, {Name: "out", Link: true, Data: []byte("/etc/passwd")}}
	if err := writeDir(dir, link); err != nil {
		t.Fatal(err)
	}
	read, err := readDir(dir)
	if err != nil || len(read) != 2 || !bytes.Equal(read[1].Data, []byte("/etc/passwd")) || Digest(read) != Digest(link) {
		t.Errorf("read %v, %v", read, err)
	}
}
