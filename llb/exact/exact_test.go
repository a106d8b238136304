//go:build linux

package exact_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/exact"
)

// sample returns a tree with one entry of each kind.
func sample(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must(t,
		os.MkdirAll(dir+"/etc/d", 0o755),
		os.WriteFile(dir+"/etc/a", []byte("alpha"), 0o644),
		os.Link(dir+"/etc/a", dir+"/etc/b"),
		os.WriteFile(dir+"/etc/c", []byte("gamma"), 0o644),
		os.WriteFile(dir+"/etc/\xff\n", nil, 0o600),
		os.Symlink("a", dir+"/etc/link"),
		unix.Mkfifo(dir+"/etc/pipe", 0o640),
		os.Truncate(dir+"/etc/c", 1<<20),
	)
	if os.Getuid() == 0 {
		must(t,
			unix.Mknod(dir+"/etc/null", unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))),
			unix.Lsetxattr(dir+"/etc/c", "user.note", []byte("one"), 0),
		)
	}
	return dir
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, dir string) exact.Tree {
	t.Helper()
	tree, err := exact.Read(dir)
	must(t, err)
	return tree
}

// TestCompare changes one property of a tree at a time.
func TestCompare(t *testing.T) {
	stamp := func(dir string) error { // equal times everywhere
		for p := range read(t, dir) {
			at := []unix.Timespec{{Sec: 1}, {Sec: 1}}
			if err := unix.UtimesNanoAt(unix.AT_FDCWD, dir+p, at, unix.AT_SYMLINK_NOFOLLOW); err != nil {
				return err
			}
		}
		return nil
	}
	for _, c := range []struct {
		name   string
		root   bool // needs root
		change func(dir string) error
		want   string
	}{
		{"nothing", false, func(string) error { return nil }, ``},
		{"content", false, func(d string) error { return os.WriteFile(d+"/etc/a", []byte("ALPHA"), 0o644) }, `"/etc/a" has content ` +
			`73ab66a033c2, want 8ed3f6ad685b|"/etc/b" has content 73ab66a033c2, want 8ed3f6ad685b`},
		{"size", false, func(d string) error { return os.Truncate(d+"/etc/c", 7) }, `"/etc/c" has size 7, want 1048576`},
		{"mode", false, func(d string) error { return unix.Chmod(d+"/etc/a", 0o4644) }, `"/etc/a" has mode 4644, want 0644|"/etc/b" has mode 4644, want 0644`},
		{"owner", true, func(d string) error { return os.Lchown(d+"/etc/link", 3000000000, 7) }, `"/etc/link" has owner 3000000000:7, want 0:0`},
		{"attribute", true, func(d string) error { return unix.Lsetxattr(d+"/etc/c", "user.note", []byte("two"), 0) }, `"/etc/c" has attribute user.note "two", want "one"`},
		{"no attribute", true, func(d string) error { return unix.Lremovexattr(d+"/etc/c", "user.note") }, `"/etc/c" has no attribute user.note`},
		{"device", true, func(d string) error {
			return errors.Join(os.Remove(d+"/etc/null"), unix.Mknod(d+"/etc/null", unix.S_IFCHR|0o644, int(unix.Mkdev(1, 5))))
		}, `"/etc/null" has device 1:5, want 1:3`},
		{"target", false, func(d string) error { return errors.Join(os.Remove(d+"/etc/link"), os.Symlink("b", d+"/etc/link")) }, `"/etc/link" has target "b", want "a"`},
		{"kind", false, func(d string) error { return errors.Join(os.Remove(d+"/etc/d"), os.Symlink("/", d+"/etc/d")) }, `"/etc/d" has type link, want directory`},
		{"parted", false, func(d string) error {
			return errors.Join(os.Remove(d+"/etc/b"), os.WriteFile(d+"/etc/b", []byte("alpha"), 0o644))
		}, `"/etc/a" has first name "", want "/etc/a"|"/etc/b" has first name "", want "/etc/a"`},
		{"joined", false, func(d string) error { return os.Link(d+"/etc/pipe", d+"/etc/pipe2") }, `"/etc/pipe" has first name "/etc/pipe", want ""|"/etc/pipe2" should not be there: pipe`},
		{"missing", false, func(d string) error { return os.Remove(d + "/etc/\xff\n") }, `"/etc/\xff\n" is missing: file`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.root && os.Getuid() != 0 {
				t.Skip("needs root")
			}
			dir := sample(t)
			must(t, stamp(dir))
			want := read(t, dir)
			must(t, c.change(dir), stamp(dir))
			if got := strings.Join(exact.Compare(want, read(t, dir), true), "|"); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	dir := sample(t)
	want := read(t, dir)
	must(t, os.Chtimes(dir+"/etc/c", time.Unix(5, 7), time.Unix(5, 7)))
	if got := exact.Compare(want, read(t, dir), false); len(got) > 0 {
		t.Errorf("without times: %q", got)
	}
	if got := exact.Compare(want, read(t, dir), true); len(got) != 1 || !strings.HasPrefix(got[0], `"/etc/c" has time 1970-01-01T00:00:05.000000007Z, want `) {
		t.Errorf("with times: %q", got)
	}
}

// TestUnpack applies two layers with everything that layers can store.
func TestUnpack(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	const at = 1700000000
	file := func(name, text string) tar.Header {
		return tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(text)), Uname: text}
	}
	lower := layer(t, at,
		tar.Header{Name: "etc/", Typeflag: tar.TypeDir, Mode: 0o755},
		file("etc/a", "a"), file("etc/gone", "x"), file("etc/turns", "x"),
		tar.Header{Name: "opaque/", Typeflag: tar.TypeDir, Mode: 0o1777},
		file("opaque/old", "x"),
		tar.Header{Name: "bin", Typeflag: tar.TypeSymlink, Linkname: "usr/bin"},
	)
	capability := "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	upper := layer(t, at+1,
		tar.Header{Name: "etc/", Typeflag: tar.TypeDir, Mode: 0o2750, Uid: 3000000000, Gid: 5},
		tar.Header{Name: "etc/second", Typeflag: tar.TypeLink, Linkname: "etc/a", Mode: 0o644},
		tar.Header{Name: "etc/.wh.gone"},
		tar.Header{Name: "etc/turns/", Typeflag: tar.TypeDir, Mode: 0o700},
		tar.Header{Name: "etc/cap", Typeflag: tar.TypeReg, Mode: 0o4755, PAXRecords: map[string]string{"SCHILY.xattr.security.capability": capability, "SCHILY.xattr.user.x": "y"}},
		tar.Header{Name: "etc/pipe", Typeflag: tar.TypeFifo, Mode: 0o600},
		tar.Header{Name: "etc/null", Typeflag: tar.TypeChar, Mode: 0o666, Devmajor: 1, Devminor: 3},
		tar.Header{Name: "opaque/", Typeflag: tar.TypeDir, Mode: 0o1777},
		tar.Header{Name: "opaque/.wh..wh..opq"},
		file("opaque/new", "n"),
	)
	out := t.TempDir()
	writeImage(t, out, "it", lower, upper)
	dir := t.TempDir()
	must(t, exact.Unpack(out, "it", dir))

	const dirMode, regular, early, late = unix.S_IFDIR, unix.S_IFREG, at * int64(time.Second), (at + 1) * int64(time.Second)
	got := read(t, dir)
	delete(got, "/")
	content := func(s string) string { return digest.FromString(s).Encoded() }
	want := exact.Tree{
		"/etc":        {Mode: dirMode | 0o2750, UID: 3000000000, GID: 5, Mtime: late},
		"/etc/a":      {Mode: regular | 0o644, Size: 1, Sum: content("a"), Mtime: late, Same: "/etc/a"}, // the hard link's entry sets the time of both
		"/etc/second": {Mode: regular | 0o644, Size: 1, Sum: content("a"), Mtime: late, Same: "/etc/a"},
		"/etc/turns":  {Mode: dirMode | 0o700, Mtime: late},
		"/etc/cap":    {Mode: regular | 0o4755, Sum: content(""), Mtime: late, Xattrs: map[string]string{"security.capability": capability, "user.x": "y"}},
		"/etc/pipe":   {Mode: unix.S_IFIFO | 0o600, Mtime: late},
		"/etc/null":   {Mode: unix.S_IFCHR | 0o666, Rdev: unix.Mkdev(1, 3), Mtime: late},
		"/opaque":     {Mode: dirMode | 0o1777, Mtime: late},
		"/opaque/new": {Mode: regular | 0o644, Size: 1, Sum: content("n"), Mtime: late},
		"/bin":        {Mode: unix.S_IFLNK | 0o777, Target: "usr/bin", Mtime: early},
	}
	for _, line := range exact.Compare(want, got, true) {
		t.Error(line)
	}

	image, err := exact.Open(out, "it")
	must(t, err)
	l := exact.Layers{Keep: []string{"etc/a"}}
	for range 2 { // the second from memory
		got, texts, err := l.Tree(image)
		must(t, err)
		delete(got, "/")
		for _, line := range exact.Compare(want, got, true) {
			t.Error("in memory: " + line)
		}
		if len(texts) != 2 || texts["/etc/second"] != "a" {
			t.Errorf("kept %q", texts)
		}
	}

	if err := exact.Unpack(out, "other", dir); err == nil || !strings.Contains(err.Error(), `0 images called "other"`) {
		t.Errorf("an unknown image: %v", err)
	}
	blobs, _ := filepath.Glob(out + "/blobs/sha256/*")
	for _, b := range blobs {
		must(t, os.WriteFile(b, append(slices.Clone([]byte("{}")), 'x'), 0o644))
	}
	if err := exact.Unpack(out, "it", dir); err == nil || !strings.Contains(err.Error(), "does not match its digest") {
		t.Errorf("damaged blobs: %v", err)
	}
	if _, _, err := new(exact.Layers).Tree(image); err == nil || !strings.Contains(err.Error(), "does not match its digest") {
		t.Errorf("damaged blobs in memory: %v", err)
	}
}

// layer returns an archive of headers. Uname is the content; at is the time of headers without
// one.
func layer(t *testing.T, at int64, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		text := h.Uname
		h.Uname = ""
		if h.ModTime.IsZero() {
			h.ModTime = time.Unix(at, 0)
		}
		must(t, w.WriteHeader(&h))
		_, err := w.Write([]byte(text))
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

// writeImage writes an OCI layout of one image.
func writeImage(t *testing.T, dir, name string, layers ...[]byte) {
	t.Helper()
	must(t, os.MkdirAll(dir+"/blobs/sha256", 0o755))
	blob := func(mediaType string, content []byte) ocispecs.Descriptor {
		d := digest.FromBytes(content)
		must(t, os.WriteFile(dir+"/blobs/sha256/"+d.Encoded(), content, 0o644))
		return ocispecs.Descriptor{MediaType: mediaType, Digest: d, Size: int64(len(content))}
	}
	text := func(v any) []byte {
		out, err := json.Marshal(v)
		must(t, err)
		return out
	}
	config := ocispecs.Image{Platform: ocispecs.Platform{OS: "linux", Architecture: "amd64"}, RootFS: ocispecs.RootFS{Type: "layers"}}
	manifest := ocispecs.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispecs.MediaTypeImageManifest}
	for _, l := range layers {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, err := w.Write(l)
		must(t, err, w.Close())
		manifest.Layers = append(manifest.Layers, blob(ocispecs.MediaTypeImageLayerGzip, b.Bytes()))
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, digest.FromBytes(l))
	}
	manifest.Config = blob(ocispecs.MediaTypeImageConfig, text(config))
	image := blob(ocispecs.MediaTypeImageManifest, text(manifest))
	image.Annotations = map[string]string{ocispecs.AnnotationRefName: name}
	image.Platform = &ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	index := ocispecs.Index{Versioned: specs.Versioned{SchemaVersion: 2}, Manifests: []ocispecs.Descriptor{image}}
	must(t,
		os.WriteFile(dir+"/index.json", text(index), 0o644),
		os.WriteFile(dir+"/oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644))
}
