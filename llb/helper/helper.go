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

// Dir is the directory in a build step where the helper's source is mounted, and File the name of the
// binary in it.
const (
	Dir  = "/.layc/helper"
	File = "layc-helper"
)

// Apart is the key in a vertex's description of what the built-in engine adds to the key of its result.
const Apart = "layc.apart"

// Stat returns the size and the time of a binary in its source, without unpacking it. The time depends
// on the content, since an engine assumes that files of equal size and time are equal.
func Stat(arch string) (size int64, modified time.Time, err error) {
	sum, err := Digest(arch)
	if err != nil {
		return 0, time.Time{}, err
	}
	packed, err := binaries.Open(embedded(arch) + ".gz")
	if err != nil {
		return 0, time.Time{}, unbuilt(arch)
	}
	defer packed.Close()
	var first uint32
	_, text, _ := strings.Cut(sum, ":")
	if _, err := fmt.Sscanf(text[:8], "%08x", &first); err != nil {
		return 0, time.Time{}, damaged(arch)
	}
	// A gzip file ends with the size of its content. Each image asks for it, so the rest is not read.
	end := make([]byte, 4)
	seek, ok := packed.(io.Seeker)
	if !ok {
		return 0, time.Time{}, damaged(arch)
	}
	if _, err := seek.Seek(-int64(len(end)), io.SeekEnd); err != nil {
		return 0, time.Time{}, damaged(arch)
	}
	if _, err := io.ReadFull(packed, end); err != nil {
		return 0, time.Time{}, damaged(arch)
	}
	return int64(binary.LittleEndian.Uint32(end)), time.Unix(int64(first), 0), nil
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
	packed, err := packed(arch)
	if err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, damaged(arch)
	}
	binary, err := io.ReadAll(r)
	if digest, _ := Digest(arch); err != nil || digest != digestOf(binary) {
		return nil, damaged(arch)
	}
	return binary, nil
}

// packed returns a helper as layc embeds it.
func packed(arch string) ([]byte, error) {
	packed, err := binaries.ReadFile(embedded(arch) + ".gz")
	if err != nil {
		return nil, unbuilt(arch)
	}
	return packed, nil
}

func unbuilt(arch string) error {
	return errors.New("this layc was built without its helper for linux/" + arch + ", which installs packages and unpacks archives; run make and use bin/layc")
}

func damaged(arch string) error {
	return errors.New("this layc's helper for linux/" + arch + " is damaged; run make and use bin/layc")
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

// Identity returns the binary's digest.
func (s source) Identity() string {
	sum, _ := Digest(string(s)) // of archs, which have one
	return sum
}

func (s source) Walk(_ context.Context, _ string, fn gofs.WalkDirFunc) error {
	size, modified, err := Stat(string(s))
	if err != nil {
		return err
	}
	return fn(File, &fsutil.DirEntryInfo{Stat: &types.Stat{
		Path:    File,
		Mode:    0o755,
		Size:    size,
		ModTime: modified.UnixNano(),
	}}, nil)
}

// Open opens the binary. Reading it fails if it is damaged: an engine would take an error of Open for
// an empty file.
func (s source) Open(name string) (io.ReadCloser, error) {
	if name != File {
		return nil, &os.PathError{Op: "open", Path: name, Err: os.ErrNotExist}
	}
	binary, err := Binary(string(s))
	if err != nil {
		return io.NopCloser(unreadable{err}), nil
	}
	return io.NopCloser(bytes.NewReader(binary)), nil
}

// unreadable is a binary that cannot be read.
type unreadable struct{ err error }

func (u unreadable) Read([]byte) (int, error) { return 0, u.err }
