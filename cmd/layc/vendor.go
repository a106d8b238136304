package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
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

// fetched are the repositories that a lock file pins, for the compiler. Those
// that the program imports and that are neither vendored nor cached are fetched;
// offline, they come with an error. A network that fails ends the command,
// tampered content is the compiler's to report at its import.
func (c *cli) fetched(ctx context.Context, pins *lock.File, online bool) (map[load.Repository]load.Fetched, error) {
	all := map[load.Repository]load.Fetched{}
	if len(pins.Modules) == 0 {
		return all, nil
	}
	store, err := c.modules()
	if err != nil {
		return nil, err
	}
	missing := map[load.Repository]lock.Module{}
	for _, pin := range pins.Modules {
		r := load.Repository{URL: pin.URL, Version: pin.Version}
		files, err := store.Read(ctx, pin, false)
		if errors.Is(err, fs.ErrNotExist) {
			missing[r] = pin
		}
		all[r] = load.Fetched{Files: files, Err: err}
	}
	for online && len(missing) > 0 {
		program, _ := c.load(all)
		if program == nil {
			break // the compiler says why
		}
		wanted := 0
		for _, r := range program.Repositories {
			pin, ok := missing[r]
			if !ok {
				continue
			}
			delete(missing, r)
			wanted++
			files, err := store.Read(ctx, pin, true)
			var network *module.FetchError
			if errors.As(err, &network) || ctx.Err() != nil {
				return nil, err
			}
			all[r] = load.Fetched{Files: files, Err: err}
		}
		if wanted == 0 {
			break // a pin that nothing refers to
		}
	}
	return all, nil
}

// load reads the program, as [load.Load] does.
func (c *cli) load(fetched map[load.Repository]load.Fetched) (*load.Program, diag.List) {
	return load.Load(load.Input{Project: os.DirFS(c.dir), Dir: ".", Name: c.where(), Std: stdlib.FS, Modules: fetched})
}

// pinModules pins the repositories that the program imports, those that only
// others import included, and drops the pins of those that it imports no
// more. The repositories that names mention are pinned afresh; the names that
// mention none are returned, and what was read.
func (l *locking) pinModules(ctx context.Context, pins *lock.File, names []string) (*lock.File, map[load.Repository]load.Fetched, []string, error) {
	store, err := l.modules()
	if err != nil {
		return nil, nil, nil, err
	}
	out := *pins
	// What is pinned afresh need not be read as it was, and may be there no more.
	out.Modules = slices.DeleteFunc(slices.Clone(pins.Modules), func(m lock.Module) bool {
		r := load.Repository{URL: m.URL, Version: m.Version}
		return slices.ContainsFunc(names, func(n string) bool { return n == lock.Everything || mentioned(n, r) })
	})
	fresh := map[load.Repository]load.Fetched{} // pinned here, or with an error if there is no such version
	for {
		fetched, err := l.fetched(ctx, &out, true)
		if err != nil {
			return nil, nil, nil, err
		}
		maps.Copy(fetched, fresh) // a vendored copy may be of before
		program, found := l.load(fetched)
		if program == nil {
			return pins, fetched, names, nil // the compiler says why
		}
		var wanted []lock.Module
		again, unknown := false, false
		for _, r := range program.Repositories {
			pin, pinned := out.Module(r.URL, r.Version)
			if !pinned && fresh[r].Err == nil {
				again = true
				var files fs.FS
				pin, files, err = store.Pin(ctx, r)
				var version *module.VersionError
				if err != nil && !errors.As(err, &version) {
					return nil, nil, nil, err
				}
				if fresh[r] = (load.Fetched{Files: files, Err: err}); err == nil {
					out.Modules = append(out.Modules, pin)
					out.Sort()
				}
			}
			if fresh[r].Err != nil {
				unknown = true
				continue
			}
			wanted = append(wanted, pin)
		}
		switch {
		case again: // what is pinned now may import others
		case unknown:
			return nil, nil, nil, l.findings(found)
		default:
			out.Modules = wanted
			out.Sort()
			l.vendored = len(fresh) > 0 && module.Vendored(store.Vendor)
			rest := slices.DeleteFunc(slices.Clone(names), func(n string) bool {
				return slices.ContainsFunc(program.Repositories, func(r load.Repository) bool { return mentioned(n, r) })
			})
			return &out, fetched, rest, nil
		}
	}
}

// mentioned reports whether a name that update is given means a repository.
func mentioned(name string, r load.Repository) bool {
	name = strings.TrimPrefix(name, "git+")
	return name == r.URL || name == r.Name() || name == r.URL+"@"+r.Version
}
