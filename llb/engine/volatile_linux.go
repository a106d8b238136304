package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/pkg/kernelversion"
	"github.com/moby/buildkit/snapshot"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// When an overlay that can be written to is unmounted, the kernel writes everything that is not on the disk yet
// to it, of the whole file system. Each step ends so, and waits for what other steps have written: a fifth of
// the time of a build with a new JDK. A state that was open when the machine stopped is emptied anyway. So
// overlays are mounted with the option volatile, which leaves that out, and what the builds have written is
// written to the disk once, before the state counts as closed.
//
// The kernel marks the work directory of a volatile overlay, and mounts no overlay there again until the mark
// is gone: its files may be incomplete after a stop. Here they are not, or the state is emptied.

// volatiles is a snapshotter whose overlays are volatile, if the kernel has such.
type volatiles struct {
	snapshot.Snapshotter
	used  atomic.Bool    // one was mounted since its files were last written to the disk
	syncs errgroup.Group // that write them
}

// canBeVolatile reports whether the kernel knows the option, which is new in Linux 5.10.
var canBeVolatile = sync.OnceValue(func() bool {
	is, err := kernelversion.GreaterEqualThan(kernelversion.KernelVersion{Kernel: 5, Major: 10})
	return err == nil && is
})

func (v *volatiles) Mounts(ctx context.Context, key string) (snapshot.Mountable, error) {
	m, err := v.Snapshotter.Mounts(ctx, key)
	if err != nil || !canBeVolatile() {
		return m, err
	}
	return volatile{m, v}, nil
}

// volatile is a snapshot that is mounted volatile if it can be written to.
type volatile struct {
	snapshot.Mountable
	of *volatiles
}

// Mount adds the option to the one that names the work directory, which only an overlay that can be written to
// has: BuildKit drops that for a mount that can only be read, and compares layers in a slower way if there is an
// option that it does not know.
func (v volatile) Mount() ([]mount.Mount, func() error, error) {
	mounts, release, err := v.Mountable.Mount()
	if err != nil {
		return nil, nil, err
	}
	for n, m := range mounts {
		for k, option := range m.Options {
			work, ok := strings.CutPrefix(option, "workdir=")
			if m.Type != "overlay" || !ok {
				continue
			}
			if err := os.RemoveAll(filepath.Join(work, "work", "incompat")); err != nil { // the kernel's mark
				return nil, nil, errors.Join(err, release())
			}
			mounts[n].Options = slices.Clone(m.Options) // which are the same for each mount
			mounts[n].Options[k] = option + ",volatile"
			v.of.used.Store(true)
		}
	}
	return mounts, release, nil
}

// sync begins to write to the disk what steps have written into overlays of a state.
func (v *volatiles) sync(state string) {
	if v == nil || !v.used.Swap(false) {
		return
	}
	v.syncs.Go(func() error {
		dir, err := os.Open(state)
		if err != nil {
			return err
		}
		return errors.Join(unix.Syncfs(int(dir.Fd())), dir.Close())
	})
}

// settle writes the rest, and returns when everything is on the disk.
func (v *volatiles) settle(state string) error {
	if v == nil {
		return nil
	}
	v.sync(state)
	return v.syncs.Wait()
}
