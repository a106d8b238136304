package world

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/layc-lang/layc/compiler/debian"
)

// newKey creates a key with a signing subkey.
func newKey(t *testing.T) *openpgp.Entity {
	t.Helper()
	config := &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return now.Add(-time.Hour) }}
	key, err := openpgp.NewEntity("archive", "", "archive@example.com", config)
	if err == nil {
		err = key.AddSigningSubkey(config)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func armored(t *testing.T, key *openpgp.Entity) string {
	t.Helper()
	var out bytes.Buffer
	w, err := armor.Encode(&out, openpgp.PublicKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	key.Serialize(w)
	w.Close()
	return out.String() + "\n"
}

// TestFindKeys checks which keys are trusted for an index. The host has one key that apt trusts,
// one in the keyring of each distribution, and one that only a source names.
func TestFindKeys(t *testing.T) {
	trusted, debians, ubuntus, mine, other := newKey(t), newKey(t), newKey(t), newKey(t), newKey(t)
	names := map[string]string{}
	for name, key := range map[string]*openpgp.Entity{"trusted": trusted, "debian's": debians, "ubuntu's": ubuntus, "mine": mine, "other": other} {
		names[key.PrimaryKey.KeyIdString()] = name
	}
	fingerprint := fmt.Sprintf("%X", trusted.PrimaryKey.Fingerprint)
	subkey := fmt.Sprintf("%X", trusted.Subkeys[len(trusted.Subkeys)-1].PublicKey.Fingerprint)
	inline := " " + strings.ReplaceAll(strings.TrimSpace(strings.ReplaceAll(armored(t, mine), "\n\n", "\n.\n")), "\n", "\n ")
	deb822 := func(signedBy string) string {
		return "-- etc/apt/sources.list.d/debian.sources --\nTypes: deb\nURIs: http://mirror.example.com/debian\nSuites: bookworm\nComponents: main\nSigned-By:" + signedBy + "\n"
	}
	line := func(options string) string {
		return "-- etc/apt/sources.list --\ndeb " + options + "http://mirror.example.com/debian bookworm main\n"
	}
	bookworm, updates := debian.Suite{Archive: "debian", Name: "bookworm"}, debian.Suite{Archive: "debian", Name: "bookworm-updates"}
	noble := debian.Suite{Archive: "ubuntu", Name: "noble"}
	tests := []struct {
		name, sources string
		suite         debian.Suite
		want          string // the keys' names and numbers of subkeys; or the error
	}{
		{"a file", line("[signed-by=/keys/mine.gpg] "), bookworm, "mine+2"},
		{"two files", line("[signed-by=/keys/mine.gpg,/keys/other.gpg] "), bookworm, "mine+2 other+2"},
		{"files in a stanza", deb822(" /keys/mine.gpg\n /keys/other.gpg"), bookworm, "mine+2 other+2"},
		{"a key in a stanza", deb822("\n" + inline), bookworm, "mine+2"},
		{"a fingerprint", line("[signed-by=" + fingerprint + "] "), bookworm, "trusted+2"},
		{"a fingerprint without subkeys", line("[signed-by=" + fingerprint + "!] "), bookworm, "trusted+0"},
		{"a subkey's fingerprint", line("[signed-by=" + strings.ToLower(subkey) + "] "), bookworm, "trusted+1"},
		{"the fingerprint of a key that apt does not trust", line("[signed-by=" + strings.Repeat("A", 40) + "] "), bookworm,
			"Signed-By of sources.list: none of apt's keys has the fingerprint " + strings.Repeat("A", 40) + "; fix that source, or name a keyring with --keyring"},
		{"a missing file", line("[signed-by=/keys/none.gpg] "), bookworm, "Signed-By of sources.list: reading a keyring: "},
		{"no Signed-By", line(""), bookworm, "trusted+2"},
		{"the source of another suite", line("[signed-by=/keys/mine.gpg] "), updates, "mine+2"},
		{"each suite has its own", line("[signed-by=/keys/mine.gpg] ") + "deb [signed-by=/keys/other.gpg] http://mirror.example.com/debian bookworm-updates main\n", updates, "other+2"},
		{"a source of another archive", line("[signed-by=/keys/mine.gpg] ") + "deb [signed-by=/keys/other.gpg] http://vendor.example.com/debian bookworm main\n", bookworm, "mine+2"},
		{"no source", "", bookworm, "debian's+2 trusted+2"},
		{"another distribution", line("[signed-by=/keys/mine.gpg] "), noble, "trusted+2 ubuntu's+2"},
		{"a source of another distribution", line("") + "deb [signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg] http://mirror.example.com/ubuntu noble main\n", noble, "ubuntu's+2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := host(t, debianRelease+test.sources)
			for name, key := range map[string]*openpgp.Entity{
				"keys/mine.gpg": mine, "keys/other.gpg": other, "usr/share/keyrings/debian-archive-keyring.gpg": debians,
				"usr/share/keyrings/ubuntu-archive-keyring.gpg":      ubuntus,
				"usr/share/keyrings/debian-archive-removed-keys.gpg": other, "etc/apt/trusted.gpg.d/x.gpg": trusted,
			} {
				path := filepath.Join(h.Root, name)
				os.MkdirAll(filepath.Dir(path), 0o755)
				var text bytes.Buffer
				key.Serialize(&text)
				if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			keys, err := h.FindKeys(test.suite)
			var got []string
			for _, key := range keys {
				got = append(got, fmt.Sprintf("%s+%d", names[key.PrimaryKey.KeyIdString()], len(key.Subkeys)))
			}
			slices.Sort(got)
			switch text := strings.Join(got, " "); {
			case err != nil && !strings.HasPrefix(err.Error(), test.want), err == nil && text != test.want:
				t.Errorf("got  %s, %v\nwant %s", text, err, test.want)
			}
		})
	}
}

func TestReadKeyrings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.asc")
	if err := os.WriteFile(file, []byte(armored(t, newKey(t))), 0o644); err != nil {
		t.Fatal(err)
	}
	if keys, err := ReadKeyrings([]string{file}); err != nil || len(keys) != 1 {
		t.Errorf("%d keys, %v, want the one given", len(keys), err)
	}
	if _, err := ReadKeyrings([]string{file + ".none"}); err == nil {
		t.Error("no error for a keyring that isn't there")
	}
}
