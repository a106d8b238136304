package registry

import (
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

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/llb/replace"
)

// Copied reports which images an OCI layout does not have whole and unchanged.
func Copied(dir string, images []lock.Image) (missing []lock.Image, err error) {
	path, err := layout.FromPath(dir)
	if err != nil {
		return images, nil
	}
	for _, i := range images {
		id, err := v1.NewHash(i.Digest)
		if err != nil {
			return nil, err
		}
		image, err := path.Image(id)
		if err != nil || !whole(dir, image) {
			missing = append(missing, i)
		}
	}
	return missing, nil
}

// whole reports whether a layout has all blobs of an image unchanged.
func whole(dir string, image v1.Image) bool {
	manifest, err := image.Manifest()
	if err != nil {
		return false
	}
	id, err := image.Digest()
	if err != nil {
		return false
	}
	blobs := []v1.Hash{id, manifest.Config.Digest}
	for _, l := range manifest.Layers {
		blobs = append(blobs, l.Digest)
	}
	return !slices.ContainsFunc(blobs, func(h v1.Hash) bool { return !intact(blobFile(dir, h.Hex), h.Hex) })
}

func blobFile(dir, hex string) string { return filepath.Join(dir, "blobs", "sha256", hex) }

// intact reports whether a file has the content of its digest.
func intact(file, digest string) bool {
	in, err := os.Open(file)
	if err != nil {
		return false
	}
	defer in.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, in)
	return err == nil && hex.EncodeToString(sum.Sum(nil)) == digest
}

// Copy makes an OCI layout of images from registries, named by reference and digest. It replaces the
// directory as a whole, and downloads only what that does not have. Without images it removes the
// directory. done is called after each image that is downloaded.
func (c Client) Copy(ctx context.Context, dir string, images []lock.Image, done func(lock.Image)) error {
	if len(images) == 0 {
		return os.RemoveAll(dir)
	}
	missing, err := Copied(dir, images)
	if err != nil {
		return err
	}
	if len(missing) == 0 && listed(dir) == len(images) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return err
	}
	return replace.Dir(dir, func(fresh string) error {
		path, err := layout.Write(fresh, empty.Index)
		if err != nil {
			return err
		}
		for _, i := range images {
			kept := !slices.Contains(missing, i)
			if err := c.copyImage(ctx, path, dir, i, kept); err != nil {
				return err
			}
			if !kept {
				done(i)
			}
		}
		return nil
	})
}

// listed is the number of images of a layout.
func listed(dir string) int {
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return -1
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return -1
	}
	return len(manifest.Manifests)
}

// copyImage adds an image to a layout: from the old one if that has it.
func (c Client) copyImage(ctx context.Context, to layout.Path, old string, i lock.Image, kept bool) error {
	id, err := v1.NewHash(i.Digest)
	if err != nil {
		return err
	}
	var image v1.Image
	var at name.Registry
	if kept {
		path, err := layout.FromPath(old)
		if err != nil {
			return err
		}
		if image, err = path.Image(id); err != nil {
			return err
		}
	} else {
		parsed, err := name.ParseReference(i.Reference)
		if err != nil {
			return fmt.Errorf("not a valid image reference: %q: %w", i.Reference, err)
		}
		at = parsed.Context().Registry
		if image, err = remote.Image(parsed.Context().Digest(i.Digest), c.usual(ctx)...); err != nil {
			return failed(at, "pull "+i.Reference, fmt.Errorf("reading %s: %w", i.Reference, err))
		}
	}
	manifest, err := image.Manifest()
	if err != nil {
		return failed(at, "pull "+i.Reference, fmt.Errorf("reading %s: %w", i.Reference, err))
	}
	for _, l := range manifest.Layers {
		if err := reuse(string(to), old, l.Digest); err != nil {
			return err
		}
	}
	if err := to.AppendImage(image, layout.WithAnnotations(map[string]string{refName: i.Reference})); err != nil {
		return failed(at, "pull "+i.Reference, fmt.Errorf("copying %s: %w", i.Reference, err))
	}
	return nil
}

// reuse links a blob of the old layout into the new one, if the old one has it unchanged.
func reuse(to, old string, id v1.Hash) error {
	from := blobFile(old, id.Hex)
	if !intact(from, id.Hex) {
		return nil
	}
	file := blobFile(to, id.Hex)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	if err := os.Link(from, file); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
