package world

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/llb/archive"
	"github.com/layc-lang/layc/llb/world/rootfs"
)

// rootfs inspects a root file system archive.
func (r *Resolver) rootfs(ctx context.Context, ref lock.BaseRef) (lock.Base, error) {
	url, err := r.options.Mirrors.URL(ref.Name)
	if err != nil {
		return lock.Base{}, err
	}
	var base lock.Base
	err = r.fetch.get(ctx, ref.Name, url, func(body io.Reader) error {
		sum := sha256.New()
		body = io.TeeReader(body, sum)
		base, err = rootfs.Archive(body, r.options.UnpackLimit)
		var limit *archive.LimitError
		if errors.As(err, &limit) {
			return fmt.Errorf("%s: %w", ref.Name, err)
		}
		if _, drained := io.Copy(io.Discard, body); drained != nil {
			return drained
		}
		if got := "sha256:" + hexOf(sum); got != ref.Digest {
			return fmt.Errorf("%s has the digest %s, expected %s; it has changed, or a proxy serves corrupt content", ref.Name, got, ref.Digest)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", ref.Name, err)
		}
		return nil
	})
	base.Digest, base.Layers = ref.Digest, 1
	return base, err
}
