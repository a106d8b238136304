package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

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
