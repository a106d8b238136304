package sign

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

func pemOf(t *testing.T, kind string, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func TestSign(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	encrypted, err := cryptoutils.MarshalPrivateKeyToEncryptedDER(private, func(bool) ([]byte, error) { return []byte("secret"), nil })
	if err != nil {
		t.Fatal(err)
	}
	plain := pemOf(t, "PRIVATE KEY", private)
	locked := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED SIGSTORE PRIVATE KEY", Bytes: encrypted})
	var signatures []string
	for _, k := range []struct{ text, password []byte }{{plain, nil}, {plain, []byte("unused")}, {locked, []byte("secret")}} {
		key, err := Read(k.text, k.password)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := key.Sign([]byte("text"))
		if err != nil {
			t.Fatal(err)
		}
		signatures = append(signatures, signature)
	}
	if signatures[0] != signatures[1] || signatures[0] != signatures[2] {
		t.Errorf("one key makes several signatures of a text: %v", signatures)
	}
	raw, err := base64.StdEncoding.DecodeString(signatures[0])
	if sum := sha256.Sum256([]byte("text")); err != nil || !ecdsa.VerifyASN1(&private.PublicKey, sum[:], raw) {
		t.Errorf("%s is not a signature: %v", signatures[0], err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		text, password []byte
		want           error
		says           string
	}{
		{locked, nil, ErrEncrypted, ""},
		{locked, []byte("wrong"), ErrPassword, ""},
		{[]byte("no key"), nil, ErrNoKey, ""},
		{pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("bad")}), nil, ErrNoKey, ""},
		{pemOf(t, "PRIVATE KEY", other), nil, nil, "expected ECDSA"},
	} {
		_, err := Read(k.text, k.password)
		if err == nil || k.want != nil && !errors.Is(err, k.want) || !strings.Contains(err.Error(), k.says) {
			t.Errorf("got %v, want %v%s", err, k.want, k.says)
		}
	}
}
