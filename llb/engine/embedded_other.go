//go:build unix && !linux

package engine

import (
	"context"

	"github.com/gofrs/flock"
	"github.com/moby/buildkit/client"
)

func checkMachine(string) error {
	return &UnavailableError{
		What: "the built-in engine requires Linux",
		Help: "name a running BuildKit with --engine",
	}
}

func startOwned(context.Context, string, Options, *flock.Flock) (owned, *client.Client, error) {
	return nil, nil, checkMachine("")
}

// Doomed is always empty: only the built-in engine has a cache here.
func Doomed(string) string { return "" }

func unclosed(string) bool { return false }

func cannotMount(string) error { return nil }

// Child does nothing: only the built-in engine has processes of its own.
func Child() {}
