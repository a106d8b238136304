//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/layc-lang/layc/bench/servers"
)

// bakeSide builds all Dockerfiles with one `buildx bake --push`, on a buildkitd of its own.
type bakeSide struct {
	daemon   dockerSide
	registry *servers.Registry
}

func (s *bakeSide) dir() string { return s.daemon.dir }

func (s *bakeSide) close() error {
	err := errors.Join(s.registry.Close(), s.daemon.close())
	s.registry = nil
	return err
}

func (s *bakeSide) reset(ctx context.Context) (err error) {
	if err := errors.Join(s.close(), s.daemon.reset(ctx)); err != nil {
		return err
	}
	if s.registry, err = servers.NewRegistry(filepath.Join(s.dir(), "registry")); err != nil {
		return err
	}
	_, err = run(s.buildx(ctx, "create", "--name", "bench", "--driver", "remote", s.daemon.daemon.Address))
	return err
}

// buildx has its own configuration. Images get no attestations, as layc's have none by default.
func (s *bakeSide) buildx(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, filepath.Join(s.daemon.bench.bin, "buildx"), args...)
	c.Env = append(os.Environ(), "BUILDX_CONFIG="+filepath.Join(s.dir(), "buildx"), "BUILDX_NO_DEFAULT_ATTESTATIONS=1")
	return c
}

// bakeFile is the file that tells buildx what to build.
type bakeFile struct {
	Group  map[string]bakeGroup  `json:"group"`
	Target map[string]bakeTarget `json:"target"`
}

type bakeGroup struct {
	Targets []string `json:"targets"`
}

type bakeTarget struct {
	Context    string            `json:"context"`
	Dockerfile string            `json:"dockerfile"`
	Contexts   map[string]string `json:"contexts"`
	Tags       []string          `json:"tags"`
	Output     []string          `json:"output"`
}

func (s *bakeSide) build(ctx context.Context, only string) (spent, error) {
	if s.registry == nil {
		return spent{}, errNotCold
	}
	f := s.daemon.fleet
	file := bakeFile{Group: map[string]bakeGroup{}, Target: map[string]bakeTarget{}}
	var all []string
	for n := range f.apps {
		app := f.app(n)
		all = append(all, app)
		file.Target[app] = bakeTarget{
			Context: f.dir, Dockerfile: "apps/" + app + "/Dockerfile",
			Contexts: map[string]string{"base": "oci-layout://" + filepath.Join(f.dir, "base") + "@" + f.base},
			Tags:     []string{s.registry.Address + "/" + app + ":latest"},
			Output:   []string{"type=registry"},
		}
	}
	file.Group["default"] = bakeGroup{all}
	text, err := json.Marshal(file)
	if err != nil {
		return spent{}, err
	}
	at := filepath.Join(s.dir(), "bake.json")
	if err := os.WriteFile(at, text, 0o644); err != nil {
		return spent{}, err
	}
	args := []string{"--builder", "bench", "bake", "--file", at, "--allow", "fs.read=" + f.dir, "--progress", "quiet"}
	if only != "" {
		args = append(args, only)
	}
	pid := s.daemon.daemon.PID()
	start, before := time.Now(), processTime(pid)
	client, err := run(s.buildx(ctx, args...))
	return spent{time.Since(start), client + processTime(pid) - before}, err
}

func (s *bakeSide) check(ctx context.Context) error { return pushed(ctx, s.registry, s.daemon.fleet) }

func (s *laycSide) check(ctx context.Context) error {
	if !s.push {
		return nil
	}
	return pushed(ctx, s.registry, s.fleet)
}

// pushed returns an error unless a registry has the image of each app of a fleet.
func pushed(ctx context.Context, s *servers.Registry, f *fleet) error {
	for n := range f.apps {
		request, err := http.NewRequestWithContext(ctx, http.MethodHead, "http://"+s.Address+"/v2/"+f.app(n)+"/manifests/latest", nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s was not pushed: %s", f.app(n), answer.Status)
		}
	}
	return nil
}
