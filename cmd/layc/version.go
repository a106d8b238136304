package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the build; a development build has none.
var version = ""

func (c *cli) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the versions of layc and of its BuildKit",
		Example: "  layc version",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(c.out, versions())
			return err
		},
	}
}

// versionNumber returns the version of layc, as documents that it writes have it.
func versionNumber() string { return cmp.Or(version, "development") }

// versions lists the versions of layc and of its main dependencies.
func versions() string {
	v := versionNumber()
	if version == "" {
		v += " build"
	}
	return fmt.Sprintf("layc %s (BuildKit %s, %s, %s/%s)", v, moduleVersion("github.com/moby/buildkit"), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, m := range info.Deps {
		if m.Path == path {
			return m.Version
		}
	}
	return "unknown"
}
