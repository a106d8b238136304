package pin

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/llb/rootfs"
)

// rootfs looks into a root file system archive.
func (r *Resolver) rootfs(ctx context.Context, ref lock.BaseRef) (lock.Base, error) {
	url, err := r.options.Mirrors.URL(ref.Name)
	if err != nil {
		return lock.Base{}, err
	}
	base := lock.Base{Digest: ref.Digest, Layers: 1}
	err = r.fetch.get(ctx, ref.Name, url, func(body io.Reader) error {
		sum := sha256.New()
		packed := &counter{in: io.TeeReader(body, sum)}
		body = packed
		tar, err := decompressed(body)
		if err == nil {
			tar, err = notEmpty(tar)
		}
		if err == nil {
			base.Links, base.Dirs, err = rootfs.Look(rootfs.Bound(tar, func() int64 { return packed.n }, r.options.UnpackLimit))
		}
		var limit *rootfs.LimitError
		if errors.As(err, &limit) {
			return fmt.Errorf("%s: %w", ref.Name, err)
		}
		if _, drained := io.Copy(io.Discard, body); drained != nil {
			return drained
		}
		if got := "sha256:" + hexOf(sum); got != ref.Digest {
			return fmt.Errorf("%s serves %s, want %s: has it changed, or does a proxy serve damaged content?", ref.Name, got, ref.Digest)
		}
		return err
	})
	return base, err
}

// notEmpty is a tar archive that holds something. BuildKit takes one that is empty,
// and so begins with zeros, for a file of the root file system.
func notEmpty(archive io.Reader) (io.Reader, error) {
	const block = 512
	b := bufio.NewReaderSize(archive, 1<<16)
	head, err := b.Peek(block)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if len(bytes.Trim(head, "\x00")) == 0 {
		return nil, errors.New("the archive holds nothing")
	}
	return b, nil
}

// counter counts what is read.
type counter struct {
	in io.Reader
	n  int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}

// decompressed tells by its first bytes how an archive is compressed.
func decompressed(archive io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(archive, 1<<16)
	head, err := b.Peek(6)
	switch {
	case err != nil && err != io.EOF:
		return nil, err
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return gzip.NewReader(b)
	case bytes.HasPrefix(head, []byte("BZh")):
		return bzip2.NewReader(b), nil
	case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
		return xz.NewReader(b)
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		d, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return b, nil
}
