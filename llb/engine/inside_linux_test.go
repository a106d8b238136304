package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/moby/buildkit/executor"
	resourcestypes "github.com/moby/buildkit/executor/resources/types"
	gatewayerrors "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver"
	"github.com/moby/sys/user"
	"github.com/opencontainers/go-digest"

	"github.com/layc-lang/layc/llb/helper"
)

// container is an executor that only counts.
type container struct {
	executor.Executor
	started int
}

func (c *container) Run(context.Context, string, executor.Mount, []executor.Mount, executor.ProcessInfo, chan<- struct{}) (resourcestypes.Recorder, error) {
	c.started++
	return nil, nil
}

// TestLooksInside checks which steps the engine does without a container, and that they fail as they
// would in one.
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
	const refused = "layc-helper: replaced: 1 \"/etc\" directory \"\" 0\n"
	for _, c := range []struct {
		name      string
		args      []string
		helper    string
		tree      string
		selector  string
		says      string
		container int
	}{
		{"nothing is replaced", look, own, other, "", "", 0},
		{"a directory is replaced", look, own, file, "", refused, 0},
		{"a helper of another size", look, program(size-1, modified), file, "", "", 1},
		{"a helper of another time", look, program(size, modified.Add(time.Second)), file, "", "", 1},
		{"no helper", look, of(), file, "", "", 1},
		{"a tree that is a part of what is mounted", look, own, file, "etc", "", 1},
		{"a tree that is not mounted", append(look[:len(look):len(look)], "/.layc/tree/2"), own, file, "", "", 1},
		{"another command of the helper", []string{look[0], "remain", "/.layc/tree/0", "/.layc/tree/1"}, own, file, "", "", 1},
		{"a command of the user", []string{"/bin/sh", "kept", "/.layc/tree/0", "/.layc/tree/1"}, own, file, "", "", 1},
	} {
		inner := &container{}
		var said bytes.Buffer
		started := make(chan struct{})
		mounts := []executor.Mount{
			{Src: bound(c.helper), Dest: helper.Dir}, {Src: bound(base), Dest: "/.layc/tree/0"}, {Src: bound(c.tree), Dest: "/.layc/tree/1", Selector: c.selector},
		}
		_, err := inside{inner}.Run(t.Context(), "", executor.Mount{}, mounts, executor.ProcessInfo{Meta: executor.Meta{Args: c.args}, Stderr: writing{&said}}, started)
		var exit *gatewayerrors.ExitError
		if failed := errors.As(err, &exit) && exit.ExitCode == 1; failed != (c.says != "") || !failed && err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if said.String() != c.says || inner.started != c.container {
			t.Errorf("%s: it says %q, and starts %d containers", c.name, said.String(), inner.started)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	mounts := []executor.Mount{{Src: bound(own), Dest: helper.Dir}, {Src: bound(base), Dest: "/.layc/tree/0"}, {Src: bound(other), Dest: "/.layc/tree/1"}}
	if _, err := (inside{&container{}}).Run(ctx, "", executor.Mount{}, mounts, executor.ProcessInfo{Meta: executor.Meta{Args: look}}, nil); !errors.Is(err, context.Canceled) {
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

// bound is a directory that a step mounts.
type bound string

func (b bound) Mount(context.Context, bool) (executor.MountableRef, error) { return binding(b), nil }

type binding string

func (b binding) Mount() ([]mount.Mount, func() error, error) {
	return []mount.Mount{{Type: "bind", Source: string(b), Options: []string{"rbind", "ro"}}}, func() error { return nil }, nil
}
func (b binding) IdentityMapping() *user.IdentityMapping { return nil }

type writing struct{ io.Writer }

func (writing) Close() error { return nil }

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
		args []string
		says string
	}{
		{[]string{"", "1", "/tree", "--", "command", "/", "/bin", "run", ""}, ""},
		{[]string{"", "1", "/tree", "--", "command", "/", "/bin", "ls", ""}, "layc-helper: not started: command missing \"ls\" \"\" \"\" \"run sh\"\n"},
		{[]string{"root", "1", "/tree"}, "layc-helper: no user root: \n"}, // this machine has one
	} {
		inner := &container{}
		var said bytes.Buffer
		mounts := []executor.Mount{{Src: bound(program), Dest: helper.Dir}, {Src: bound(tree), Dest: "/tree"}}
		args := append([]string{helper.Dir + "/" + helper.File, "start"}, c.args...)
		_, err := inside{inner}.Run(t.Context(), "", executor.Mount{}, mounts, executor.ProcessInfo{Meta: executor.Meta{Args: args}, Stdout: writing{&said}, Stderr: writing{&said}}, nil)
		var exit *gatewayerrors.ExitError
		if failed := errors.As(err, &exit) && exit.ExitCode == 1; failed != (c.says != "") || !failed && err != nil {
			t.Errorf("%q: %v", c.args, err)
		}
		if said.String() != c.says || inner.started != 0 {
			t.Errorf("%q: it says %q, and starts %d containers", c.args, said.String(), inner.started)
		}
	}
}
