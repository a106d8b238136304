package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// quiet logs nothing.
var quiet = log.New(io.Discard, "", 0)

// command runs a program in a directory. The error has what it printed.
func command(ctx context.Context, dir string, args ...string) error {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out.Bytes())
	}
	return nil
}

// buildKit is a stand-alone BuildKit.
type buildKit struct {
	ctl  []string // the client, with the address
	stop func()
}

// startBuildKit starts a BuildKit whose state is in a directory. Its steps have this machine's
// network.
func startBuildKit(ctx context.Context, bin, dir string) (*buildKit, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	sockets, err := os.MkdirTemp("", "bk") // the path of a socket is limited
	if err != nil {
		return nil, err
	}
	out, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer out.Close()
	address := "unix://" + filepath.Join(sockets, "s")
	cmd := exec.Command(filepath.Join(bin, "buildkitd"), "--root", filepath.Join(dir, "state"), "--addr", address,
		"--oci-worker=true", "--oci-worker-binary", filepath.Join(bin, "layc-runc"), "--oci-worker-net=host", "--otel-socket-path", filepath.Join(sockets, "otel"))
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	b := &buildKit{ctl: []string{filepath.Join(bin, "buildctl"), "--addr", address}, stop: func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		_ = os.RemoveAll(sockets)
	}}
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		err := command(ctx, dir, append(b.ctl, "debug", "workers")...)
		if err == nil {
			return b, nil
		}
		if ctx.Err() != nil || time.Now().After(end) {
			b.close()
			return nil, err
		}
	}
}

func (b *buildKit) close() { b.stop() }

// host is a machine that pulls images into its store.
type host struct{ dir string }

func (h *host) store() string {
	return fmt.Sprintf("[overlay@%s+%s]", filepath.Join(h.dir, "root"), filepath.Join(h.dir, "run"))
}

// pull pulls an image, as one that replaces what the host ran before.
func (h *host) pull(ctx context.Context, reference string) error {
	return command(ctx, "", "skopeo", "copy", "--insecure-policy", "--src-tls-verify=false", "docker://"+reference, "containers-storage:"+h.store()+reference)
}

// close unmounts the store, and removes it.
func (h *host) close() error {
	_ = syscall.Unmount(filepath.Join(h.dir, "root", "overlay"), syscall.MNT_DETACH) // it may not be mounted
	return os.RemoveAll(h.dir)
}
