package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/lang/term"
	"github.com/layc-lang/layc/llb/registry"
	"github.com/layc-lang/layc/llb/sign"
)

// passwordVariable is the environment variable with the password of a key, which cosign reads, too.
const passwordVariable = "COSIGN_PASSWORD"

// signFlag is the flag for signatures.
type signFlag struct {
	file string
	key  *sign.Key
}

func (s *signFlag) flag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.file, "sign", "", "sign pushed images with the key in `FILE`, as cosign does")
}

// check reads the key.
func (s *signFlag) check(cmd *cobra.Command, pushes bool) error {
	if s.file == "" {
		return nil
	}
	if !pushes {
		return usage(cmd, "--sign requires --push: signatures are in registries")
	}
	text, err := readInput(s.file)
	if err != nil {
		return usage(cmd, "--sign %s: %s", s.file, plainError(err))
	}
	var password []byte
	if value, set := os.LookupEnv(passwordVariable); set {
		password = []byte(value)
	}
	s.key, err = sign.Read(text, password)
	switch {
	case errors.Is(err, sign.ErrEncrypted):
		return usage(cmd, "--sign %s: %s; set %s to its password", s.file, err, passwordVariable)
	case errors.Is(err, sign.ErrPassword):
		return usage(cmd, "--sign %s: %s; check %s", s.file, err, passwordVariable)
	case err != nil:
		return usage(cmd, "--sign %s: %s; make a key with cosign generate-key-pair", s.file, err)
	}
	return nil
}

// tellSigned says what a build has signed.
func (b *build) tellSigned(pushed []registry.Pushed) {
	if b.signs.key != nil && len(pushed) > 0 && b.progressMode() != "quiet" {
		fmt.Fprintf(b.err, "signed %s with %s\n", term.Count(len(pushed), "reference"), b.signs.file)
	}
}
