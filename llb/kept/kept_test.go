package kept

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKept(t *testing.T) {
	system := tree(t, map[string]string{"etc/passwd": "x", "etc/default/x": "x", "var/lock": "-> /run/lock", "var/run": "-> ../run", "run/x": "x"})
	for _, c := range []struct {
		name  string
		files []map[string]string // of trees on the system
		want  string
	}{
		{"new paths, and files over files", []map[string]string{{"etc/passwd": "y", "etc/default/y": "y", "opt/x": "x"}}, ""},
		{"a file over a link, and a link over a file", []map[string]string{{"var/lock": "x", "etc/passwd": "-> x", "var/run": "-> /run"}}, ""},
		{"a file over a directory", []map[string]string{{"etc": "x"}}, `replaced: 1 "/etc" directory "" 0`},
		{"a link over a directory", []map[string]string{{"etc/default": "-> /etc"}}, `replaced: 1 "/etc/default" directory "" 0`},
		{"a directory over a file", []map[string]string{{"etc/passwd/x": "x"}}, `replaced: 1 "/etc/passwd" file "" 0`},
		{"a directory over a link", []map[string]string{{"var/lock/x": "x"}}, `replaced: 1 "/var/lock" link "/run/lock" 0`},
		{"links are not followed", []map[string]string{{"var/run/x/y": "x"}}, `replaced: 1 "/var/run" link "../run" 0`},
		{"over another tree", []map[string]string{{"opt/a/b": "x"}, {"opt/x": "x"}, {"opt/a": "x"}}, `replaced: 3 "/opt/a" directory "" 1`},
		{"over the topmost tree that has it", []map[string]string{{"etc/passwd": "x"}, {"etc/passwd/x": "x"}}, `replaced: 2 "/etc/passwd" file "" 1`},
		{"an odd name", []map[string]string{{"etc/a\n\"b": "x"}, {"etc/a\n\"b/c": "x"}}, `replaced: 2 "/etc/a\n\"b" file "" 1`},
	} {
		trees := []string{"=" + system}
		for _, f := range c.files {
			trees = append(trees, tree(t, f))
		}
		if got := fmt.Sprint(Check(t.Context(), trees)); got != c.want && (c.want != "" || got != "<nil>") {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	a, b := tree(t, map[string]string{"a": "x"}), tree(t, map[string]string{"a/b": "x"})
	if err := Check(t.Context(), []string{"=" + system, a, "=" + system, b}); err != nil {
		t.Errorf("a system hides what is before it: %v", err)
	}
	if err := Check(t.Context(), []string{a, b}); err == nil {
		t.Error("trees on no system are not compared")
	}
}

// TestKeptRandom compares random trees with what a map of all paths says of them.
func TestKeptRandom(t *testing.T) {
	failed := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		var trees []string
		isDir, want := map[string]bool{}, false
		for n := range 2 + r.IntN(3) {
			dir := t.TempDir()
			for range 1 + r.IntN(4) {
				p := dir
				for range 1 + r.IntN(3) {
					p += "/" + string("abc"[r.IntN(3)])
				}
				_ = os.MkdirAll(filepath.Dir(p), 0o755) // something may be in the way
				switch r.IntN(3) {
				case 0:
					_ = os.Mkdir(p, 0o755)
				case 1:
					_ = os.WriteFile(p, nil, 0o644)
				default:
					_ = os.Symlink([]string{"a", "/", "../b"}[r.IntN(3)], p)
				}
			}
			if err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
				at := strings.TrimPrefix(p, dir)
				if was, ok := isDir[at]; ok && was != d.IsDir() {
					want = true
				}
				isDir[at] = d.IsDir()
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				dir = "=" + dir
			}
			trees = append(trees, dir)
		}
		if err := Check(t.Context(), trees); (err != nil) != want {
			t.Errorf("seed %d: %v, want an error: %v", seed, err, want)
		}
		if want {
			failed++
		}
	}
	if failed < 50 || failed > 250 {
		t.Errorf("%d of 300 trees replace something", failed)
	}
}

// tree makes a tree of files in a directory of its own. A text after "-> " is where a link leads.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if to, ok := strings.CutPrefix(text, "-> "); err == nil && ok {
			err = os.Symlink(to, path)
		} else if err == nil {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
