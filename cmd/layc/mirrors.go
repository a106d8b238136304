package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/pin"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb/world"
)

// mirrorFlags are the flags for mirrors.
type mirrorFlags struct{ given []string }

func (m *mirrorFlags) flags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&m.given, "mirror", nil, "download from a mirror: `NAME=URL`, e.g. maven=https://…")
}

// find returns the given mirrors, and for other archives the mirrors of this machine's package
// managers.
func (m *mirrorFlags) find(cmd *cobra.Command) (world.Mirrors, error) {
	given := world.Mirrors{}
	for _, s := range m.given {
		name, url, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return nil, usage(cmd, "--mirror %s: expected NAME=URL", s)
		}
		given[name] = url
	}
	mirrors, err := world.FindMirrors(world.ThisHost(), given)
	if err != nil {
		return nil, usage(cmd, "--mirror: %s", err)
	}
	return mirrors, nil
}

// names returns the archives with a given mirror.
func (m *mirrorFlags) names() []string {
	var names []string
	for _, s := range m.given {
		name, _, _ := strings.Cut(s, "=")
		names = append(names, name)
	}
	return names
}

// check reports a given name that is not an archive.
func (m *mirrorFlags) check(cmd *cobra.Command, targets []*compiler.Target) error {
	var unknown *pin.UnknownArchiveError
	if err := pin.CheckMirrors(targets, m.names()); errors.As(err, &unknown) {
		return m.unknown(cmd, unknown)
	}
	return nil
}

// unknown is the error for a given name that is not an archive.
func (m *mirrorFlags) unknown(cmd *cobra.Command, err *pin.UnknownArchiveError) error {
	given := m.given[slices.Index(m.names(), err.Name)]
	if near := diag.Nearest(err.Name, err.Known); near != "" {
		return usage(cmd, "--mirror %s: %s; did you mean %s?", given, err, near)
	}
	return usage(cmd, "--mirror %s: %s; %s", given, err, expected(err.Known))
}
