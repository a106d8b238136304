package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Existing is an image of a layout or a registry.
type Existing struct {
	Name     string
	Platform string
	Image    v1.Image
}

// Existing returns the images that a text names: all of an OCI layout directory, one of a registry, or,
// without a tag, all tags of a repository.
func (c Client) Existing(ctx context.Context, source string) ([]Existing, error) {
	if _, err := os.Stat(filepath.Join(source, "index.json")); err == nil {
		return fromLayout(source)
	} else if !errors.Is(err, fs.ErrNotExist) && !strings.Contains(err.Error(), "not a directory") {
		return nil, err
	}
	if strings.HasPrefix(source, ".") || strings.HasPrefix(source, "/") || !strings.ContainsAny(source, "/:") {
		if _, err := os.Stat(source); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s is not an OCI layout: no such directory; images in a registry are named with its host, such as registry.example.com/%s", source, filepath.Base(source))
		}
		return nil, fmt.Errorf("%s is not an OCI layout: it has no index.json; layc build -o DIR writes one", source)
	}
	last := source[strings.LastIndex(source, "/")+1:]
	if strings.ContainsAny(last, ":@") {
		return c.fromRegistry(ctx, source)
	}
	repository, err := name.NewRepository(source)
	if err != nil {
		return nil, fmt.Errorf("not a layout or an image: %s", source)
	}
	tags, err := remote.List(repository, c.usual(ctx)...)
	if err != nil {
		return nil, failed(repository.Registry, "pull "+source, fmt.Errorf("listing the tags of %s: %w", source, err))
	}
	var all []Existing
	for _, tag := range tags {
		found, err := c.fromRegistry(ctx, repository.Tag(tag).String())
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

func fromLayout(dir string) ([]Existing, error) {
	entries, err := read(dir, nil)
	if err != nil {
		return nil, err
	}
	var all []Existing
	for _, e := range entries {
		images, err := e.images()
		if err != nil {
			return nil, fmt.Errorf("reading the image %s of %s: %w", e.name, dir, err)
		}
		for _, image := range images {
			if all, err = appendExisting(all, e.full(), image); err != nil {
				return nil, fmt.Errorf("reading the image %s of %s: %w", e.name, dir, err)
			}
		}
	}
	return all, nil
}

// containerdName is the annotation with the whole name of an image.
const containerdName = "io.containerd.image.name"

// full returns the name of an image of a layout. BuildKit and buildx give it only its tag, and its whole name
// to containerd; without a registry, it is of Docker Hub.
func (e entry) full() string {
	whole := e.desc.Annotations[containerdName]
	if !strings.HasSuffix(whole, ":"+e.name) {
		return e.name
	}
	for _, hub := range []string{"docker.io/library/", "docker.io/"} {
		if rest, ok := strings.CutPrefix(whole, hub); ok {
			return rest
		}
	}
	return whole
}

// appendExisting adds an image, unless it is an attestation.
func appendExisting(all []Existing, name string, image v1.Image) ([]Existing, error) {
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	if config.OS == "unknown" || config.OS == "" && len(config.RootFS.DiffIDs) == 0 {
		return all, nil
	}
	return append(all, Existing{name, config.Platform().String(), image}), nil
}

func (c Client) fromRegistry(ctx context.Context, ref string) ([]Existing, error) {
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return nil, err
	}
	desc, err := remote.Get(parsed, c.usual(ctx)...)
	if err != nil {
		return nil, failed(parsed.Context().Registry, "pull "+ref, fmt.Errorf("reading %s: %w", ref, err))
	}
	if !desc.MediaType.IsIndex() {
		image, err := desc.Image()
		if err != nil {
			return nil, failed(parsed.Context().Registry, "pull "+ref, fmt.Errorf("reading %s: %w", ref, err))
		}
		return appendExisting(nil, ref, image)
	}
	index, err := desc.ImageIndex()
	if err != nil {
		return nil, failed(parsed.Context().Registry, "pull "+ref, fmt.Errorf("reading %s: %w", ref, err))
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var all []Existing
	for _, m := range manifest.Manifests {
		if !m.MediaType.IsImage() {
			continue
		}
		image, err := index.Image(m.Digest)
		if err != nil {
			return nil, failed(parsed.Context().Registry, "pull "+ref, fmt.Errorf("reading %s: %w", ref, err))
		}
		if all, err = appendExisting(all, ref, image); err != nil {
			return nil, err
		}
	}
	return all, nil
}
