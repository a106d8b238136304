package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/opencontainers/go-digest"
	"golang.org/x/sys/unix"
)

// fused is a snapshotter of fuse-overlayfs whose snapshots are mounted here. BuildKit leaves it to runc
// to mount what a step mounts, and runc lets only the kernel mount. A snapshot of one layer is a
// directory, which needs no program.
type fused struct {
	snapshots.Snapshotter
	dir string // of the mounts

	mu      sync.Mutex
	mounted map[string]string // where, by the key of a snapshot
}

func newFused(s snapshots.Snapshotter, dir string) *fused {
	return &fused{Snapshotter: s, dir: dir, mounted: map[string]string{}}
}

// here returns the mounts of a snapshot as one that the kernel makes.
func (f *fused) here(key string, mounts []mount.Mount, err error) ([]mount.Mount, error) {
	if err != nil || len(mounts) != 1 || mounts[0].Type == "bind" {
		return mounts, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	at, ok := f.mounted[key]
	if !ok {
		at = filepath.Join(f.dir, digest.FromString(key).Encoded()[:32])
		if err := os.MkdirAll(at, 0o700); err != nil {
			return nil, err
		}
		if err := mounts[0].Mount(at); err != nil {
			return nil, errors.Join(err, os.Remove(at))
		}
		f.mounted[key] = at
	}
	how := "rw"
	if mounts[0].ReadOnly() {
		how = "ro"
	}
	return []mount.Mount{{Type: "bind", Source: at, Options: []string{how, "rbind"}}}, nil
}

// away unmounts a snapshot. What still uses the mount keeps it.
func (f *fused) away(key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	at, ok := f.mounted[key]
	if !ok {
		return nil
	}
	delete(f.mounted, key)
	if err := unix.Unmount(at, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
		return err
	}
	return os.Remove(at)
}

func (f *fused) Mounts(ctx context.Context, key string) ([]mount.Mount, error) {
	mounts, err := f.Snapshotter.Mounts(ctx, key)
	return f.here(key, mounts, err)
}

func (f *fused) View(ctx context.Context, key, parent string, opts ...snapshots.Opt) ([]mount.Mount, error) {
	mounts, err := f.Snapshotter.View(ctx, key, parent, opts...)
	return f.here(key, mounts, err)
}

func (f *fused) Prepare(ctx context.Context, key, parent string, opts ...snapshots.Opt) ([]mount.Mount, error) {
	mounts, err := f.Snapshotter.Prepare(ctx, key, parent, opts...)
	return f.here(key, mounts, err)
}

func (f *fused) Commit(ctx context.Context, name, key string, opts ...snapshots.Opt) error {
	if err := f.away(key); err != nil {
		return err
	}
	return f.Snapshotter.Commit(ctx, name, key, opts...)
}

func (f *fused) Remove(ctx context.Context, key string) error {
	if err := f.away(key); err != nil {
		return err
	}
	return f.Snapshotter.Remove(ctx, key)
}

func (f *fused) Close() error {
	f.mu.Lock()
	keys := make([]string, 0, len(f.mounted))
	for key := range f.mounted {
		keys = append(keys, key)
	}
	f.mu.Unlock()
	var errs []error
	for _, key := range keys {
		errs = append(errs, f.away(key))
	}
	return errors.Join(append(errs, f.Snapshotter.Close())...)
}
