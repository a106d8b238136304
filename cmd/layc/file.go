package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/llb/replace"
)

// plainError returns the cause of a file's error, without the call and the path.
func plainError(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		return errors.New("part of the path is a file")
	case errors.Is(err, syscall.EISDIR):
		return errors.New("is a directory")
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("no such file or directory")
	}
	return err
}

// nextStep tells what to do about the cause of a file's error; "" if nothing is known.
func nextStep(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "free space on that disk, or choose a place on another one"
	case errors.Is(err, syscall.EROFS):
		return "choose a place on a file system that can be written to"
	case errors.Is(err, fs.ErrPermission):
		return "change the permissions, or run layc as a user who has them"
	case errors.Is(err, syscall.EISDIR):
		return "remove the directory, or name a file"
	case errors.Is(err, syscall.ENOTDIR):
		return "check the path; each name before the last one must be a directory"
	case errors.Is(err, errIrregular):
		return "replace it with a file"
	case errors.Is(err, fs.ErrNotExist):
		return "check the path, or create what is missing"
	}
	return ""
}

// fileError is the error for a file that cannot be read or written.
type fileError struct {
	error
	unwritten bool   // otherwise it cannot be read, which is an error of the input
	help      string // what to do next; "": the cause tells that
}

func (e *fileError) Error() string {
	text := e.error.Error()
	if help := cmp.Or(e.help, nextStep(e.error)); help != "" && !strings.Contains(text, "\n") {
		text += "\n" + help
	}
	return text
}

func (e *fileError) Unwrap() error { return e.error }

// cannot returns the error for a file that cannot be read, written or the like.
func cannot(what, file string, err error) error {
	help := nextStep(err)
	if what == "write" && errors.Is(err, fs.ErrNotExist) {
		err, help = errors.New("no such directory"), "create the directory, or choose another one"
	}
	return &fileError{fmt.Errorf("cannot %s %s: %w", what, file, plainError(err)), what == "write", help}
}

// errIrregular is the error for reading anything other than a file or a directory. Reading a pipe
// would block, and a device may never end.
var errIrregular = errors.New("not a regular file")

// files returns the files of a directory, except those that layc itself writes there. own are
// their names. It is an error to open anything other than a file or a directory.
func files(dir string, own ...string) fs.FS {
	all := regular{os.DirFS(dir).(dirFS)}
	if len(own) == 0 {
		return all
	}
	return without{all, own}
}

// dirFS is the type that [os.DirFS] returns.
type dirFS interface {
	fs.StatFS
	fs.ReadDirFS
	fs.ReadLinkFS
}

type regular struct{ dirFS }

func (r regular) Open(name string) (fs.File, error) {
	if info, err := r.Stat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errIrregular}
	}
	return r.dirFS.Open(name)
}

// without hides files: its own, all below them, and the directories above them that contain
// nothing else. So a build finds the files that the build before it found.
type without struct {
	regular
	own []string
}

func (w without) hides(name string) bool {
	for _, own := range w.own {
		switch {
		case name == own || strings.HasPrefix(name, own+"/"):
			return true
		case strings.HasPrefix(own, name+"/"):
			entries, err := w.regular.ReadDir(name)
			if err == nil && !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !w.hides(path.Join(name, e.Name())) }) {
				return true
			}
		}
	}
	return false
}

func (w without) check(op, name string) error {
	if w.hides(name) {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return nil
}

func (w without) Open(name string) (fs.File, error) {
	if err := w.check("open", name); err != nil {
		return nil, err
	}
	return w.regular.Open(name)
}

func (w without) Stat(name string) (fs.FileInfo, error) {
	if err := w.check("stat", name); err != nil {
		return nil, err
	}
	return w.regular.Stat(name)
}

func (w without) Lstat(name string) (fs.FileInfo, error) {
	if err := w.check("lstat", name); err != nil {
		return nil, err
	}
	return w.regular.Lstat(name)
}

func (w without) ReadLink(name string) (string, error) {
	if err := w.check("readlink", name); err != nil {
		return "", err
	}
	return w.regular.ReadLink(name)
}

func (w without) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := w.check("readdir", name); err != nil {
		return nil, err
	}
	entries, err := w.regular.ReadDir(name)
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return w.hides(path.Join(name, e.Name())) }), err
}

// within returns the names that a path has in a directory, with its links followed and not. It
// returns none if the path is outside.
func within(dir, name string) []string {
	top, err := os.Stat(dir)
	at, absErr := filepath.Abs(name)
	if err != nil || absErr != nil {
		return nil
	}
	paths := []string{at}
	for above := at; above != filepath.Dir(above); above = filepath.Dir(above) {
		if real, err := filepath.EvalSymlinks(above); err == nil {
			paths = append(paths, filepath.Join(real, strings.TrimPrefix(at, above)))
			break
		}
	}
	var found []string
	for _, p := range paths {
		for above := p; above != filepath.Dir(above); {
			above = filepath.Dir(above)
			if info, err := os.Stat(above); err == nil && os.SameFile(info, top) {
				rel, _ := filepath.Rel(above, p)
				found = append(found, filepath.ToSlash(rel))
			}
		}
	}
	return found
}

// readInput reads a file of a module or of a flag.
func readInput(name string) ([]byte, error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errIrregular}
	}
	return os.ReadFile(name)
}

// canWrite reports early that the file of a flag cannot be written. It ignores an empty name.
func canWrite(cmd *cobra.Command, flag, file string) error {
	if file == "" {
		return nil
	}
	info, err := os.Stat(file)
	switch {
	case err == nil && info.IsDir():
		return usage(cmd, "--%s %s: is a directory; name a file", flag, file)
	case err == nil:
	default:
		switch info, err := os.Stat(filepath.Dir(file)); {
		case err != nil:
			return usage(cmd, "--%s %s: no such directory: %s", flag, file, filepath.Dir(file))
		case !info.IsDir():
			return usage(cmd, "--%s %s: %s is a file", flag, file, filepath.Dir(file))
		}
	}
	if err := replace.Possible(file); err != nil {
		return &fileError{fmt.Errorf("--%s %s: cannot write %w", flag, file, err), true, ""}
	}
	return nil
}

// replaceFile replaces a file atomically; see [replace.Content].
func replaceFile(name string, text []byte) error {
	if err := replace.Content(name, text); err != nil {
		return cannot("write", name, err)
	}
	return nil
}
