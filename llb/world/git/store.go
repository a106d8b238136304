package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
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
	// Announce is called before a repository is contacted, with a description of the operation.
	Announce func(string)
}

// Of returns the store of a project: its directory vendor, and the user's cache.
func Of(project string, announce func(string)) (Store, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return Store{}, fmt.Errorf("no directory for the cache: %w; set HOME or XDG_CACHE_HOME", err)
	}
	return Store{Cache: filepath.Join(cache, "layc-modules"), Vendor: filepath.Join(project, "vendor"), Announce: announce}, nil
}

// manifest lists the directories that [Store.Write] has written, so that it removes only these.
const manifest = "layc-modules.txt"

// Pin finds the commit of a version, fetches it, and returns the pin and its files. A vendored
// copy of that version stays unchanged.
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

// keep puts verified files into the cache. If that fails, they are fetched again next time.
func (s Store) keep(pin lock.Module, files []File) { _ = writeDir(s.cached(pin), files) }

// Read returns the relevant files of a pinned repository: from the vendor directory, else from
// the cache, else, if online, from the repository; then it caches them. The error is a
// [*TamperedError] if the content does not match the pin, and [fs.ErrNotExist] if it is missing
// and online is false.
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

// Dir returns the directory that has the files of a pinned repository: the vendored copy, else the
// cached one; false if there is none.
func (s Store) Dir(pin lock.Module) (string, bool) {
	for _, dir := range []string{filepath.Join(s.Vendor, dirName(pin)), s.cached(pin)} {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir, true
		}
	}
	return "", false
}

// absent reports whether the error is for a missing directory.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// Restore is the help for a changed vendored copy.
const Restore = "run `layc vendor` to restore it; make changes only at its source"

// VendoredAt returns the directory of a project that has the vendored copy of a pinned repository.
func VendoredAt(pin lock.Module) string { return path.Join("vendor", filepath.ToSlash(dirName(pin))) }

// Write puts the pinned repositories into the vendor directory, and removes copies that an
// earlier call wrote and that are no longer pinned. It returns the vendored directories, relative
// to the vendor directory.
func (s Store) Write(ctx context.Context, pins []lock.Module) ([]string, error) {
	var names []string
	for _, pin := range pins {
		// The vendor directory may have a changed copy to restore.
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
		os.Remove(s.Vendor) // fails if it has other files
		return nil, nil
	}
	return names, os.WriteFile(list, []byte(strings.Join(names, "\n")+"\n"), 0o644)
}

// remove removes a vendored repository, and its parents that are empty then.
func (s Store) remove(name string) error {
	if err := os.RemoveAll(filepath.Join(s.Vendor, name)); err != nil {
		return err
	}
	for dir := range paths.Above(name) {
		if os.Remove(filepath.Join(s.Vendor, dir)) != nil {
			break // it has other files
		}
	}
	return nil
}

// Vendored reports whether [Store.Write] has written a directory.
func Vendored(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, manifest))
	return err == nil
}

// cached returns the directory of the cache for a pin. Its name is the content's digest, so that
// programs with the same pin share it.
func (s Store) cached(pin lock.Module) string {
	return filepath.Join(s.Cache, strings.ReplaceAll(pin.Digest, ":", "-"))
}

// dirName returns a repository's directory within the vendor directory:
// "git.example.com/team/layers@v1.2.0".
func dirName(pin lock.Module) string {
	r := load.Repository{URL: pin.URL, Version: pin.Version}
	return filepath.FromSlash(r.Name() + "@" + r.Version)
}

// verified reads a directory and checks that it matches the pin.
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

// listed returns the files of a file system that [Store.Read] returned.
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
