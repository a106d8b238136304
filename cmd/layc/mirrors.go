package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/component"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb/pin"
)

// mirrorFlags are the flags that say where downloads come from.
type mirrorFlags struct{ given []string }

func (m *mirrorFlags) flags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&m.given, "mirror", nil, "download from a mirror: `NAME=URL`, e.g. maven=https://…")
}

// find returns the mirrors: the given ones, else those that this machine's
// own package clients use.
func (m *mirrorFlags) find(cmd *cobra.Command) (pin.Mirrors, error) {
	given := pin.Mirrors{}
	for _, s := range m.given {
		name, url, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return nil, usage(cmd, "--mirror %s: want NAME=URL", s)
		}
		given[name] = url
	}
	mirrors, err := pin.FindMirrors(pin.ThisHost(), given)
	if err != nil {
		return nil, usage(cmd, "--mirror: %s", err)
	}
	return mirrors, nil
}

// check reports a given name that is no archive's: neither of those that layc
// knows nor of one that the program downloads from.
func (m *mirrorFlags) check(cmd *cobra.Command, targets []*compiler.Target) error {
	if len(m.given) == 0 {
		return nil
	}
	known := archives(targets)
	for _, s := range m.given {
		name, _, _ := strings.Cut(s, "=")
		if slices.Contains(known, name) {
			continue
		}
		if near := diag.Nearest(name, known); near != "" {
			return usage(cmd, "--mirror %s: the program downloads nothing from %s; did you mean %s?", s, name, near)
		}
		return usage(cmd, "--mirror %s: the program downloads nothing from %s; %s", s, name, thereAre(known))
	}
	return nil
}

// archives are the names of archives, sorted.
func archives(targets []*compiler.Target) []string {
	names := map[string]bool{"debian": true, "debian-security": true, "maven": true}
	add := func(urls []string) {
		for _, u := range urls {
			if name, _, ok := strings.Cut(u, ":"); ok && name != "http" && name != "https" {
				names[name] = true
			}
		}
	}
	for _, t := range targets {
		add(t.Graph.Refs.URLs)
		for _, i := range t.Graph.Instances {
			for _, s := range i.Steps {
				if f, ok := s.(*component.Fetch); ok {
					add(f.URLs)
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}
