package debian

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/layc-lang/layc/compiler/deb822"
)

// Release is the content of a suite's InRelease file.
type Release struct {
	Origin     string // "Debian"
	Suite      string // "oldstable-security"
	Codename   string // "bookworm-security"
	Date       time.Time
	ValidUntil time.Time            // zero: valid forever
	Files      map[string]IndexFile // by path below the suite: "main/binary-amd64/Packages.xz"
	// NotAutomatic and AutomaticUpgrades are apt's reasons for low priorities.
	NotAutomatic, AutomaticUpgrades bool
	ByHash                          bool // files are also served under by-hash/SHA256/…
}

// IndexFile is a file that a Release vouches for.
type IndexFile struct {
	Digest string // "sha256:…"
	Size   int64  // bytes
}

// ReadKeys reads a keyring file, binary or armored.
func ReadKeys(keyring []byte) (openpgp.EntityList, error) {
	if bytes.Contains(keyring, []byte("-----BEGIN PGP PUBLIC KEY BLOCK-----")) {
		var keys openpgp.EntityList
		// ReadArmoredKeyRing reads only the first armored block of a file.
		for rest := keyring; ; {
			start := bytes.Index(rest, []byte("-----BEGIN PGP PUBLIC KEY BLOCK-----"))
			if start < 0 {
				return keys, nil
			}
			rest = rest[start:]
			more, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(rest))
			if err != nil {
				return nil, err
			}
			keys = append(keys, more...)
			rest = rest[1:]
		}
	}
	return openpgp.ReadKeyRing(bytes.NewReader(keyring))
}

// ErrNoKey reports an index without a signature by one of the given keys.
var ErrNoKey = errors.New("not signed by a known key")

// Verify checks the signature of an InRelease file and returns the signed text. One good
// signature by one of the keys, valid at the time now, is enough. If none of the signing keys is
// known, the error wraps [ErrNoKey] with their IDs.
func Verify(inRelease []byte, keys openpgp.EntityList, now time.Time) ([]byte, error) {
	block, _ := clearsign.Decode(inRelease)
	if block == nil {
		return nil, errors.New("not a signed file: missing OpenPGP clear-text signature")
	}
	// A release is signed with several keys, such as the current and the next one. Each signature
	// is checked separately, so that an expired key does not hide a good signature.
	var problem error
	var signers []string
	packets := packet.NewOpaqueReader(block.ArmoredSignature.Body)
	for {
		p, err := packets.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the signature: %w", err)
		}
		var signature bytes.Buffer
		if err := p.Serialize(&signature); err != nil {
			return nil, fmt.Errorf("reading the signature: %w", err)
		}
		if parsed, err := p.Parse(); err == nil {
			if s, ok := parsed.(*packet.Signature); ok && s.IssuerKeyId != nil {
				signers = append(signers, fmt.Sprintf("%016X", *s.IssuerKeyId))
				if weak := weakness(s, keys.KeysById(*s.IssuerKeyId)); weak != nil {
					problem = weak
					continue
				}
			}
		}
		_, err = openpgp.CheckDetachedSignature(keys, bytes.NewReader(block.Bytes), &signature,
			&packet.Config{Time: func() time.Time { return now }})
		if err == nil {
			return block.Plaintext, nil
		}
		if !errors.Is(err, pgperrors.ErrUnknownIssuer) {
			problem = err
		}
	}
	if problem != nil {
		return nil, fmt.Errorf("bad signature: %w", problem)
	}
	return nil, fmt.Errorf("%w (it is signed by %s)", ErrNoKey, strings.Join(signers, ", "))
}

// minBits is the minimum length of a secure RSA key.
const minBits = 2048

// weakness returns why a signature by one of the keys proves nothing; nil if it is secure.
func weakness(s *packet.Signature, keys []openpgp.Key) error {
	switch s.Hash {
	case crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA3_256, crypto.SHA3_512:
	default:
		return fmt.Errorf("the signature uses %s, which is not secure", s.Hash)
	}
	for _, k := range keys {
		switch k.PublicKey.PubKeyAlgo {
		case packet.PubKeyAlgoDSA, packet.PubKeyAlgoElGamal:
			return errors.New("the key's algorithm, DSA or ElGamal, is no longer secure")
		case packet.PubKeyAlgoRSA, packet.PubKeyAlgoRSASignOnly:
			if bits, err := k.PublicKey.BitLength(); err != nil || bits < minBits {
				return fmt.Errorf("the key is too short: %d bits, expected at least %d", bits, minBits)
			}
		}
	}
	return nil
}

// ParseRelease parses the text of a Release file, which must have checksums.
func ParseRelease(text []byte) (*Release, error) {
	r := &Release{Files: map[string]IndexFile{}}
	lines := deb822.NewScanner(bytes.NewReader(text))
	section := ""
	for lines.Scan() {
		value := string(lines.Value)
		switch lines.Kind {
		case deb822.Field:
			section = string(lines.Name)
			if err := r.set(section, value); err != nil {
				return nil, fmt.Errorf("malformed %s in Release: %w", section, err)
			}
		case deb822.More:
			if section != "SHA256" {
				continue
			}
			fields := strings.Fields(value)
			if len(fields) != 3 || len(fields[0]) != 64 {
				return nil, fmt.Errorf("malformed checksum line in Release: %q", value)
			}
			size, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil || size < 0 {
				return nil, fmt.Errorf("malformed size in Release: %q", value)
			}
			r.Files[fields[2]] = IndexFile{Digest: "sha256:" + fields[0], Size: size}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading Release: %w", err)
	}
	if len(r.Files) == 0 {
		return nil, errors.New("the Release file has no SHA256 checksums")
	}
	return r, nil
}

// set reads one field.
func (r *Release) set(name, value string) (err error) {
	switch name {
	case "Origin":
		r.Origin = value
	case "Suite":
		r.Suite = value
	case "Codename":
		r.Codename = value
	case "NotAutomatic":
		r.NotAutomatic = value == "yes"
	case "ButAutomaticUpgrades":
		r.AutomaticUpgrades = value == "yes"
	case "Acquire-By-Hash":
		r.ByHash = value == "yes"
	case "Date":
		r.Date, err = parseDate(value)
	case "Valid-Until":
		r.ValidUntil, err = parseDate(value)
	}
	return err
}

func parseDate(text string) (time.Time, error) {
	t, err := time.Parse("Mon, 2 Jan 2006 15:04:05 MST", text)
	return t.UTC(), err
}
