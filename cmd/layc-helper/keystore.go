package main

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"unicode/utf16"
)

// Debian's Java packages generate a keystore of trusted certificates with the creation time of
// each entry. The format is Java's JKS: a header, entries, and a SHA-1 of a password, a fixed
// phrase and everything before.

const (
	jksMagic     = 0xfeedfeed
	jksVersion   = 2
	jksTrusted   = 2          // the kind of an entry with a certificate
	jksPassword  = "changeit" // Java's for this file, everywhere
	jksPhrase    = "Mighty Aphrodite"
	jksHeaderLen = 12
)

// settleKeystore sets the canonical time on all entries of a keystore and sorts them by name. It
// leaves a missing file or a file of another format alone.
func settleKeystore(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	settled, err := settledKeystore(text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if settled == nil || bytes.Equal(settled, text) {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, settled, info.Mode().Perm())
}

// settledKeystore returns nil if text is not such a keystore.
func settledKeystore(text []byte) ([]byte, error) {
	if len(text) < jksHeaderLen+sha1.Size || binary.BigEndian.Uint32(text) != jksMagic || binary.BigEndian.Uint32(text[4:]) != jksVersion {
		return nil, nil
	}
	body := text[:len(text)-sha1.Size]
	if !bytes.Equal(jksSum(body), text[len(body):]) {
		return nil, nil // it has another password
	}
	count := binary.BigEndian.Uint32(text[8:])
	rest := body[jksHeaderLen:]
	malformed := errors.New("invalid Java keystore")
	// take cuts n bytes off the rest.
	take := func(n int) ([]byte, bool) {
		if n < 0 || n > len(rest) {
			return nil, false
		}
		cut := rest[:n]
		rest = rest[n:]
		return cut, true
	}
	takeString := func() ([]byte, bool) {
		size, ok := take(2)
		if !ok {
			return nil, false
		}
		return take(int(binary.BigEndian.Uint16(size)))
	}
	var entries [][]byte
	for range count {
		start := rest
		kind, ok := take(4)
		if !ok {
			return nil, malformed
		}
		if binary.BigEndian.Uint32(kind) != jksTrusted {
			return nil, nil // entries with private keys are left alone
		}
		_, okAlias := takeString()
		date := len(start) - len(rest) // where the time is in the entry
		_, okDate := take(8)
		_, okType := takeString()
		size, okSize := take(4)
		if !okAlias || !okDate || !okType || !okSize {
			return nil, malformed
		}
		if _, ok := take(int(binary.BigEndian.Uint32(size))); !ok {
			return nil, malformed
		}
		entry := slices.Clone(start[:len(start)-len(rest)])
		binary.BigEndian.PutUint64(entry[date:], uint64(epoch.UnixMilli()))
		entries = append(entries, entry)
	}
	if len(rest) > 0 {
		return nil, malformed
	}
	// An entry begins with its kind, equal for all, the length of its name, and the name. So this
	// is a total order that is the same everywhere.
	slices.SortFunc(entries, bytes.Compare)
	settled := slices.Concat(body[:jksHeaderLen], slices.Concat(entries...))
	return append(settled, jksSum(settled)...), nil
}

func jksSum(body []byte) []byte {
	sum := sha1.New()
	for _, unit := range utf16.Encode([]rune(jksPassword)) {
		binary.Write(sum, binary.BigEndian, unit)
	}
	sum.Write([]byte(jksPhrase))
	sum.Write(body)
	return sum.Sum(nil)
}
