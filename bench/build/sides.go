//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/layc-lang/layc/bench/servers"
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
	case "layc", "layc-push", "layc-started", "layc-started-push":
		return &laycSide{bench: b, fleet: f, dir: dir, push: strings.HasSuffix(name, "-push"), started: strings.Contains(name, "-started")}, nil
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
	started  bool // the engine runs already, as BuildKit does
	engine   *exec.Cmd
	registry *servers.Registry
}

func (s *laycSide) reset(ctx context.Context) (err error) {
	if err := s.close(); err != nil {
		return err
	}
	if s.push {
		if s.registry, err = servers.NewRegistry(filepath.Join(s.dir, "registry")); err != nil {
			return err
		}
	}
	if s.started {
		return s.start(ctx)
	}
	return nil
}

// start starts the engine, and waits until it runs.
func (s *laycSide) start(ctx context.Context) error {
	c := exec.CommandContext(ctx, filepath.Join(s.bench.bin, "layc"), "engine", "start", "--state", s.state())
	says, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	s.engine = c
	_, err = bufio.NewReader(says).ReadString('\n')
	return err
}

func (s *laycSide) state() string { return filepath.Join(s.dir, "state") }

func (s *laycSide) close() error {
	var stopped error
	if s.engine != nil {
		stopped = errors.Join(s.engine.Process.Signal(os.Interrupt), s.engine.Wait())
	}
	err := errors.Join(stopped, s.registry.Close(), s.bench.discard(s.dir))
	s.registry, s.engine = nil, nil
	return err
}

func (s *laycSide) build(ctx context.Context, only string) (spent, error) {
	args := []string{"build", "-C", s.fleet.dir, "--state", s.state(), "--progress", "quiet"}
	switch {
	case !s.push:
		args = append(args, "-o", filepath.Join(s.dir, "out"))
	case s.registry == nil:
		return spent{}, errNotCold
	default:
		args = append(args, "--push", "--registry", s.registry.Address)
	}
	if only != "" {
		args = append(args, only)
	}
	var engine time.Duration
	if s.started {
		if s.engine == nil {
			return spent{}, errNotCold
		}
		engine = -processTime(s.engine.Process.Pid)
	}
	start := time.Now()
	cpu, err := run(exec.CommandContext(ctx, filepath.Join(s.bench.bin, "layc"), args...))
	took := time.Since(start)
	if s.started {
		engine += processTime(s.engine.Process.Pid)
	}
	return spent{took, cpu + engine}, err
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
	daemon *servers.BuildKit
}

func (s *dockerSide) close() error {
	err := errors.Join(s.daemon.Close(), s.bench.discard(s.dir))
	s.daemon = nil
	return err
}

func (s *dockerSide) reset(ctx context.Context) (err error) {
	if err := s.close(); err != nil {
		return err
	}
	s.daemon, err = servers.StartBuildKit(ctx, s.bench.bin, s.dir)
	return err
}

func (s *dockerSide) build(ctx context.Context, only string) (spent, error) {
	if s.daemon == nil {
		return spent{}, errNotCold
	}
	start, before := time.Now(), processTime(s.daemon.PID())
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
	return spent{time.Since(start), time.Duration(clients.Load()) + processTime(s.daemon.PID()) - before}, err
}

func (s *dockerSide) buildctl(ctx context.Context, app, to string) *exec.Cmd {
	file := []string{"--local", "dockerfile=" + filepath.Join(s.fleet.dir, "apps", app)}
	if s.stages {
		file = []string{"--local", "dockerfile=" + s.fleet.dir, "--opt", "filename=stages.Dockerfile", "--opt", "target=" + app}
	}
	return exec.CommandContext(ctx, s.daemon.Ctl[0], slices.Concat(s.daemon.Ctl[1:], []string{
		"build", "--progress", "quiet", "--frontend", "dockerfile.v0",
		"--local", "context=" + s.fleet.dir,
		"--oci-layout", "base=" + filepath.Join(s.fleet.dir, "base"), "--opt", "context:base=oci-layout://base@" + s.fleet.base,
		"--output", "type=oci,tar=false,name=" + app + ",dest=" + to,
	}, file)...)
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
