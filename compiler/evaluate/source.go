package evaluate

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/paths"
	"github.com/layc-lang/layc/lang/source"
)

// The paths of a program in the tree of files.

// projectSource turns a path in a program into one relative to the project, with its
// trailing slash, and returns what is there. It reports a path where nothing is.
func (x *tree) projectSource(p string, at source.Span, m *check.Module) (string, model.Source, bool) {
	full, ok := x.within(p, at, m)
	if !ok {
		return "", model.Source{}, false
	}
	slash := strings.HasSuffix(p, "/")
	if strings.ContainsAny(full, "*?[") && !x.literal(full) {
		return full, model.Source{Path: full, Pattern: true}, x.matching(full, at)
	}
	real, err := model.Resolve(x.Files, x.selection().Mounts, full, slash)
	var unfit *model.UnfitError
	if errors.As(err, &unfit) {
		x.unfit(err, full, at)
		return "", model.Source{}, false
	}
	var info fs.FileInfo
	if err == nil {
		info, err = fs.Lstat(x.Files, real)
	}
	if err != nil {
		x.noFile(full, err, at)
		return "", model.Source{}, false
	}
	if !slash {
		return full, model.Source{Path: full, Contents: info.IsDir()}, true
	}
	if !info.IsDir() {
		x.isFile(full, at).Note("a source that ends with `/` means the contents of a directory").Hint("remove the `/`")
		return "", model.Source{}, false
	}
	return full + "/", model.Source{Path: full, Contents: true}, true
}

// literal reports whether a path that looks like a pattern is a file's name: a file has
// that name, and the pattern matches nothing.
func (x *tree) literal(name string) bool {
	if _, err := fs.Lstat(x.Files, name); err != nil {
		return false
	}
	found, err := fs.Glob(x.Files, name)
	return err == nil && len(found) == 0 || err != nil
}

// within turns a path in a program into a clean one relative to the project. It reports a
// path that leads out of the project.
func (x *tree) within(p string, at source.Span, m *check.Module) (string, bool) {
	full := strings.TrimPrefix(p, "//")
	if full == p {
		dir, ok := m.Dir()
		if !ok {
			x.Found.Errorf(diag.OutsideProject, at, "module %s has no files to copy", m.Path).
				Note("modules of the standard library have only .layer files").
				Hint("declare a parameter of type `path` for it, or write the content with `file`")
			return "", false
		}
		if strings.HasPrefix(p, "/") {
			x.Found.Errorf(diag.OutsideProject, at, "%q is outside the project", p).
				Note("paths of project files are relative to the module").
				Hint("write `%q`, or move the file into the project", strings.TrimLeft(p, "/"))
			return "", false
		}
		full = dir + "/" + p
	}
	full = path.Clean(full)
	if full == ".." || strings.HasPrefix(full, "../") {
		x.Found.Errorf(diag.OutsideProject, at, "%q is outside the project", p).
			Note("an image can contain only files of the project").
			Hint("move the file into the project")
		return "", false
	}
	if (m.Git != load.Repository{}) && !strings.HasPrefix(p, "//") && !paths.Beneath(full, m.Git.Mount()) {
		x.Found.Errorf(diag.OutsideProject, at, "%q is outside the git repository", p).
			Note("a module of a git repository can use only files of that repository").
			Hint("move the file into the repository, or declare a parameter of type `path`")
		return "", false
	}
	return full, true
}

// matching reports a pattern that matches nothing, and one that is also the name of a file
// that it does not match.
func (x *tree) matching(pattern string, at source.Span) bool {
	found, err := fs.Glob(x.Files, pattern)
	switch {
	case err != nil:
		x.Found.Errorf(diag.InvalidPattern, at, "not a valid pattern: %q", pattern).
			Note("a pattern can contain *, ? and [a-z]").Hint("%s", fixPattern(pattern))
		return false
	case len(found) == 0:
		x.Found.Errorf(diag.NoSuchFile, at, "no file matches %q", pattern).
			Note("patterns are relative to the module's directory").
			Hint("%s", x.whatIsIn(path.Dir(pattern)))
		return false
	}
	if _, err := fs.Lstat(x.Files, pattern); err == nil && !slices.Contains(found, pattern) {
		x.Found.Errorf(diag.InvalidPattern, at, "ambiguous pattern %q: a file has this name, but the pattern matches %s", pattern, found[0]).
			Note("in a pattern, `[a-z]` matches one character").
			Hint("write `\\\\` before each `[` to name the file, or rename the file")
		return false
	}
	return true
}

// isFile reports a file where the program has a directory.
func (x *tree) isFile(full string, at source.Span) *diag.Diagnostic {
	return x.Found.Errorf(diag.NoSuchFile, at, "%s is a file, not a directory", full)
}

// writers are the files that a tool makes of others, and the commands that do.
var writers = map[string]string{
	"package-lock.json": "npm install --package-lock-only",
	"pnpm-lock.yaml":    "pnpm install --lockfile-only",
	"yarn.lock":         "yarn install",
	"go.sum":            "go mod tidy",
	"Cargo.lock":        "cargo generate-lockfile",
	"Gemfile.lock":      "bundle lock",
	"composer.lock":     "composer update --no-install",
	"poetry.lock":       "poetry lock",
	"uv.lock":           "uv lock",
}

// noFile reports a missing file, with the command that makes it, or the most similar existing one.
func (x *tree) noFile(full string, err error, at source.Span) {
	for dir := range paths.Above(full) {
		if info, err := fs.Stat(x.Files, dir); err == nil && !info.IsDir() {
			x.isFile(dir, at).Hint("write the path of a directory before `%s`", strings.TrimPrefix(full, dir))
			return
		}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		x.Found.Errorf(diag.NoSuchFile, at, "cannot read %s: %s", full, cause(err)).
			Hint("make the file readable, or copy another one")
		return
	}
	d := x.Found.Errorf(diag.NoSuchFile, at, "no such file: %s", full)
	if r, rest := x.Repositories.Of(full); r.Mount != "" {
		d.Message = fmt.Sprintf("no such file in %s: %s", strings.TrimPrefix(r.Mount, "@"), rest)
		d.Note("from a git repository, layc reads only directories with .layer files and what is below them, and no links")
	}
	dir := path.Dir(full)
	entries, err := fs.ReadDir(x.Files, dir)
	if err != nil {
		_, dir = x.Repositories.Of(dir)
		d.Note("the directory %s does not exist", dir).
			Hint("write a path relative to the module's directory; to copy what a component builds, use `from`")
		return
	}
	if command := writers[path.Base(full)]; command != "" {
		_, in := x.Repositories.Of(dir)
		d.Hint("run `%s` in %s", command, cmp.Or(strings.TrimPrefix(in, "."), "the project directory"))
		return
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if near := diag.Nearest(path.Base(full), names); near != "" {
		_, near = x.Repositories.Of(path.Join(dir, near))
		d.Hint("did you mean `%q`?", near)
		return
	}
	d.Hint("%s", x.whatIsIn(dir))
}

// whatIsIn describes the contents of a directory of the project, for help.
func (x *tree) whatIsIn(dir string) string {
	const shown = 8
	var names []string
	entries, _ := fs.ReadDir(x.Files, dir)
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, ".") && !strings.HasSuffix(name, ".layer") && name != lock.Name {
			names = append(names, name)
		}
	}
	r, dir := x.Repositories.Of(dir)
	switch {
	case dir == "" && r.Mount != "":
		dir = strings.TrimPrefix(r.Mount, "@")
	case dir == ".":
		dir = "the project directory"
	}
	if len(names) == 0 {
		return dir + " has no files to copy"
	}
	return dir + " has " + listed(names, shown)
}

// fixPattern returns how to fix a pattern that is not valid.
func fixPattern(p string) string {
	if strings.Count(p, "[") > strings.Count(p, "]") {
		return "close the `[`, or write `\\\\[` for a literal one"
	}
	return "write a pattern such as `\"*.jar\"` or `\"**/test\"`"
}

func cause(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
