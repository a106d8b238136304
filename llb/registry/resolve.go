package registry

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/layc-lang/layc/compiler/lock"
)

// Resolve pins an image reference on a platform: it requests the digest of the platform's
// manifest from the reference's registry.
func (c Client) Resolve(ctx context.Context, ref lock.ImageRef) (lock.Image, error) {
	parsed, err := name.ParseReference(ref.Reference)
	if err != nil {
		return lock.Image{}, fmt.Errorf("not a valid image reference: %q: %w", ref.Reference, err)
	}
	platform, err := v1.ParsePlatform(ref.Platform)
	if err != nil {
		return lock.Image{}, fmt.Errorf("not a valid platform: %q: %w", ref.Platform, err)
	}
	desc, err := remote.Get(parsed, append(c.usual(ctx), remote.WithPlatform(*platform))...)
	if err != nil {
		return lock.Image{}, notPulled(parsed, err)
	}
	if index, err := desc.ImageIndex(); err == nil {
		if err := inIndex(ref, *platform, index); err != nil {
			return lock.Image{}, notPulled(parsed, err)
		}
	}
	image, err := desc.Image() // of an index, the image for the platform
	if err != nil {
		return lock.Image{}, notPulled(parsed, err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return lock.Image{}, notPulled(parsed, err)
	}
	if config.OS != platform.OS || config.Architecture != platform.Architecture {
		return lock.Image{}, otherPlatform("%s is an image for %s/%s, not for %s", ref.Reference, config.OS, config.Architecture, strings.TrimSpace(ref.Platform))
	}
	digest, err := image.Digest()
	if err != nil {
		return lock.Image{}, err
	}
	return lock.Image{Reference: ref.Reference, Platform: ref.Platform, Digest: digest.String()}, nil
}
