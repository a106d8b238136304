package helper

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	gofs "io/fs"
	"strings"
	"testing"
)

// TestSources checks that checkouts with and without binaries work as documented.
func TestSources(t *testing.T) {
	for _, arch := range archs {
		binary, missing := Binary(arch)
		want := fmt.Sprintf("sha256:%x", sha256.Sum256(binary))
		if got, err := Digest(arch); got != want || err != nil {
			t.Errorf("%s: Digest is %s, %v, want %s", arch, got, err, want)
		}
		source := Sources()[SourceName(arch)]
		var walked []string
		err := source.Walk(context.Background(), "", func(path string, entry gofs.DirEntry, err error) error {
			info, infoErr := entry.Info()
			if err != nil || infoErr != nil {
				t.Fatal(err, infoErr)
			}
			walked = append(walked, fmt.Sprint(path, " ", info.Mode(), " ", info.Size(), " ", info.ModTime().Unix()))
			return nil
		})
		if missing != nil {
			if err == nil || err.Error() != missing.Error() || !strings.Contains(err.Error(), "run make") {
				t.Errorf("%s isn't built, and Walk returns %v, want %v", arch, err, missing)
			}
			continue
		}
		if got, want := strings.Join(walked, "\n"), fmt.Sprintf("layc-helper -rwxr-xr-x %d %d", len(binary), binary32(binary)); got != want || err != nil {
			t.Errorf("%s: Walk finds %q, %v, want %q", arch, got, err, want)
		}
		f, err := source.Open(File)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(f)
		if err != nil || string(content) != string(binary) {
			t.Errorf("%s: the source serves %d other bytes, %v", arch, len(content), err)
		}
		if _, err := source.Open("other"); err == nil {
			t.Errorf("%s: no error for another file", arch)
		}
	}
}

// binary32 is the time of a binary in its source: the first 32 bits of its SHA-256 checksum, so that
// versions of one size differ.
func binary32(program []byte) int64 {
	sum := sha256.Sum256(program)
	return int64(binary.BigEndian.Uint32(sum[:]))
}
