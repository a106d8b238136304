//go:build unix

package engine

import (
	"context"
	"os"
	"path/filepath"
	"sync"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/llb/replace"
)

// TemporaryLayout returns a new directory for an [Output] that is Temporary: on the disk of the
// engine's state, so that blobs can be links to those of the engine. remove removes it.
func TemporaryLayout(opts Options) (dir string, remove func(), err error) {
	in := os.TempDir()
	if state, err := prepareState(opts.State); err == nil && opts.State != "" {
		if at := filepath.Join(state, layoutsName); os.MkdirAll(at, 0o700) == nil {
			in = at
		}
	}
	// The layout is a subdirectory: the engine locks it, and replace locks the temporary directory.
	if dir, remove, err = replace.Temporary(in); err != nil {
		return "", nil, err
	}
	return filepath.Join(dir, "layout"), remove, nil
}

// layoutsName is the directory in the state with temporary layouts.
const layoutsName = "layouts"

// linkFrom makes blobs of the layout links to those of the engine with a state directory, so that
// they are neither sent nor written. A link keeps the content, whatever the engine does with its own.
// The engine's blobs never change, so nobody may write to the layout's: it has to be temporary.
func (l *layout) linkFrom(state string) {
	stores := contentStores(state)
	l.store.has = func(_ context.Context, desc ocispecs.Descriptor) bool {
		for _, store := range stores() {
			if l.link(store, desc) {
				return true
			}
		}
		return false
	}
}

// contentStores returns what returns the directories of an engine's stores of blobs. Before its first
// start, it has none. They are looked up until there are some, since an image may have hundreds of blobs.
func contentStores(state string) func() []string {
	var mu sync.Mutex // guards stores
	var stores []string
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		if len(stores) == 0 {
			stores, _ = filepath.Glob(filepath.Join(state, "runc-*", "content")) // the pattern is valid
		}
		return stores
	}
}

// storedBlob is the file of a blob in a store; "" if that does not have it in full size.
func storedBlob(store string, desc ocispecs.Descriptor) string {
	name := filepath.Join(store, ocispecs.ImageBlobsDir, desc.Digest.Algorithm().String(), desc.Digest.Encoded())
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() || info.Size() != desc.Size {
		return ""
	}
	return name
}

// link makes a blob a link to the same blob of another store. It reports false if that does not have it in
// full size, or is on another disk.
func (l *layout) link(store string, desc ocispecs.Descriptor) bool {
	if desc.Digest.Validate() != nil {
		return false
	}
	from, to := storedBlob(store, desc), l.blob(desc.Digest)
	if from == "" || os.MkdirAll(filepath.Dir(to), 0o777) != nil {
		return false
	}
	err := os.Link(from, to)
	return err == nil || os.IsExist(err)
}
