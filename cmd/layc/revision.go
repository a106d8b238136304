package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/report"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb/module"
)

// revisions compiles the module as it is in the working directory and as it
// was at a git revision.
type revisions struct {
	now, old *compiler.Output
	oldDir   string
	// broken are the findings for which the old revision does not compile; old
	// is nil then.
	broken diag.List
	clean  func() // removes oldDir
}

// compileSince compiles both. A revision that git does not know is an error; one
// that does not compile is not.
func (c *cli) compileSince(cmd *cobra.Command, p program, rev string) (*revisions, error) {
	now, err := c.compile(cmd, p, compiler.Planned)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, t := range now.Targets {
		files = append(files, report.Files(t.Plan)...)
	}
	r := &revisions{now: now}
	if r.oldDir, err = os.MkdirTemp("", "layc-since-"); err != nil {
		return nil, err
	}
	r.clean = func() { _ = os.RemoveAll(r.oldDir) }
	if err := checkOut(cmd.Context(), c.dir, rev, r.oldDir, files); err != nil {
		r.clean()
		var since *sinceError
		if errors.As(err, &since) {
			return nil, usage(cmd, "%s", since)
		}
		return nil, err
	}
	then := *c // its lock file pins other modules
	then.dir = r.oldDir
	in, err := then.input(cmd, p)
	if err != nil {
		r.clean()
		return nil, err
	}
	old, list := compiler.Compile(in, compiler.Planned)
	if list.HasErrors() {
		r.broken = list
		return r, nil
	}
	r.old = old
	return r, nil
}

// sinceError says that there is no such revision.
type sinceError struct{ message string }

func (e *sinceError) Error() string { return e.message }

// checkOut writes a directory of a git working tree, as it was at a revision,
// into another one. Files that git ignores, such as archives that were built
// outside of layc, are no part of any revision: of those that the program copies
// today, today's are taken.
func checkOut(ctx context.Context, dir, rev, to string, files []string) error {
	git := func(dir string, env []string, args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...)
		cmd.Env = append(module.Environment(os.Environ()), env...)
		var out, problem bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &problem
		if err := cmd.Run(); err != nil {
			if errors.Is(err, exec.ErrNotFound) {
				return "", errors.New("--since needs git, which is not installed")
			}
			return "", fmt.Errorf("git %s: %s", args[0], strings.TrimSpace(problem.String()))
		}
		return out.String(), nil
	}
	lines, err := git(dir, nil, "rev-parse", "--show-toplevel", "--show-prefix")
	if err != nil {
		return &sinceError{fmt.Sprintf("--since compares with a git revision, and %s is in no git working tree", dir)}
	}
	top, prefix, _ := strings.Cut(strings.TrimRight(lines, "\n"), "\n")
	commit, err := git(dir, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	if err != nil {
		return &sinceError{fmt.Sprintf("git knows no revision %s; in a shallow clone, fetch it first", rev)}
	}
	commit = strings.TrimSpace(commit)
	// An index of its own, so that the user's stays as it is. checkout-index
	// writes what git would write into a working tree, filters included.
	index, err := os.MkdirTemp("", "layc-index-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(index)
	env := []string{"GIT_INDEX_FILE=" + filepath.Join(index, "index")}
	tree := commit + ":" + strings.TrimSuffix(prefix, "/")
	if _, err := git(top, nil, "cat-file", "-e", tree); err != nil {
		return nil // the module is newer: nothing was there
	}
	if _, err := git(top, env, "read-tree", tree); err != nil {
		return err
	}
	if _, err := git(top, env, "checkout-index", "--all", "--force", "--quiet", "--prefix="+to+"/"); err != nil {
		return err
	}
	if len(files) == 0 {
		return nil
	}
	ignored, err := git(dir, nil, append([]string{"ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--"}, files...)...)
	if err != nil {
		return err
	}
	for _, name := range strings.Split(strings.TrimRight(ignored, "\x00"), "\x00") {
		if name != "" && filepath.IsLocal(name) {
			if err := copyFile(filepath.Join(dir, name), filepath.Join(to, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyFile copies a file with its mode, or a link.
func copyFile(from, to string) error {
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if info.Mode()&os.ModeSymlink != 0 {
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, info.Mode().Perm())
}
