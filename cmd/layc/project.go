package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/pin"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/llb/lockfile"
	"github.com/layc-lang/layc/llb/world/git"
	"github.com/layc-lang/layc/llb/world/vendored"
)

// announce prints a message about a slow operation.
func (c *cli) announce(text string) {
	if !c.quiet {
		fmt.Fprintln(c.err, text)
	}
}

// hold waits until no other command writes pins or vendored copies of the module.
func (c *cli) hold(ctx context.Context) (release func(), err error) {
	return lockfile.Hold(ctx, c.dir, func() {
		c.announce("waiting for another layc that is changing the lock file")
	})
}

// pins returns the project's lock file; empty if there is none.
func (c *cli) pins() (*lock.File, error) {
	file, err := lockfile.Read(c.dir)
	if err != nil {
		return nil, cannotReadLock(file.Name, err)
	}
	pins, found := file.Pins()
	if len(found) > 0 {
		return nil, &lockError{found}
	}
	return pins, nil
}

// cannotReadLock returns the error for a lock file that cannot be read.
func cannotReadLock(name string, err error) error {
	return &lockError{compiler.UnreadLock(name, plainError(err))}
}

// lockError is the error for an invalid lock file.
type lockError struct{ findings diag.List }

func (e *lockError) Error() string { return e.findings[0].Message }

// modules returns the store of git repositories.
func (c *cli) modules() (git.Store, error) { return git.Of(c.dir, c.announce) }

// A repository that cannot be reached ends a command.
var _ lock.Unreachable = (*git.FetchError)(nil)

// fetched returns the repositories that a lock file pins, for the compiler; see [pin.Fetch]. It reports those
// that are unreachable.
func (c *cli) fetched(ctx context.Context, pins *lock.File, online bool) (map[load.Repository]load.Fetched, error) {
	if len(pins.Modules) == 0 {
		return nil, nil
	}
	store, err := c.modules()
	if err != nil {
		return nil, err
	}
	all, err := pin.Fetch(ctx, c.source(), pins, store, online)
	var lost *pin.UnavailableError
	if errors.As(err, &lost) {
		_ = c.findings(lost.Findings)
		return nil, &codeError{exitUnavailable}
	}
	return all, err
}

// load reads the program like [compiler.Load].
func (c *cli) load(fetched map[load.Repository]load.Fetched) (*load.Program, diag.List) {
	in := c.source()
	in.Modules = fetched
	return compiler.Load(in)
}

// source returns the input for the module in the command's directory.
func (c *cli) source() compiler.Input {
	own := c.own
	if c.copies().Exists() {
		for _, name := range vendored.Names {
			own = append(slices.Clip(own), "vendor/"+name)
		}
	}
	return compiler.Input{Project: files(c.dir, own...), Dir: ".", Name: c.where()}
}

// where returns the name of the module's directory in findings.
func (c *cli) where() string {
	if c.dir == "." {
		if dir, err := os.Getwd(); err == nil {
			return dir
		}
	}
	return c.dir
}
