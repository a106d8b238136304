// Package sign signs with a key in a file, as cosign does.
package sign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

// Key is a private key.
type Key struct{ private *ecdsa.PrivateKey }

// The errors for keys, which name no file.
var (
	ErrEncrypted = errors.New("the key is encrypted")
	ErrPassword  = errors.New("the password does not decrypt the key")
	ErrNoKey     = errors.New("not a private key in PEM format")
)

// Read reads a key from PEM: PKCS #8, plain or encrypted, as `cosign generate-key-pair` and openssl
// write it. It must be an ECDSA key. Without a password, which is nil, an encrypted key is
// [ErrEncrypted].
func Read(text, password []byte) (*Key, error) {
	encrypted := strings.Contains(string(text), "-----BEGIN ENCRYPTED ")
	if encrypted && password == nil {
		return nil, ErrEncrypted
	}
	private, err := cryptoutils.UnmarshalPEMToPrivateKey(text, func(bool) ([]byte, error) { return password, nil })
	switch {
	case err != nil && encrypted:
		return nil, ErrPassword
	case err != nil:
		return nil, ErrNoKey
	}
	key, ok := private.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("a key of another kind (%T): expected ECDSA", private)
	}
	return &Key{key}, nil
}

// Sign returns the signature of a text, in base64. Equal texts have equal signatures, so that signing
// again changes nothing.
func (k *Key) Sign(text []byte) (string, error) {
	sum := sha256.Sum256(text)
	// Without a source of randomness, the signature is as RFC 6979 defines it.
	signature, err := k.private.Sign(nil, sum[:], crypto.SHA256)
	return base64.StdEncoding.EncodeToString(signature), err
}
