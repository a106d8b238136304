package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestFitLinks(t *testing.T) {
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
		if err := fit(tree, c.at, c.links); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestFitDirectories gives directories their owners and modes where a tree has them,
// and nothing else.
func TestFitDirectories(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, for owners")
	}
	tree := t.TempDir()
	if err := errors.Join(os.MkdirAll(tree+"/tmp/sub", 0o755), os.MkdirAll(tree+"/var/mail", 0o755), os.Symlink("var", tree+"/link"), os.WriteFile(tree+"/file", nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	if err := fit(tree, "/", []string{"=/tmp", "0:0 01777", "=/var/mail", "5:8 02775", "=/link/mail", "1:1 0700", "=/none", "1:1 0700"}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"/tmp": "0:0 dtrwxrwxrwx", "/var/mail": "5:8 dgrwxrwxr-x", "/tmp/sub": "0:0 drwxr-xr-x", "/var": "0:0 drwxr-xr-x"} {
		info, err := os.Lstat(tree + name)
		if err != nil {
			t.Fatal(err)
		}
		stat := info.Sys().(*syscall.Stat_t)
		if got := fmt.Sprintf("%d:%d %v", stat.Uid, stat.Gid, info.Mode()); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	for _, name := range []string{"/file", "/link"} {
		if err := fit(tree, "/", []string{"=" + name, "0:0 01777"}); err == nil || err.Error() != fmt.Sprintf("replaced directory: %q", name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
