package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/cache"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/snapshot"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/worker"
	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/helper"
	"github.com/layc-lang/layc/llb/kept"
	"github.com/layc-lang/layc/llb/lacks"
)

// Each image has two steps in which layc's helper looks at trees: for what layers replace, and for the user
// and the programs that it starts. To start a container for each takes fifty milliseconds of CPU time. So
// this process looks itself, which takes less than one: for the programs, on a thread whose root directory is
// one that has all trees. So links lead it nowhere else. A container would isolate no more of what they do:
// both are layc's own code, and only read. The engine does so only for a helper that is the one of this layc,
// as other versions may look for something else. To start the helper as a process would also keep files open
// for a moment that this process opens, and an unmount of BuildKit's that finds the mount busy waits for
// fifty milliseconds.
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

// mounted are the trees of a step, outside of a container.
type mounted struct {
	dirs map[string]string // by their places in the step
	undo []func() error
}

// holds does what the helper does in a step, and reports whether it succeeds. It does nothing, and returns
// false, unless the step has this layc's helper, mounts all trees, and makes nothing but a root directory.
func (m *mounted) holds(ctx context.Context, s session.Group, step *pb.ExecOp, inputs []solver.Result) (bool, error) {
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
		if err := m.mount(ctx, s, tree.ImmutableRef, mount.Dest); err != nil {
			return false, err
		}
	}
	switch args := step.Meta.Args[1:]; {
	case !m.hasHelper():
		return false, nil
	case args[0] == "start":
		return m.start(args), nil
	default:
		return m.kept(ctx, args[1:]), nil
	}
}

// kept looks for what trees replace. Those of whole systems have a "=".
func (m *mounted) kept(ctx context.Context, trees []string) (holds bool) {
	var at []string
	for _, tree := range trees {
		place, system := strings.CutPrefix(tree, "=")
		dir, ok := m.dirs[place]
		if !ok {
			return false
		}
		if system {
			dir = "=" + dir
		}
		at = append(at, dir)
	}
	return kept.Check(ctx, at) == nil
}

// start looks for the user and the programs, as the arguments start WHO NUMBER TREE… MORE… of the helper say,
// in the directory that has all trees.
func (m *mounted) start(args []string) (holds bool) {
	if len(args) < 3 {
		return false
	}
	trees, err := strconv.Atoi(args[2])
	if err != nil || trees < 0 || trees > len(args)-3 {
		return false
	}
	root := m.dirs[helper.Dir]
	below := func(dir string) (at string, is bool) {
		at, err := filepath.Rel(root, dir)
		return filepath.Join("/", at), err == nil && filepath.IsLocal(at)
	}
	for _, dir := range m.dirs {
		for _, is := below(dir); !is; _, is = below(dir) {
			root = filepath.Dir(root)
		}
	}
	inside := slices.Clone(args)
	for n, place := range args[3 : 3+trees] {
		dir, ok := m.dirs[place]
		if !ok {
			return false
		}
		inside[3+n], _ = below(dir)
	}
	return inRoot(root, func() error { return lacks.Start(inside[1], inside[2], inside[3:]) }) == nil
}

// inRoot calls a function on a thread with another root directory. What it calls must not start goroutines.
func inRoot(root string, call func() error) error {
	ended := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the thread ends with the goroutine
		if unix.Gettid() == unix.Getpid() {
			ended <- inRoot(root, call) // the root directory of this one is the process's in /proc
			runtime.UnlockOSThread()
			return
		}
		err := unix.Unshare(unix.CLONE_FS)
		if err == nil {
			err = unix.Chroot(root)
		}
		if err == nil {
			err = unix.Chdir("/")
		}
		if err == nil {
			err = call()
		}
		ended <- err
	}()
	return <-ended
}

// hasHelper reports whether a mount has this layc's helper.
func (m *mounted) hasHelper() bool {
	program, err := os.Lstat(filepath.Join(m.dirs[helper.Dir], helper.File))
	size, modified, unknown := helper.Stat(runtime.GOARCH)
	return err == nil && unknown == nil && program.Mode().IsRegular() && program.Size() == size && program.ModTime().Equal(modified)
}

// mount mounts a tree for a place of the step, wherever it is easiest.
func (m *mounted) mount(ctx context.Context, s session.Group, tree cache.ImmutableRef, place string) error {
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
	if len(made) == 1 && made[0].Type == "bind" { // a directory, which nobody changes
		m.dirs[place] = made[0].Source
		return nil
	}
	mounter := snapshot.LocalMounterWithMounts(made)
	dir, err := mounter.Mount()
	if err != nil {
		return err
	}
	m.dirs[place] = dir
	m.undo = append(m.undo, mounter.Unmount)
	return nil
}

func (m *mounted) unmount() error {
	var errs []error
	for _, undo := range slices.Backward(m.undo) {
		errs = append(errs, undo())
	}
	return errors.Join(errs...)
}
