package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestKeepsLinks(t *testing.T) {
	tree := t.TempDir()
	for _, dir := range []string{"bin/sub", "empty", "var"} {
		if err := os.MkdirAll(filepath.Join(tree, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"bin/sub/tool", "file"} {
		if err := os.WriteFile(filepath.Join(tree, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"lib": "usr/lib", "var/run": "../run", "sbin": "/usr/other", "away": "/bin"} {
		if err := os.Symlink(to, filepath.Join(tree, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, at string
		links    []string
		want     string
	}{
		{"a directory", "/", []string{"/lib", "/usr/lib", "/bin", "/usr/bin"}, `replaced link: "/bin/sub/tool" "/bin" "/usr/bin"`},
		{"an empty one", "/", []string{"/empty", "/usr"}, `replaced link: "/empty" "/empty" "/usr"`},
		{"a file", "/", []string{"/file", "/usr"}, `replaced link: "/file" "/file" "/usr"`},
		{"a link to somewhere else", "/", []string{"/sbin", "/usr/sbin"}, `replaced link: "/sbin" "/sbin" "/usr/sbin"`},
		{"the same links", "/", []string{"/lib", "/usr/lib", "/var/run", "/run"}, ""},
		{"nothing there", "/", []string{"/lib64", "/usr/lib", "/srv/a/b", "/usr/b", "/file/x", "/x"}, ""},
		{"beneath a link of the tree", "/", []string{"/away/sub", "/x"}, ""},
		{"at another place", "/opt/x", []string{"/opt/x/bin/sub", "/usr/bin"}, `replaced link: "/opt/x/bin/sub/tool" "/opt/x/bin/sub" "/usr/bin"`},
		{"a declared link and a directory", "/", []string{"+/bin", "/usr/bin"}, `replaced link: "/bin/sub/tool" "/bin" "/usr/bin"`},
		{"declared links and others", "/", []string{"+/file", "/usr/file", "+/sbin", "/usr/sbin"}, ""},
	} {
		got := ""
		if err := keepsLinks(tree, c.at, c.links); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
