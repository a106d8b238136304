package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/llb/engine"
)

// engineFlags are the flags that say which engine a build uses.
type engineFlags struct {
	address string // "": the built-in engine
	tls     string // the directory with the certificates for tcp://
	state   string // of the built-in engine; of other engines, the layers that layc has compressed
	// passProxies gives steps on an engine elsewhere this machine's proxies and certificates.
	passProxies bool
}

func (e *engineFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&e.address, "engine", "", "use the BuildKit at `ADDRESS` instead of the built-in engine")
	f.StringVar(&e.tls, "tlsdir", "", "secure tcp:// with ca.pem, cert.pem and key.pem in `DIR`")
	f.BoolVar(&e.passProxies, "pass-proxies", false, "give steps on another BuildKit this machine's proxies and certificates")
	f.StringVar(&e.state, "state", "", "keep the engine's state in `DIR` (default: layc in your cache directory)")
}

// check checks the flags before anything is read, and sets what they leave open.
func (e *engineFlags) check(cmd *cobra.Command) error {
	from := "--engine"
	if e.address == "" {
		from, e.address = "BUILDKIT_HOST", os.Getenv("BUILDKIT_HOST")
	}
	if err := engine.CheckAddress(e.address); err != nil {
		return usage(cmd, "%s %s: %s", from, e.address, err)
	}
	if e.tls != "" && !strings.HasPrefix(e.address, "tcp:") {
		return usage(cmd, "--tlsdir requires an engine at tcp://HOST:PORT")
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
	return engine.Options{Address: e.address, Certificates: e.tls, State: e.state, Notice: notice}
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
