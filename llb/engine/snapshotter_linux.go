package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/containerd/v2/core/snapshots/storage"
	"github.com/containerd/containerd/v2/plugins/snapshots/native"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay/overlayutils"
	fuseoverlayfs "github.com/containerd/fuse-overlayfs-snapshotter/v2"
	bolt "go.etcd.io/bbolt"
)

// Snapshotters, by their names in directories of states. Layers are overlay mounts; if the kernel or
// the state's file system does not support these, mounts of the program fuse-overlayfs; if that does
// not work either, copies.
const (
	overlays = "overlayfs"
	fuses    = "fuse-overlayfs"
	copies   = "native"
)

// snapshotters lists them, the best first.
var snapshotters = []string{overlays, fuses, copies}

// snapshotterVariable is the environment variable with the snapshotter of new states.
const snapshotterVariable = "LAYC_SNAPSHOTTER"

// snapshotterFor returns the snapshotter of a state. Snapshotters do not see each other's
// snapshots, so a state keeps its first one.
func snapshotterFor(state string) string {
	for _, kind := range snapshotters {
		if _, err := os.Stat(filepath.Join(state, "runc-"+kind)); err == nil {
			return kind
		}
	}
	if kind := os.Getenv(snapshotterVariable); kind != "" {
		return kind
	}
	switch {
	case overlayutils.Supported(state) == nil:
		return overlays
	case fuseoverlayfs.Supported(state) == nil:
		return fuses
	}
	return copies
}

// checkSnapshotter checks the name in the environment.
func checkSnapshotter() error {
	kind := os.Getenv(snapshotterVariable)
	if kind == "" || slices.Contains(snapshotters, kind) {
		return nil
	}
	return &UnavailableError{
		What: fmt.Sprintf("unknown snapshotter %q in the variable %s", kind, snapshotterVariable),
		Help: "set it to " + strings.Join(snapshotters[:2], ", ") + " or " + copies + ", or unset it",
	}
}

// cannotMount returns why steps cannot be mounted: the state was created with mounts
// that are not available here. It is nil if they are.
func cannotMount(state string) error {
	var err error
	kind := snapshotterFor(state)
	switch kind {
	case overlays:
		kind, err = "overlay", overlayutils.Supported(state)
	case fuses:
		err = fuseoverlayfs.Supported(state)
	}
	if err == nil {
		return nil
	}
	return &UnavailableError{
		What: fmt.Sprintf("the engine's state directory %s needs %s mounts, which do not work here", state, kind),
		Help: "name another directory with --state",
		Err:  err,
	}
}

// openSnapshotter opens the snapshotter, and removes the leftovers of a killed engine.
func (e *embedded) openSnapshotter(kind, root string) (snapshots.Snapshotter, error) {
	if e.killed {
		if err := removeUnrecorded(root); err != nil {
			return nil, err
		}
	}
	var s snapshots.Snapshotter
	var err error
	switch kind {
	case overlays:
		records := filepath.Join(root, "metadata.db")
		var store *storage.MetaStore
		if store, err = storage.NewMetaStore(records, func(o *bolt.Options) error { o.NoSync, o.NoGrowSync = true, true; return nil }); err != nil {
			return nil, err
		}
		e.undo = append(e.undo, func() error { return syncFile(records) }) // after it is closed
		s, err = overlay.NewSnapshotter(root, overlay.AsynchronousRemove, overlay.WithMetaStore(store))
	case fuses:
		if s, err = fuseoverlayfs.NewSnapshotter(root); err == nil {
			s = newFused(s, filepath.Join(root, "mounts"))
		}
	default:
		s, err = native.NewSnapshotter(root)
	}
	if err == nil {
		// The worker does not close it, and its database would stay locked.
		e.undo = append(e.undo, s.Close)
	}
	return s, err
}
