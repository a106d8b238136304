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
			store, err := c.modules()
			if err != nil {
				return err
			}
			names, err := store.Write(cmd.Context(), pins.Modules)
			if err != nil {
				return err
			}
			if len(names) == 0 {
				fmt.Fprintf(c.out, "%s pins no git repository: there is nothing to vendor\n", lock.Name)
				return nil
			}
			for _, name := range names {
				fmt.Fprintf(c.out, "%s\n", filepath.Join(store.Vendor, name))
			}
			return nil
		},
	}
}

// modules is where git repositories are read from.
func (c *cli) modules() (module.Store, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return module.Store{}, fmt.Errorf("there is no place for a cache: %w", err)
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

// fetched are the repositories that a lock file pins, for the compiler.
// Offline, those that are neither vendored nor cached come with an error. A
// network that fails ends the command, tampered content is the compiler's to
// report at its import.
func (c *cli) fetched(ctx context.Context, pins *lock.File, online bool) (map[load.Repository]load.Fetched, error) {
	if len(pins.Modules) == 0 {
		return nil, nil
	}
	store, err := c.modules()
	if err != nil {
		return nil, err
	}
	all := map[load.Repository]load.Fetched{}
	for _, pin := range pins.Modules {
		files, err := store.Read(ctx, pin, online)
		var network *module.FetchError
		if errors.As(err, &network) || ctx.Err() != nil {
			return nil, err
		}
		all[load.Repository{URL: pin.URL, Version: pin.Version}] = load.Fetched{Files: files, Err: err}
	}
	return all, nil
}

// pinModules pins the repositories that the program imports, those that only
// others import included, and drops the pins of those that it imports no
// more. The repositories that names mention are pinned afresh; the names that
// mention none are returned.
func (l *locking) pinModules(ctx context.Context, pins *lock.File, names []string) (*lock.File, []string, error) {
	store, err := l.modules()
	if err != nil {
		return nil, nil, err
	}
	out := *pins
	fresh := map[load.Repository]bool{} // pinned by this call
	met := map[string]bool{}            // of names
	for {
		fetched, err := l.fetched(ctx, &out, true)
		if err != nil {
			return nil, nil, err
		}
		program, _ := load.Load(load.Input{Project: os.DirFS(l.dir), Dir: ".", Std: stdlib.FS, Modules: fetched})
		if program == nil {
			return pins, names, nil // the compiler says why
		}
		wanted := lock.File{}
		again := false
		for _, r := range program.Repositories {
			pin, pinned := out.Module(r.URL, r.Version)
			named := slices.ContainsFunc(names, func(n string) bool {
				mentions := mentioned(n, r)
				met[n] = met[n] || mentions
				return mentions || n == lock.Everything
			})
			if !pinned || named && !fresh[r] {
				if pin, err = store.Pin(ctx, r); err != nil {
					return nil, nil, err
				}
				fresh[r], again = true, true
			}
			wanted.Modules = append(wanted.Modules, pin)
		}
		out.Modules = wanted.Modules
		out.Sort()
		if !again {
			rest := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return met[n] })
			return &out, rest, nil
		}
	}
}

// mentioned reports whether a name that update is given means a repository.
func mentioned(name string, r load.Repository) bool {
	name = strings.TrimPrefix(name, "git+")
	return name == r.URL || name == r.Name() || name == r.URL+"@"+r.Version
}
