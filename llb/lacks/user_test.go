package lacks

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/layc-lang/layc/llb/testdata/tree"
)

// TestLookUp looks up users and groups in systems that have them, lack them, or have the files
// behind links.
func TestLookUp(t *testing.T) {
	system := func(files map[string]string, links map[string]string) string {
		root := t.TempDir()
		for name, text := range files {
			name = filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for name, to := range links {
			if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
				t.Fatal(err)
			}
		}
		return root
	}
	const passwd, group = "root:x:0:0::/root:/bin/sh\n\nwww-data:x:33:33::/:/bin/false\n", "root:x:0:\nusers:x:100:www-data\n"
	plain := system(map[string]string{"etc/passwd": passwd, "etc/group": group}, nil)
	empty := system(nil, nil)
	linked := system(map[string]string{"nix/passwd": passwd, "nix/group": group}, map[string]string{"etc": "/nix"})
	climbs := system(map[string]string{"nix/passwd": passwd}, map[string]string{"etc": "../../../../../../../../nix"})
	for _, c := range []struct{ root, who, want string }{
		{plain, "root", ""},
		{plain, "www-data:users", ""},
		{plain, "www-data:4711", ""},
		{plain, "4711:users", ""},
		{plain, "4711", ""},
		{plain, "www", "no user www: root www-data"},
		{plain, "users", "no user users: root www-data"},
		{plain, "root:user", "no group user: root users"},
		{plain, "33:www-data", "no group www-data: root users"},
		{empty, "root", "no user root: "},
		{empty, "0:root", "no group root: "},
		{linked, "www-data:users", ""},
		{climbs, "www-data", ""},
	} {
		got := ""
		if err := lookUp(c.who, union{c.root}, nil); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s in %s: %q, want %q", c.who, filepath.Base(c.root), got, c.want)
		}
	}
}

// TestLookUpDeclared looks for declared users.
func TestLookUpDeclared(t *testing.T) {
	root := tree.New(t, map[string]string{"etc/passwd": "root:x:0:0:::\nwww:x:33:33:::\nalias:x:70:70:::\nwww:x:34:34:::\n"})
	for _, c := range []struct {
		declared []string
		want     string
	}{
		{[]string{"root", "0"}, "<nil>"},
		{[]string{"root", "0", "www", "33"}, `conflicting accounts: "/etc/passwd" "www" "33" "www" "34"`},
		{[]string{"other", "70"}, `conflicting accounts: "/etc/passwd" "other" "70" "alias" "70"`},
		{[]string{"gone", "71"}, "no user gone: root www alias www"},
	} {
		if got := fmt.Sprint(lookUp("", union{root}, c.declared)); got != c.want {
			t.Errorf("%q: %s, want %s", c.declared, got, c.want)
		}
	}
}
