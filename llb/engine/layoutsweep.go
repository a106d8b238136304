//go:build unix

package engine

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/llb/replace"
)

// abandoned is the age from which a blob that no index reaches was left behind. A younger one may be of
// a tool that writes its blobs first and the index last, without layc's lock.
const abandoned = 24 * time.Hour

// ingest is the directory of the exporter's partly written blobs. It exists while a build writes, so
// a build that finds it follows one that was killed.
const ingest = "ingest"

// sweep removes blobs that the index does not reach: those that this build has written, or taken out
// of the index, abandoned ones, and all after a killed build. It removes the whole directory if the
// build created it and wrote no index.
func (l *layout) sweep() error {
	reached, whole, err := l.reachable()
	switch {
	case errors.Is(err, fs.ErrNotExist) && l.fresh:
		return os.RemoveAll(l.dir)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	blobs := filepath.Join(l.dir, ocispecs.ImageBlobsDir, string(digest.SHA256))
	entries, err := os.ReadDir(blobs)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var errs []error
	for _, e := range entries {
		id := digest.NewDigestFromEncoded(digest.SHA256, e.Name())
		if reached[id] && l.written.hasWritten(id) && !l.temporary && replace.Allowed(0o444) != 0o444 {
			// The store has written it while the process had another umask than the user.
			errs = append(errs, os.Chmod(filepath.Join(blobs, e.Name()), replace.Allowed(0o444)))
		}
		if reached[id] || !l.before[id] && !l.written.hasWritten(id) && !(whole && (l.killed || isAbandoned(e))) {
			continue
		}
		if err := os.Remove(filepath.Join(blobs, e.Name())); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	replace.Sweep(l.dir)
	errs = append(errs, os.RemoveAll(filepath.Join(l.dir, ingest)))
	return errors.Join(errs...)
}

func isAbandoned(e fs.DirEntry) bool {
	info, err := e.Info()
	return err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > abandoned
}

// reachable returns the blobs that the layout's index reaches. They are not whole if an image of
// the index is missing or unreadable, so that it is unknown what that one has.
func (l *layout) reachable() (reached map[digest.Digest]bool, whole bool, err error) {
	raw, err := os.ReadFile(filepath.Join(l.dir, ocispecs.ImageIndexFile))
	if err != nil {
		return nil, true, err
	}
	reached, whole = map[digest.Digest]bool{}, true
	return reached, whole, l.reach(raw, &whole, reached)
}

// reach marks the blobs that a manifest or index refers to, on every level. An index inside of the
// layout may lack images, as after a copy of one platform: with whole nil, nothing is noted about them.
func (l *layout) reach(raw []byte, whole *bool, reached map[digest.Digest]bool) error {
	var doc struct {
		Manifests []ocispecs.Descriptor
		Config    *ocispecs.Descriptor
		Layers    []ocispecs.Descriptor
		Blobs     []ocispecs.Descriptor // of artifacts
		Subject   *ocispecs.Descriptor
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return err
	}
	for _, leaf := range slices.Concat(doc.Layers, doc.Blobs) {
		reached[leaf.Digest] = true
	}
	if doc.Config != nil {
		reached[doc.Config.Digest] = true
	}
	children := doc.Manifests
	if doc.Subject != nil {
		children = append(children, *doc.Subject)
	}
	for _, child := range children {
		if reached[child.Digest] {
			continue
		}
		reached[child.Digest] = true
		err := child.Digest.Validate()
		if err == nil {
			if raw, err = os.ReadFile(l.blob(child.Digest)); err == nil {
				err = l.reach(raw, nil, reached)
			}
		}
		if err != nil && whole != nil {
			*whole = false
		}
	}
	return nil
}
