//go:build linux

package engine

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestCopiedLinks checks that a step that writes to hard links of a layer below changes the same
// names where layers are copied as where they are mounted.
func TestCopiedLinks(t *testing.T) {
	needEngine(t)
	var indexes [][]byte
	for _, kind := range []string{overlays, copies} {
		t.Setenv(snapshotterVariable, kind)
		dir := t.TempDir()
		build(t, open(t, t.TempDir()), request(t, dir, odd(t)...))
		index, err := os.ReadFile(filepath.Join(dir, "index.json"))
		if err != nil {
			t.Fatal(err)
		}
		indexes = append(indexes, index)
	}
	if !bytes.Equal(indexes[0], indexes[1]) {
		t.Errorf("mounted layers make\n%s\ncopied ones\n%s", indexes[0], indexes[1])
	}
}
