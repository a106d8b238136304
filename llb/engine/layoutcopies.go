//go:build unix

package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"
)

// The engine of this machine has the blobs that it exports as files. It would send them in messages, which
// took a quarter of the CPU time of a build with a new JDK, and the layout's store would wait for the disk
// twice for each blob. So the layout copies the files, and checks their digests as the store would. They
// are put in place at the end, when all of them are on the disk.

// copiedBlobs are blobs that a layout copies from the engine.
type copiedBlobs struct {
	mu    sync.Mutex
	blobs map[digest.Digest]*copiedBlob
	syncs errgroup.Group // wait for the disk
}

// copiedBlob is a blob in the directory of partly written ones.
type copiedBlob struct {
	once sync.Once
	name string // of the file; "": it was not copied
}

// copyFrom makes the layout copy blobs from the engine with a state directory. What it cannot copy, the
// engine sends.
func (l *layout) copyFrom(state string) {
	l.copied = &copiedBlobs{blobs: map[digest.Digest]*copiedBlob{}}
	l.copied.syncs.SetLimit(32) // each has an open file
	stores := contentStores(state)
	l.store.has = func(ctx context.Context, desc ocispecs.Descriptor) bool {
		if desc.Digest.Validate() != nil || desc.Digest.Algorithm() != digest.SHA256 {
			return false
		}
		if _, err := os.Stat(l.blob(desc.Digest)); err == nil {
			return false // the store knows what to do
		}
		c := l.copied
		c.mu.Lock()
		b, ok := c.blobs[desc.Digest]
		if !ok {
			b = &copiedBlob{}
			c.blobs[desc.Digest] = b
		}
		c.mu.Unlock()
		b.once.Do(func() {
			for _, store := range stores() {
				from := storedBlob(store, desc)
				if from == "" {
					continue
				}
				name, err := l.copy(ctx, from, desc.Digest)
				l.written.note(err)
				if err == nil {
					b.name = name
					return
				}
			}
		})
		return b.name != ""
	}
}

// copy copies a file with a digest into the directory of partly written blobs.
func (l *layout) copy(ctx context.Context, from string, id digest.Digest) (name string, err error) {
	in, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Join(l.dir, ingest), 0o755); err != nil {
		return "", err
	}
	out, err := os.CreateTemp(filepath.Join(l.dir, ingest), "blob-")
	if err != nil {
		return "", err
	}
	sum := id.Verifier()
	_, err = io.CopyBuffer(io.MultiWriter(out, sum), contextReader{ctx, in}, make([]byte, 256<<10))
	if err == nil && !sum.Verified() {
		err = fmt.Errorf("%s has another content", from)
	}
	if err == nil {
		err = out.Chmod(0o444)
	}
	if err != nil {
		return "", errors.Join(err, out.Close(), os.Remove(out.Name()))
	}
	l.copied.syncs.Go(func() error { return errors.Join(out.Sync(), out.Close()) })
	return out.Name(), nil
}

// place puts the copied blobs into the layout, all of which are then on the disk.
func (l *layout) place() error {
	if l.copied == nil {
		return nil
	}
	err := l.copied.syncs.Wait()
	var dir string
	for id, b := range l.copied.blobs {
		if b.name == "" || err != nil {
			continue
		}
		dir = filepath.Dir(l.blob(id))
		l.written.wrote(id)
		err = os.Rename(b.name, l.blob(id))
	}
	if err == nil && dir != "" {
		err = syncFile(dir)
	}
	clear(l.copied.blobs)
	if err == nil {
		return nil
	}
	l.written.note(err)
	return &LayoutError{Dir: l.dir, What: "cannot be written to", Err: err}
}
