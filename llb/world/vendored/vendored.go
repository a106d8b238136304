// Package vendored keeps copies of what builds download, in the project's directory vendor. A build
// with all copies needs no network.
//
// Each file is layc-files/HEX, where HEX is its SHA-256. The file layc-files.txt says what they are:
// a line has the digest, the size, and where the file comes from. Images that are bases are in
// layc-images, an OCI layout.
package vendored

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/layc-lang/layc/lang/redact"
	"github.com/layc-lang/layc/llb/replace"

	"github.com/layc-lang/layc/lang/lazy"
)

// The names in the vendor directory.
const (
	files  = "layc-files"
	list   = "layc-files.txt"
	images = "layc-images"
)

// Names are the names in the vendor directory. The project does not have them as files: whether a
// build has copies changes nothing in its images.
var Names = []string{files, list, images}

// Store is the copies in a directory, which need not exist.
type Store struct{ Dir string }

// Images returns the directory of the OCI layout.
func (s Store) Images() string { return filepath.Join(s.Dir, images) }

// Exists reports whether there are any copies.
func (s Store) Exists() bool {
	return slices.ContainsFunc(Names, func(name string) bool {
		_, err := os.Lstat(filepath.Join(s.Dir, name))
		return err == nil
	})
}

// File is a file to copy.
type File struct {
	Digest  string // "sha256:…"
	Size    int64  // bytes; 0: not known
	Origins []string
}

// hexadecimal matches the names of copies.
var hexadecimal = lazy.Regexp(`^[0-9a-f]{64}$`)

func (s Store) path(name string) string { return filepath.Join(s.Dir, files, name) }

// Has reports whether there is a copy of a file, or of an image with that digest of its manifest.
func (s Store) Has(digest string) bool {
	name, ok := strings.CutPrefix(digest, "sha256:")
	if !ok || !hexadecimal().MatchString(name) {
		return false
	}
	for _, file := range []string{s.path(name), filepath.Join(s.Images(), "blobs", "sha256", name)} {
		if info, err := os.Lstat(file); err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	return false
}

// Open opens the copy of a file by the hexadecimal part of its digest.
func (s Store) Open(name string) (io.ReadCloser, error) {
	if !hexadecimal().MatchString(name) {
		return nil, fmt.Errorf("not a valid name of a copy: %q", name)
	}
	return os.Open(s.path(name))
}

// State is how a copy is.
type State int

// The states.
const (
	Good    State = iota
	Missing       // there is none
	Changed       // its content has another digest
)

// Look reads the copies of files and returns how they are.
func (s Store) Look(ctx context.Context, wanted []File) ([]State, error) {
	states := make([]State, len(wanted))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(jobs)
	for n, f := range wanted {
		group.Go(func() (err error) {
			states[n], err = s.look(ctx, f)
			return err
		})
	}
	return states, group.Wait()
}

func (s Store) look(ctx context.Context, f File) (State, error) {
	if ctx.Err() != nil {
		return Missing, context.Cause(ctx)
	}
	file := s.path(strings.TrimPrefix(f.Digest, "sha256:"))
	info, err := os.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Missing, nil
	case err != nil:
		return Missing, err
	case !info.Mode().IsRegular():
		return Changed, nil
	}
	in, err := os.Open(file)
	if err != nil {
		return Missing, err
	}
	defer in.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, in); err != nil {
		return Missing, err
	}
	if "sha256:"+hex.EncodeToString(sum.Sum(nil)) != f.Digest {
		return Changed, nil
	}
	return Good, nil
}

// jobs is the number of files that are read or downloaded at once.
const jobs = 4

// Get downloads what has a name in the program or the lock file, and passes it to read, perhaps
// several times from the start.
type Get func(ctx context.Context, name string, read func(io.Reader) error) error

// Filled is what [Store.Fill] has done.
type Filled struct {
	Files, Added, Removed int
	Bytes, AddedBytes     int64
}

// Fill downloads the files of which there is no good copy, and removes other copies. Each copy
// appears complete and verified, or not at all. done is called after each download, by one goroutine
// at a time, with the number of downloads that are done and of all.
func (s Store) Fill(ctx context.Context, wanted []File, get Get, done func(f File, n, of int)) (Filled, error) {
	states, err := s.Look(ctx, wanted)
	if err != nil {
		return Filled{}, err
	}
	var lacking []int
	for n, state := range states {
		if state != Good {
			lacking = append(lacking, n)
		}
	}
	sizes := make([]int64, len(wanted))
	if len(lacking) > 0 {
		if err := os.MkdirAll(filepath.Join(s.Dir, files), 0o777); err != nil {
			return Filled{}, err
		}
		fresh, remove, err := replace.Temporary(filepath.Join(s.Dir, files))
		if err != nil {
			return Filled{}, err
		}
		defer remove()
		var mutex sync.Mutex
		finished := 0
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(jobs)
		for _, n := range lacking {
			group.Go(func() error {
				size, err := s.fetch(ctx, wanted[n], fresh, get)
				if err != nil {
					return err
				}
				mutex.Lock()
				defer mutex.Unlock()
				finished++
				sizes[n] = size
				f := wanted[n]
				f.Size = size
				done(f, finished, len(lacking))
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return Filled{}, err
		}
	}
	filled := Filled{Files: len(wanted), Added: len(lacking)}
	for n, f := range wanted {
		info, err := os.Stat(s.path(strings.TrimPrefix(f.Digest, "sha256:")))
		if err != nil {
			return Filled{}, err
		}
		filled.Bytes += info.Size()
		filled.AddedBytes += sizes[n]
	}
	if filled.Removed, err = s.sweep(wanted); err != nil {
		return Filled{}, err
	}
	return filled, s.record(wanted)
}

// OtherContentError is the error for a file that no server serves with its digest.
type OtherContentError struct {
	File
	Got string // "sha256:…"
}

func (e *OtherContentError) Error() string {
	return fmt.Sprintf("%s has the checksum %s, not %s, which the lock file or the program has; if the change is intended, run layc update, or write the new checksum", e.Origins[len(e.Origins)-1], e.Got, e.Digest)
}

// fetch downloads a file into a directory, verifies it, and puts it into its place. It returns its
// size.
func (s Store) fetch(ctx context.Context, f File, fresh string, get Get) (size int64, err error) {
	name := strings.TrimPrefix(f.Digest, "sha256:")
	file := filepath.Join(fresh, name)
	for _, origin := range f.Origins {
		var got string
		err = get(ctx, origin, func(in io.Reader) error {
			out, err := os.Create(file)
			if err != nil {
				return err
			}
			sum := sha256.New()
			if size, err = io.Copy(io.MultiWriter(out, sum), in); err == nil {
				err = out.Sync()
			}
			got = "sha256:" + hex.EncodeToString(sum.Sum(nil))
			return errors.Join(err, out.Close())
		})
		if err == nil && got != f.Digest {
			err = &OtherContentError{f, got}
		}
		if err == nil {
			return size, os.Rename(file, s.path(name))
		}
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
	}
	return 0, err
}

// sweep removes copies of other files. It returns their number.
func (s Store) sweep(wanted []File) (removed int, err error) {
	entries, err := os.ReadDir(filepath.Join(s.Dir, files))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	keep := map[string]bool{}
	for _, f := range wanted {
		keep[strings.TrimPrefix(f.Digest, "sha256:")] = true
	}
	for _, e := range entries {
		if hexadecimal().MatchString(e.Name()) && !keep[e.Name()] {
			removed++
			err = errors.Join(err, os.RemoveAll(s.path(e.Name())))
		}
	}
	return removed, err
}

// record writes the list of files. Without files it removes what is left.
func (s Store) record(wanted []File) error {
	name := filepath.Join(s.Dir, list)
	if len(wanted) == 0 {
		for _, left := range []string{name, filepath.Join(s.Dir, files), s.Dir} {
			os.Remove(left) // fails if it has other files
		}
		return nil
	}
	var lines []string
	for _, f := range wanted {
		info, err := os.Stat(s.path(strings.TrimPrefix(f.Digest, "sha256:")))
		if err != nil {
			return err
		}
		lines = append(lines, fmt.Sprintf("%s %d %s\n", strings.TrimPrefix(f.Digest, "sha256:"), info.Size(), redact.Text(f.Origins[0])))
	}
	slices.SortFunc(lines, func(a, b string) int { return cmp.Compare(a, b) })
	text := []byte(strings.Join(lines, ""))
	if old, err := os.ReadFile(name); err == nil && bytes.Equal(old, text) {
		return nil
	}
	return replace.File(name, text, replace.Usual)
}
