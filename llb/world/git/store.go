package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/paths"
)

// Store is where modules are read from.
type Store struct {
	Cache  string // the user's directory of fetched modules
	Vendor string // the project's directory of vendored modules; it need not exist
	// Announce is called before a repository is asked, with what is done.
	Announce func(string)
}

// Of is where a project's modules are read from: its directory vendor, and the cache
// of the user.
func Of(project string, announce func(string)) (Store, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return Store{}, fmt.Errorf("no directory for the cache: %w; set HOME or XDG_CACHE_HOME", err)
	}
	return Store{Cache: filepath.Join(cache, "layc-modules"), Vendor: filepath.Join(project, "vendor"), Announce: announce}, nil
}

// manifest lists the directories that [Store.Write] has written, so that it
// removes those that are wanted no more, and nothing else.
const manifest = "layc-modules.txt"

// Pin finds out which commit a version is, fetches it, and returns the pin and
// what it pins. What is vendored under that version stays as it is.
func (s Store) Pin(ctx context.Context, r load.Repository) (lock.Module, fs.FS, error) {
	s.Announce("resolving " + r.String())
	commit, err := resolve(ctx, r)
	if err != nil {
		return lock.Module{}, nil, err
	}
	files, err := fetch(ctx, r, commit)
	if err != nil {
		return lock.Module{}, nil, err
	}
	pin := lock.Module{URL: r.URL, Version: r.Version, Commit: commit, Digest: Digest(files)}
	s.keep(pin, files)
	return pin, newMemory(files), nil
}

// keep puts verified files into the cache. Where that cannot be written, they are
// fetched again another time.
func (s Store) keep(pin lock.Module, files []File) { _ = writeDir(s.cached(pin), files) }

// Read returns what matters of a pinned repository: that of the vendor
// directory if it has it, else that of the cache, else, if online, what is
// fetched and then cached. Content that is not what is pinned is a
// [*TamperedError]; what is not there while offline, [fs.ErrNotExist].
func (s Store) Read(ctx context.Context, pin lock.Module, online bool) (fs.FS, error) {
	vendored := filepath.Join(s.Vendor, dirName(pin))
	files, err := verified(vendored, pin, Restore)
	if absent(err) {
		cached := s.cached(pin)
		files, err = verified(cached, pin, "delete the directory to fetch it again")
	}
	if absent(err) && online {
		r := load.Repository{URL: pin.URL, Version: pin.Version}
		s.Announce("fetching " + r.String())
		if files, err = fetch(ctx, r, pin.Commit); err != nil {
			return nil, err
		}
		if got := Digest(files); got != pin.Digest {
			return nil, &TamperedError{"the repository", got, pin.Digest, "check who changed the repository or the lock file, then run `layc update " + r.URL + "`"}
		}
		s.keep(pin, files)
	}
	switch {
	case absent(err):
		return nil, fs.ErrNotExist
	case err != nil:
		return nil, err
	}
	return newMemory(files), nil
}

// absent reports whether the error is for a missing directory.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// Restore is the help for a vendored copy that was changed.
const Restore = "run `layc vendor` to restore it; make changes only at its source"

// Write puts the pinned repositories into the vendor directory, and removes
// from it those that an earlier call wrote and that are pinned no more. It
// returns the directories that it holds now, within the vendor directory.
func (s Store) Write(ctx context.Context, pins []lock.Module) ([]string, error) {
	var names []string
	for _, pin := range pins {
		// What lies in the vendor directory may be what is to be restored.
		elsewhere := Store{Cache: s.Cache, Announce: s.Announce, Vendor: filepath.Join(s.Cache, "none")}
		fsys, err := elsewhere.Read(ctx, pin, true)
		if err != nil {
			return nil, err
		}
		files, err := listed(fsys)
		if err != nil {
			return nil, err
		}
		name := dirName(pin)
		if err := writeDir(filepath.Join(s.Vendor, name), files); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	slices.Sort(names)
	list := filepath.Join(s.Vendor, manifest)
	before, err := os.ReadFile(list)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, name := range strings.Fields(string(before)) {
		if !slices.Contains(names, name) && filepath.IsLocal(name) && strings.Contains(name, "@") {
			if err := s.remove(name); err != nil {
				return nil, err
			}
		}
	}
	if len(names) == 0 {
		if err := os.Remove(list); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		os.Remove(s.Vendor) // it stays if it holds something else
		return nil, nil
	}
	return names, os.WriteFile(list, []byte(strings.Join(names, "\n")+"\n"), 0o644)
}

// remove removes a vendored repository, and the directories above it that are
// empty then.
func (s Store) remove(name string) error {
	if err := os.RemoveAll(filepath.Join(s.Vendor, name)); err != nil {
		return err
	}
	for dir := range paths.Above(name) {
		if os.Remove(filepath.Join(s.Vendor, dir)) != nil {
			break // it holds something else
		}
	}
	return nil
}

// Vendored reports whether a directory is one that [Store.Write] has written.
func Vendored(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, manifest))
	return err == nil
}

// cached is the directory of the cache for a pin. It is named by its content,
// so that two programs that pin the same share it.
func (s Store) cached(pin lock.Module) string {
	return filepath.Join(s.Cache, strings.ReplaceAll(pin.Digest, ":", "-"))
}

// dirName is a repository's directory within the vendor directory:
// "git.example.com/team/layers@v1.2.0".
func dirName(pin lock.Module) string {
	r := load.Repository{URL: pin.URL, Version: pin.Version}
	return filepath.FromSlash(r.Name() + "@" + r.Version)
}

// verified reads a directory and checks that it is what is pinned.
func verified(dir string, pin lock.Module, help string) ([]File, error) {
	files, err := readDir(dir)
	if err != nil {
		return nil, err
	}
	if got := Digest(files); got != pin.Digest {
		return nil, &TamperedError{dir, got, pin.Digest, help}
	}
	return files, nil
}

// listed are the files of a file system that [Store.Read] returned.
func listed(fsys fs.FS) ([]File, error) {
	var files []File
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		f := File{Name: name, Link: info.Mode()&fs.ModeSymlink != 0}
		if f.Link {
			var to string
			to, err = fs.ReadLink(fsys, name)
			f.Data = []byte(to)
		} else {
			f.Executable = info.Mode()&0o100 != 0
			f.Data, err = fs.ReadFile(fsys, name)
		}
		files = append(files, f)
		return err
	})
	return files, err
}
