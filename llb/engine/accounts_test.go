//go:build linux

package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLookUp looks up users in files that BuildKit misreads: it truncates numbers, reads other
// text as 0, and has limits.
func TestLookUp(t *testing.T) {
	const (
		root   = "root:x:0:0:root:/root:/bin/sh\n"
		bounds = " instead of a number from 0 to 4294967294 for "
	)
	long := strings.Repeat("x", 1<<16)
	for _, test := range []struct{ passwd, group, user, want string }{
		{root, "", "", ""},
		{"", "", "", ""},
		{"", "", "name", ""}, // BuildKit reports it
		{root + "a:x:4294967294:4294967294::/:\n", "", "a", ""},
		{root + "a:x:4294967295:0::/:\n", "", "a", "cannot look up user `a`: /etc/passwd has \"4294967295\"" + bounds + "a"},
		{root + "a:x:4294967296:0::/:\n", "", "a", "cannot look up user `a`: /etc/passwd has \"4294967296\"" + bounds + "a"},
		{root + "a:x:99999999999999999999:0::/:\n", "", "a", "cannot look up user `a`: /etc/passwd has \"99999999999999999999\"" + bounds + "a"},
		{root + "a:x:1:4294967296::/:\n", "", "a", "cannot look up user `a`: /etc/passwd has \"4294967296\"" + bounds + "a"},
		{root + "a:x:1:4294967296::/:\n", "", "1", "cannot look up user `1`: /etc/passwd has \"4294967296\"" + bounds + "a"},
		{root + "a:x:-1:1::/:\n", "", "a", "cannot look up user `a`: /etc/passwd has \"-1\"" + bounds + "a"},
		{root + "a:x:one:1::/:\n", "", "a", "cannot look up user `a`: /etc/passwd has \"one\"" + bounds + "a"},
		{root + "a:x\n", "", "a", "cannot look up user `a`: /etc/passwd has \"\"" + bounds + "a"},
		{root + "a:x:4294967296:0::/:\n", "", "", ""},        // somebody else
		{root + "a:x:4294967296:0::/:\n", "", "0:0", ""},     // nothing is looked up
		{root + "a:x:1:4294967296::/:\n", "", "root:0", ""},  // nothing is looked up
		{root + "a:x:one:1::/:\nb:x:2:2::/:\n", "", "b", ""}, // somebody else
		{"a:x:one:1::/:\n" + root, "", "", "cannot look up user `root`: /etc/passwd has \"one\"" + bounds + "a"},
		{root + "a:x:1:1::/:\n", "g:x:4294967296:a\n", "a", "cannot look up the groups of user `a`: /etc/group has \"4294967296\"" + bounds + "g"},
		{root + "a:x:1:1::/:\n", "g:x:4294967296:b\n# h:x:one:a\n", "a", ""},
		{root + "a:x:1:1::/:\n", "g:x:4294967296:b\n", "a:g", "cannot look up group `g`: /etc/group has \"4294967296\"" + bounds + "g"},
		{root + "a:x:1:1::/:\n", "g:x:4294967296:a\n", "a:7", ""},
		{root + "a:x:1:1:" + long + ":/:\n", "", "a", "cannot look up user `a`: /etc/passwd has a line that is longer than 65535 bytes"},
		{root + "a:x:1:1:" + long + ":/:\n", "", "1", "cannot look up user `1`: /etc/passwd has a line that is longer than 65535 bytes"},
		{root + "a:x:1:1:" + long + ":/:\n", "", "", ""}, // BuildKit takes root without it
		{root, "g:x:5:" + long + "\n", "root", ""},
		{root, "g:x:5:" + strings.Repeat(long, 17) + "\n", "root", "cannot look up the groups of user `root`: /etc/group has a line that is longer than 1048575 bytes"},
		{root, "g:x:5:" + strings.Repeat(long, 17) + "\n", "root:g", "cannot look up group `g`: /etc/group has a line that is longer than 1048575 bytes"},
		{strings.Repeat(root, 400_000), "", "root", "cannot look up user `root`: /etc/passwd is larger than 10 MB"},
		{"/", "", "a", "cannot look up user `a`: /etc/passwd is a directory"},
		{"/", "", "1", ""},
		{"/", "", "", ""},
		{"-> passwd", "", "a", "cannot look up user `a`: /etc/passwd is a link to itself"},
		{"-> passwd", "", "", ""},
		{"-> nothing", "", "a", ""},
		{root, "/", "root:g", "cannot look up group `g`: /etc/group is a directory"},
		{root, "/", "root", ""},
	} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "etc"), 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"passwd": test.passwd, "group": test.group} {
			path, err := filepath.Join(dir, "etc", name), error(nil)
			if to, link := strings.CutPrefix(text, "-> "); link {
				err = os.Symlink(to, path)
			} else if text == "/" {
				err = os.Mkdir(path, 0o755)
			} else if text != "" {
				err = os.WriteFile(path, []byte(text), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		got := ""
		if err := lookUp(dir, test.user); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%.40q, %.40q, user %q\ngot  %s\nwant %s", test.passwd, test.group, test.user, got, test.want)
		}
	}
}
