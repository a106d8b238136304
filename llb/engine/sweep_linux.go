package engine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/moby/sys/mountinfo"
	"github.com/opencontainers/cgroups"
	"golang.org/x/sys/unix"
)

// tempName is the state's temporary directory.
const tempName = "tmp"

// executors returns the directories for the bundles of containers: one for each snapshotter that
// was ever used on the state directory. A bundle is a directory with the container's id as its
// name.
func executors(state string) []string {
	dirs, _ := filepath.Glob(filepath.Join(state, "runc-*", "executor")) // the pattern is valid
	return dirs
}

// bundles returns the directories of existing containers.
func bundles(state string) []string {
	var found []string
	for _, dir := range executors(state) {
		entries, _ := os.ReadDir(dir) // it exists
		for _, e := range entries {
			if e.IsDir() {
				found = append(found, filepath.Join(dir, e.Name()))
			}
		}
	}
	return found
}

// cgroupName is the parent of the control groups of the state's containers. Two engines that
// share control groups but not the file system, such as two containers on one host, can have
// states with the same path, but not with the same inode.
func cgroupName(state string) string {
	var st unix.Stat_t
	_ = unix.Stat(state, &st) // it is open
	return fmt.Sprintf("layc-%x-%x", st.Dev, st.Ino)
}

// cgroupDirs returns the directories of the state's control group: one for each controller in
// version 1, one in version 2.
func cgroupDirs(state string) []string {
	name := cgroupName(state)
	one, _ := filepath.Glob(filepath.Join("/sys/fs/cgroup", name)) // the pattern is valid
	each, _ := filepath.Glob(filepath.Join("/sys/fs/cgroup", "*", name))
	return append(one, each...)
}

// leftovers describes what a killed engine leaves in a state directory and on the machine.
type leftovers struct {
	state string
	runc  string // the program
}

// sweep removes containers with their processes, control groups, mounts, bundles and temporary
// files. The caller holds the directory's lock.
func (l leftovers) sweep(ctx context.Context) error {
	l.endContainers(ctx)
	if err := l.unmount(); err != nil {
		return err
	}
	for _, dir := range append(bundles(l.state), filepath.Join(l.state, tempName)) {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}

// endContainers kills running containers. It ignores errors, since unmounting fails if something
// matters.
func (l leftovers) endContainers(ctx context.Context) {
	groups := cgroupDirs(l.state)
	for _, id := range l.containers(groups) {
		_ = exec.CommandContext(ctx, l.runc, "delete", "--force", id).Run()
	}
	// A container that was killed while it started or stopped has a control group unknown to
	// runc.
	for _, group := range groups {
		killGroup(group)
		_ = cgroups.RemovePath(group)
	}
}

// containers returns the ids of containers with a bundle or a control group.
func (l leftovers) containers(groups []string) []string {
	var ids []string
	for _, bundle := range bundles(l.state) {
		ids = append(ids, filepath.Base(bundle))
	}
	for _, group := range groups {
		dirs, _ := filepath.Glob(filepath.Join(group, "buildkit", "*", "cgroup.procs")) // the pattern is valid
		for _, procs := range dirs {
			ids = append(ids, filepath.Base(filepath.Dir(procs)))
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// killGroup kills all processes in a control group and in the groups below. It repeats, since a
// process may start another one meanwhile.
func killGroup(group string) {
	for range 10 {
		pids := 0
		_ = filepath.WalkDir(group, func(dir string, e os.DirEntry, err error) error {
			if err != nil || !e.IsDir() {
				return nil
			}
			// runc freezes a group to kill it, but frozen processes do not end.
			_ = os.WriteFile(filepath.Join(dir, "freezer.state"), []byte("THAWED"), 0)
			found, _ := cgroups.GetPids(dir)
			for _, pid := range found {
				if pid > 0 { // 0 is a process of another pid namespace
					_ = syscall.Kill(pid, syscall.SIGKILL)
					pids++
				}
			}
			return nil
		})
		if pids == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// unmount removes the mounts of steps and temporary directories.
func (l leftovers) unmount() error {
	mounts, err := mountinfo.GetMounts(mountinfo.PrefixFilter(l.state))
	if err != nil {
		return fmt.Errorf("reading the mount table: %w", err)
	}
	slices.SortFunc(mounts, func(a, b *mountinfo.Info) int { return b.ID - a.ID })
	for _, m := range mounts {
		// The state, or a directory in it, may be one of the user's mounts.
		top, _, beneath := strings.Cut(strings.TrimPrefix(m.Mountpoint, l.state+"/"), "/")
		if !beneath || top != tempName && !strings.HasPrefix(top, "runc-") {
			continue
		}
		if err := unix.Unmount(m.Mountpoint, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("unmounting %s: %w", m.Mountpoint, err)
		}
	}
	return nil
}

// waitForSteps returns when no container is left, or after the limit. A cancelled build returns
// before its steps are killed and removed.
func waitForSteps(state string, limit time.Duration) {
	for end := time.Now().Add(limit); len(bundles(state)) > 0 && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
}
