package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/containerd/containerd/v2/core/snapshots/storage"
	"github.com/containerd/errdefs"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/bboltcachestorage"
	"github.com/moby/buildkit/util/bklog"
)

// BuildKit frees disk space a minute after a build, and most layc processes end earlier. So
// snapshots of failed steps would stay forever, and the cache would exceed its limits. Therefore
// an engine cleans up when it closes after a failed build, once an hour after a build that
// created something, and when it opens a state that was not closed.

// tidiedName is a file in the state that is written after each clean-up.
const (
	tidiedName = "tidied"
	tidyEvery  = time.Hour
)

// tidy keeps the cache within its limits, and removes unreferenced data. After an error the state
// counts as not closed, so the next engine on it tries again.
func (e *embedded) tidy(ctx context.Context) error {
	mark := filepath.Join(e.state, tidiedName)
	last, err := os.Stat(mark)
	due := e.failed.Load() || e.worked.Load() && (err != nil || time.Since(last.ModTime()) > tidyEvery)
	if e.worker == nil || !due {
		return nil
	}
	if err = e.prune(ctx); err != nil {
		release(e.state)
		err = e.prune(ctx)
	}
	if err == nil {
		err = e.keys.ReleaseUnreferenced(ctx)
	}
	if err != nil {
		return fmt.Errorf("cleaning up the cache: %w", err)
	}
	reserve(e.state)
	return os.WriteFile(mark, []byte(time.Now().UTC().Format(time.RFC3339)+"\n"), 0o600)
}

// laterWalked are the keys of the cache, which BuildKit would walk through at each start, to remove those
// whose results are gone. There are such keys only after a clean-up, which ends with that. Meanwhile BuildKit
// looks at each result before it uses it.
type laterWalked struct {
	*bboltcachestorage.Store
	opening bool
}

func (s *laterWalked) Walk(fn func(id string) error) error {
	if s.opening {
		return nil
	}
	return s.Store.Walk(fn)
}

func (e *embedded) prune(ctx context.Context) error {
	removed := make(chan client.UsageInfo)
	done := make(chan error, 1)
	go func() {
		defer close(removed)
		done <- e.worker.Prune(ctx, removed, e.worker.GCPolicy()...)
	}()
	for range removed {
	}
	return <-done
}

// collect removes data that no record refers to.
func (e *embedded) collect(ctx context.Context) {
	if err := e.worker.GarbageCollect(ctx); err != nil {
		bklog.G(ctx).WithError(err).Warn("cannot remove cache that a killed engine left")
	}
}

// removeUnrecorded removes snapshot directories that are missing from the snapshotter's database.
// A process killed between creating a directory and recording it leaves one, and no other
// snapshot could get its number.
func removeUnrecorded(root string) error {
	path := filepath.Join(root, "metadata.db")
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	store, err := storage.NewMetaStore(path)
	if err != nil {
		return err
	}
	var known map[string]string
	err = store.WithTransaction(context.Background(), false, func(ctx context.Context) error {
		known, err = storage.IDMap(ctx)
		return err
	})
	if err := errors.Join(err, store.Close()); err != nil && !errdefs.IsNotFound(err) {
		return err
	}
	dirs, err := os.ReadDir(filepath.Join(root, "snapshots"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, dir := range dirs {
		if _, ok := known[dir.Name()]; !ok {
			if err := os.RemoveAll(filepath.Join(root, "snapshots", dir.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
