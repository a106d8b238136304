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
		Short: "Copy imported git repositories into the project",
		Long: `vendor copies the modules of imported git repositories, with their files and
subdirectories, to the directory vendor of the project. All commands then read
them from there. Commit the directory to keep your dependencies in the project.

Copies are verified against the lock file, so change them only at their source.`,
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
				fmt.Fprintf(c.out, "nothing to vendor: the module imports no git repositories\n")
				return nil
			}
			for _, name := range names {
				fmt.Fprintf(c.out, "%s\n", filepath.Join(store.Vendor, name))
			}
			return nil
		},
	}
}

// allPinned fails if the program imports a git repository that the lock file does not pin. It
// ignores other errors of the program.
func (c *cli) allPinned(ctx context.Context, pins *lock.File) error {
	fetched, err := c.fetched(ctx, pins, false)
	if err != nil {
		return err
	}
	_, found := c.load(fetched)
	return c.findings(slices.DeleteFunc(found, func(d *diag.Diagnostic) bool { return d.Code != diag.UnpinnedImport }))
}

// cannotVendor adds help to an error, if there is any.
func cannotVendor(store git.Store, err error) error {
	var advised load.Advised
	var path *fs.PathError
	switch {
	case errors.As(err, &advised):
		note, help := advised.Advice()
		return fmt.Errorf("%w: %s; %s", err, note, help)
	case errors.As(err, &path) && strings.HasPrefix(path.Path, store.Vendor):
		return cannot("write", path.Path, err)
	}
	return err
}
