package main

import (
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/lang/diag"
)

// secretFlags are the values of --secret: NAME=FILE.
type secretFlags []string

func (s *secretFlags) flag(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar((*[]string)(s), "secret", nil, "pass a secret of the fleet to steps: `NAME=FILE`")
}

// read returns the content of the files, by the secrets' names.
func (s secretFlags) read(cmd *cobra.Command, declared []string) (map[string][]byte, error) {
	secrets := map[string][]byte{}
	for _, value := range s {
		name, file, ok := strings.Cut(value, "=")
		if !ok {
			return nil, usage(cmd, "--secret %s: expected NAME=FILE", value)
		}
		if !slices.Contains(declared, name) {
			if near := diag.Nearest(name, declared); near != "" {
				return nil, usage(cmd, "--secret %s: unknown secret; did you mean %s?", name, near)
			}
			return nil, usage(cmd, "--secret %s: unknown secret; declare it with secret %[1]s in fleet { … }", name)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, usage(cmd, "--secret %s: %s: %s", name, file, plainError(err))
		}
		secrets[name] = text
	}
	return secrets, nil
}
