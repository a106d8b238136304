package cache

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	cacheimport "github.com/moby/buildkit/cache/remotecache/v1"
	types "github.com/moby/buildkit/cache/remotecache/v1/types"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"
)

// maxSize limits the size of what Merge writes, in bytes. BuildKit reads at most 1 MB.
const maxSize = 700 << 10

// Merge writes manifests with all that the found manifests have into the place, as few as possible,
// and returns them. BuildKit looks a step up in each manifest on its own, by what the step depends
// on. It misses results if one manifest has a step and another one what that step depends on, known
// to it by another of its keys.
func (p Place) Merge(ctx context.Context, found Found) ([]digest.Digest, error) {
	all := found.Manifests()
	if len(all) < 2 {
		return all, nil
	}
	parts := make([]part, len(all))
	var mu sync.Mutex // guards parts
	eg, reading := errgroup.WithContext(ctx)
	eg.SetLimit(16)
	for i, d := range all {
		eg.Go(func() error {
			read, err := p.read(reading, d)
			mu.Lock()
			defer mu.Unlock()
			parts[i] = read
			return err
		})
	}
	if err := eg.Wait(); err != nil {
		return nil, err
	}
	var out []digest.Digest
	for len(parts) > 0 {
		n, size := 0, 0
		for n < len(parts) && (n == 0 || size+parts[n].size <= maxSize) {
			size += parts[n].size
			n++
		}
		d, err := p.merge(ctx, parts[:n])
		if err != nil {
			return nil, err
		}
		out, parts = append(out, d), parts[n:]
	}
	return out, nil
}

// part is a manifest with results, as it is read.
type part struct {
	layers []ocispecs.Descriptor
	config []byte
	size   int
}

func (p Place) read(ctx context.Context, d digest.Digest) (part, error) {
	var manifest ocispecs.Manifest
	raw, err := p.store().blob(ctx, d, true)
	if err == nil {
		err = json.Unmarshal(raw, &manifest)
	}
	if err == nil && manifest.Config.MediaType != types.CacheConfigMediaTypeV0 {
		err = fmt.Errorf("%s is not BuildKit's manifest of a cache", d)
	}
	if err != nil {
		return part{}, err
	}
	config, err := p.store().blob(ctx, manifest.Config.Digest, false)
	return part{manifest.Layers, config, max(len(raw), len(config))}, err
}

// merge writes one manifest for parts.
func (p Place) merge(ctx context.Context, parts []part) (digest.Digest, error) {
	chains, layers := cacheimport.NewCacheChains(), cacheimport.DescriptorProvider{}
	for _, part := range parts {
		for _, l := range part.layers {
			layers[l.Digest] = cacheimport.DescriptorProviderPair{Descriptor: l}
		}
	}
	for _, part := range parts {
		if err := cacheimport.Parse(part.config, layers, chains); err != nil {
			return "", err
		}
	}
	merged, _, err := chains.Marshal(ctx)
	if err != nil {
		return "", err
	}
	config, err := json.Marshal(merged)
	if err != nil {
		return "", err
	}
	manifest := ocispecs.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispecs.MediaTypeImageManifest,
		Config: ocispecs.Descriptor{MediaType: types.CacheConfigMediaTypeV0, Digest: digest.FromBytes(config), Size: int64(len(config))},
	}
	for _, l := range merged.Layers {
		manifest.Layers = append(manifest.Layers, layers[l.Blob].Descriptor)
	}
	slices.SortFunc(manifest.Layers, func(a, b ocispecs.Descriptor) int { return cmp.Compare(a.Digest, b.Digest) })
	manifest.Layers = slices.CompactFunc(manifest.Layers, func(a, b ocispecs.Descriptor) bool { return a.Digest == b.Digest })
	raw, err := json.Marshal(manifest)
	if err != nil {
		return "", err
	}
	return digest.FromBytes(raw), p.store().put(ctx, raw, config)
}
