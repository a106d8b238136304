package revision

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repository returns a git working tree with two commits in which files of the directory module
// differ.
func repository(t *testing.T) (dir string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	dir = t.TempDir()
	t.Setenv("HOME", dir)
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	git := func(args ...string) {
		t.Helper()
		args = append([]string{"-C", dir, "-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q")
	write(".gitignore", "/module/built\n/module/link\n/module/other\n", 0o644)
	write("outside", "o", 0o644)
	write("module/a.layer", "first", 0o644)
	write("module/sub/run", "first", 0o755)
	write("module/was", "a link", 0o644)
	git("add", "-A")
	git("commit", "-qm", "first")
	git("tag", "first")
	write("module/a.layer", "second", 0o644)
	write("module/new", "n", 0o644)
	if err := os.Remove(filepath.Join(dir, "module/was")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("..", filepath.Join(dir, "module/was")); err != nil {
		t.Fatal(err)
	}
	git("add", "-A")
	git("commit", "-qm", "second")
	write("module/a.layer", "not committed", 0o644)
	write("module/built/x", "today", 0o755)
	write("module/other", "not copied", 0o644)
	if err := os.Remove(filepath.Join(dir, "module/was")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"module/was/none", "module/sub/none/deep", "module/hollow/a", "module/hollow/b", "module/mixed/none"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("module/mixed/new", "not copied", 0o644)
	if err := os.Symlink("built", filepath.Join(dir, "module/link")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// tree describes a directory, one line for each file.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			below, err := os.ReadDir(name)
			if rel, _ := filepath.Rel(dir, name); len(below) == 0 && rel != "." {
				lines = append(lines, rel+"/")
			}
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, name)
		if info.Mode()&os.ModeSymlink != 0 {
			to, err := os.Readlink(name)
			lines = append(lines, rel+" -> "+to)
			return err
		}
		text, err := os.ReadFile(name)
		if info.Mode()&0o100 != 0 {
			rel += "*"
		}
		lines = append(lines, rel+" "+string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

func TestCheckOut(t *testing.T) {
	dir := repository(t)
	module := filepath.Join(dir, "module")
	for rev, want := range map[string]string{
		"first":  "a.layer first\nbuilt/x* today\nhollow/a/\nhollow/b/\nlink -> built\nsub/none/deep/\nsub/run* first\nwas a link",
		"HEAD":   "a.layer second\nbuilt/x* today\nhollow/a/\nhollow/b/\nlink -> built\nnew n\nsub/none/deep/\nsub/run* first\nwas -> ..",
		"HEAD~1": "a.layer first\nbuilt/x* today\nhollow/a/\nhollow/b/\nlink -> built\nsub/none/deep/\nsub/run* first\nwas a link",
	} {
		to := t.TempDir()
		if err := CheckOut(t.Context(), module, rev, to, []string{"built", "link", "a.layer", "sub", "hollow", "was", "gone"}); err != nil {
			t.Errorf("%s: %v", rev, err)
		} else if got := tree(t, to); got != want {
			t.Errorf("%s:\n%s\nwant:\n%s", rev, got, want)
		}
	}
	if got := tree(t, module); !strings.Contains(got, "a.layer not committed") {
		t.Errorf("the module itself was changed:\n%s", got)
	}

	// A directory that did not exist at the revision is empty.
	newer, to := filepath.Join(dir, "newer"), t.TempDir()
	if err := os.Mkdir(newer, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := CheckOut(t.Context(), newer, "HEAD", to, []string{"a"}); err != nil || tree(t, to) != "" {
		t.Errorf("a newer directory: %v\n%s", err, tree(t, to))
	}
}

func TestErrors(t *testing.T) {
	dir := repository(t)
	var unknown *UnknownError
	for _, rev := range []string{"third", "--all", "HEAD:outside", ""} {
		if err := CheckOut(t.Context(), dir, rev, t.TempDir(), nil); !errors.As(err, &unknown) || unknown.Revision != rev {
			t.Errorf("%q: %v", rev, err)
		}
	}
	var outside *NoWorkTreeError
	if err := CheckOut(t.Context(), t.TempDir(), "HEAD", t.TempDir(), nil); !errors.As(err, &outside) {
		t.Errorf("outside: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := CheckOut(ended, dir, "HEAD", t.TempDir(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if err := CheckOut(t.Context(), dir, "HEAD", t.TempDir(), nil); !errors.Is(err, ErrNoGit) {
		t.Errorf("without git: %v", err)
	}
}
