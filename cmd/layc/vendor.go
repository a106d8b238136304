package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/pin"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/llb/module"
	"github.com/layc-lang/layc/stdlib"
)

func (c *cli) vendorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "vendor",
		Short: "Keep a copy of imported git repositories in the project",
		Long: `vendor writes the modules of the git repositories that the program imports, with
the files beside and beneath them, to the directory vendor of the project, which
all commands then read them from.
It is there for those who commit what they depend on. Copies are verified
against the lock file like everything else: change them at their source.`,
		Example: `  layc vendor
  layc vendor -C services/shop`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			pins, err := c.pins()
			if err != nil {
				return err
			}
			if err := c.allPinned(cmd.Context(), pins); err != nil {
				return err
			}
			store, err := c.modules()
			if err != nil {
				return err
			}
			release, err := c.alone(cmd.Context())
			if err != nil {
				return err
			}
			defer release()
			names, err := store.Write(cmd.Context(), pins.Modules)
			if err != nil {
				return cannotVendor(store, err)
			}
			if len(names) == 0 {
				fmt.Fprintf(c.out, "the program imports no git repository: there is nothing to vendor\n")
				return nil
			}
			for _, name := range names {
				fmt.Fprintf(c.out, "%s\n", filepath.Join(store.Vendor, name))
			}
			return nil
		},
	}
}

// allPinned fails if the program imports a repository that the lock file does
// not pin. Whatever else may be wrong with the program is of no matter here.
func (c *cli) allPinned(ctx context.Context, pins *lock.File) error {
	fetched, err := c.fetched(ctx, pins, false)
	if err != nil {
		return err
	}
	_, found := c.load(fetched)
	return c.findings(slices.DeleteFunc(found, func(d *diag.Diagnostic) bool { return d.Code != load.Unpinned }))
}

// cannotVendor says what to do, if that is known, besides what is wrong.
func cannotVendor(store module.Store, err error) error {
	var advised load.Advised
	var path *fs.PathError
	switch {
	case errors.As(err, &advised):
		note, help := advised.Advice()
		return fmt.Errorf("%w: %s: %s", err, note, help)
	case errors.As(err, &path) && strings.HasPrefix(path.Path, store.Vendor):
		return cannot("written", path.Path, err)
	}
	return err
}

// modules is where git repositories are read from.
func (c *cli) modules() (module.Store, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return module.Store{}, fmt.Errorf("there is no place for a cache: set HOME or XDG_CACHE_HOME: %w", err)
	}
	return module.Store{
		Cache: filepath.Join(cache, "layc-modules"), Vendor: filepath.Join(c.dir, "vendor"),
		Announce: func(text string) { fmt.Fprintln(c.err, text) },
	}, nil
}

// pins is the project's lock file; without one it pins nothing.
func (c *cli) pins() (*lock.File, error) {
	name := filepath.Join(c.dir, lock.Name)
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return &lock.File{}, nil
	} else if err != nil {
		return nil, cannot("read", name, err)
	}
	return readPins(name, text)
}

// readPins reads the text of a lock file.
func readPins(name string, text []byte) (*lock.File, error) {
	pins, err := lock.Parse(name, text)
	if err != nil {
		return nil, &lockError{compiler.LockFindings(name, text, err)}
	}
	return pins, nil
}

// lockError says what is wrong with a lock file.
type lockError struct{ findings diag.List }

func (e *lockError) Error() string { return e.findings[0].Message }

// A repository that cannot be reached ends a command.
var _ pin.Unreachable = (*module.FetchError)(nil)

// fetched are the repositories that a lock file pins, for the compiler; see
// [pin.Fetch].
func (c *cli) fetched(ctx context.Context, pins *lock.File, online bool) (map[load.Repository]load.Fetched, error) {
	if len(pins.Modules) == 0 {
		return nil, nil
	}
	store, err := c.modules()
	if err != nil {
		return nil, err
	}
	return pin.Fetch(ctx, compiler.Input{Project: os.DirFS(c.dir), Dir: ".", Name: c.where()}, pins, store, online)
}

// load reads the program, as [load.Load] does.
func (c *cli) load(fetched map[load.Repository]load.Fetched) (*load.Program, diag.List) {
	return load.Load(load.Input{Project: os.DirFS(c.dir), Dir: ".", Name: c.where(), Std: stdlib.FS, Modules: fetched})
}
