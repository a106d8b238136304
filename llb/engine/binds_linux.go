package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/moby/buildkit/executor"
	resourcestypes "github.com/moby/buildkit/executor/resources/types"
	"github.com/moby/sys/user"
)

// hostBinding is an executor that binds directories of this machine into containers that ask for it with
// the secret of the state directory.
type hostBinding struct {
	executor.Executor
	secret string
}

// newSecret writes a new secret for binds into the state directory, which only its owner can read.
func newSecret(state string) (string, error) {
	raw := make([]byte, 16)
	if _, err := rand.Read(raw); err != nil {
		return "", err
	}
	secret := hex.EncodeToString(raw)
	return secret, os.WriteFile(filepath.Join(state, bindFile), []byte(secret), 0o600)
}

func (b hostBinding) Run(ctx context.Context, id string, root executor.Mount, mounts []executor.Mount, process executor.ProcessInfo, started chan<- struct{}) (resourcestypes.Recorder, error) {
	env, binds, err := takeBinds(b.secret, process.Meta.Env)
	if err != nil {
		return nil, err
	}
	process.Meta.Env = env
	for _, bind := range binds {
		mounts = append(mounts, executor.Mount{Src: hostPath{bind}, Dest: bind.To, Readonly: bind.ReadOnly})
	}
	return b.Executor.Run(ctx, id, root, mounts, process, started)
}

// hostPath is a directory or a file of this machine.
type hostPath struct{ Bind }

func (h hostPath) Mount(context.Context, bool) (executor.MountableRef, error) {
	return hostMounts(h), nil
}

// hostMounts is its mount.
type hostMounts struct{ Bind }

func (h hostMounts) Mount() ([]mount.Mount, func() error, error) {
	options := []string{"rbind"}
	if h.ReadOnly {
		options = append(options, "ro")
	}
	return []mount.Mount{{Type: "bind", Source: h.From, Options: options}}, func() error { return nil }, nil
}

func (h hostMounts) IdentityMapping() *user.IdentityMapping { return nil }
