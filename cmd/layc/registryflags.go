package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/llb/registry"
	"github.com/layc-lang/layc/llb/registry/access"
)

// registryFlags are the flags that say how registries are reached.
type registryFlags struct {
	insecure    []string
	authorities []string
}

func (r *registryFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&r.insecure, "insecure", nil, "do not verify the registry `HOST`, and use plain HTTP if it has no TLS")
	f.StringArrayVar(&r.authorities, "registry-ca", nil, "trust the certificates in `FILE` for registries, or HOST=FILE for one")
}

// find returns the settings of registries.
func (r *registryFlags) find(cmd *cobra.Command) (*access.Registries, error) {
	settings, err := access.New(access.Options{Insecure: r.insecure, Authorities: r.authorities})
	var option *access.OptionError
	if errors.As(err, &option) {
		return nil, usage(cmd, "%s", option)
	}
	return settings, err
}

// client returns the client of registries.
func (r *registryFlags) client(cmd *cobra.Command) (registry.Client, error) {
	settings, err := r.find(cmd)
	return registry.Client{Access: settings}, err
}
