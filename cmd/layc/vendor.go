package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/llb/world/git"
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
			release, err := c.hold(cmd.Context())
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
	return c.findings(slices.DeleteFunc(found, func(d *diag.Diagnostic) bool { return d.Code != diag.UnpinnedImport }))
}

// cannotVendor says what to do, if that is known, besides what is wrong.
func cannotVendor(store git.Store, err error) error {
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
