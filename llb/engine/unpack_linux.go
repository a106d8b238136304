package engine

import (
	"context"
	"io"
	"sync"

	"github.com/containerd/containerd/v2/core/diff"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/pkg/archive/compression"
	"github.com/containerd/typeurl/v2"
	"github.com/klauspost/readahead"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// decompressAhead makes containerd decompress a layer that it unpacks while it writes the files: to
// decompress takes about half of the time.
var decompressAhead = sync.OnceFunc(func() {
	diff.RegisterProcessor(func(ctx context.Context, mediaType string) (diff.StreamProcessorInit, bool) {
		if how, err := images.DiffCompression(ctx, mediaType); err != nil || how == "" {
			return nil, false // containerd knows what to do
		}
		return unpacksAhead, true
	})
})

// The size of what is decompressed ahead is enough for files of a layer that take longer than others.
const (
	aheadBuffers = 8
	aheadSize    = 256 << 10
)

func unpacksAhead(_ context.Context, compressed diff.StreamProcessor, _ map[string]typeurl.Any) (diff.StreamProcessor, error) {
	plain, err := compression.DecompressStream(compressed)
	if err != nil {
		return nil, err
	}
	ahead, err := readahead.NewReadCloserSize(plain, aheadBuffers, aheadSize)
	if err != nil {
		return nil, err
	}
	return unpackedAhead{ahead}, nil
}

// unpackedAhead is a layer that is decompressed ahead.
type unpackedAhead struct{ io.ReadCloser }

func (unpackedAhead) MediaType() string { return ocispecs.MediaTypeImageLayer }
