package engine

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// smallBlobs is a store of blobs that writes small ones without waiting for the disk. These are
// manifests and configurations: each export writes all of them, as the engine keeps none. See
// [unsynced] for why this is safe.
type smallBlobs struct {
	content.Store
	dir string // of the store
}

// smallest is the size from which a blob is written as all others.
const smallest = 256 << 10

func (s smallBlobs) Writer(ctx context.Context, opts ...content.WriterOpt) (content.Writer, error) {
	var o content.WriterOpts
	for _, set := range opts {
		if err := set(&o); err != nil {
			return nil, err
		}
	}
	if o.Desc.Size <= 0 || o.Desc.Size >= smallest {
		return s.Store.Writer(ctx, opts...)
	}
	return &smallBlob{dir: filepath.Join(s.dir, ocispecs.ImageBlobsDir), desc: o.Desc, ref: o.Ref, start: time.Now()}, nil
}

// smallBlob is a blob that is being written.
type smallBlob struct {
	bytes.Buffer
	dir   string // of all blobs
	ref   string
	desc  ocispecs.Descriptor
	start time.Time
}

func (w *smallBlob) Close() error          { return nil }
func (w *smallBlob) Digest() digest.Digest { return digest.FromBytes(w.Bytes()) }

func (w *smallBlob) Status() (content.Status, error) {
	return content.Status{Ref: w.ref, Offset: int64(w.Len()), Total: w.desc.Size, Expected: w.desc.Digest, StartedAt: w.start, UpdatedAt: w.start}, nil
}

func (w *smallBlob) Truncate(size int64) error {
	if size != 0 {
		return errdefs.ErrNotImplemented
	}
	w.Reset()
	return nil
}

func (w *smallBlob) Commit(_ context.Context, size int64, expected digest.Digest, _ ...content.Opt) error {
	if size > 0 && size != int64(w.Len()) {
		return fmt.Errorf("unexpected commit size %d, expected %d: %w", w.Len(), size, errdefs.ErrFailedPrecondition)
	}
	got := w.Digest()
	if expected != "" && got != expected {
		return fmt.Errorf("unexpected commit digest %s, expected %s: %w", got, expected, errdefs.ErrFailedPrecondition)
	}
	name := filepath.Join(w.dir, got.Algorithm().String(), got.Encoded())
	if _, err := os.Stat(name); err == nil {
		return fmt.Errorf("blob %s: %w", got, errdefs.ErrAlreadyExists)
	}
	f, err := os.CreateTemp("", "blob") // in the state, see [embedded.useTemp]
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := f.Write(w.Bytes()); err != nil {
		return err
	}
	if err := f.Chmod(0o444); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
