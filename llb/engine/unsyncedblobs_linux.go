package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// unsyncedBlobs is a store of blobs that writes those of the engine itself without waiting for the disk:
// manifests and configurations, which are small and which each export writes, as the engine keeps none; and
// layers, whose sizes are not known before. Blobs of registries are written as usual. See [unsynced] for why
// this is safe: if the machine stops after the engine has closed, the looks of the state tell that a blob
// is not complete.
type unsyncedBlobs struct {
	content.Store
	dir string // of the store
}

// smallest is the size from which a blob of known size is written as usual.
const smallest = 256 << 10

func (s unsyncedBlobs) Writer(ctx context.Context, opts ...content.WriterOpt) (content.Writer, error) {
	var o content.WriterOpts
	for _, set := range opts {
		if err := set(&o); err != nil {
			return nil, err
		}
	}
	if o.Desc.Size >= smallest {
		return s.Store.Writer(ctx, opts...)
	}
	f, err := os.CreateTemp("", "blob") // in the state, see [embedded.useTemp]
	if err != nil {
		return nil, err
	}
	return &unsyncedBlob{file: f, sum: digest.SHA256.Digester(), dir: filepath.Join(s.dir, ocispecs.ImageBlobsDir), desc: o.Desc, ref: o.Ref, start: time.Now()}, nil
}

// unsyncedBlob is a blob that is being written.
type unsyncedBlob struct {
	file  *os.File
	sum   digest.Digester
	size  int64
	dir   string // of all blobs
	ref   string
	desc  ocispecs.Descriptor
	start time.Time
	done  bool // the file is closed, and at its place or removed
}

func (w *unsyncedBlob) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	w.size += int64(n)
	_, _ = w.sum.Hash().Write(p[:n]) // it never fails
	return n, err
}

// Close removes what was not committed.
func (w *unsyncedBlob) Close() error {
	if w.done {
		return nil
	}
	w.done = true
	return errors.Join(w.file.Close(), os.Remove(w.file.Name()))
}

func (w *unsyncedBlob) Digest() digest.Digest { return w.sum.Digest() }

func (w *unsyncedBlob) Status() (content.Status, error) {
	return content.Status{Ref: w.ref, Offset: w.size, Total: w.desc.Size, Expected: w.desc.Digest, StartedAt: w.start, UpdatedAt: w.start}, nil
}

func (w *unsyncedBlob) Truncate(size int64) error {
	if size != 0 {
		return errdefs.ErrNotImplemented
	}
	w.sum, w.size = digest.SHA256.Digester(), 0
	_, err := w.file.Seek(0, io.SeekStart)
	return errors.Join(err, w.file.Truncate(0))
}

func (w *unsyncedBlob) Commit(_ context.Context, size int64, expected digest.Digest, _ ...content.Opt) (err error) {
	defer func() { err = errors.Join(err, w.Close()) }()
	if size > 0 && size != w.size {
		return fmt.Errorf("unexpected commit size %d, expected %d: %w", w.size, size, errdefs.ErrFailedPrecondition)
	}
	got := w.Digest()
	if expected != "" && got != expected {
		return fmt.Errorf("unexpected commit digest %s, expected %s: %w", got, expected, errdefs.ErrFailedPrecondition)
	}
	name := filepath.Join(w.dir, got.Algorithm().String(), got.Encoded())
	if _, err := os.Stat(name); err == nil {
		return fmt.Errorf("blob %s: %w", got, errdefs.ErrAlreadyExists)
	}
	if err := w.file.Chmod(0o444); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if err := os.Rename(w.file.Name(), name); err != nil {
		return err
	}
	w.done = true
	return w.file.Close()
}
