package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler/debian"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/pin"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/term"
	"github.com/layc-lang/layc/llb/lockfile"
	"github.com/layc-lang/layc/llb/registry"
	"github.com/layc-lang/layc/llb/world"
	"github.com/layc-lang/layc/llb/world/git"
)

func (c *cli) lockCommand() *cobra.Command {
	l := &locking{cli: c}
	cmd := &cobra.Command{
		Use:        "lock",
		SuggestFor: []string{"pin", "install"},
		Short:      "Pin versions, and record the plan, in " + lock.Name,
		Long: `lock writes ` + lock.Name + `, which pins:

  - versions and checksums of base packages
  - checksums of downloads that declare none
  - commits and content of imported git repositories
  - the date of the last refresh of each component with an update clause

It also records the plan. Existing pins stay; layc update renews them. A plan
that fits stays, too; otherwise lock changes it as little as possible. See layc
plan --rebalance.

If the file contains merge conflict markers, lock reads the lines of both sides
and pins again where they differ.

lock pins for the platforms of the fleet, and for --platform. If the fleet sets
no platforms, pins for other platforms stay.

Only lock and update write the file.`,
		Example: `  layc lock
  layc lock --rebalance                    record a new plan
  layc lock --measure out                  record the layer sizes of images
  layc lock --mirror debian=http://mirror.example.com/debian`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return l.run(cmd, nil) },
	}
	l.flags(cmd)
	cmd.Flags().BoolVar(&l.rebalance, "rebalance", false, "plan from scratch instead of keeping the recorded plan")
	cmd.Flags().StringVar(&l.measure, "measure", "", "record the layer sizes of the images in `DIR`, written by layc build -o")
	return cmd
}

// locking is the state of lock and update.
type locking struct {
	*cli
	program                      program
	mirrors                      mirrorFlags
	registries                   registryFlags
	keyrings                     []string
	rebalance                    bool
	unpackGB                     int64
	allowExpired, allowDowngrade bool
	measure                      string
}

func (l *locking) flags(cmd *cobra.Command) {
	l.program.source(cmd)
	l.program.planning.flags(cmd, false)
	l.mirrors.flags(cmd)
	l.registries.flags(cmd)
	cmd.Flags().Int64Var(&l.unpackGB, "unpack-limit", 0, "allow the archive or a layer of a base to unpack to `GB` gigabytes")
	cmd.Flags().BoolVar(&l.allowExpired, "allow-expired", false, "accept expired package indexes")
	cmd.Flags().BoolVar(&l.allowDowngrade, "allow-downgrade", false, "accept indexes and packages older than the pinned ones")
	cmd.Flags().StringArrayVar(&l.keyrings, "keyring", nil, "verify package indexes with the keys in `FILE`")
}

func (l *locking) run(cmd *cobra.Command, names []string) error {
	mirrors, err := l.mirrors.find(cmd)
	if err != nil {
		return err
	}
	client, err := l.registries.client(cmd)
	if err != nil {
		return err
	}
	if err := l.checkFiles(cmd); err != nil {
		return err
	}
	in, err := l.withoutModules(cmd, l.program)
	if err != nil {
		return err
	}
	in.Plan.Rebalance = l.rebalance
	release, err := l.hold(cmd.Context())
	if err != nil {
		return err
	}
	defer release()
	old, err := lockfile.Read(l.dir)
	if err != nil {
		return cannotReadLock(old.Name, err)
	}
	before, found := old.Before()
	if len(found) > 0 {
		return &lockError{found}
	}
	store, err := l.modules()
	if err != nil {
		return err
	}
	built, err := l.built()
	if err != nil {
		return err
	}
	ready := func() error {
		if err := old.Writable(); err != nil {
			return cannot("write", old.Name, err)
		}
		return nil
	}
	result, found, err := pin.Program(cmd.Context(), pin.Request{
		Input: in, Before: before, Names: names, Mirrors: l.mirrors.names(), Built: built,
		Repositories: store, Resolver: l.resolver(mirrors, client), Ready: ready, Announce: l.announce,
	})
	if err != nil {
		return l.explained(cmd, err)
	}
	if err := l.findings(found); err != nil {
		return err
	}
	defer l.due(result.Due)
	if err := l.write(old, result); err != nil {
		return err
	}
	l.better(result.Plan, 0, "%s\n")
	return nil
}

// explained converts an error of [pin.Program] to the terms of the command line.
func (l *locking) explained(cmd *cobra.Command, err error) error {
	var (
		name    *pin.UnknownNameError
		archive *pin.UnknownArchiveError
		noApps  *pin.NoAppsError
		other   *plan.OtherImageError
		lost    *pin.UnavailableError
		advised load.Advised
	)
	switch {
	case errors.As(err, &lost):
		if failed := l.findings(lost.Findings); !errors.As(lost.Err, &advised) {
			return failed
		}
		return &codeError{exitUnavailable}
	case errors.As(err, &name) && name.Near != "":
		return usage(cmd, "%s; did you mean %s?", name, name.Near)
	case errors.As(err, &name):
		return usage(cmd, "%s", name)
	case errors.As(err, &archive):
		return l.mirrors.unknown(cmd, archive)
	case errors.As(err, &noApps):
		return usage(cmd, "%s", noApps)
	case errors.As(err, &other):
		return fmt.Errorf("%s was built with another plan: %w; run layc build -o %s again", l.measure, other, l.measure)
	case errors.Is(err, plan.ErrNotBuilt):
		return fmt.Errorf("%s has no images of this module; run layc build -o %s", l.measure, l.measure)
	}
	return err
}

// write writes the lock file if it has changed, and prints the number of new and removed pins.
func (l *locking) write(old *lockfile.File, result *pin.Result) error {
	pins := result.File
	if result.NoApps {
		fmt.Fprintf(l.err, "the module has no apps: only its imported git repositories are pinned\n")
		if pins.Empty() {
			return nil // nothing to pin: do not create a file
		}
	}
	if !result.Changed {
		fmt.Fprintf(l.out, "%s is up to date\n", old.Name)
		return nil
	}
	var changed *lockfile.ChangedError
	if err := old.Replace(pins.Format()); errors.As(err, &changed) {
		return err
	} else if err != nil {
		return cannot("write", old.Name, err)
	}
	fmt.Fprintf(l.out, "wrote %s: %s, a plan of %s\n", old.Name, pinCounts(pins), term.Count(len(pins.Layers), "shared layer"))
	if result.Repositories && git.Vendored(filepath.Join(l.dir, "vendor")) {
		fmt.Fprintln(l.out, "vendored copies are unchanged; to update them, run: layc vendor")
	}
	if result.Dropped > 0 {
		fmt.Fprintf(l.out, "removed %s that nothing uses any more\n", term.Count(result.Dropped, "pin"))
	}
	return nil
}

// checkFiles checks the files in flags before anything is resolved.
func (l *locking) checkFiles(cmd *cobra.Command) error {
	for _, file := range l.keyrings {
		_, err := world.ReadKeyrings([]string{file})
		var unread *fs.PathError
		switch {
		case errors.As(err, &unread):
			return usage(cmd, "--keyring %s: %s", file, plainError(err))
		case err != nil:
			return usage(cmd, "--keyring %s: not an OpenPGP keyring", file)
		}
	}
	if l.measure != "" {
		if _, err := os.Stat(filepath.Join(l.measure, "index.json")); err != nil {
			return usage(cmd, "--measure %s: not an OCI layout; name a directory written by layc build -o", l.measure)
		}
	}
	return nil
}

// built returns the images with sizes to record; nil without --measure.
func (l *locking) built() ([]plan.Built, error) {
	if l.measure == "" {
		return nil, nil
	}
	images, err := registry.Sizes(l.measure)
	built := make([]plan.Built, len(images))
	for n, i := range images {
		built[n] = plan.Built(i)
	}
	return built, err
}

// due prints the components that are due for an update.
func (l *locking) due(names []string) {
	if len(names) > 0 {
		fmt.Fprintf(l.out, "due for an update: %s; run: layc update\n", strings.Join(names, ", "))
	}
}

// resolver returns a resolver that uses the mirrors, and a client for bases.
func (l *locking) resolver(mirrors world.Mirrors, client registry.Client) lock.Resolver {
	return world.NewResolver(world.Options{
		Mirrors: mirrors,
		Keys: func(suite debian.Suite) (openpgp.EntityList, error) {
			if len(l.keyrings) > 0 {
				return world.ReadKeyrings(l.keyrings)
			}
			return world.ThisHost().FindKeys(suite)
		},
		Now: time.Now(), UnpackLimit: l.unpackGB * 1e9, AllowExpired: l.allowExpired, AllowDowngrade: l.allowDowngrade,
		Image: client.Resolve,
		Base: func(ctx context.Context, ref lock.BaseRef) (lock.Base, error) {
			return client.Base(ctx, l.dir, ref, l.unpackGB*1e9)
		},
	})
}

// pinCounts counts the pins of a lock file.
func pinCounts(pins *lock.File) string {
	text := term.Count(len(pins.Packages), "package") + ", " + term.Count(len(pins.URLs), "download")
	if n := len(pins.Images); n > 0 {
		text += ", " + term.Count(n, "image")
	}
	switch n := len(pins.Modules); n {
	case 0:
	case 1:
		text += ", 1 repository"
	default:
		text += fmt.Sprintf(", %d repositories", n)
	}
	return text
}
