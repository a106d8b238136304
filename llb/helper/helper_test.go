package helper

import (
	"context"
	"crypto/sha256"
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
		if got, want := strings.Join(walked, "\n"), fmt.Sprintf("layc-helper -rwxr-xr-x %d %d", len(binary), modified(binary).Unix()); got != want || err != nil {
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

// TestModified checks that times of equally large versions differ: an engine distinguishes
// versions of a file by size and time.
func TestModified(t *testing.T) {
	if a, b := modified([]byte("a")), modified([]byte("b")); a.Equal(b) {
		t.Errorf("two helpers of one size have the time %v", a)
	}
}

func TestUnknownArchitecture(t *testing.T) {
	want := "layc cannot install packages or unpack archives on linux/mips; it has helpers for amd64 and arm64 only"
	if _, err := Binary("mips"); err == nil || err.Error() != want {
		t.Errorf("Binary: got %v, want %s", err, want)
	}
	if _, err := Digest("mips"); err == nil || err.Error() != want {
		t.Errorf("Digest: got %v, want %s", err, want)
	}
}
