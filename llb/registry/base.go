package registry

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/llb/rootfs"
)

// Base looks into a base system: an image, all of whose layers are downloaded
// from its registry, or a layout, whose name is relative to the project's
// directory.
func Base(ctx context.Context, project string, ref lock.BaseRef) (lock.Base, error) {
	image, err := baseImage(ctx, project, ref)
	if err != nil {
		return lock.Base{}, err
	}
	layers, err := image.Layers()
	if err != nil {
		return lock.Base{}, fmt.Errorf("reading the manifest %s: %w", ref.Digest, err)
	}
	base := lock.Base{Digest: ref.Digest, Layers: max(1, len(layers))}
	files := mutate.Extract(image)
	defer files.Close()
	base.Links, base.Dirs, err = rootfs.Look(files)
	return base, err
}

func baseImage(ctx context.Context, project string, ref lock.BaseRef) (v1.Image, error) {
	if ref.Kind == "layout" {
		dir, err := layout.FromPath(filepath.Join(project, filepath.FromSlash(ref.Name)))
		if err != nil {
			return nil, fmt.Errorf("reading the OCI layout: %w", err)
		}
		digest, err := v1.NewHash(ref.Digest)
		if err != nil {
			return nil, err
		}
		return dir.Image(digest)
	}
	parsed, err := name.ParseReference(ref.Name)
	if err != nil {
		return nil, fmt.Errorf("%q is no image reference: %w", ref.Name, err)
	}
	image, err := remote.Image(parsed.Context().Digest(ref.Digest), remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain))
	if err != nil {
		return nil, fmt.Errorf("asking the registry %s for %s: %w", parsed.Context().RegistryStr(), ref.Digest, err)
	}
	return image, nil
}
