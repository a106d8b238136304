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

	"github.com/moby/buildkit/cache"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/snapshot"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/worker"
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
//
// Such a step makes no files. So the engine keeps no empty directory for it, as BuildKit does for a step:
// each would be a record that every later start of the engine reads. If the step does not hold, it runs in
// a container: what that says is what the user sees.

// looking is the operation of a step in which layc's helper looks at trees.
type looking struct {
	solver.Op // the step in a container
	step      *pb.ExecOp
	worker    worker.Worker
}

// lookingFor returns the operation of a vertex without a container; op if it needs one. Without a mark the
// result may go to a cache elsewhere, which keeps what has files only.
func lookingFor(op solver.Op, v solver.Vertex, w worker.Worker) solver.Op {
	of, _ := v.Sys().(*pb.Op)
	step := of.GetExec()
	args := step.GetMeta().GetArgs()
	if len(args) < 3 || args[0] != helper.Dir+"/"+helper.File || args[1] != "kept" && args[1] != "start" || v.Options().Description[helper.Apart] == "" {
		return op
	}
	return looking{op, step, w}
}

// Exec returns a result without files if the step holds.
func (l looking) Exec(ctx context.Context, job solver.JobContext, inputs []solver.Result) ([]solver.Result, error) {
	m := &mounted{dirs: map[string]string{}}
	holds, err := m.holds(ctx, job.Session(), l.step, inputs)
	if err = errors.Join(err, m.unmount()); err != nil {
		return nil, err
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if !holds {
		return l.Op.Exec(ctx, job, inputs)
	}
	return []solver.Result{worker.NewWorkerRefResult(nil, l.worker)}, nil
}

// mounted are the mounts of a step, outside of a container.
type mounted struct {
	dirs map[string]string // by their places in the step
	undo []func() error
	root string // a temporary directory; "": none
}

// holds does what the helper does in a step, and reports whether it succeeds. It does nothing, and returns
// false, unless the step has this layc's helper, mounts all trees, and makes nothing but a root directory.
func (m *mounted) holds(ctx context.Context, s session.Group, step *pb.ExecOp, inputs []solver.Result) (bool, error) {
	root := ""
	args := step.Meta.Args
	if args[1] == "start" {
		dir, err := m.makeRoot()
		if err != nil {
			return false, err
		}
		root = dir
	}
	for _, mount := range step.Mounts {
		if mount.Dest == "/" && mount.Input == int64(pb.Empty) && mount.Output == 0 {
			continue
		}
		if mount.Output != int64(pb.SkipOutput) || mount.Selector != "" || mount.Input < 0 || mount.Input >= int64(len(inputs)) {
			return false, nil
		}
		tree, ok := inputs[mount.Input].Sys().(*worker.WorkerRef)
		if !ok || tree.ImmutableRef == nil {
			return false, nil
		}
		if err := m.mount(ctx, s, tree.ImmutableRef, mount.Dest, root); err != nil {
			return false, err
		}
	}
	if !m.hasHelper() {
		return false, nil
	}
	if root != "" {
		return run(ctx, root, step.Meta)
	}
	var at []string
	for _, tree := range args[2:] {
		place, system := strings.CutPrefix(tree, "=")
		dir, ok := m.dirs[place]
		if !ok {
			return false, nil
		}
		if system {
			dir = "=" + dir
		}
		at = append(at, dir)
	}
	return kept.Check(ctx, at) == nil, nil
}

// makeRoot makes a directory that trees are mounted below. It is a mount itself, so that one call unmounts
// all: each waits for some milliseconds.
func (m *mounted) makeRoot() (string, error) {
	root, err := os.MkdirTemp("", "layc-step") // in the state, see [embedded.useTemp]
	if err != nil {
		return "", err
	}
	m.root = root
	if err := unix.Mount(root, root, "", unix.MS_BIND, ""); err != nil {
		return "", fmt.Errorf("mount a directory for a step: %w", err)
	}
	m.undo = append(m.undo, func() error { return unix.Unmount(root, unix.MNT_DETACH) })
	if err := unix.Mount("", root, "", unix.MS_PRIVATE, ""); err != nil {
		return "", fmt.Errorf("mount a directory for a step: %w", err)
	}
	return root, nil
}

// hasHelper reports whether a mount has this layc's helper.
func (m *mounted) hasHelper() bool {
	program, err := os.Lstat(filepath.Join(m.dirs[helper.Dir], helper.File))
	size, modified, unknown := helper.Stat(runtime.GOARCH)
	return err == nil && unknown == nil && program.Mode().IsRegular() && program.Size() == size && program.ModTime().Equal(modified)
}

// run runs the helper with a directory as its root, and reports whether it succeeds.
func run(ctx context.Context, root string, meta *pb.Meta) (bool, error) {
	c := exec.CommandContext(ctx, meta.Args[0], meta.Args[1:]...)
	c.Dir, c.Env = "/", append([]string{}, meta.Env...)
	c.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	err := c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		return false, nil
	}
	return err == nil, err
}

// mount mounts a tree for a place below a root directory; if that is "", wherever it is easiest.
func (m *mounted) mount(ctx context.Context, s session.Group, tree cache.ImmutableRef, place, root string) error {
	mountable, err := tree.Mount(ctx, true, s)
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
	m.dirs[place] = dir
	if root == "" {
		return nil
	}
	at := filepath.Join(root, place)
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(dir, at, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s: %w", place, err)
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
