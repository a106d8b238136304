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

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/llb/world/git"
)

func (c *cli) vendorCommand() *cobra.Command {
	v := &vendoring{cli: c}
	cmd := &cobra.Command{
		Use:        "vendor",
		SuggestFor: []string{"download", "mirror", "offline"},
		Short:      "Copy git repositories, or all downloads, into the project",
		Long: `vendor copies the modules of imported git repositories, with their files and
subdirectories, to the directory vendor of the project. All commands then read
them from there. Commit the directory to keep your dependencies in the project.

--all also copies everything that builds download: packages, archives, files,
and the images that are bases. Then layc build needs no network, unless a run
does. It takes a copy wherever there is one. Images have the same bytes, and
steps the same cache, with copies and without; the copies are not files of the
project, which steps may copy. layc lock and layc update still ask servers.

Copies are verified against the lock file, so change them only at their source.
Run the command again after layc lock or layc update: it downloads what is new
and removes what is not needed any more. --check only tells what is missing.`,
		Example: `  layc vendor
  layc vendor -C services/shop
  layc vendor --all            copy all that builds download
  layc vendor --all --check    fail if copies are missing or changed`,
		Args: noArguments,
		RunE: v.run,
	}
	v.program.source(cmd)
	v.mirrors.flags(cmd)
	v.registries.flags(cmd)
	cmd.Flags().BoolVar(&v.all, "all", false, "also copy everything that builds download")
	cmd.Flags().BoolVar(&v.check, "check", false, "copy nothing; fail if copies are missing or changed")
	return cmd
}

// vendoring is one invocation of layc vendor.
type vendoring struct {
	*cli
	program    program
	mirrors    mirrorFlags
	registries registryFlags
	all        bool
	check      bool
}

func (v *vendoring) run(cmd *cobra.Command, _ []string) error {
	for _, flag := range []string{"check", "mirror", "platform", "set", "insecure", "registry-ca"} {
		if cmd.Flags().Changed(flag) && !v.all {
			return usage(cmd, "--%s requires --all", flag)
		}
	}
	pins, err := v.pins()
	if err != nil {
		return err
	}
	if err := v.allPinned(cmd.Context(), pins); err != nil {
		return err
	}
	if !v.check {
		if err := v.repositories(cmd.Context(), pins); err != nil {
			return err
		}
	}
	if v.all {
		return v.everything(cmd, pins)
	}
	return nil
}

// repositories copies the git repositories.
func (v *vendoring) repositories(ctx context.Context, pins *lock.File) error {
	store, err := v.modules()
	if err != nil {
		return err
	}
	release, err := v.hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	names, err := store.Write(ctx, pins.Modules)
	if err != nil {
		return cannotVendor(store, err)
	}
	if len(names) == 0 && !v.all {
		fmt.Fprintf(v.out, "nothing to vendor: the module imports no git repositories\n")
	}
	for _, name := range names {
		fmt.Fprintf(v.out, "%s\n", filepath.Join(store.Vendor, name))
	}
	return nil
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
	file := pathOf(err)
	switch {
	case errors.As(err, &advised):
		note, help := advised.Advice()
		return fmt.Errorf("%w: %s; %s", err, note, help)
	case strings.HasPrefix(file, store.Vendor):
		return cannot("write", file, err)
	}
	return err
}

// pathOf returns the file that an error is about; "" if there is none.
func pathOf(err error) string {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Path
	case errors.As(err, &link):
		return link.New
	}
	return ""
}
