//go:build unix && !linux

package engine

import (
	"context"
	"sync/atomic"

	"github.com/gofrs/flock"
	"github.com/moby/buildkit/client"
)

type embedded struct {
	failed, worked atomic.Bool
	emptied        bool
}

func checkMachine(string) error {
	return &UnavailableError{
		What: "the built-in engine requires Linux",
		Help: "name a running BuildKit with --engine",
	}
}

func startEmbedded(context.Context, string, string, *flock.Flock, func(string)) (*embedded, *client.Client, error) {
	return nil, nil, checkMachine("")
}

func cannotMount(string) error { return nil }

func (*embedded) close(context.Context, func(string)) error { return nil }
