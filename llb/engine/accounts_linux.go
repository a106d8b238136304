package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	continuity "github.com/containerd/continuity/fs"
	"github.com/moby/buildkit/executor"
	resourcestypes "github.com/moby/buildkit/executor/resources/types"
	"github.com/moby/buildkit/snapshot"
)

// accounts are the files in which runc looks up the user of a step before it starts.
var accounts = []string{"/etc/passwd", "/etc/group"}

// checked is an executor that starts no step whose accounts cannot be read to
// their end. runc would wait for a writer of a named pipe without end, and read
// /dev/zero without end.
type checked struct{ executor.Executor }

func (c checked) Run(ctx context.Context, id string, root executor.Mount, mounts []executor.Mount, process executor.ProcessInfo, started chan<- struct{}) (resourcestypes.Recorder, error) {
	if err := checkAccounts(ctx, root); err != nil {
		return nil, err
	}
	return c.Executor.Run(ctx, id, root, mounts, process, started)
}

// checkAccounts mounts the root file system of a step and looks at its accounts.
func checkAccounts(ctx context.Context, root executor.Mount) (err error) {
	mountable, err := root.Src.Mount(ctx, true)
	if err != nil {
		return err
	}
	mounter := snapshot.LocalMounter(mountable)
	dir, err := mounter.Mount()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, mounter.Unmount()) }()
	for _, name := range accounts {
		if err := checkAccount(dir, name); err != nil {
			return err
		}
	}
	return nil
}

// checkAccount returns an error for a file of accounts in a root file system that
// is neither a file nor a directory, which runc reports itself. The engine mounts
// into /dev, /proc and /sys, so what a link leads to there is not seen here.
func checkAccount(root, name string) error {
	path, err := continuity.RootPath(root, name)
	if err != nil {
		return nil // a link to itself, which runc reports, too
	}
	kind := ""
	info, err := os.Lstat(path)
	switch to := strings.TrimPrefix(path, root); {
	case slices.ContainsFunc([]string{"/dev/", "/proc/", "/sys/"}, func(dir string) bool { return strings.HasPrefix(to, dir) }):
		kind = "a link to " + to
	case err != nil || info.Mode().IsRegular() || info.IsDir():
		return nil
	case info.Mode()&fs.ModeNamedPipe != 0:
		kind = "a named pipe"
	default:
		kind = "a device or a socket"
	}
	return fmt.Errorf("%s is %s: no step can start, because the engine looks its user up there", name, kind)
}
