package world

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/layc-lang/layc/compiler/debian"
	"github.com/layc-lang/layc/compiler/lock"
)

// ReadKeyrings reads the keys of keyring files.
func ReadKeyrings(files []string) (openpgp.EntityList, error) {
	var keys openpgp.EntityList
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading a keyring: %w", err)
		}
		more, err := debian.ReadKeys(text)
		if err != nil {
			return nil, fmt.Errorf("keyring %s: %w", file, err)
		}
		keys = append(keys, more...)
	}
	return keys, nil
}

// FindKeys returns the keys that are trusted for a suite, with apt's rules. If apt's source of
// the suite has Signed-By, only those keys are trusted, and it is an error if one cannot be read.
// Otherwise apt's keys for all sources are trusted. Without a source for that archive, the
// distribution's own keyring is trusted, too. It is an error if there are no keys; it says where keys are
// searched.
func (h Host) FindKeys(suite debian.Suite) (openpgp.EntityList, error) {
	sources := h.sourcesOf(suite)
	if signed := slices.DeleteFunc(slices.Clone(sources), func(s aptSource) bool { return !s.isSigned() }); len(signed) > 0 {
		var keys openpgp.EntityList
		for _, s := range signed {
			more, err := h.signedBy(s)
			if err != nil {
				return nil, fmt.Errorf("Signed-By of %s: %w; fix that source, or name a keyring with --keyring", s.file, err)
			}
			keys = append(keys, more...)
		}
		return keys, nil
	}
	keys := h.trustedKeys()
	family := lock.FamilyOf(suite.Archive)
	if len(sources) == 0 {
		at := "usr/share/keyrings/" + family.Keys
		keys = append(keys, h.keysOf(at+"*.gpg", at+"*.pgp")...)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("no keys to verify the package index of %s; install the package %s, or name a keyring with --keyring", family.Name, family.Keyring)
	}
	return keys, nil
}

// sourcesOf returns the sources of a suite. For a suite without a source, it returns all sources
// of its archive.
func (h Host) sourcesOf(suite debian.Suite) []aptSource {
	root := h.aptMirrors()[suite.Archive]
	var ofSuite, ofArchive []aptSource
	for _, s := range h.aptSources() {
		if root == "" || s.uri != root {
			continue
		}
		ofArchive = append(ofArchive, s)
		if s.suite == suite.Name {
			ofSuite = append(ofSuite, s)
		}
	}
	if len(ofSuite) > 0 {
		return ofSuite
	}
	return ofArchive
}

// isSigned reports whether a source names its keys.
func (s aptSource) isSigned() bool { return s.inlineKey != "" || len(s.signedBy) > 0 }

// signedBy returns the keys that a source names: inline, in files, or by fingerprints of keys
// that apt trusts.
func (h Host) signedBy(s aptSource) (openpgp.EntityList, error) {
	if s.inlineKey != "" {
		keys, err := debian.ReadKeys([]byte(s.inlineKey))
		if err != nil {
			return nil, fmt.Errorf("invalid key: %w", err)
		}
		return keys, nil
	}
	var keys openpgp.EntityList
	for _, by := range s.signedBy {
		var more openpgp.EntityList
		var err error
		if filepath.IsAbs(by) {
			more, err = ReadKeyrings([]string{filepath.Join(h.Root, by)})
		} else {
			more, err = withFingerprint(h.trustedKeys(), by)
		}
		if err != nil {
			return nil, err
		}
		keys = append(keys, more...)
	}
	return keys, nil
}

// withFingerprint selects the key with a fingerprint: a primary key with its subkeys, or a
// subkey. An exclamation mark after the fingerprint excludes the subkeys.
func withFingerprint(keys openpgp.EntityList, fingerprint string) (openpgp.EntityList, error) {
	plain, exact := strings.CutSuffix(fingerprint, "!")
	for _, key := range keys {
		if strings.EqualFold(fmt.Sprintf("%x", key.PrimaryKey.Fingerprint), plain) {
			if !exact {
				return openpgp.EntityList{key}, nil
			}
			alone := *key
			alone.Subkeys = nil
			return openpgp.EntityList{&alone}, nil
		}
		for _, sub := range key.Subkeys {
			if strings.EqualFold(fmt.Sprintf("%x", sub.PublicKey.Fingerprint), plain) {
				alone := *key
				alone.Subkeys = []openpgp.Subkey{sub}
				return openpgp.EntityList{&alone}, nil
			}
		}
	}
	return nil, fmt.Errorf("none of apt's keys has the fingerprint %s", plain)
}

// trustedKeys returns the keys that apt trusts for all sources.
func (h Host) trustedKeys() openpgp.EntityList {
	return h.keysOf("etc/apt/trusted.gpg", "etc/apt/trusted.gpg.d/*.gpg", "etc/apt/trusted.gpg.d/*.asc")
}

// keysOf reads the files that match. Like apt, it skips unreadable files.
func (h Host) keysOf(patterns ...string) openpgp.EntityList {
	var keys openpgp.EntityList
	for _, pattern := range patterns {
		files, _ := filepath.Glob(filepath.Join(h.Root, pattern))
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil || len(bytes.TrimSpace(text)) == 0 || strings.Contains(filepath.Base(file), "removed-keys") {
				continue
			}
			if more, err := debian.ReadKeys(text); err == nil {
				keys = append(keys, more...)
			}
		}
	}
	return keys
}
