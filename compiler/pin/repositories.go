package pin

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/load"
)

// Repositories gives access to git repositories.
type Repositories interface {
	// Pin finds the commit of a version, and returns the pin and the content. The error for an
	// unknown version is [load.Advised]; that for an unreachable repository is [lock.Unreachable], too.
	Pin(ctx context.Context, r load.Repository) (lock.Module, fs.FS, error)
	// Read returns the content of a pinned repository. If it is not on this machine, Read fetches
	// it, or returns [fs.ErrNotExist] if online is false. The error for an unreachable repository
	// is [lock.Unreachable].
	Read(ctx context.Context, pin lock.Module, online bool) (fs.FS, error)
}

// Fetch reads the repositories that a lock file pins, for the input of a compilation. Missing
// ones are fetched if the program imports them; offline, they come with an error. If a repository
// is unreachable, the error is an [*UnavailableError]. The compiler reports content that does not match its pin, at the
// import.
func Fetch(ctx context.Context, in compiler.Input, pins *lock.File, from Repositories, online bool) (map[load.Repository]load.Fetched, error) {
	all := map[load.Repository]load.Fetched{}
	missing := map[load.Repository]lock.Module{}
	for _, pin := range pins.Modules {
		r := load.Repository{URL: pin.URL, Version: pin.Version}
		files, err := from.Read(ctx, pin, false)
		if errors.Is(err, fs.ErrNotExist) {
			missing[r] = pin
		}
		all[r] = load.Fetched{Files: files, Err: err}
	}
	var lost error
	for online && len(missing) > 0 {
		in.Modules = all
		program, _ := compiler.Load(in)
		if program == nil {
			break // the compiler reports why
		}
		wanted := 0
		for _, r := range program.Repositories {
			pin, ok := missing[r]
			if !ok {
				continue
			}
			delete(missing, r)
			wanted++
			files, err := from.Read(ctx, pin, true)
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			var down lock.Unreachable
			if errors.As(err, &down) {
				lost = err
			}
			all[r] = load.Fetched{Files: files, Err: err}
		}
		if lost != nil {
			_, found := compiler.Load(in)
			return nil, &UnavailableError{found, lost}
		}
		if wanted == 0 {
			break // an unused pin
		}
	}
	return all, nil
}

// pinned are the repositories of a program.
type pinned struct {
	pins    *lock.File // with the repositories' pins
	fetched map[load.Repository]load.Fetched
	names   []string // names that mention no repository
	fresh   bool     // some were pinned in this request
}

// pinRepositories pins the repositories that the program imports, including indirect imports, and
// drops the pins of others. Repositories that names mention are pinned again.
func pinRepositories(ctx context.Context, in compiler.Input, before *lock.File, from Repositories, names []string) (*pinned, error) {
	pins := *before
	// A repository that is pinned again need not be read at its old pin, which may be gone.
	pins.Modules = slices.DeleteFunc(slices.Clone(pins.Modules), func(m lock.Module) bool {
		r := load.Repository{URL: m.URL, Version: m.Version}
		return slices.ContainsFunc(names, func(n string) bool { return n == lock.Everything || mentions(n, r) })
	})
	fresh := map[load.Repository]load.Fetched{} // pinned here, or with an error
	var lost error                              // of a repository that is unreachable
	for {
		fetched, err := Fetch(ctx, in, &pins, from, true)
		if err != nil {
			return nil, err
		}
		maps.Copy(fetched, fresh) // a vendored copy may be old
		in.Modules = fetched
		program, found := compiler.Load(in)
		if program == nil {
			return &pinned{pins: before, fetched: fetched, names: names}, nil // the compiler reports why
		}
		var wanted []lock.Module
		again, unknown := false, false
		for _, r := range program.Repositories {
			pin, ok := pins.Module(r.URL, r.Version)
			if !ok && fresh[r].Err == nil {
				again = true
				var files fs.FS
				pin, files, err = from.Pin(ctx, r)
				var says load.Advised
				if err != nil && (ctx.Err() != nil || !errors.As(err, &says)) {
					return nil, err
				}
				var down lock.Unreachable
				if errors.As(err, &down) {
					lost = err
				}
				if fresh[r] = (load.Fetched{Files: files, Err: err}); err == nil {
					pins.Modules = append(pins.Modules, pin)
					pins.Sort()
				}
			}
			if fresh[r].Err != nil {
				unknown = true
				continue
			}
			wanted = append(wanted, pin)
		}
		switch {
		case again: // the new version may import others
		case lost != nil:
			return nil, &UnavailableError{found, lost}
		case unknown:
			return nil, faults(found)
		default:
			pins.Modules = wanted
			pins.Sort()
			rest := slices.DeleteFunc(slices.Clone(names), func(n string) bool {
				return slices.ContainsFunc(program.Repositories, func(r load.Repository) bool { return mentions(n, r) })
			})
			return &pinned{&pins, fetched, rest, len(fresh) > 0}, nil
		}
	}
}

// mentions reports whether a name means a repository.
func mentions(name string, r load.Repository) bool {
	name = strings.TrimPrefix(name, "git+")
	return name == r.URL || name == r.Name() || name == r.URL+"@"+r.Version
}
