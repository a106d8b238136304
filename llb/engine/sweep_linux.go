package engine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// executors returns the directories in which steps run, one for each
// snapshotter that was ever used on the state directory. Each container has a
// bundle there, a directory named by the container's id.
func executors(state string) []string {
	dirs, _ := filepath.Glob(filepath.Join(state, "runc-*", "executor")) // the pattern is valid
	return dirs
}

// bundles returns the directories of containers that exist.
func bundles(state string) []string {
	var found []string
	for _, dir := range executors(state) {
		entries, _ := os.ReadDir(dir) // it has just been listed
		for _, e := range entries {
			if e.IsDir() {
				found = append(found, filepath.Join(dir, e.Name()))
			}
		}
	}
	return found
}

// sweep removes what a killed engine left in the state directory: running
// containers, mounts and bundles. The caller holds the directory's lock.
func sweep(ctx context.Context, state, runcPath string) error {
	left := bundles(state)
	for _, bundle := range left {
		// The container may be gone and runc then complains: what counts is
		// whether the mounts beneath can be removed.
		_ = exec.CommandContext(ctx, runcPath, "delete", "--force", filepath.Base(bundle)).Run()
	}
	mounts, err := mountinfo.GetMounts(mountinfo.PrefixFilter(state))
	if err != nil {
		return fmt.Errorf("reading the mount table: %w", err)
	}
	slices.SortFunc(mounts, func(a, b *mountinfo.Info) int { return b.ID - a.ID })
	for _, m := range mounts {
		if m.Mountpoint == state || !strings.HasPrefix(m.Mountpoint, filepath.Join(state, "runc-")) {
			continue
		}
		if err := unix.Unmount(m.Mountpoint, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("unmounting %s: %w", m.Mountpoint, err)
		}
	}
	for _, bundle := range left {
		if err := os.RemoveAll(bundle); err != nil {
			return err
		}
	}
	return nil
}

// waitForSteps returns when no container is left, or after the limit: a
// cancelled build returns before its steps have been killed and removed.
func waitForSteps(state string, limit time.Duration) {
	for end := time.Now().Add(limit); len(bundles(state)) > 0 && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
}
