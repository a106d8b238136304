// Package registry moves images between OCI layout directories and registries,
// through go-containerregistry.
package registry

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// refName is the annotation that names an image in a layout's index.
const refName = "org.opencontainers.image.ref.name"

// Validate reads every image of the layout completely, layers that images share once, and returns
// an error unless digests, sizes, media types, diff IDs and platforms all match.
func Validate(dir string) error {
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return fmt.Errorf("reading the OCI layout %s: %w", dir, err)
	}
	if err := errors.Join(validate.Index(index, validate.Fast), checkDigests(index, map[string]bool{})); err != nil {
		return fmt.Errorf("the OCI layout %s is not valid: %w", dir, err)
	}
	return nil
}

// checkDigests compares manifests and configurations below the index with their descriptors,
// since validate computes their digests itself, and checks layers that have not been seen.
func checkDigests(index v1.ImageIndex, seen map[string]bool) error {
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	var errs []error
	check := func(desc v1.Descriptor, read func() ([]byte, error)) {
		raw, err := read()
		if err != nil {
			errs = append(errs, err)
		} else if got, size, err := v1.SHA256(bytes.NewReader(raw)); err != nil || got != desc.Digest || size != desc.Size {
			errs = append(errs, fmt.Errorf("the blob %s (%d bytes) has the digest %s and %d bytes", desc.Digest, desc.Size, got, size))
		}
	}
	for _, desc := range manifest.Manifests {
		if desc.MediaType.IsIndex() {
			child, err := index.ImageIndex(desc.Digest)
			if err != nil {
				return err
			}
			check(desc, child.RawManifest)
			errs = append(errs, checkDigests(child, seen))
			continue
		}
		image, err := index.Image(desc.Digest)
		if err != nil {
			return err
		}
		check(desc, image.RawManifest)
		manifest, err := image.Manifest()
		if err != nil {
			return err
		}
		check(manifest.Config, image.RawConfigFile)
		errs = append(errs, checkLayers(image, seen))
	}
	return errors.Join(errs...)
}

// checkLayers checks the layers of an image that have not been seen with the same digests and sizes.
func checkLayers(image v1.Image, seen map[string]bool) error {
	manifest, err := image.Manifest()
	if err != nil {
		return err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return err
	}
	if got, want := len(manifest.Layers), len(config.RootFS.DiffIDs); got != want {
		return fmt.Errorf("the manifest has %d layers, the configuration %d diff IDs", got, want)
	}
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	var errs []error
	for n, layer := range layers {
		desc := manifest.Layers[n]
		if key := fmt.Sprint(desc.Digest, desc.Size, config.RootFS.DiffIDs[n]); !seen[key] {
			seen[key] = true
			if err := checkLayer(layer, desc, config.RootFS.DiffIDs[n]); err != nil {
				errs = append(errs, fmt.Errorf("layer %s: %w", desc.Digest, err))
			}
		}
	}
	return errors.Join(errs...)
}

// checkLayer checks the content of a layer, however it is compressed.
func checkLayer(layer v1.Layer, desc v1.Descriptor, diffID v1.Hash) error {
	if strings.HasSuffix(string(desc.MediaType), "gzip") {
		return validate.Layer(layer)
	}
	for _, part := range []struct {
		open func() (io.ReadCloser, error)
		want v1.Hash
	}{{layer.Compressed, desc.Digest}, {layer.Uncompressed, diffID}} {
		r, err := part.open()
		if err != nil {
			return err
		}
		got, _, err := v1.SHA256(r)
		if err = errors.Join(err, r.Close()); err != nil {
			return err
		}
		if got != part.want {
			return fmt.Errorf("its content has the digest %s, want %s", got, part.want)
		}
	}
	return nil
}

// entry is a named image of a layout: an image of one platform, or an index
// of several.
type entry struct {
	name  string
	desc  v1.Descriptor
	image v1.Image      // nil for an index
	index v1.ImageIndex // nil for an image
}

// read returns the layout's named images in the index's order. With names, it returns only those;
// an unknown name is an error.
func read(dir string, names []string) ([]entry, error) {
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return nil, fmt.Errorf("reading the OCI layout %s: %w", dir, err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("reading the OCI layout %s: %w", dir, err)
	}
	var entries []entry
	var known []string
	for _, desc := range manifest.Manifests {
		name := desc.Annotations[refName]
		if name == "" {
			continue
		}
		known = append(known, name)
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		e := entry{name: name, desc: desc}
		if desc.MediaType.IsIndex() {
			e.index, err = index.ImageIndex(desc.Digest)
		} else {
			e.image, err = index.Image(desc.Digest)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the image %s of %s: %w", name, dir, err)
		}
		entries = append(entries, e)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("unknown image %s in %s; expected one of %s", name, dir, strings.Join(known, ", "))
		}
	}
	return entries, nil
}

// images returns the entry's images, one for each platform.
func (e entry) images() ([]v1.Image, error) {
	if e.image != nil {
		return []v1.Image{e.image}, nil
	}
	manifest, err := e.index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var images []v1.Image
	for _, desc := range manifest.Manifests {
		image, err := e.index.Image(desc.Digest)
		if err != nil {
			return nil, err
		}
		images = append(images, image)
	}
	return images, nil
}
