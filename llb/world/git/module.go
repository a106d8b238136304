// Package git reads modules from git repositories: from the project's vendor directory, from the
// user's cache, or with the git program from their origin. It only returns content that matches
// the pin in the lock file.
//
// The relevant files of a repository are the directories with .layer files and everything below
// them, since nothing else is ever read. Submodules, and links with names of .layer files, are
// omitted. The content's digest is the SHA-256 of one line for each file, sorted by path. A line
// has the SHA-256 of the file's content, or of a link's target, in hexadecimal; a space; another
// space, or an asterisk for an executable file, or an @ for a link; the path; a line feed.
package git

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/layc-lang/layc/llb/replace"
)

// Limits of a repository: for its .layer files, and for all relevant files.
const (
	maxFiles = 2000
	maxBytes = 4 << 20 // in total

	maxAllFiles = 20_000
	maxAllBytes = 64 << 20
)

// extent sums up files to compare them with the limits.
type extent struct{ files, bytes, allFiles, allBytes int }

func (e *extent) add(what, name string, bytes int) error {
	e.allFiles, e.allBytes = e.allFiles+1, e.allBytes+bytes
	if strings.HasSuffix(name, ".layer") {
		e.files, e.bytes = e.files+1, e.bytes+bytes
	}
	switch {
	case e.files > maxFiles || e.bytes > maxBytes:
		return fmt.Errorf("%s has too many .layer files: the limits are %d files and %d MiB", what, maxFiles, maxBytes>>20)
	case e.allFiles > maxAllFiles || e.allBytes > maxAllBytes:
		return fmt.Errorf("%s has too many files in directories with .layer files and their subdirectories: the limits are %d files and %d MiB", what, maxAllFiles, maxAllBytes>>20)
	}
	return nil
}

// Digest returns the digest of files for the lock file. It depends on their paths and contents,
// but not on their order.
func Digest(files []File) string {
	lines := make([]string, len(files))
	for i, f := range files {
		kind := " "
		switch {
		case f.Link:
			kind = "@"
		case f.Executable:
			kind = "*"
		}
		sum := sha256.Sum256(f.Data)
		lines[i] = f.Name + "\x00" + hex.EncodeToString(sum[:]) + " " + kind
	}
	slices.Sort(lines)
	whole := sha256.New()
	for _, l := range lines {
		name, sum, _ := strings.Cut(l, "\x00")
		fmt.Fprintf(whole, "%s%s\n", sum, name)
	}
	return "sha256:" + hex.EncodeToString(whole.Sum(nil))
}

// TamperedError is the error for a directory that does not match its pin.
type TamperedError struct {
	Dir       string
	Got, Want string // digests
	Help      string
}

func (e *TamperedError) Error() string {
	return e.Dir + " differs from the lock file"
}

// Advice implements [load.Advised].
func (e *TamperedError) Advice() (note, help string) {
	return fmt.Sprintf("the digest is %s, and the lock file pins %s", e.Got, e.Want), e.Help
}

// readDir reads the relevant files of a directory. It does not follow links; a link with the name
// of a .layer file is an error.
func readDir(dir string) ([]File, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var names []string
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || d.IsDir():
			return err
		case strings.HasSuffix(name, ".layer") && !d.Type().IsRegular():
			return fmt.Errorf("%s is not a regular file", filepath.Join(dir, name))
		case d.Type().IsRegular() || d.Type() == fs.ModeSymlink:
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	modules := modulesOf(names)
	var files []File
	var size extent
	for _, name := range names {
		if !beside(name, modules) {
			continue
		}
		info, err := root.Lstat(name)
		if err != nil {
			return nil, err
		}
		if err := size.add(dir, name, int(info.Size())); err != nil {
			return nil, err
		}
		f := File{Name: name, Link: info.Mode()&fs.ModeSymlink != 0}
		if f.Link {
			var to string
			to, err = root.Readlink(name)
			f.Data = []byte(to)
		} else {
			f.Executable = info.Mode()&0o100 != 0
			f.Data, err = root.ReadFile(name)
		}
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// writeDir replaces a directory atomically by one with these files.
func writeDir(dir string, files []File) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return err
	}
	return replace.Dir(dir, func(fresh string) error { return fill(fresh, files) })
}

// fill writes files into a new directory, never through a link out of it.
func fill(dir string, files []File) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, f := range files {
		if err := checkName(dir, f.Name, f.Link); err != nil {
			return err
		}
		if err := root.MkdirAll(path.Dir(f.Name), 0o777); err != nil {
			return err
		}
		if f.Link {
			err = root.Symlink(string(f.Data), f.Name)
		} else {
			err = root.WriteFile(f.Name, f.Data, f.mode()|0o022) // as the umask allows
		}
		if err != nil {
			return err
		}
	}
	return nil
}
