package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	continuity "github.com/containerd/continuity/fs"
	"github.com/moby/buildkit/executor"
	resourcestypes "github.com/moby/buildkit/executor/resources/types"
	"github.com/moby/buildkit/snapshot"
)

// accounts are the files in which runc looks up the user of a step before it starts.
var accounts = []string{"/etc/passwd", "/etc/group"}

// checked is an executor that starts no step whose accounts cannot be read to
// their end: runc would wait for ever for a writer of a named pipe.
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

// checkAccount returns an error for a file of accounts that a reader never gets to
// the end of: a named pipe, or a link to random numbers, which the engine mounts into
// the step. All else ends, or fails at once.
func checkAccount(root, name string) error {
	path, err := continuity.RootPath(root, name)
	if err != nil {
		return nil // a link to itself, which runc reports
	}
	kind := ""
	info, err := os.Lstat(path)
	switch to := strings.TrimPrefix(path, root); {
	case to == "/dev/random" || to == "/dev/urandom":
		kind = "a link to " + to
	case err == nil && info.Mode()&fs.ModeNamedPipe != 0:
		kind = "a named pipe"
	default:
		return nil
	}
	return fmt.Errorf("%s is %s: no step can start, because the engine looks its user up there", name, kind)
}
