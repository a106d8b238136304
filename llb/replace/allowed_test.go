package replace

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestPossible checks what is known of a file or directory before it is written. A file system that can
// only be read is tried by the tests of cmd/layc, and permissions only if this user is held to them.
func TestPossible(t *testing.T) {
	dir := t.TempDir()
	file, link, closed := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "closed")
	for _, err := range []error{
		os.WriteFile(file, nil, 0o644), os.Symlink("nowhere", link), os.Mkdir(closed, 0o555), syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600),
		os.WriteFile(filepath.Join(dir, "kept"), nil, 0o444),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"file": "", "new": "", "a/b/c": "", ".": "", "pipe": "",
		"file/x": file + " is a file", "file/x/y": file + " is a file",
		"link": link + " is a link to nowhere, which does not exist", "link/x": link + " is a link to nowhere, which does not exist",
		"closed": closed + ": permission denied", "closed/x/y": closed + ": permission denied",
		"kept": filepath.Join(dir, "kept") + ": permission denied",
	} {
		if strings.HasSuffix(want, "permission denied") && os.Geteuid() == 0 {
			continue
		}
		got := ""
		if err := Possible(filepath.Join(dir, name)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 5 {
		t.Errorf("there are %d entries now: %v", len(entries), err)
	}
}
