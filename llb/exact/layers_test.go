//go:build linux

package exact_test

import (
	"archive/tar"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/exact"
)

// TestLayers applies random layers in memory, and with containerd to a directory: the trees are equal, or both
// fail.
func TestLayers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	defer unix.Umask(unix.Umask(0o022))
	failed, paths := 0, 0
	for seed := range uint64(number(t, "LAYC_EXACT_N", 150)) {
		r := rand.New(rand.NewPCG(seed, 7))
		var layers [][]byte
		var says strings.Builder
		for n := range 1 + r.IntN(4) {
			var headers []tar.Header
			for range 1 + r.IntN(12) {
				h := randomHeader(r)
				fmt.Fprintf(&says, "%d: %c %q -> %q %o %d %v\n", n, h.Typeflag, h.Name, h.Linkname, h.Mode, h.Uid, h.PAXRecords)
				headers = append(headers, h)
			}
			layers = append(layers, layer(t, 1, headers...))
		}
		out, dir := t.TempDir(), t.TempDir()
		writeImage(t, out, "it", layers...)
		image, err := exact.Open(out, "it")
		must(t, err)
		var l exact.Layers
		got, _, err := l.Tree(image)
		wrong := image.Apply(filepath.Join(dir, "root"), 0)
		if wrong != nil && err == nil && slices.ContainsFunc([]string{"UtimesNanoAt", ": lstat ", "too many links"}, func(part string) bool { return strings.Contains(wrong.Error(), part) }) {
			continue // containerd sets the times of directories at the end, also of one that the layer itself removes
		}
		if (err == nil) != (wrong == nil) {
			t.Fatalf("seed %d: %v, want %v\n%s", seed, err, wrong, says.String())
		}
		if err != nil {
			failed++
			continue
		}
		want := read(t, filepath.Join(dir, "root"))
		paths += len(want)
		if lines := exact.Compare(want, got, false); len(lines) > 0 {
			t.Fatalf("seed %d:\n%s\n%s", seed, strings.Join(lines, "\n"), says.String())
		}
	}
	t.Logf("%d paths; %d images that cannot be applied", paths, failed)
}

// randomHeader returns an entry that is likely to meet others.
func randomHeader(r *rand.Rand) tar.Header {
	name := func() string { // mostly, directories have other names than files
		elem := make([]string, 1+r.IntN(3))
		for n := range elem {
			elem[n] = string("abc"[r.IntN(3)])
		}
		if r.IntN(12) > 0 {
			elem[len(elem)-1] = string("xyz"[r.IntN(3)])
		}
		return strings.Repeat("/", r.IntN(2)) + strings.Join(elem, "/")
	}
	h := tar.Header{Name: name(), Mode: int64(r.IntN(0o10000)), Uid: r.IntN(3), Gid: r.IntN(3)}
	switch r.IntN(16) {
	case 0, 1, 2, 3:
		h.Typeflag, h.Name = tar.TypeDir, filepath.Join(filepath.Dir(h.Name), string("abc"[r.IntN(3)]))+"/"
	case 4, 5:
		h.Typeflag, h.Linkname = tar.TypeSymlink, strings.Repeat("../", r.IntN(3))+name()
	case 6:
		h.Typeflag, h.Linkname = tar.TypeLink, name()
	case 7:
		h.Name = filepath.Join(filepath.Dir(h.Name), ".wh."+filepath.Base(h.Name))
	case 8:
		h.Name = filepath.Join(filepath.Dir(h.Name), ".wh..wh..opq")
	case 9:
		h.Typeflag = tar.TypeFifo
	case 10:
		h.Typeflag, h.Devmajor, h.Devminor = tar.TypeChar, 1, 3
	default:
		h.Uname = strings.Repeat("x", r.IntN(3))
		h.Typeflag, h.Size = tar.TypeReg, int64(len(h.Uname))
		if r.IntN(2) == 0 {
			h.PAXRecords = map[string]string{"SCHILY.xattr.user.note": "n"}
		}
		if r.IntN(2) == 0 {
			h.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"}
		}
	}
	return h
}
