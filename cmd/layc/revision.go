package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/report"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb/revision"
)

// revisions is the module compiled in the working directory and at a git revision.
type revisions struct {
	now, old *compiler.Output
	oldDir   string
	// broken has the errors if the old revision does not compile; old is nil then.
	broken diag.List
	clean  func() // removes oldDir
}

// compileSince compiles both. It is an error if git does not know the revision, but not if it
// does not compile.
func (c *cli) compileSince(cmd *cobra.Command, p program, rev string) (*revisions, error) {
	now, err := c.compile(cmd, p, compiler.Planned)
	if err != nil {
		return nil, err
	}
	return c.compareSince(cmd, p, rev, now)
}

// compareSince is compileSince for a module that is compiled in the working directory.
func (c *cli) compareSince(cmd *cobra.Command, p program, rev string, now *compiler.Output) (*revisions, error) {
	var files []string
	for _, t := range now.Targets {
		files = append(files, report.Files(t.Plan)...)
	}
	r := &revisions{now: now}
	var err error
	temp := os.TempDir() // a build's engine that starts meanwhile has another one
	if r.oldDir, err = os.MkdirTemp(temp, "layc-since-"); err != nil {
		return nil, cannot("write", temp, err)
	}
	r.clean = func() { _ = os.RemoveAll(r.oldDir) }
	if err := revision.CheckOut(cmd.Context(), c.dir, rev, r.oldDir, files); err != nil {
		r.clean()
		return nil, notCheckedOut(cmd, err)
	}
	then := *c // the old lock file pins other modules
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

// notCheckedOut converts an error of [revision.CheckOut] to the terms of the command line.
func notCheckedOut(cmd *cobra.Command, err error) error {
	var outside *revision.NoWorkTreeError
	var unknown *revision.UnknownError
	switch {
	case errors.As(err, &outside):
		return usage(cmd, "--since: %s", outside)
	case errors.As(err, &unknown):
		return usage(cmd, "%s", unknown)
	case errors.Is(err, revision.ErrNoGit):
		return fmt.Errorf("--since requires git: %w", err)
	}
	return err
}
