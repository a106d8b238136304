package debian

import (
	"reflect"
	"strings"
	"testing"
)

const entry = `Package: jq
Version: 1.6-2.1
Installed-Size: 124
Architecture: amd64
Priority: optional
Depends: libjq1 (= 1.6-2.1),
 libc6 (>= 2.34)
Pre-Depends: dpkg
Description: one
 two
 .
Filename: ./pool/main/j/jq/jq_1.6-2.1_amd64.deb
Size: 64900
SHA256: 0000000000000000000000000000000000000000000000000000000000000001
`

func TestParsePackages(t *testing.T) {
	want := Package{
		Archive: "debian", Name: "jq", Version: "1.6-2.1", Arch: "amd64", Priority: "optional",
		Depends: "libjq1 (= 1.6-2.1), libc6 (>= 2.34), dpkg",
		Path:    "pool/main/j/jq/jq_1.6-2.1_amd64.deb",
		Digest:  "sha256:0000000000000000000000000000000000000000000000000000000000000001",
		Size:    64900, Installed: 124 * 1024,
	}
	for name, text := range map[string]string{
		"plain":          entry,
		"empty lines":    "\n\n" + entry + "\n\n",
		"no newline":     strings.TrimSuffix(entry, "\n"),
		"carriage":       strings.ReplaceAll(entry, "\n", "\r\n"),
		"very long line": "X: " + strings.Repeat("x", 1<<20) + "\n" + entry,
	} {
		got, err := ParsePackages(strings.NewReader(text), "debian")
		if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], want) {
			t.Errorf("%s:\ngot  %+v, %v\nwant %+v", name, got, err, want)
		}
	}
	got, err := ParsePackages(strings.NewReader(entry+"\n"+entry), "debian")
	if err != nil || len(got) != 2 {
		t.Errorf("two entries: got %d, %v", len(got), err)
	}
}

func TestParsePackagesErrors(t *testing.T) {
	for text, want := range map[string]string{
		"Package: a\n\n": `package index, entry "a" before line 2: missing Package, Version, Filename or SHA256`,
		"nonsense\n":     `package index, line 1: missing colon in "nonsense"`,
		"Size: x\n":      `package index, line 1: strconv.ParseInt: parsing "x": invalid syntax`,
	} {
		_, err := ParsePackages(strings.NewReader(text), "debian")
		if err == nil || err.Error() != want {
			t.Errorf("%q:\ngot  %v\nwant %s", text, err, want)
		}
	}
}

func FuzzParsePackages(f *testing.F) {
	f.Add(entry)
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParsePackages(strings.NewReader(text), "debian")
		if err != nil {
			return
		}
		u := NewUniverse("debian/bookworm", "amd64", list)
		if len(list) > 0 {
			Resolve(u, []string{list[0].Name}, nil)
		}
	})
}
