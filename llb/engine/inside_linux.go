package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/moby/buildkit/executor"
	resourcestypes "github.com/moby/buildkit/executor/resources/types"
	gatewayerrors "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/snapshot"
	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/helper"
	"github.com/layc-lang/layc/llb/kept"
)

// Each image has two steps in which layc's helper looks at trees: for what layers replace, and for the user
// and the programs that it starts. To start a container for each takes fifty milliseconds of CPU time. So
// this process looks itself for the one, which takes a millisecond, and runs the helper for the other with
// the trees as its root directory, which takes five. A container would isolate no more of what they do:
// both are layc's own code, and only read. The engine does so only for a helper that is the one of this
// layc, as other versions may look for something else.

// inside is an executor that does without a container what the helper would do in a step that looks at
// trees.
type inside struct{ executor.Executor }

func (e inside) Run(ctx context.Context, id string, root executor.Mount, mounts []executor.Mount, process executor.ProcessInfo, started chan<- struct{}) (resourcestypes.Recorder, error) {
	args := process.Meta.Args
	if len(args) < 3 || args[0] != helper.Dir+"/"+helper.File || args[1] != "kept" && args[1] != "start" {
		return e.Executor.Run(ctx, id, root, mounts, process, started)
	}
	m := &mounted{dirs: map[string]string{}}
	known, failed, err := m.look(ctx, mounts, process)
	if err = errors.Join(err, m.unmount()); err != nil {
		return nil, err
	}
	if !known {
		return e.Executor.Run(ctx, id, root, mounts, process, started)
	}
	if started != nil {
		close(started)
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if failed {
		return nil, &gatewayerrors.ExitError{ExitCode: 1}
	}
	return nil, nil
}

// mounted are the mounts of a step, outside of a container.
type mounted struct {
	dirs map[string]string // by their places in the step
	undo []func() error
	root string // a temporary directory; "": none
}

// look does what the helper does in a step, and reports whether it fails. What it finds is then printed. It
// does nothing unless known is true: if the step has this layc's helper, and mounts all trees.
func (m *mounted) look(ctx context.Context, mounts []executor.Mount, process executor.ProcessInfo) (known, failed bool, err error) {
	root := ""
	args := process.Meta.Args
	if args[1] == "start" {
		if root, err = os.MkdirTemp("", "layc-step"); err != nil { // in the state, see [embedded.useTemp]
			return false, false, err
		}
		m.root = root
		// The trees are mounted below a mount, so that one call unmounts all: each waits for some milliseconds.
		if err := unix.Mount(root, root, "", unix.MS_BIND, ""); err != nil {
			return false, false, fmt.Errorf("mount a directory for a step: %w", err)
		}
		m.undo = append(m.undo, func() error { return unix.Unmount(root, unix.MNT_DETACH) })
		if err := unix.Mount("", root, "", unix.MS_PRIVATE, ""); err != nil {
			return false, false, fmt.Errorf("mount a directory for a step: %w", err)
		}
	}
	for _, mount := range mounts {
		if mount.Src == nil || mount.Selector != "" {
			return false, false, nil
		}
		if err := m.mount(ctx, mount, root); err != nil {
			return false, false, err
		}
	}
	program, err := os.Lstat(filepath.Join(m.dirs[helper.Dir], helper.File))
	size, modified, unknown := helper.Stat(runtime.GOARCH)
	if err != nil || unknown != nil || !program.Mode().IsRegular() || program.Size() != size || !program.ModTime().Equal(modified) {
		return false, false, nil
	}
	if root != "" {
		return m.run(ctx, root, process)
	}
	var at []string
	for _, tree := range args[2:] {
		place, system := strings.CutPrefix(tree, "=")
		dir, ok := m.dirs[place]
		if !ok {
			return false, false, nil
		}
		if system {
			dir = "=" + dir
		}
		at = append(at, dir)
	}
	found := kept.Check(ctx, at)
	if err := context.Cause(ctx); err != nil {
		return false, false, err
	}
	if found != nil {
		_, err := fmt.Fprintln(process.Stderr, "layc-helper:", found)
		return true, true, err
	}
	return true, false, nil
}

// run runs the helper with a directory as its root.
func (m *mounted) run(ctx context.Context, root string, process executor.ProcessInfo) (known, failed bool, err error) {
	c := exec.CommandContext(ctx, process.Meta.Args[0], process.Meta.Args[1:]...)
	c.Dir, c.Env = "/", process.Meta.Env
	c.Stdout, c.Stderr = process.Stdout, process.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	err = c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		return true, true, nil
	}
	return true, false, err
}

// mount mounts a tree below a root directory; if that is "", wherever it is easiest.
func (m *mounted) mount(ctx context.Context, mount executor.Mount, root string) error {
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
	dir := ""
	if len(made) == 1 && made[0].Type == "bind" { // a directory, which nobody changes
		dir = made[0].Source
	} else {
		mounter := snapshot.LocalMounterWithMounts(made)
		if dir, err = mounter.Mount(); err != nil {
			return err
		}
		m.undo = append(m.undo, mounter.Unmount)
	}
	m.dirs[mount.Dest] = dir
	if root == "" {
		return nil
	}
	at := filepath.Join(root, mount.Dest)
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(dir, at, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s: %w", mount.Dest, err)
	}
	return unix.Mount("", at, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, "")
}

func (m *mounted) unmount() error {
	var errs []error
	for _, undo := range slices.Backward(m.undo) {
		errs = append(errs, undo())
	}
	if err := errors.Join(errs...); err != nil || m.root == "" {
		return err // a mount may still be there, with files of the engine
	}
	return os.RemoveAll(m.root)
}
