package engine

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/moby/buildkit/cache"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/snapshot"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/worker"

	"github.com/layc-lang/layc/llb/helper"
	"github.com/layc-lang/layc/llb/kept"
)

// Each image has two steps in which layc's helper looks at trees: for what layers replace, and for the user
// and the programs that it starts. To start a container for each takes fifty milliseconds of CPU time. So
// this process looks itself for the one, which takes a millisecond, and runs the helper for the other with
// a directory that has all trees as its root directory, which takes two. So links lead it nowhere else. A
// container would isolate no more of what they do: both are layc's own code, and only read. The engine does
// so only for a helper that is the one of this layc, as other versions may look for something else.
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
		return m.start(ctx, args)
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

// start runs the helper with the arguments start WHO NUMBER TREE… MORE… in the directory that has all trees.
func (m *mounted) start(ctx context.Context, args []string) (holds bool, err error) {
	if len(args) < 3 {
		return false, nil
	}
	trees, err := strconv.Atoi(args[2])
	if err != nil || trees < 0 || trees > len(args)-3 {
		return false, nil
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
			return false, nil
		}
		inside[3+n], _ = below(dir)
	}
	at, _ := below(m.dirs[helper.Dir])
	program := filepath.Join(at, helper.File)
	c := exec.CommandContext(ctx, program, inside...)
	c.Dir, c.Env = "/", []string{} // the helper asks for no variable
	c.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	err = c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		return false, nil
	}
	return err == nil, err
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
