package cache

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/opencontainers/go-digest"

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

// namesDir is the directory with a file for each key, in a place that is a directory.
const namesDir = "steps"

// Find looks up keys.
func (p Place) Find(ctx context.Context, keys []string) (Found, error) {
	found := Found{}
	if p.Dir == "" {
		tags := map[string]string{}
		for _, key := range keys {
			tags[p.tag(key)] = key
		}
		digests, err := p.Client.Digests(ctx, p.Repository, tagsOf(tags))
		for tag, d := range digests {
			found[tags[tag]] = digest.Digest(d)
		}
		return found, err
	}
	for _, key := range keys {
		text, err := os.ReadFile(filepath.Join(p.Dir, namesDir, key))
		switch d := digest.Digest(text); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		case d.Validate() == nil:
			found[key] = d
		}
	}
	return found, nil
}

// Name makes keys lead to a manifest that is in the place.
func (p Place) Name(ctx context.Context, manifest digest.Digest, keys []string) error {
	if p.Dir == "" {
		tags := map[string]string{}
		for _, key := range keys {
			tags[p.tag(key)] = key
		}
		return p.Client.Tag(ctx, p.Repository, manifest.String(), tagsOf(tags))
	}
	dir := filepath.Join(p.Dir, namesDir)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, key := range keys {
		if err := replace.File(filepath.Join(dir, key), []byte(manifest), replace.Usual); err != nil {
			return err
		}
	}
	return nil
}

func (p Place) tag(key string) string { return p.Prefix + "-" + key }

func tagsOf(keys map[string]string) []string {
	var all []string
	for tag := range keys {
		all = append(all, tag)
	}
	slices.Sort(all)
	return all
}

// Writing returns BuildKit's type and attributes for writing a manifest to the place.
func (p Place) Writing() (kind string, attrs map[string]string) {
	attrs = map[string]string{}
	for name, value := range p.Attrs {
		attrs[name] = value
	}
	if p.Dir != "" {
		attrs["dest"] = p.Dir
		return "local", attrs
	}
	attrs["ref"] = p.Repository + ":" + p.Prefix
	return "registry", p.secured(attrs)
}

// Reading returns BuildKit's type and attributes for reading a manifest of the place.
func (p Place) Reading(manifest digest.Digest) (kind string, attrs map[string]string) {
	if p.Dir != "" {
		return "local", map[string]string{"src": p.Dir, "digest": manifest.String()}
	}
	return "registry", p.secured(map[string]string{"ref": p.Repository + "@" + manifest.String()})
}

func (p Place) secured(attrs map[string]string) map[string]string {
	if p.Insecure {
		attrs["registry.insecure"] = "true"
	}
	return attrs
}
