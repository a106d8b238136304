// Command cosign makes keys and verifies signatures with cosign's packages, for a test of layc.
package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/sigstore/cosign/v3/pkg/cosign"
	"github.com/sigstore/cosign/v3/pkg/signature"
)

func main() {
	err := errors.New("usage: cosign generate DIR PASSWORD | cosign verify KEY REFERENCE")
	if len(os.Args) == 4 {
		switch os.Args[1] {
		case "generate":
			err = generate(os.Args[2], os.Args[3])
		case "verify":
			err = verify(os.Args[2], os.Args[3])
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// generate writes a pair of keys to a directory: cosign.key, encrypted with the password, and
// cosign.pub.
func generate(dir, password string) error {
	keys, err := cosign.GenerateKeyPair(func(bool) ([]byte, error) { return []byte(password), nil })
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "cosign.key"), keys.PrivateBytes, 0o600),
		os.WriteFile(filepath.Join(dir, "cosign.pub"), keys.PublicBytes, 0o644),
	)
}

// verify verifies the signatures of an image with a public key, and prints what they sign.
func verify(key, reference string) error {
	text, err := os.ReadFile(key)
	if err != nil {
		return err
	}
	verifier, err := signature.LoadPublicKeyRaw(text, crypto.SHA256)
	if err != nil {
		return err
	}
	ref, err := name.ParseReference(reference)
	if err != nil {
		return err
	}
	found, _, err := cosign.VerifyImageSignatures(context.Background(), ref, &cosign.CheckOpts{
		SigVerifier: verifier, ClaimVerifier: cosign.SimpleClaimVerifier, IgnoreTlog: true, IgnoreSCT: true,
	})
	if err != nil {
		return err
	}
	for _, s := range found {
		text, err := s.Payload()
		if err != nil {
			return err
		}
		fmt.Println(string(text))
	}
	return nil
}
