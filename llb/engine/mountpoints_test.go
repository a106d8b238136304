//go:build linux

package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMountPoints checks root file systems with mount points of each kind.
func TestMountPoints(t *testing.T) {
	for at, want := range map[string]string{
		"":                       "",
		"proc/":                  "",
		"etc/hosts":              "",
		"dev -> srv":             "",
		"etc/resolv.conf -> x":   "",
		"proc":                   "/proc is not a directory",
		"sys -> proc":            "/sys is a link",
		"dev":                    "/dev is not a directory",
		"etc/hosts/":             "/etc/hosts is a directory",
		"etc/resolv.conf/":       "/etc/resolv.conf is a directory",
		"etc/resolv.conf -> etc": "",
		"etc/hosts -> /etc":      "/etc/hosts is a directory",
	} {
		root := t.TempDir()
		name, to, link := strings.Cut(at, " -> ")
		p := filepath.Join(root, name)
		err := os.MkdirAll(filepath.Dir(p), 0o755)
		switch {
		case err != nil || at == "":
		case link:
			err = os.Symlink(to, p)
		case strings.HasSuffix(name, "/"):
			err = os.Mkdir(p, 0o755)
		default:
			err = os.WriteFile(p, nil, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := checkMountPoints(root); err != nil {
			got = err.Error()
		}
		if got == "" != (want == "") || !strings.HasPrefix(got, want) {
			t.Errorf("%q: %q, want %q", at, got, want)
		}
	}
}
