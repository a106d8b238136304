package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/registry/access"
)

// engineFlags are the flags that say which engine a build uses.
type engineFlags struct {
	address string // "": the built-in engine
	// more are the addresses of further engines: the build is spread over all.
	more  []string
	tls   string // the directory with the certificates for tcp://
	state string // of the built-in engine; of other engines, the layers that layc has compressed
	// passProxies gives steps on an engine elsewhere this machine's proxies and certificates.
	passProxies bool
	// registries are the settings for the registries that the built-in engine pulls from.
	registries *access.Registries
}

func (e *engineFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&e.more, "engine", nil, "use the BuildKit at `ADDRESS` instead of the built-in engine; several share the build")
	f.StringVar(&e.tls, "tlsdir", "", "secure tcp:// with ca.pem, cert.pem and key.pem in `DIR`")
	f.BoolVar(&e.passProxies, "pass-proxies", false, "give steps on another BuildKit this machine's proxies and certificates")
	f.StringVar(&e.state, "state", "", "keep the engine's state in `DIR` (default: layc in your cache directory)")
}

// check checks the flags before anything is read, and sets what they leave open.
func (e *engineFlags) check(cmd *cobra.Command) error {
	from := "--engine"
	if len(e.more) == 0 && os.Getenv("BUILDKIT_HOST") != "" {
		from, e.more = "BUILDKIT_HOST", []string{os.Getenv("BUILDKIT_HOST")}
	}
	for i, address := range e.more {
		if err := engine.CheckAddress(address); err != nil || address == "" {
			return usage(cmd, "%s %s: %s", from, address, cmp.Or(err, errors.New("expected an address")))
		}
		if slices.Contains(e.more[:i], address) {
			return usage(cmd, "%s %s is given twice", from, address)
		}
		if e.tls != "" && !strings.HasPrefix(address, "tcp:") {
			return usage(cmd, "--tlsdir requires an engine at tcp://HOST:PORT")
		}
	}
	if e.tls != "" && len(e.more) == 0 {
		return usage(cmd, "--tlsdir requires an engine at tcp://HOST:PORT")
	}
	if len(e.more) > 0 {
		e.address, e.more = e.more[0], e.more[1:]
	}
	if e.passProxies && e.address == "" {
		return usage(cmd, "--pass-proxies requires --engine or BUILDKIT_HOST: the built-in engine always passes them")
	}
	if err := chooseState(cmd, &e.state); err != nil && e.address == "" {
		return err
	}
	if info, err := os.Stat(e.state); err == nil && !info.IsDir() || errors.Is(err, syscall.ENOTDIR) {
		return usage(cmd, "--state %s: not a directory", e.state)
	}
	return nil
}

// options returns the options of the engine.
func (e *engineFlags) options(notice func(string)) engine.Options {
	return engine.Options{Address: e.address, Certificates: e.tls, State: e.state, Registries: e.registries, Notice: notice}
}

// all returns the addresses that a build is spread over. A builder of docker buildx stands for its
// nodes, and a deployment of Kubernetes for its pods, if these can share what they build.
func (e *engineFlags) all(ctx context.Context, shares bool) []string {
	var all []string
	for _, address := range append([]string{e.address}, e.more...) {
		if shares {
			all = append(all, engine.Nodes(ctx, address)...)
		} else {
			all = append(all, address)
		}
	}
	return all
}

// chooseState sets the default of --state.
func chooseState(cmd *cobra.Command, state *string) error {
	if *state != "" {
		return nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return usage(cmd, "no default for --state: neither HOME nor XDG_CACHE_HOME is set; name a directory with --state")
	}
	*state = filepath.Join(cache, "layc")
	return nil
}
