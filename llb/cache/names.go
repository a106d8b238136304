package cache

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/plugins/content/local"
	types "github.com/moby/buildkit/cache/remotecache/v1/types"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/llb/registry"
	"github.com/layc-lang/layc/llb/registry/access"
	"github.com/layc-lang/layc/llb/replace"
)

// Found are the manifests that have the results of steps, by the keys of the steps.
type Found map[string]digest.Digest

// Manifests returns the manifests, sorted.
func (f Found) Manifests() []digest.Digest {
	var all []digest.Digest
	for _, d := range f {
		all = append(all, d)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// store has the names, manifests and configurations of a place.
type store interface {
	// find returns the manifests that keys lead to.
	find(ctx context.Context, keys []string) (Found, error)
	// name makes keys lead to a manifest.
	name(ctx context.Context, manifest digest.Digest, keys []string) error
	// blob returns a manifest or a configuration.
	blob(ctx context.Context, d digest.Digest, manifest bool) ([]byte, error)
	// put keeps a manifest and its configuration, at least for the reader of this build.
	put(ctx context.Context, manifest, config []byte) error
}

func (p Place) store() store {
	switch {
	case p.github != nil:
		return p.github
	case p.Dir != "":
		return directory(p.Dir)
	}
	return repository{p}
}

// Find looks up keys.
func (p Place) Find(ctx context.Context, keys []string) (Found, error) {
	return p.store().find(ctx, keys)
}

// Name makes keys lead to a manifest that is in the place.
func (p Place) Name(ctx context.Context, manifest digest.Digest, keys []string) error {
	return p.store().name(ctx, manifest, keys)
}

// MayWrite returns why the place takes no results, as far as that is known before there are any: an
// error with advice. A registry that does not respond may do that later.
func (p Place) MayWrite(ctx context.Context) error {
	switch {
	case p.Dir != "":
		return replace.Possible(p.Dir)
	case p.Repository == "":
		return nil
	}
	err := p.Client.CheckWrite(ctx, p.Repository)
	var denied *access.DeniedError
	var unfit *registry.UnfitError
	if errors.As(err, &denied) || errors.As(err, &unfit) || ctx.Err() != nil {
		return err
	}
	return nil
}

// repository is a place in a registry.
type repository struct{ Place }

func (r repository) find(ctx context.Context, keys []string) (Found, error) {
	tags := r.tags(keys)
	digests, err := r.Client.Digests(ctx, r.Repository, slices.Sorted(maps.Keys(tags)))
	found := Found{}
	for tag, d := range digests {
		found[tags[tag]] = digest.Digest(d)
	}
	return found, err
}

func (r repository) name(ctx context.Context, manifest digest.Digest, keys []string) error {
	return r.Client.Tag(ctx, r.Repository, manifest.String(), slices.Sorted(maps.Keys(r.tags(keys))))
}

// tags returns keys by their tags.
func (r repository) tags(keys []string) map[string]string {
	tags := map[string]string{}
	for _, key := range keys {
		tags[r.Prefix+"-"+key] = key
	}
	return tags
}

func (r repository) blob(ctx context.Context, d digest.Digest, manifest bool) ([]byte, error) {
	return r.Client.Content(ctx, r.Repository, d.String(), manifest)
}

func (r repository) put(ctx context.Context, manifest, config []byte) error {
	return r.Client.PutManifest(ctx, r.Repository, manifest, config, types.CacheConfigMediaTypeV0)
}

// directory is a place that is a directory.
type directory string

// namesDir is the directory with a file for each key.
const namesDir = "steps"

func (d directory) find(_ context.Context, keys []string) (Found, error) {
	found := Found{}
	for _, key := range keys {
		text, err := os.ReadFile(filepath.Join(string(d), namesDir, key))
		switch manifest := digest.Digest(text); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		case manifest.Validate() == nil:
			found[key] = manifest
		}
	}
	return found, nil
}

func (d directory) name(_ context.Context, manifest digest.Digest, keys []string) error {
	dir := filepath.Join(string(d), namesDir)
	if err := replace.MkdirAll(dir); err != nil {
		return err
	}
	for _, key := range keys {
		if err := replace.File(filepath.Join(dir, key), []byte(manifest), replace.Usual); err != nil {
			return err
		}
	}
	return nil
}

func (d directory) blob(_ context.Context, of digest.Digest, _ bool) ([]byte, error) {
	return os.ReadFile(d.file(of))
}

func (d directory) put(_ context.Context, manifest, config []byte) error {
	for _, raw := range [][]byte{config, manifest} {
		if err := replace.File(d.file(digest.FromBytes(raw)), raw, replace.Usual); err != nil {
			return err
		}
	}
	return nil
}

// file is the file of a blob.
func (d directory) file(of digest.Digest) string {
	return filepath.Join(string(d), ocispecs.ImageBlobsDir, of.Algorithm().String(), of.Encoded())
}

// Writing returns BuildKit's type and attributes for writing a manifest to the place. dir is an empty
// directory, in which BuildKit's client may write.
func (p Place) Writing(dir string) (kind string, attrs map[string]string) {
	attrs = maps.Clone(p.Attrs)
	if p.Repository == "" {
		attrs["dest"] = cmp.Or(p.Dir, dir)
		return "local", attrs
	}
	attrs["ref"] = p.Repository + ":" + p.Prefix
	return "registry", p.secured(attrs)
}

// Reading returns BuildKit's type and attributes for reading a manifest of the place.
func (p Place) Reading(manifest digest.Digest) (kind string, attrs map[string]string) {
	if p.Repository == "" {
		return "local", map[string]string{"src": p.String(), "digest": manifest.String()}
	}
	return "registry", p.secured(map[string]string{"ref": p.Repository + "@" + manifest.String()})
}

// Content returns the store through which a session reads the place for an engine, or writes to it;
// nil if the engine reaches the place itself. done releases it.
func (p Place) Content() (content content.Store, done func() error, err error) {
	switch {
	case p.github != nil:
		return p.github.content()
	case p.Dir != "":
		content, err = local.NewStore(p.Dir)
	}
	return content, func() error { return nil }, err
}

func (p Place) secured(attrs map[string]string) map[string]string {
	if p.Insecure {
		attrs["registry.insecure"] = "true"
	}
	return attrs
}
