package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestChoose takes sources from a system with links, and compares the names of the copies.
func TestChoose(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"usr/lib/deep/er", "srv/empty", "other/lib"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"usr/lib/a.so", "usr/lib/b.txt", "usr/lib/deep/er/a.so", "usr/lib/deep/c", "other/lib/a.so", "usr/[x]"} {
		if err := os.WriteFile(filepath.Join(root, file), []byte(file), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"lib": "usr/lib", "abs": "/usr/lib", "usr/lib/link.so": "a.so", "out": "../../../usr"} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name                      string
		sources, include, exclude []string
		want                      string // names of the copies, or the error
	}{
		{"a pattern through a link", []string{"/lib/*.so"}, nil, nil, "a.so link.so"},
		{"a pattern through an absolute link", []string{"/abs/[ab].*"}, nil, nil, "a.so b.txt"},
		{"a pattern above the name", []string{"/*/lib/a.so"}, nil, nil, "a.so"},
		{"an escaped name", []string{`/usr/\[*`}, nil, nil, "[x]"},
		{"a link is taken as it is", []string{"/lib", "/out"}, nil, nil, "lib out"},
		{"the contents of a link's target, within the system", []string{"/out/"}, nil, []string{"lib"}, "[x]"},
		{"a deep included path", []string{"/abs/"}, []string{"deep/**/*.so"}, nil, "deep deep/er deep/er/a.so"},
		{"excluded paths, with an exception", []string{"/lib/"}, nil, []string{"deep", "*.so", "!deep/c"}, "b.txt deep deep/c"},
		{"patterns see names", []string{"/lib/deep", "/lib/b.txt"}, []string{"deep"}, []string{"er"}, "no files to copy from /lib/b.txt"},
		{"patterns see the content of a directory", []string{"/lib/deep"}, nil, []string{"er"}, "deep deep/c"},
		{"an empty directory", []string{"/srv/"}, nil, nil, "empty"},
		{"nothing is left", []string{"/lib/"}, []string{"*.zip"}, nil, "no files to copy from /lib/"},
		{"a name that does not exist", []string{"/lib/a.so", "/lib/nothing"}, nil, nil, "/lib/nothing not found"},
		{"a pattern that matches nothing", []string{"/lib/*.zip"}, nil, nil, "/lib/*.zip not found"},
		{"a file with a slash", []string{"/lib/a.so/"}, nil, nil, "/lib/a.so is a file"},
		{"a file and a directory", []string{"/lib/deep/er/", "/lib/deep/../a.so", "/other/"}, nil, []string{"!x"}, "a.so lib lib/a.so"},
	}
	for _, test := range tests {
		out := t.TempDir()
		err := choose(root, out, test.sources, test.include, test.exclude)
		got := strings.Join(entriesBelow(t, out), " ")
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// TestChooseKeeps checks that hard links are kept across the sources of a copy, that the later
// source wins, and that a directory keeps its mode.
func TestChooseKeeps(t *testing.T) {
	root, out := t.TempDir(), t.TempDir()
	for _, dir := range []string{"a", "b"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, dir, "x"), []byte(dir), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(filepath.Join(root, "a/x"), filepath.Join(root, "b/y")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "b/dir"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "b/dir/z"), nil, 0o4711); err != nil {
		t.Fatal(err)
	}
	if err := choose(root, out, []string{"/a/x", "/b/y", "/b/dir"}, []string{"x", "y", "z"}, nil); err != nil {
		t.Fatal(err)
	}
	x, err1 := os.Stat(filepath.Join(out, "x"))
	y, err2 := os.Stat(filepath.Join(out, "y"))
	if err1 != nil || err2 != nil || !os.SameFile(x, y) {
		t.Errorf("x and y are different files: %v, %v", err1, err2)
	}
	if info, err := os.Stat(filepath.Join(out, "dir")); err != nil || info.Mode() != fs.ModeDir|0o700 {
		t.Errorf("the directory has the mode %v: %v", info, err)
	}
	if err := choose(root, out, []string{"/a/", "/b/"}, nil, nil); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(out, "x")); string(text) != "b" {
		t.Errorf("x holds %q: %v", text, err)
	}
	if err := choose(root, t.TempDir(), []string{"/b/dir", "/a/x", "/a/../b/dir"}, nil, nil); err != nil {
		t.Error(err)
	}
	if err := os.Mkdir(filepath.Join(root, "a/dir2"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "b/dir2"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, sources := range [][]string{{"/a/", "/b/"}, {"/b/", "/a/"}} {
		if err := choose(root, t.TempDir(), sources, nil, nil); err == nil || !strings.Contains(err.Error(), "both become dir2") {
			t.Errorf("%v: the error is %v", sources, err)
		}
	}
}

// entriesBelow returns the sorted paths in a directory.
func entriesBelow(t *testing.T, dir string) []string {
	var out []string
	err := filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		if p != dir {
			out = append(out, strings.TrimPrefix(p, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}
