// Package revision checks out a module at a git revision.
package revision

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/layc-lang/layc/llb/world/git"
)

// ErrNoGit is the error for a missing git program.
var ErrNoGit = errors.New("git is not installed")

// NoWorkTreeError is the error for a directory outside of a git working tree.
type NoWorkTreeError struct{ Dir string }

func (e *NoWorkTreeError) Error() string { return e.Dir + " is not in a git working tree" }

// UnknownError is the error for an unknown revision.
type UnknownError struct{ Revision string }

func (e *UnknownError) Error() string {
	if strings.Trim(e.Revision, "./") == "" { // a directory, as other commands take it
		return "not a git revision: " + e.Revision + "; write one to compare with, such as HEAD, origin/main or a tag"
	}
	return "unknown git revision " + e.Revision + "; in a shallow clone, fetch it first"
}

// CheckOut writes a directory of a git working tree, as it was at a revision, into the directory
// to. Files that git ignores, such as archives built outside of layc, are in no revision. Those
// among files, relative to the directory, are copied from the working tree. So are directories
// without any file: git cannot know whether a revision had them.
func CheckOut(ctx context.Context, dir, rev, to string, files []string) error {
	g := worktree{ctx, dir}
	lines, err := g.run(nil, "rev-parse", "--show-toplevel", "--show-prefix")
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, ErrNoGit):
		return err
	case err != nil:
		return &NoWorkTreeError{dir}
	}
	top, prefix, _ := strings.Cut(strings.TrimRight(lines, "\n"), "\n")
	commit, err := g.run(nil, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	if err != nil {
		return &UnknownError{rev}
	}
	tree := strings.TrimSpace(commit) + ":" + strings.TrimSuffix(prefix, "/")
	whole := worktree{ctx, top}
	if _, err := whole.run(nil, "cat-file", "-e", tree); err != nil {
		return nil // the module did not exist yet
	}
	if err := whole.write(tree, to); err != nil || len(files) == 0 {
		return err
	}
	root, err := os.OpenRoot(to) // links of the revision may lead anywhere
	if err != nil {
		return err
	}
	defer root.Close()
	ignored, err := g.run(nil, append([]string{"ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--"}, files...)...)
	if err != nil {
		return err
	}
	for _, name := range strings.Split(strings.TrimRight(ignored, "\x00"), "\x00") {
		if name != "" && filepath.IsLocal(name) {
			if err := copyFile(filepath.Join(dir, name), root, name); err != nil {
				return err
			}
		}
	}
	for _, name := range files {
		if _, err := copyEmpty(dir, root, name); err != nil {
			return err
		}
	}
	return nil
}

// copyEmpty makes the directories at and below a path in dir that have no file below them. It reports
// whether there is a file at the path or below it. Links count as files.
func copyEmpty(dir string, to *os.Root, name string) (full bool, err error) {
	info, err := os.Lstat(filepath.Join(dir, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case !info.IsDir():
		return true, nil
	}
	entries, err := os.ReadDir(filepath.Join(dir, name))
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		below, err := copyEmpty(dir, to, filepath.Join(name, e.Name()))
		if err != nil {
			return false, err
		}
		full = full || below
	}
	if full {
		return true, nil
	}
	// It fails where the revision has a file or a link, which is a change that counts.
	_ = to.MkdirAll(name, 0o755)
	return false, nil
}

// worktree runs the git program in a directory.
type worktree struct {
	ctx context.Context
	dir string
}

func (g worktree) run(env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(g.ctx, "git", append([]string{"-C", g.dir}, args...)...)
	cmd.Env = append(git.Environment(os.Environ()), env...)
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return "", ErrNoGit
		}
		return "", fmt.Errorf("git %s: %s", args[0], strings.TrimSpace(problem.String()))
	}
	return out.String(), nil
}

// write writes a tree into a directory. It uses a separate index and leaves the user's unchanged.
// checkout-index applies filters as in a working tree.
func (g worktree) write(tree, to string) error {
	index, err := os.MkdirTemp("", "layc-index-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(index)
	env := []string{"GIT_INDEX_FILE=" + filepath.Join(index, "index")}
	if _, err := g.run(env, "read-tree", tree); err != nil {
		return err
	}
	_, err = g.run(env, "checkout-index", "--all", "--force", "--quiet", "--prefix="+to+"/")
	return err
}

// copyFile copies a file with its mode, or a link. Nothing is copied through a link or over a file that a
// revision has in place of a directory, which is a change that counts.
func copyFile(from string, root *os.Root, to string) error {
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if err := root.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return nil
	}
	if info.Mode()&os.ModeSymlink != 0 {
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return root.Symlink(target, to)
	}
	if !info.Mode().IsRegular() { // reading a pipe would block forever
		return fmt.Errorf("%s is not a regular file", from)
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return root.WriteFile(to, text, info.Mode().Perm())
}
