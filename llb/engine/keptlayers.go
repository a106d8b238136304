//go:build unix

package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/llb/replace"
)

// keptLayers are the layers that this machine has compressed for engines elsewhere, so that none is
// transferred or compressed twice. They are a cache: where the directory cannot be used, there are
// none. The blobs have their digests as names, and for each compression a directory has descriptors
// by diff ID.
type keptLayers struct {
	dir   string
	how   string
	blobs content.Store
}

// keptLimit is the size of the blobs that are kept, the last used ones.
const keptLimit = 10e9

// openKept returns the layers that are compressed in one way; nil if there is no state, or one that
// others can write to.
func openKept(state string, how Compression) *keptLayers {
	if state == "" || how.Type == "uncompressed" {
		return nil
	}
	state, err := prepareState(state)
	if err != nil {
		return nil
	}
	dir := filepath.Join(state, "compressed")
	blobs, err := local.NewStore(dir)
	if err != nil {
		return nil
	}
	return &keptLayers{dir, fmt.Sprint(how.config().Type), blobs}
}

// note returns the file with the descriptor of a layer.
func (k *keptLayers) note(diffID digest.Digest) string {
	return filepath.Join(k.dir, k.how, diffID.Encoded()+".json")
}

// find returns the compressed layer with a diff ID.
func (k *keptLayers) find(ctx context.Context, diffID digest.Digest) (ocispecs.Descriptor, bool) {
	var desc ocispecs.Descriptor
	if k == nil || diffID.Validate() != nil {
		return desc, false
	}
	raw, err := os.ReadFile(k.note(diffID))
	if err != nil || json.Unmarshal(raw, &desc) != nil {
		return desc, false
	}
	info, err := k.blobs.Info(ctx, desc.Digest)
	return desc, err == nil && info.Size == desc.Size
}

// use notes that a layer is used.
func (k *keptLayers) use(desc ocispecs.Descriptor) {
	now := time.Now()
	_ = os.Chtimes(filepath.Join(k.dir, ocispecs.ImageBlobsDir, desc.Digest.Algorithm().String(), desc.Digest.Encoded()), now, now)
}

// take copies a kept layer into a store. One with other content is removed.
func (k *keptLayers) take(ctx context.Context, to content.Store, desc ocispecs.Descriptor) error {
	err := transfer(ctx, to, k.blobs, desc)
	if errdefs.IsFailedPrecondition(err) {
		_ = k.blobs.Delete(ctx, desc.Digest)
	}
	return err
}

// keep copies a compressed layer from a store.
func (k *keptLayers) keep(ctx context.Context, from content.Store, diffID digest.Digest, desc ocispecs.Descriptor) {
	if k == nil {
		return
	}
	raw, err := json.Marshal(desc)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(k.note(diffID)), 0o700)
	}
	if err == nil && transfer(ctx, k.blobs, from, desc) == nil {
		_ = replace.File(k.note(diffID), raw, 0o600)
	}
}

// transfer copies a blob, unless it is there.
func transfer(ctx context.Context, to, from content.Store, desc ocispecs.Descriptor) error {
	if _, err := to.Info(ctx, desc.Digest); err == nil {
		return nil
	}
	blob, err := from.ReaderAt(ctx, desc)
	if err != nil {
		return err
	}
	defer blob.Close()
	plain := ocispecs.Descriptor{Digest: desc.Digest, Size: desc.Size}
	return content.WriteBlob(ctx, to, "kept-"+desc.Digest.Encoded(), content.NewReader(blob), plain)
}

// limit removes the blobs that have not been used for the longest time.
func (k *keptLayers) limit(bytes int64) {
	if k == nil {
		return
	}
	var all []fs.FileInfo
	dir := filepath.Join(k.dir, ocispecs.ImageBlobsDir, string(digest.Canonical))
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			all = append(all, info)
		}
	}
	slices.SortFunc(all, func(a, b fs.FileInfo) int { return cmp.Compare(b.ModTime().UnixNano(), a.ModTime().UnixNano()) })
	for _, info := range all {
		if bytes -= info.Size(); bytes < 0 {
			_ = os.Remove(filepath.Join(dir, info.Name()))
		}
	}
}
