// Package helper holds the binaries of cmd/layc-helper, which layc brings
// into the build steps that install packages, and offers them to an engine as
// a local source.
//
// The binaries are built by make into bin and embedded. A checkout without
// them compiles; it only can't install packages.
package helper

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	gofs "io/fs"
	"os"
	"time"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

//go:embed bin
var binaries embed.FS

// File is the name of the helper's binary in its source.
const File = "layc-helper"

// modified is the time that the binary bears in its source.
var modified = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// Archs are the architectures, by Go's names, that the helper is built for.
func Archs() []string { return []string{"amd64", "arm64"} }

// Binary returns the static helper for Linux on an architecture ("amd64").
func Binary(arch string) ([]byte, error) {
	binary, err := binaries.ReadFile("bin/layc-helper-linux-" + arch)
	if err != nil {
		return nil, fmt.Errorf("this layc was built without the helper that installs packages on %s: run make, and use bin/layc", arch)
	}
	return binary, nil
}

// SourceName is the name of the local source that holds the helper for an
// architecture, and nothing else.
func SourceName(arch string) string { return "layc-helper-" + arch }

// Digest identifies the helper's content: "sha256:…".
func Digest(arch string) (string, error) {
	binary, err := Binary(arch)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(binary)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// Sources returns the local sources to mount into a solve, by name; those of
// architectures whose helper isn't built are absent.
func Sources() map[string]fsutil.FS {
	sources := map[string]fsutil.FS{}
	for _, arch := range Archs() {
		if binary, err := Binary(arch); err == nil {
			sources[SourceName(arch)] = source{binary}
		}
	}
	return sources
}

// source is a directory that holds one executable file. Its metadata are
// constant, so that the engine's cache knows it again anywhere.
type source struct{ binary []byte }

func (s source) Walk(_ context.Context, _ string, fn gofs.WalkDirFunc) error {
	return fn(File, &fsutil.DirEntryInfo{Stat: &types.Stat{
		Path:    File,
		Mode:    0o755,
		Size:    int64(len(s.binary)),
		ModTime: modified.UnixNano(),
	}}, nil)
}

func (s source) Open(name string) (io.ReadCloser, error) {
	if name != File {
		return nil, &os.PathError{Op: "open", Path: name, Err: os.ErrNotExist}
	}
	return io.NopCloser(bytes.NewReader(s.binary)), nil
}
