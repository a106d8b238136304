package editor_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/layc-lang/layc/lang/editor"
)

// TestGenerated compares the files that are made from the table of clauses with what that makes now.
func TestGenerated(t *testing.T) {
	for name, text := range editor.Files() {
		old, err := os.ReadFile(filepath.FromSlash(name))
		if string(old) == text && err == nil {
			continue
		}
		t.Errorf("%s is stale; run go test ./lang/editor -update", name)
		if *update {
			if err := os.WriteFile(filepath.FromSlash(name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestTexts checks the texts of this package's tests themselves.
func TestTexts(t *testing.T) {
	for _, text := range written {
		if !valid(text) {
			t.Errorf("layc does not read this:\n%s", text)
		}
	}
}
