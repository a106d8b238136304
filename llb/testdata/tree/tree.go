// Package tree makes and reads files for tests.
package tree

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/layc-lang/layc/llb/canon"
)

// New makes files in a new directory, with the canonical time. A text that begins with "-> " is a link's target.
func New(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if to, ok := strings.CutPrefix(text, "-> "); ok {
			err = os.Symlink(to, path)
		} else if err = os.WriteFile(path, []byte(text), 0o644); err == nil {
			err = os.Chtimes(path, canon.Time, canon.Time)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Written returns what a function writes into a new file with a name.
func Written(t *testing.T, write func(name string) error) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "report")
	if err := write(name); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
