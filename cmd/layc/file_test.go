package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestOwnOutput lists the files of a project before and after a build that writes into
// it: they are the same.
func TestOwnOutput(t *testing.T) {
	for _, output := range []string{"out", "deep/er/out", "there/out", "empty/out", "link/out", "../project/out", "out-link"} {
		project := filepath.Join(t.TempDir(), "project")
		for _, dir := range []string{"src", "there", "empty", "real"} {
			if err := os.MkdirAll(filepath.Join(project, dir), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"src/a", "there/b", "outer", "out.txt"} {
			if err := os.WriteFile(filepath.Join(project, name), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(os.Symlink("real", filepath.Join(project, "link")), os.Symlink("real", filepath.Join(project, "out-link"))); err != nil {
			t.Fatal(err)
		}
		list := func() (all []string) {
			in := files(project, within(project, filepath.Join(project, output))...)
			err := fs.WalkDir(in, ".", func(name string, _ fs.DirEntry, err error) error {
				all = append(all, name)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"out/index.json", "deep/er/out/index.json", "there/out/index.json", "real/out/index.json"} {
				if text, err := fs.ReadFile(in, name); err == nil {
					t.Errorf("-o %s: %s is %q", output, name, text)
				}
			}
			return all
		}
		before := list()
		if !slices.Contains(before, "outer") || !slices.Contains(before, "out.txt") || !slices.Contains(before, "there/b") || !slices.Contains(before, "src/a") {
			t.Errorf("-o %s: got %v", output, before)
		}
		made := filepath.Join(project, output)
		if err := os.MkdirAll(made, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(made, "index.json"), []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
		if after := list(); !slices.Equal(before, after) {
			t.Errorf("-o %s: before %v, after %v", output, before, after)
		}
	}
	if got := within(t.TempDir(), t.TempDir()); len(got) != 0 {
		t.Errorf("a directory is within another: %v", got)
	}
}
