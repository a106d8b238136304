// Package servers runs what benchmarks build on and push to: a registry, and a stand-alone BuildKit.
package servers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

// Registry is a registry on loopback whose blobs are in a directory. It runs in this process, so its
// CPU time is nobody's.
type Registry struct {
	Address string
	http    *http.Server
}

// NewRegistry starts a registry, and makes its directory.
func NewRegistry(dir string) (*Registry, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &Registry{Address: listener.Addr().String(), http: &http.Server{
		Handler: registry.New(registry.WithBlobHandler(registry.NewDiskBlobHandler(dir)), registry.Logger(log.New(io.Discard, "", 0))),
	}}
	go func() { _ = r.http.Serve(listener) }() // ends with Close
	return r, nil
}

// Close stops the registry. Nil has nothing to stop.
func (r *Registry) Close() error {
	if r == nil {
		return nil
	}
	return r.http.Close()
}

// BuildKit is a running buildkitd.
type BuildKit struct {
	Address string
	Ctl     []string // buildctl, with the address
	daemon  *exec.Cmd
	sockets string
}

// StartBuildKit starts the buildkitd of the directory bin, with its state and log in another
// directory, and waits until it answers. Flags are those of buildkitd.
func StartBuildKit(ctx context.Context, bin, dir string, flags ...string) (*BuildKit, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	sockets, err := os.MkdirTemp("", "bk") // the path of a socket is limited
	if err != nil {
		return nil, err
	}
	out, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, errors.Join(err, os.Remove(sockets))
	}
	defer out.Close()
	b := &BuildKit{Address: "unix://" + filepath.Join(sockets, "s"), sockets: sockets}
	b.Ctl = []string{filepath.Join(bin, "buildctl"), "--addr", b.Address}
	b.daemon = exec.Command(filepath.Join(bin, "buildkitd"), append([]string{"--root", filepath.Join(dir, "state"), "--addr", b.Address,
		"--oci-worker=true", "--oci-worker-binary", filepath.Join(bin, "layc-runc"), "--otel-socket-path", filepath.Join(sockets, "otel")}, flags...)...)
	b.daemon.Stdout, b.daemon.Stderr = out, out
	if err := b.daemon.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: run make bin/buildkitd first", err), os.RemoveAll(sockets))
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		said, err := exec.CommandContext(ctx, b.Ctl[0], append(b.Ctl[1:], "debug", "workers")...).CombinedOutput()
		if err == nil {
			return b, nil
		}
		if ctx.Err() != nil || time.Now().After(end) {
			return nil, errors.Join(fmt.Errorf("buildctl debug workers: %w\n%s", err, said), context.Cause(ctx), b.Close())
		}
	}
}

// PID is the process of buildkitd.
func (b *BuildKit) PID() int { return b.daemon.Process.Pid }

// Close stops buildkitd and waits for its end. Nil has nothing to stop.
func (b *BuildKit) Close() error {
	if b == nil {
		return nil
	}
	_ = b.daemon.Process.Signal(syscall.SIGTERM)
	_ = b.daemon.Wait() // it was asked to end
	return os.RemoveAll(b.sockets)
}
