package cache

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	actionscache "github.com/tonistiigi/go-actions-cache"
)

// content returns the service as a store of blobs. done removes the files of blobs that were written.
func (g *github) content() (content.Store, func() error, error) {
	dir, err := os.MkdirTemp("", "layc-github-")
	if err != nil {
		return nil, nil, err
	}
	done := func() error { return os.RemoveAll(dir) }
	staging, err := local.NewStore(dir)
	if err != nil {
		return nil, nil, err
	}
	return blobs{staging, g}, done, nil
}

// blobs are the blobs of the service. A blob that is written is complete in a file before it is sent.
type blobs struct {
	content.Store // of these files
	*github
}

// Info implements [content.InfoProvider] for blobs whose size is known.
func (b blobs) Info(ctx context.Context, d digest.Digest) (content.Info, error) {
	if raw := b.remembered(d); raw != nil {
		return content.Info{Digest: d, Size: int64(len(raw))}, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if size, ok := b.sizes[d]; ok {
		return content.Info{Digest: d, Size: size}, nil
	}
	return content.Info{}, errdefs.ErrNotFound.WithMessage("no blob " + d.String())
}

// ReaderAt implements [content.Provider].
func (b blobs) ReaderAt(ctx context.Context, desc ocispecs.Descriptor) (content.ReaderAt, error) {
	if raw := b.remembered(desc.Digest); raw != nil {
		return reader{actionscache.NewBlob(raw), int64(len(raw))}, nil
	}
	info, err := b.Info(ctx, desc.Digest)
	if err != nil {
		return nil, err
	}
	entry, err := b.entry(ctx, desc.Digest)
	if err != nil {
		return nil, err
	}
	if entry == nil {
		return nil, errdefs.ErrNotFound.WithMessage("no blob " + desc.Digest.String())
	}
	return reader{entry.Download(ctx), info.Size}, nil
}

// reader reads a blob that has a size.
type reader struct {
	actionscache.ReaderAtCloser
	size int64
}

func (r reader) Size() int64 { return r.size }

// ReadAt implements [io.ReaderAt]: the service's reader does not always end with io.EOF.
func (r reader) ReadAt(p []byte, offset int64) (int, error) {
	if offset >= r.size {
		return 0, io.EOF
	}
	n, err := r.ReaderAtCloser.ReadAt(p, offset)
	switch {
	case err == nil && n < len(p) && offset+int64(n) < r.size:
		err = io.ErrUnexpectedEOF
	case err != nil && !errors.Is(err, io.EOF):
		err = told(err)
	}
	return n, err
}

// Writer implements [content.Ingester].
func (b blobs) Writer(ctx context.Context, opts ...content.WriterOpt) (content.Writer, error) {
	var o content.WriterOpts
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	if d := o.Desc.Digest; d != "" {
		entry, err := b.entry(ctx, d)
		if err != nil {
			return nil, err
		}
		if entry != nil {
			return nil, errdefs.ErrAlreadyExists.WithMessage("there is a blob " + d.String())
		}
	}
	w, err := b.Store.Writer(ctx, opts...)
	return upload{w, b}, err
}

// upload is a blob that is being written.
type upload struct {
	content.Writer
	to blobs
}

// Commit implements [content.Writer].
func (u upload) Commit(ctx context.Context, size int64, expected digest.Digest, opts ...content.Opt) error {
	if err := u.Writer.Commit(ctx, size, expected, opts...); err != nil {
		return err
	}
	d := u.Digest()
	file, err := u.to.Store.ReaderAt(ctx, ocispecs.Descriptor{Digest: d})
	if err != nil {
		return err
	}
	defer file.Close()
	s, err := u.to.open()
	if err != nil {
		return err
	}
	if err := s.Save(ctx, blobKey(d), file); err != nil && !occupied(err) {
		return told(err)
	}
	u.to.mu.Lock()
	u.to.sizes[d] = file.Size()
	u.to.mu.Unlock()
	return u.to.Store.Delete(ctx, d)
}
