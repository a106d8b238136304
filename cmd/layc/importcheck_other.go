//go:build !linux

package main

import (
	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler/importing"
)

// checkImport is only possible where images can be unpacked with their owners.
func (i *imports) checkImport(cmd *cobra.Command, _ string, _ []importing.Build, _ *importing.Result) error {
	return usage(cmd, "--check requires Linux")
}
