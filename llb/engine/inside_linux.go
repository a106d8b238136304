package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/moby/buildkit/executor"
	resourcestypes "github.com/moby/buildkit/executor/resources/types"
	gatewayerrors "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/snapshot"

	"github.com/layc-lang/layc/llb/helper"
	"github.com/layc-lang/layc/llb/kept"
)

// Each image has a step in which layc's helper looks for what its layers replace. To start a
// container for it takes fifty milliseconds of CPU time, to look takes one. So this process looks
// itself, at the same trees. It does so only for a helper that is the one of this layc, as other
// versions may look for something else.

// inside is an executor that does in this process what the helper would do in a step that looks at
// trees.
type inside struct{ executor.Executor }

func (e inside) Run(ctx context.Context, id string, root executor.Mount, mounts []executor.Mount, process executor.ProcessInfo, started chan<- struct{}) (resourcestypes.Recorder, error) {
	args := process.Meta.Args
	if len(args) < 3 || args[0] != helper.Dir+"/"+helper.File || args[1] != "kept" {
		return e.Executor.Run(ctx, id, root, mounts, process, started)
	}
	in := &mounted{dirs: map[string]string{}}
	found, own, err := in.look(ctx, mounts, args[2:])
	if err = errors.Join(err, in.unmount()); err != nil {
		return nil, err
	}
	if !own {
		return e.Executor.Run(ctx, id, root, mounts, process, started)
	}
	if started != nil {
		close(started)
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if found != nil {
		if _, err := fmt.Fprintln(process.Stderr, "layc-helper:", found); err != nil {
			return nil, err
		}
		return nil, &gatewayerrors.ExitError{ExitCode: 1}
	}
	return nil, nil
}

// mounted are the mounts of a step, outside of a container.
type mounted struct {
	dirs map[string]string // by their places in the step
	undo []func() error
}

// look returns what kept.Check finds in trees of a step. It looks only if own is true: if the step has
// this layc's helper, and mounts all trees.
func (m *mounted) look(ctx context.Context, mounts []executor.Mount, list []string) (found error, own bool, err error) {
	for _, mount := range mounts {
		if mount.Src == nil || mount.Selector != "" {
			return nil, false, nil
		}
		if err := m.mount(ctx, mount); err != nil {
			return nil, false, err
		}
	}
	program, err := os.Lstat(filepath.Join(m.dirs[helper.Dir], helper.File))
	size, modified, unknown := helper.Stat(runtime.GOARCH)
	if err != nil || unknown != nil || program.Size() != size || !program.ModTime().Equal(modified) {
		return nil, false, nil
	}
	var at []string
	for _, tree := range list {
		place, system := strings.CutPrefix(tree, "=")
		dir, ok := m.dirs[place]
		if !ok {
			return nil, false, nil
		}
		if system {
			dir = "=" + dir
		}
		at = append(at, dir)
	}
	return kept.Check(ctx, at), true, nil
}

func (m *mounted) mount(ctx context.Context, mount executor.Mount) error {
	mountable, err := mount.Src.Mount(ctx, true)
	if err != nil {
		return err
	}
	made, release, err := mountable.Mount()
	if err != nil {
		return err
	}
	if release != nil {
		m.undo = append(m.undo, release)
	}
	if len(made) == 1 && made[0].Type == "bind" { // a directory, which nobody changes
		m.dirs[mount.Dest] = made[0].Source
		return nil
	}
	mounter := snapshot.LocalMounterWithMounts(made)
	dir, err := mounter.Mount()
	if err != nil {
		return err
	}
	m.undo = append(m.undo, mounter.Unmount)
	m.dirs[mount.Dest] = dir
	return nil
}

func (m *mounted) unmount() error {
	var errs []error
	for _, undo := range slices.Backward(m.undo) {
		errs = append(errs, undo())
	}
	return errors.Join(errs...)
}
