package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tree makes files in a new directory; a text that begins with "-> " is a
// link's target.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if to, ok := strings.CutPrefix(text, "-> "); ok {
			err = os.Symlink(to, path)
		} else if err = os.WriteFile(path, []byte(text), 0o644); err == nil {
			err = os.Chtimes(path, epoch, epoch)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestVerify(t *testing.T) {
	before := map[string]string{"etc/a": "1", "etc/link": "-> a", "etc/placed": "1", "opt/x": "1"}
	for _, c := range []struct {
		name   string
		change map[string]string // "" removes
		want   string            // in the error; "" for none
	}{
		{"within", map[string]string{"own/dir/file": "x", "opt/new/deep/y": "y"}, ""},
		{"beside", map[string]string{"opt/new/other": "y"}, "/opt/new/other is new"},
		{"new", map[string]string{"srv/x": "y"}, `owns "/srv"`},
		{"changed", map[string]string{"etc/a": "22"}, "/etc/a is changed"},
		{"link", map[string]string{"etc/link": "-> b"}, "/etc/link points elsewhere"},
		{"gone", map[string]string{"opt/x": ""}, "/opt is deleted"},
		{"placed", map[string]string{"etc/placed": "22"}, `owns "/etc/placed"`},
		{"mounted", map[string]string{"cache": ""}, ""},
	} {
		after := map[string]string{}
		for name, text := range before {
			after[name] = text
		}
		for name, text := range c.change {
			after[name] = text
			if text == "" {
				delete(after, name)
			}
		}
		dir := tree(t, after)
		if c.name == "mounted" {
			if err := os.Mkdir(filepath.Join(dir, "cache"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		err := verify(tree(t, before), dir, []string{"/own", "/opt/new/deep", "=/cache", "+/etc/placed"})
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

func TestAccount(t *testing.T) {
	root := tree(t, map[string]string{
		"etc/passwd": "root:x:0:0::/root:/bin/sh\n", "etc/group": "root:x:0:\nusers:x:100:ann\n", "etc/shadow": "root:*:::::::\n",
	})
	www := []string{"--", "www", "33", "33", "", "", "users"}
	for range 2 { // the second time, all is there
		if err := extras(root, www); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"etc/passwd": "root:x:0:0::/root:/bin/sh\nwww:x:33:33::/nonexistent:/usr/sbin/nologin\n",
		"etc/group":  "root:x:0:\nusers:x:100:ann,www\nwww:x:33:\n",
		"etc/shadow": "root:*:::::::\nwww:!:::::::\n",
	} {
		if got, err := os.ReadFile(filepath.Join(root, name)); err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v, want %q", name, got, err, want)
		}
	}
	for _, bad := range [][]string{
		{"--", "web", "33", "33", "", ""}, {"--", "www", "34", "34", "", ""}, {"--", "x", "9", "9", "", "", "none"}, {"--", "x"}, {"x"},
	} {
		if err := extras(root, bad); err == nil {
			t.Errorf("%q is no error", bad)
		}
	}
}

func TestPlace(t *testing.T) {
	from, to := tree(t, map[string]string{"lib/a": "new", "lib/l": "-> a"}), tree(t, map[string]string{"usr/lib/a": "old", "lib": "-> usr/lib"})
	if err := os.Link(filepath.Join(from, "lib/a"), filepath.Join(from, "lib/b")); err != nil {
		t.Fatal(err)
	}
	if err := place(from, to); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(to, "usr/lib/a")); err != nil || string(got) != "new" {
		t.Errorf("usr/lib/a holds %q, %v: the link of the system leads there", got, err)
	}
	a, err1 := os.Stat(filepath.Join(to, "usr/lib/a"))
	b, err2 := os.Stat(filepath.Join(to, "usr/lib/b"))
	if err1 != nil || err2 != nil || !os.SameFile(a, b) || !a.ModTime().Equal(epoch) {
		t.Errorf("the two names are not one file with its time: %v, %v", err1, err2)
	}
	if l, err := os.Readlink(filepath.Join(to, "usr/lib/l")); err != nil || l != "a" {
		t.Errorf("the link points to %q, %v", l, err)
	}
}
