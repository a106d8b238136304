package cache

import (
	"context"
	"encoding/json"
	"os"

	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// Sound removes from found what a directory has only damaged, and returns the files that are damaged
// or missing: manifests and their configurations with another content, and layers of another size.
// What is in layers is not looked at, which takes as long as pulling them. GitHub removes what it has
// kept for long, which is not a damage: it is only removed from found. A registry looks after itself.
func (p Place) Sound(ctx context.Context, found Found) (damaged []string, err error) {
	switch {
	case p.github != nil:
		return nil, p.github.sound(ctx, found)
	case p.Dir == "":
		return nil, nil
	}
	known := map[string]bool{}
	for _, manifest := range found.Manifests() {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		bad := directory(p.Dir).damagedBy(manifest)
		if len(bad) == 0 {
			continue
		}
		for key, at := range found {
			if at == manifest {
				delete(found, key)
			}
		}
		for _, file := range bad {
			if !known[file] {
				known[file] = true
				damaged = append(damaged, file)
			}
		}
	}
	return damaged, nil
}

// damagedBy returns the damaged files that a manifest leads to, and itself if it is damaged.
func (d directory) damagedBy(manifest digest.Digest) []string {
	raw, err := os.ReadFile(d.file(manifest))
	var m ocispecs.Manifest
	if err != nil || digest.FromBytes(raw) != manifest || json.Unmarshal(raw, &m) != nil {
		return []string{d.file(manifest)}
	}
	var damaged []string
	if config, err := os.ReadFile(d.file(m.Config.Digest)); err != nil || digest.FromBytes(config) != m.Config.Digest {
		damaged = append(damaged, d.file(m.Config.Digest))
	}
	for _, l := range m.Layers {
		if info, err := os.Stat(d.file(l.Digest)); err != nil || info.Size() != l.Size {
			damaged = append(damaged, d.file(l.Digest))
		}
	}
	return damaged
}
