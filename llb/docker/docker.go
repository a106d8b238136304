// Package docker has Docker's media types: the form of images before OCI's, which some tools read
// completely, such as Podman with health checks.
package docker

import (
	"encoding/json"
	"slices"

	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// Docker's media types.
const (
	Manifest = "application/vnd.docker.distribution.manifest.v2+json"
	Index    = "application/vnd.docker.distribution.manifest.list.v2+json"
	config   = "application/vnd.docker.container.image.v1+json"
	layer    = "application/vnd.docker.image.rootfs.diff.tar"
	gzipped  = "application/vnd.docker.image.rootfs.diff.tar.gzip"
)

// layers are the media types of layers that both have.
var layers = map[string]string{ocispecs.MediaTypeImageLayer: layer, ocispecs.MediaTypeImageLayerGzip: gzipped, layer: layer, gzipped: gzipped}

// IsIndex reports whether a media type is an index of images.
func IsIndex(mediaType string) bool {
	return mediaType == Index || mediaType == ocispecs.MediaTypeImageIndex
}

// Convert returns an image's manifest with Docker's media types, and its descriptor with the platform
// of the old one. Blobs stay the same; annotations, which Docker's manifests do not have, are
// dropped. It returns the manifest unchanged if it has a layer that Docker has no type for, such as
// one of zstd.
func Convert(desc ocispecs.Descriptor, raw []byte) (ocispecs.Descriptor, []byte, error) {
	var m ocispecs.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return desc, nil, err
	}
	if slices.ContainsFunc(m.Layers, func(d ocispecs.Descriptor) bool { return layers[d.MediaType] == "" }) {
		return desc, raw, nil
	}
	plain := func(d ocispecs.Descriptor, mediaType string) ocispecs.Descriptor {
		return ocispecs.Descriptor{MediaType: mediaType, Digest: d.Digest, Size: d.Size}
	}
	out := ocispecs.Manifest{Versioned: m.Versioned, MediaType: Manifest, Config: plain(m.Config, config), Layers: []ocispecs.Descriptor{}}
	for _, d := range m.Layers {
		out.Layers = append(out.Layers, plain(d, layers[d.MediaType]))
	}
	raw, err := json.Marshal(out)
	return ocispecs.Descriptor{MediaType: Manifest, Digest: digest.FromBytes(raw), Size: int64(len(raw)), Platform: desc.Platform}, raw, err
}
