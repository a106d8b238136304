package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/moby/buildkit/cache"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/snapshot"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/worker"
	"github.com/moby/sys/user"
	"github.com/opencontainers/go-digest"

	"github.com/layc-lang/layc/llb/helper"
)

// container is an operation that only counts.
type container struct {
	solver.Op
	started int
}

func (c *container) Exec(context.Context, solver.JobContext, []solver.Result) ([]solver.Result, error) {
	c.started++
	return nil, nil
}

// step is a vertex in which the helper of one directory looks at others, whose places start at 0.
type step struct {
	solver.Vertex
	op   *pb.Op
	mark string
}

func (s step) Sys() any { return s.op }
func (s step) Options() solver.VertexOptions {
	return solver.VertexOptions{Description: map[string]string{helper.Apart: s.mark}}
}

// looked is the result of another step: a directory of this machine.
type looked struct {
	cache.ImmutableRef
	dir string
}

func (t looked) Mount(context.Context, bool, session.Group) (snapshot.Mountable, error) {
	return binding(t.dir), nil
}

// job has no connections.
type job struct{ solver.JobContext }

func (job) Session() session.Group { return nil }

// lookAt runs the operation of a step with a command of the helper, and returns how many containers it starts.
func lookAt(ctx context.Context, mark string, args []string, helperDir string, trees []string, change func(*pb.ExecOp)) (started int, err error) {
	exec := &pb.ExecOp{Meta: &pb.Meta{Args: args}, Mounts: []*pb.Mount{{Input: int64(pb.Empty), Dest: "/"}}}
	var inputs []solver.Result
	for n, dir := range append([]string{helperDir}, trees...) {
		at := helper.Dir
		if n > 0 {
			at = fmt.Sprint("/.layc/tree/", n-1)
		}
		exec.Mounts = append(exec.Mounts, &pb.Mount{Input: int64(n), Dest: at, Readonly: true, Output: int64(pb.SkipOutput)})
		inputs = append(inputs, worker.NewWorkerRefResult(looked{dir: dir}, nil))
	}
	if change != nil {
		change(exec)
	}
	inner := &container{}
	op := lookingFor(inner, step{op: &pb.Op{Op: &pb.Op_Exec{Exec: exec}}, mark: mark}, nil)
	results, err := op.Exec(ctx, job{}, inputs)
	if err == nil && inner.started == 0 {
		if len(results) != 1 || results[0].Sys().(*worker.WorkerRef).ImmutableRef != nil {
			return 0, fmt.Errorf("results %v", results)
		}
	}
	return inner.started, err
}

// TestLooksInside checks which steps the engine does without a container: those that hold.
func TestLooksInside(t *testing.T) {
	size, modified, err := helper.Stat(runtime.GOARCH)
	notBuilt(t, err)
	program := func(size int64, at time.Time) string {
		dir := t.TempDir()
		f, err := os.Create(filepath.Join(dir, helper.File))
		if err == nil {
			err = errors.Join(f.Truncate(size), f.Close(), os.Chtimes(f.Name(), at, at))
		}
		if err != nil {
			t.Fatal(err)
		}
		return dir
	}
	of := func(paths ...string) string {
		dir := t.TempDir()
		for _, p := range paths {
			if err := errors.Join(os.MkdirAll(filepath.Join(dir, filepath.Dir(p)), 0o755), os.WriteFile(filepath.Join(dir, p), nil, 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	own, base, file, other := program(size, modified), of("etc/passwd"), of("etc"), of("opt/x")
	look := []string{helper.Dir + "/" + helper.File, "kept", "=/.layc/tree/0", "/.layc/tree/1"}
	for _, c := range []struct {
		name      string
		mark      string
		args      []string
		helper    string
		tree      string
		change    func(*pb.ExecOp)
		container int
	}{
		{"nothing is replaced", "x", look, own, other, nil, 0},
		{"a directory is replaced", "x", look, own, file, nil, 1},
		{"the result may go to a cache elsewhere", "", look, own, other, nil, 1},
		{"a helper of another size", "x", look, program(size-1, modified), other, nil, 1},
		{"a helper of another time", "x", look, program(size, modified.Add(time.Second)), other, nil, 1},
		{"no helper", "x", look, of(), other, nil, 1},
		{"a tree that is a part of what is mounted", "x", look, own, other, func(e *pb.ExecOp) { e.Mounts[3].Selector = "opt" }, 1},
		{"a tree that the step may change", "x", look, own, other, func(e *pb.ExecOp) { e.Mounts[3].Output = 1 }, 1},
		{"a root directory with files", "x", look, own, other, func(e *pb.ExecOp) { e.Mounts[0].Input = 1 }, 1},
		{"a tree that is not mounted", "x", append(look[:len(look):len(look)], "/.layc/tree/2"), own, other, nil, 1},
		{"another command of the helper", "x", []string{look[0], "remain", "/.layc/tree/0", "/.layc/tree/1"}, own, other, nil, 1},
		{"a command of the user", "x", []string{"/bin/sh", "kept", "/.layc/tree/0", "/.layc/tree/1"}, own, other, nil, 1},
	} {
		started, err := lookAt(t.Context(), c.mark, c.args, c.helper, []string{base, c.tree}, c.change)
		if err != nil || started != c.container {
			t.Errorf("%s: it starts %d containers, want %d: %v", c.name, started, c.container, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := lookAt(ctx, "x", look, own, []string{base, other}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted build: %v", err)
	}
}

// notBuilt skips a test if this checkout has no helper, which `make` builds. Where tests need the engine, it
// fails.
func notBuilt(t *testing.T, err error) {
	t.Helper()
	if err != nil && os.Getenv("LAYC_REQUIRE_ENGINE") == "1" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip(err)
	}
}

// binding is a directory that a step mounts.
type binding string

func (b binding) Mount() ([]mount.Mount, func() error, error) {
	return []mount.Mount{{Type: "bind", Source: string(b), Options: []string{"rbind", "ro"}}}, func() error { return nil }, nil
}
func (b binding) IdentityMapping() *user.IdentityMapping { return nil }

// anOp is an operation with a key.
type anOp struct {
	solver.Op
	key *solver.CacheMap
}

func (o anOp) CacheMap(context.Context, solver.JobContext, int) (*solver.CacheMap, bool, error) {
	return o.key, true, nil
}

// TestApart checks that operations with different marks have different keys, that equal marks have equal
// ones on all machines, and that the key of the operation still counts.
func TestApart(t *testing.T) {
	key := func(op, mark string) digest.Digest {
		m, done, err := apart{anOp{key: &solver.CacheMap{Digest: digest.FromString(op)}}, mark}.CacheMap(t.Context(), nil, 0)
		if err != nil || !done {
			t.Fatal(done, err)
		}
		return m.Digest
	}
	seen := map[digest.Digest]bool{digest.FromString("a"): true}
	for _, op := range []string{"a", "b"} {
		for _, mark := range []string{"1", "2"} {
			k := key(op, mark)
			if seen[k] || k.Validate() != nil || k != key(op, mark) {
				t.Errorf("%s with %s has the key %s", op, mark, k)
			}
			seen[k] = true
		}
	}
}

// TestRunsHelperInside runs this layc's helper on a tree, without a container. The tree has links that lead
// out of it, as seen from here.
func TestRunsHelperInside(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may change its root directory")
	}
	binary, err := helper.Binary(runtime.GOARCH)
	notBuilt(t, err)
	_, modified, err := helper.Stat(runtime.GOARCH)
	if err != nil {
		t.Fatal(err)
	}
	program, tree := t.TempDir(), t.TempDir()
	at := filepath.Join(program, helper.File)
	if err := errors.Join(os.WriteFile(at, binary, 0o755), os.Chtimes(at, modified, modified),
		os.MkdirAll(filepath.Join(tree, "bin"), 0o755), os.MkdirAll(filepath.Join(tree, "etc"), 0o755),
		os.WriteFile(filepath.Join(tree, "bin", "run"), []byte("#!/bin/sh\n"), 0o755),
		os.Symlink("/bin/run", filepath.Join(tree, "bin", "sh")),
		os.Symlink("/proc/self/root/etc/passwd", filepath.Join(tree, "etc", "passwd"))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args  []string
		holds bool
	}{
		{[]string{"", "1", "/.layc/tree/0", "--", "command", "/", "/bin", "run", ""}, true},
		{[]string{"", "1", "/.layc/tree/0", "--", "command", "/", "/bin", "ls", ""}, false},
		{[]string{"root", "1", "/.layc/tree/0"}, false}, // this machine has one
	} {
		started, err := lookAt(t.Context(), "x", append([]string{helper.Dir + "/" + helper.File, "start"}, c.args...), program, []string{tree}, nil)
		if err != nil || (started == 0) != c.holds {
			t.Errorf("%q starts %d containers: %v", c.args, started, err)
		}
	}
}

// TestInRoot checks that a function sees another root directory, alone, however many run at once.
func TestInRoot(t *testing.T) {
	needEngine(t)
	wrong := errors.New("wrong")
	dirs := make([]string, 50)
	for n := range dirs {
		dirs[n] = t.TempDir()
		if err := errors.Join(os.WriteFile(filepath.Join(dirs[n], "own"), []byte(dirs[n]), 0o644), os.Symlink("/own", filepath.Join(dirs[n], "link"))); err != nil {
			t.Fatal(err)
		}
	}
	var all sync.WaitGroup
	for _, dir := range dirs {
		all.Go(func() {
			err := inRoot(dir, func() error {
				for _, name := range []string{"/own", "own", "/link", "/../own"} {
					if text, err := os.ReadFile(name); err != nil || string(text) != dir {
						return fmt.Errorf("%s has %q: %w", name, text, err)
					}
				}
				return wrong
			})
			if err != wrong {
				t.Error(err)
			}
		})
	}
	all.Wait()
	elsewhere := func() (roots []string) {
		tasks, err := filepath.Glob("/proc/self/task/*/root")
		if err != nil || len(tasks) == 0 {
			t.Fatal(err)
		}
		for _, task := range tasks {
			if root, err := os.Readlink(task); err == nil && root != "/" {
				roots = append(roots, root)
			}
		}
		return roots
	}
	for end := time.Now().Add(hangs); len(elsewhere()) > 0; time.Sleep(time.Millisecond) { // the threads end
		if time.Now().After(end) {
			t.Fatalf("threads have the root directories %s", elsewhere())
		}
	}
	if err := inRoot(filepath.Join(dirs[0], "missing"), func() error { return wrong }); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a root directory: %v", err)
	}
}
