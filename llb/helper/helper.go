// Package helper has the binaries of cmd/layc-helper, which layc mounts into build steps, and
// provides them to an engine as a local source.
//
// make builds the binaries and stores them compressed in bin, next to their digests; go:embed
// embeds them. A checkout without them compiles, but cannot install packages.
package helper

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	gofs "io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

//go:embed bin
var binaries embed.FS

// File is the name of the binary in its source.
const File = "layc-helper"

// modified is the time of a binary in its source. It depends on the content, since an engine
// assumes that files of equal size and time are equal.
func modified(program []byte) time.Time {
	sum := sha256.Sum256(program)
	return time.Unix(int64(binary.BigEndian.Uint32(sum[:])), 0)
}

// archs lists the helper's architectures, by Go's names.
var archs = []string{"amd64", "arm64"}

// Binary returns the static helper for Linux on an architecture ("amd64").
func Binary(arch string) ([]byte, error) {
	if !slices.Contains(archs, arch) {
		return nil, unknown(arch)
	}
	return unpacked[arch]()
}

// unpacked has the binaries, each decompressed on first use.
var unpacked = func() map[string]func() ([]byte, error) {
	all := map[string]func() ([]byte, error){}
	for _, arch := range archs {
		all[arch] = sync.OnceValues(func() ([]byte, error) { return unpack(arch) })
	}
	return all
}()

func unpack(arch string) ([]byte, error) {
	packed, err := binaries.ReadFile(embedded(arch) + ".gz")
	if err != nil {
		return nil, errors.New("this layc was built without its helper for linux/" + arch + ", which installs packages and unpacks archives; run make and use bin/layc")
	}
	damaged := errors.New("this layc's helper for linux/" + arch + " is damaged; run make and use bin/layc")
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, damaged
	}
	binary, err := io.ReadAll(r)
	if digest, _ := Digest(arch); err != nil || digest != digestOf(binary) {
		return nil, damaged
	}
	return binary, nil
}

// embedded returns the path of a helper's files, without their extensions.
func embedded(arch string) string { return "bin/layc-helper-linux-" + arch }

func digestOf(binary []byte) string {
	sum := sha256.Sum256(binary)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// SourceName returns the name of the local source with the helper for an architecture.
func SourceName(arch string) string { return "layc-helper-" + arch }

// Digest identifies the helper's content: "sha256:…". If the helper isn't built, it is the digest
// of nothing, so a program can still be lowered. It is an error if layc has no helper for the
// architecture.
func Digest(arch string) (string, error) {
	if !slices.Contains(archs, arch) {
		return "", unknown(arch)
	}
	sum, err := binaries.ReadFile(embedded(arch) + ".sha256")
	if err != nil {
		return digestOf(nil), nil
	}
	return "sha256:" + strings.TrimSpace(string(sum)), nil
}

func unknown(arch string) error {
	return fmt.Errorf("layc cannot install packages or unpack archives on linux/%s; it has helpers for %s only", arch, strings.Join(archs, " and "))
}

// Sources returns the local sources for a solve, by name. If a helper isn't built, reading its
// source fails with Binary's error.
func Sources() map[string]fsutil.FS {
	sources := map[string]fsutil.FS{}
	for _, arch := range archs {
		sources[SourceName(arch)] = source(arch)
	}
	return sources
}

// source is a directory with one executable file, the helper for an architecture. Its metadata
// depend only on the architecture, so that an engine's cache recognizes it anywhere.
type source string

func (s source) Walk(_ context.Context, _ string, fn gofs.WalkDirFunc) error {
	binary, err := Binary(string(s))
	if err != nil {
		return err
	}
	return fn(File, &fsutil.DirEntryInfo{Stat: &types.Stat{
		Path:    File,
		Mode:    0o755,
		Size:    int64(len(binary)),
		ModTime: modified(binary).UnixNano(),
	}}, nil)
}

func (s source) Open(name string) (io.ReadCloser, error) {
	binary, err := Binary(string(s))
	if err != nil {
		return nil, err
	}
	if name != File {
		return nil, &os.PathError{Op: "open", Path: name, Err: os.ErrNotExist}
	}
	return io.NopCloser(bytes.NewReader(binary)), nil
}
