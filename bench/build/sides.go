//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// side is a way to build the fleet. It has its own cache and its own output.
type side interface {
	reset(context.Context) error // without anything cached or written
	build(ctx context.Context, only string) (spent, error)
	close() error
}

// newSide returns the side of a name.
func newSide(name string, b *bench, f *fleet, dir string) (side, error) {
	switch name {
	case "layc", "layc-push":
		return &laycSide{bench: b, fleet: f, dir: dir, push: name == "layc-push"}, nil
	case "dockerfiles", "stages":
		return &dockerSide{bench: b, fleet: f, dir: dir, stages: name == "stages"}, nil
	case "bake":
		return &bakeSide{daemon: dockerSide{bench: b, fleet: f, dir: dir}}, nil
	}
	return nil, fmt.Errorf("-sides: unknown side %q", name)
}

// errNotCold is the error for a side that has not been reset yet.
var errNotCold = errors.New("the first build is not cold")

// laycSide builds with layc, into a layout or a registry.
type laycSide struct {
	bench    *bench
	fleet    *fleet
	dir      string
	push     bool
	registry *server
}

func (s *laycSide) reset(context.Context) (err error) {
	if err := s.close(); err != nil || !s.push {
		return err
	}
	s.registry, err = serve(filepath.Join(s.dir, "registry"))
	return err
}

func (s *laycSide) close() error {
	err := errors.Join(s.registry.close(), os.RemoveAll(s.dir))
	s.registry = nil
	return err
}

func (s *laycSide) build(ctx context.Context, only string) (spent, error) {
	args := []string{"build", "-C", s.fleet.dir, "--state", filepath.Join(s.dir, "state"), "--progress", "quiet"}
	switch {
	case !s.push:
		args = append(args, "-o", filepath.Join(s.dir, "out"))
	case s.registry == nil:
		return spent{}, errNotCold
	default:
		args = append(args, "--push", "--registry", s.registry.address)
	}
	if only != "" {
		args = append(args, only)
	}
	start := time.Now()
	cpu, err := run(exec.CommandContext(ctx, filepath.Join(s.bench.bin, "layc"), args...))
	return spent{time.Since(start), cpu}, err
}

// run runs a command, and returns the CPU time that it and its children took.
func run(c *exec.Cmd) (time.Duration, error) {
	out, err := c.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", strings.Join(c.Args, " "), err, out)
	}
	return c.ProcessState.UserTime() + c.ProcessState.SystemTime(), nil
}

// atOnce is the number of Dockerfiles that are built concurrently.
const atOnce = 4

// dockerSide builds Dockerfiles with buildctl, on a buildkitd of its own.
type dockerSide struct {
	bench  *bench
	fleet  *fleet
	dir    string
	stages bool // one file for all apps, with stages for what they share
	daemon *exec.Cmd
}

func (s *dockerSide) address() string { return "unix://" + filepath.Join(s.dir, "sock") }

func (s *dockerSide) close() error {
	if s.daemon != nil {
		_ = s.daemon.Process.Signal(syscall.SIGTERM)
		_ = s.daemon.Wait() // it was asked to end
		s.daemon = nil
	}
	return os.RemoveAll(s.dir)
}

func (s *dockerSide) reset(ctx context.Context) error {
	if err := s.close(); err != nil {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	s.daemon = exec.Command(filepath.Join(s.bench.bin, "buildkitd"), "--root", filepath.Join(s.dir, "state"), "--addr", s.address(), "--oci-worker=true",
		"--oci-worker-binary", filepath.Join(s.bench.bin, "layc-runc"), "--otel-socket-path", filepath.Join(s.dir, "otel"))
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	s.daemon.Stdout, s.daemon.Stderr = log, log
	if err := s.daemon.Start(); err != nil {
		return fmt.Errorf("%w: run make bin/buildkitd first", err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if _, err = run(exec.CommandContext(ctx, filepath.Join(s.bench.bin, "buildctl"), "--addr", s.address(), "debug", "workers")); err == nil {
			return nil
		}
		if ctx.Err() != nil || time.Now().After(end) {
			return errors.Join(err, context.Cause(ctx))
		}
	}
}

func (s *dockerSide) build(ctx context.Context, only string) (spent, error) {
	if s.daemon == nil {
		return spent{}, errNotCold
	}
	start, before := time.Now(), processTime(s.daemon.Process.Pid)
	var clients atomic.Int64
	eg, ctx := errgroup.WithContext(ctx)
	// Builds that write to one layout at once fail, so there are several.
	layouts := make(chan string, atOnce)
	for n := range atOnce {
		layouts <- filepath.Join(s.dir, fmt.Sprint("out", n))
	}
	for n := range s.fleet.apps {
		app := s.fleet.app(n)
		if only != "" && app != only {
			continue
		}
		eg.Go(func() error {
			to := <-layouts
			defer func() { layouts <- to }()
			cpu, err := run(s.buildctl(ctx, app, to))
			clients.Add(int64(cpu))
			return err
		})
	}
	err := eg.Wait()
	return spent{time.Since(start), time.Duration(clients.Load()) + processTime(s.daemon.Process.Pid) - before}, err
}

func (s *dockerSide) buildctl(ctx context.Context, app, to string) *exec.Cmd {
	file := []string{"--local", "dockerfile=" + filepath.Join(s.fleet.dir, "apps", app)}
	if s.stages {
		file = []string{"--local", "dockerfile=" + s.fleet.dir, "--opt", "filename=stages.Dockerfile", "--opt", "target=" + app}
	}
	return exec.CommandContext(ctx, filepath.Join(s.bench.bin, "buildctl"), append([]string{
		"--addr", s.address(), "build", "--progress", "quiet", "--frontend", "dockerfile.v0",
		"--local", "context=" + s.fleet.dir,
		"--oci-layout", "base=" + filepath.Join(s.fleet.dir, "base"), "--opt", "context:base=oci-layout://base@" + s.fleet.base,
		"--output", "type=oci,tar=false,name=" + app + ",dest=" + to,
	}, file...)...)
}

// processTime returns the CPU time of a process and of its children that have ended.
func processTime(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	var ticks int64
	for n, field := range strings.Fields(rest) {
		if n >= 11 && n <= 14 { // utime, stime, cutime, cstime
			v, _ := strconv.ParseInt(field, 10, 64)
			ticks += v
		}
	}
	return time.Duration(ticks) * time.Second / 100
}
