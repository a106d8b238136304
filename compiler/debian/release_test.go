package debian

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

const release = `Origin: Debian
Suite: stable
Codename: bookworm
Date: Sat, 01 Jun 2024 10:16:37 UTC
Valid-Until: Sat, 8 Jun 2024 10:16:37 UTC
Acquire-By-Hash: yes
MD5Sum:
 00000000000000000000000000000001 12 main/binary-amd64/Packages
SHA256:
 0000000000000000000000000000000000000000000000000000000000000002 12 main/binary-amd64/Packages
`

var signed = time.Date(2024, 6, 1, 10, 0, 0, 0, time.UTC)

// newKey makes a key that is valid for that many days from the time of signing.
func newKey(t *testing.T, days uint32) *openpgp.Entity {
	t.Helper()
	key, err := openpgp.NewEntity("archive", "", "archive@example.com", &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA, KeyLifetimeSecs: days * 24 * 3600, Time: func() time.Time { return signed.Add(-time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// shortKey makes an RSA key that is too short.
func shortKey(t *testing.T) *openpgp.Entity {
	t.Helper()
	key, err := openpgp.NewEntity("archive", "", "archive@example.com", &packet.Config{
		Algorithm: packet.PubKeyAlgoRSA, RSABits: 1024, Time: func() time.Time { return signed.Add(-time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t *testing.T, text string, keys ...*openpgp.Entity) []byte {
	t.Helper()
	var private []*packet.PrivateKey
	for _, key := range keys {
		private = append(private, key.PrivateKey)
	}
	var out bytes.Buffer
	w, err := clearsign.EncodeMulti(&out, private, &packet.Config{Time: func() time.Time { return signed }})
	if err != nil {
		t.Fatal(err)
	}
	w.Write([]byte(text))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// signSHA1 signs with a hash that clearsign does not support.
func signSHA1(t *testing.T, text string, key *openpgp.Entity) []byte {
	t.Helper()
	text = strings.TrimSuffix(text, "\n")
	hash := crypto.SHA1.New()
	hash.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n")))
	s := &packet.Signature{Version: 4, SigType: packet.SigTypeText, PubKeyAlgo: key.PrivateKey.PubKeyAlgo, Hash: crypto.SHA1,
		CreationTime: signed, IssuerKeyId: &key.PrivateKey.KeyId}
	if err := s.Sign(hash, key.PrivateKey, &packet.Config{NonDeterministicSignaturesViaNotation: packet.BoolPointer(false)}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA1\n\n%s\n", text)
	w, err := armor.Encode(&out, "PGP SIGNATURE", nil)
	if err == nil {
		err = errors.Join(s.Serialize(w), w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestVerify(t *testing.T) {
	old, current, stranger, short := newKey(t, 1), newKey(t, 1000), newKey(t, 1000), shortKey(t)
	later := signed.AddDate(0, 1, 0) // after the old key has expired
	tests := []struct {
		name string
		text []byte
		keys openpgp.EntityList
		want string // the error
	}{
		{"known key", sign(t, release, current), openpgp.EntityList{stranger, current}, ""},
		{"one of two signers is known", sign(t, release, stranger, current), openpgp.EntityList{current}, ""},
		{"an expired and a good signer", sign(t, release, old, current), openpgp.EntityList{old, current}, ""},
		{"no known key", sign(t, release, stranger), openpgp.EntityList{current}, "not signed by a known key (it is signed by " + stranger.PrimaryKey.KeyIdString() + ")"},
		{"expired", sign(t, release, old), openpgp.EntityList{old}, "bad signature: openpgp: key expired"},
		{"changed", bytes.Replace(sign(t, release, current), []byte("stable"), []byte("stab1e"), 1), openpgp.EntityList{current},
			"bad signature: openpgp: invalid signature: EdDSA verification failure"},
		{"a weak hash", signSHA1(t, release, current), openpgp.EntityList{current}, "bad signature: the signature uses SHA-1, which is not secure"},
		{"a short key", sign(t, release, short), openpgp.EntityList{short}, "bad signature: the key is too short: 1024 bits, expected at least 2048"},
		{"not signed", []byte(release), openpgp.EntityList{current}, "not a signed file: missing OpenPGP clear-text signature"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text, err := Verify(test.text, test.keys, later)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got error  %q\nwant error %q", got, test.want)
			}
			if err == nil && string(text) != release {
				t.Errorf("got text %q", text)
			}
		})
	}
	_, err := Verify(sign(t, release, stranger), openpgp.EntityList{current}, later)
	if !errors.Is(err, ErrNoKey) {
		t.Errorf("%v is not ErrNoKey", err)
	}
}

func TestReadKeys(t *testing.T) {
	a, b := newKey(t, 1), newKey(t, 1)
	var binary, armored bytes.Buffer
	for _, key := range []*openpgp.Entity{a, b} {
		key.Serialize(&binary)
		w, err := armor.Encode(&armored, openpgp.PublicKeyType, nil)
		if err != nil {
			t.Fatal(err)
		}
		key.Serialize(w)
		w.Close()
		armored.WriteString("\n")
	}
	for name, keyring := range map[string][]byte{"binary": binary.Bytes(), "armored": armored.Bytes()} {
		keys, err := ReadKeys(keyring)
		if err != nil || len(keys) != 2 {
			t.Errorf("%s: %d keys, %v, want 2", name, len(keys), err)
		}
	}
	if _, err := ReadKeys([]byte("no keyring")); err == nil {
		t.Error("no error for a file that is not a keyring")
	}
}

func TestParseRelease(t *testing.T) {
	r, err := ParseRelease([]byte(release))
	if err != nil {
		t.Fatal(err)
	}
	file := r.Files["main/binary-amd64/Packages"]
	if r.Codename != "bookworm" || !r.ByHash || file.Size != 12 || file.Digest != "sha256:"+strings.Repeat("0", 63)+"2" {
		t.Errorf("got %+v", r)
	}
	if want := time.Date(2024, 6, 8, 10, 16, 37, 0, time.UTC); !r.ValidUntil.Equal(want) {
		t.Errorf("valid until %s, want %s", r.ValidUntil, want)
	}
	for _, text := range []string{"Origin: x\n", "SHA256:\n 00 1 x\n", "Date: tomorrow\n" + release} {
		if _, err := ParseRelease([]byte(text)); err == nil {
			t.Errorf("no error for %q", text)
		}
	}
}

func FuzzRelease(f *testing.F) {
	f.Add([]byte(release))
	f.Fuzz(func(t *testing.T, text []byte) {
		ParseRelease(text)
		Verify(text, nil, signed)
	})
}
