//go:build unix

package engine

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/llb/replace"
)

// sweep removes blobs that the index does not reach. It removes the whole directory if the build
// created it and wrote no index.
func (l *layout) sweep() error {
	raw, err := os.ReadFile(filepath.Join(l.dir, ocispecs.ImageIndexFile))
	reached := map[digest.Digest]bool{}
	switch {
	case errors.Is(err, fs.ErrNotExist) && l.fresh:
		return os.RemoveAll(l.dir)
	case err == nil:
		err = l.reach(raw, false, reached)
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	}
	if err != nil {
		return err
	}
	blobs := filepath.Join(l.dir, ocispecs.ImageBlobsDir, string(digest.SHA256))
	entries, err := os.ReadDir(blobs)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var errs []error
	for _, e := range entries {
		if id := digest.NewDigestFromEncoded(digest.SHA256, e.Name()); !reached[id] {
			errs = append(errs, os.Remove(filepath.Join(blobs, e.Name())))
		}
	}
	replace.Sweep(l.dir)
	// Partly written blobs of the exporter.
	errs = append(errs, os.RemoveAll(filepath.Join(l.dir, "ingest")))
	return errors.Join(errs...)
}

// reach marks the blobs that a manifest or index refers to, on every level. A missing child is an
// error, and then nothing must be removed, unless the document is sparse: an index inside of the
// layout may lack images, as after a copy of one platform.
func (l *layout) reach(raw []byte, sparse bool, reached map[digest.Digest]bool) error {
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
		raw, err := os.ReadFile(l.blob(child.Digest))
		if errors.Is(err, fs.ErrNotExist) && sparse {
			continue
		}
		if err != nil {
			return err
		}
		if err := l.reach(raw, true, reached); err != nil {
			return err
		}
	}
	return nil
}
