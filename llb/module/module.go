// Package module reads modules of git repositories: from the project's vendor
// directory, from the user's cache, or with the git program from where they
// are kept. Whatever it returns has the content that the lock file pins.
//
// Of a repository only its .layer files matter, since nothing else of it is
// ever read. Their digest is the SHA-256 of one line for each file, in the
// order of their paths: the SHA-256 of its content in hexadecimal digits, two
// spaces, its path, a line feed.
package module

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"
)

// Limits of a repository's .layer files.
const (
	maxFiles = 2000
	maxBytes = 4 << 20 // of all together
)

// Digest is what the lock file pins: a digest of the files' paths and
// contents. Their order means nothing.
func Digest(files []txtar.File) string {
	lines := make([]string, len(files))
	for i, f := range files {
		sum := sha256.Sum256(f.Data)
		lines[i] = f.Name + "\x00" + hex.EncodeToString(sum[:])
	}
	slices.Sort(lines)
	whole := sha256.New()
	for _, l := range lines {
		name, sum, _ := strings.Cut(l, "\x00")
		fmt.Fprintf(whole, "%s  %s\n", sum, name)
	}
	return "sha256:" + hex.EncodeToString(whole.Sum(nil))
}

// TamperedError says that a directory's content is not what is pinned.
type TamperedError struct {
	Dir       string
	Got, Want string // digests
	Help      string
}

func (e *TamperedError) Error() string {
	return fmt.Sprintf("%s is not what the lock file pins: it has %s, want %s: %s", e.Dir, e.Got, e.Want, e.Help)
}

// readDir reads the .layer files below a directory. Links are not followed: a
// link of that name is an error.
func readDir(dir string) ([]txtar.File, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var files []txtar.File
	size := 0
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() || !strings.HasSuffix(name, ".layer"):
			return nil
		case !d.Type().IsRegular():
			return fmt.Errorf("%s is no regular file", filepath.Join(dir, name))
		}
		text, err := fs.ReadFile(root.FS(), name)
		if err != nil {
			return err
		}
		files = append(files, txtar.File{Name: name, Data: text})
		size += len(text)
		return within(dir, len(files), size)
	})
	return files, err
}

// within reports a repository that is too large.
func within(what string, files, bytes int) error {
	if files > maxFiles || bytes > maxBytes {
		return fmt.Errorf("%s has more than %d .layer files, or more than %d MiB of them", what, maxFiles, maxBytes>>20)
	}
	return nil
}

// writeDir writes files into a directory, which it replaces as a whole: it is
// there with the old content or with the new.
func writeDir(dir string, files []txtar.File) error {
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(parent, ".layc-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	if err := os.Chmod(fresh, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		name := filepath.Join(fresh, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			return err
		}
	}
	// A directory cannot be renamed over one that is not empty.
	old := fresh + "-old"
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	defer os.RemoveAll(old)
	return os.Rename(fresh, dir)
}
