package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/archive"
)

// files are the entries of the archives below: name, mode, content or target.
var files = []struct {
	name string
	mode fs.FileMode
	text string
}{
	{"top/", fs.ModeDir | 0o755, ""},
	{"top/bin/", fs.ModeDir | 0o700, ""},
	{"./top/bin/run", 0o750, "run"},
	{"top/link", fs.ModeSymlink | 0o777, "bin/run"},
	{"top/deep/er/file", 0o644, "old"},
	{"top/deep/er/file", 0o600, "new"},
	{"README", 0o644, "read me"},
}

func tarOf(t *testing.T) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Mode: int64(f.mode.Perm()), Uid: 1000, ModTime: time.Now(), Typeflag: tar.TypeReg, Size: int64(len(f.text))}
		switch {
		case f.mode.IsDir():
			h.Typeflag = tar.TypeDir
		case f.mode&fs.ModeSymlink != 0:
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, f.text, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			w.Write([]byte(f.text))
		}
	}
	w.Close()
	return out.Bytes()
}

// xzEntry compresses an entry of a zip. It starts with the first byte, since the writer for xz
// writes a header at once, before the entry's header exists.
type xzEntry struct {
	out io.Writer
	xz  io.WriteCloser
}

func (e *xzEntry) Write(p []byte) (n int, err error) {
	if e.xz == nil {
		if e.xz, err = xz.NewWriter(e.out); err != nil {
			return 0, err
		}
	}
	return e.xz.Write(p)
}

func (e *xzEntry) Close() error { return e.xz.Close() }

func zipOf(t *testing.T, method uint16) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	w.RegisterCompressor(methodXz, func(out io.Writer) (io.WriteCloser, error) { return &xzEntry{out: out}, nil })
	w.RegisterCompressor(methodZstd, func(out io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(out) })
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: method}
		h.SetMode(f.mode)
		entry, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if !f.mode.IsDir() {
			entry.Write([]byte(f.text))
		}
	}
	w.Close()
	return out.Bytes()
}

// list describes a directory: path, permissions, content or target, and each time that is not the
// canonical one.
func list(t *testing.T, dir string) string {
	t.Helper()
	var out strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		text := ""
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			text, _ = os.Readlink(path)
		case info.Mode().IsRegular():
			content, _ := os.ReadFile(path)
			text = string(content)
		}
		fmt.Fprintf(&out, "%s %v %s", name, info.Mode(), text)
		if info.Mode()&fs.ModeSymlink == 0 && !info.ModTime().Equal(epoch) {
			fmt.Fprintf(&out, " of %v", info.ModTime())
		}
		out.WriteString("\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestUnpackArchive(t *testing.T) {
	plain := tarOf(t)
	var gz, x, zst bytes.Buffer
	g := gzip.NewWriter(&gz)
	g.Write(plain)
	g.Close()
	xw, _ := xz.NewWriter(&x)
	xw.Write(plain)
	xw.Close()
	zw, _ := zstd.NewWriter(&zst)
	zw.Write(plain)
	zw.Close()
	whole := "README -rw-r--r-- read me\ntop drwxr-xr-x \ntop/bin drwx------ \ntop/bin/run -rwxr-x--- run\n" +
		"top/deep drwxr-xr-x \ntop/deep/er drwxr-xr-x \ntop/deep/er/file -rw------- new\ntop/link Lrwxrwxrwx bin/run\n"
	stripped := "bin drwx------ \nbin/run -rwxr-x--- run\ndeep drwxr-xr-x \ndeep/er drwxr-xr-x \ndeep/er/file -rw------- new\nlink Lrwxrwxrwx bin/run\n"
	for name, text := range map[string][]byte{
		"tar": plain, "tar.gz": gz.Bytes(), "tar.xz": x.Bytes(), "tar.zst": zst.Bytes(),
		"zip": zipOf(t, zip.Deflate), "zip of xz": zipOf(t, methodXz), "zip of zstd": zipOf(t, methodZstd),
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "archive")
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		for strip, want := range []string{whole, stripped} {
			out := filepath.Join(dir, fmt.Sprint("out", strip))
			if err := run([]string{"unpack", fmt.Sprint(strip), file, out}); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if got := list(t, out); got != want {
				t.Errorf("%s without %d directories:\ngot:\n%s\nwant:\n%s", name, strip, got, want)
			}
		}
		err := run([]string{"unpack", "9", file, filepath.Join(dir, "none")})
		if want := "unpacking the archive: the archive has no files below 9 leading directories"; err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

// archiveOf returns a tar archive of headers. Files without a size contain their names.
func archiveOf(t *testing.T, headers ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, h := range headers {
		text := ""
		if h.Typeflag == tar.TypeReg {
			text = h.Name
			h.Size = int64(len(text))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// unpackText unpacks an archive into a new directory.
func unpackText(t *testing.T, limit int64, text []byte) (string, error) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "archive")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	return out, unpack(0, limit, file, out)
}

func TestUnpackRefuses(t *testing.T) {
	entries := func(headers ...tar.Header) []byte { return archiveOf(t, headers...) }
	file := func(name string) tar.Header { return tar.Header{Typeflag: tar.TypeReg, Name: name} }
	records := func(h tar.Header, key, value string) tar.Header {
		h.PAXRecords = map[string]string{key: value}
		return h
	}
	var packed bytes.Buffer
	g := gzip.NewWriter(&packed)
	g.Write([]byte("just a file"))
	g.Close()
	tests := []struct {
		name string
		text []byte
		want string
	}{
		{"a path outside the archive", entries(file("a/../../x")), `"a/../../x": the path leads outside the archive`},
		{"a link outside the archive", entries(
			tar.Header{Typeflag: tar.TypeSymlink, Name: "out", Linkname: "/"}, file("out/x")), `unpacking the archive: "out/x": the path leads outside the archive through the link "out" to "/"`},
		{"a whiteout", entries(file("etc/.wh.passwd")), `"etc/.wh.passwd": an image cannot contain the name ".wh.passwd": in a layer, names that begin with .wh. delete files`},
		{"a directory with a whiteout's name", entries(file(".wh..wh..opq/x")), `an image cannot contain the name ".wh..wh..opq"`},
		{"a device", entries(tar.Header{Typeflag: tar.TypeChar, Name: "dev"}), `"dev": devices cannot be unpacked`},
		{"a pipe", entries(tar.Header{Typeflag: tar.TypeFifo, Name: "p"}), `"p": named pipes cannot be unpacked`},
		{"a full directory replaced by a file", entries(file("d/x"), file("d")), `"d": an earlier entry is a non-empty directory with the same path; only empty directories are replaced`},
		{"a hard link to a later entry", entries(tar.Header{Typeflag: tar.TypeLink, Name: "a", Linkname: "b"}, file("b")), `"a": hard link to "b", which is not an earlier entry`},
		{"an attribute", entries(records(file("a"), "SCHILY.xattr.user.x", "1")), `"a": an image cannot store its extended attribute "user.x"`},
		{"an access control list", entries(records(file("a"), "SCHILY.acl.access", "user::rw-")), `"a": an image cannot store its access control list`},
		{"a global size", entries(tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"size": "1"}}), `unsupported: a global header sets "size" for all entries`},
		{"capabilities of a directory", entries(records(tar.Header{Typeflag: tar.TypeDir, Name: "d"}, "SCHILY.xattr.security.capability", "x")), `"d": only files can have capabilities`},
		{"control characters in a name", entries(tar.Header{Typeflag: tar.TypeFifo, Name: "\x1b[2J"}), `"\x1b[2J": named`},
		{"a path of many elements", entries(file(strings.Repeat("a/", 3000) + "b")), "the path has 3001 elements; the limit is 256"},
		{"a path of many bytes", entries(file(strings.Repeat(strings.Repeat("a", 200)+"/", 30) + "b")), "the path has 6031 bytes; the limit is 4095"},
		{"an HTML page", bytes.Repeat([]byte("<html>"), 200), "unpacking the archive: not a tar archive, but an HTML page; `unpack` reads zip, and tar, plain or compressed with gzip, bzip2, xz or zstd"},
		{"another archive", []byte("7z\xbc\xaf\x27\x1c"), "not a tar archive, but a 7z archive; `unpack` reads"},
		{"not an archive", bytes.Repeat([]byte("text"), 200), "unpacking the archive: neither a zip nor a tar archive"},
		{"a compressed file", packed.Bytes(), "a compressed file, but not a tar archive; remove `unpack` to keep the file unchanged"},
		{"half a zip", zipOf(t, zip.Deflate)[:100], "the zip archive is truncated or corrupt: it has no list of files at its end"},
		{"half a tar", tarOf(t)[:700], "unpacking the archive: the archive is truncated after 1 entries"},
		{"an empty zip", []byte("PK\x05\x06" + strings.Repeat("\x00", 18)), "unpacking the archive: the archive is empty"},
		{"an encrypted zip", zipWith(t, zip.FileHeader{Name: "a", Flags: 1}), `"a": encrypted entries cannot be unpacked`},
		{"a method", zipWith(t, zip.FileHeader{Name: "a", Method: 9}), `"a": unsupported compression method 9 (Deflate64)`},
		{"a socket in a zip", zipWith(t, zip.FileHeader{Name: "a", CreatorVersion: 3 << 8, ExternalAttrs: 0o140644 << 16}), `"a": devices, pipes and sockets cannot be unpacked`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := unpackText(t, 0, test.text)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// zipWith returns a zip of one entry without content.
func zipWith(t *testing.T, h zip.FileHeader) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	if _, err := w.CreateRaw(&h); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestUnpackAccepts unpacks odd but valid archives.
func TestUnpackAccepts(t *testing.T) {
	file := func(name string) tar.Header { return tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644} }
	dir := func(name string, mode int64) tar.Header {
		return tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: mode}
	}
	link := func(name, to string) tar.Header {
		return tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: to}
	}
	hard := func(name, to string) tar.Header {
		return tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: to}
	}
	windows := zip.FileHeader{Name: `dir\file`, CreatorVersion: 20}
	mixed := zip.FileHeader{Name: "caf\x82", CreatorVersion: 20, ExternalAttrs: 1, NonUTF8: true}
	for name, test := range map[string]struct {
		text []byte
		want string
	}{
		"all bits of modes": {archiveOf(t, tar.Header{Typeflag: tar.TypeReg, Name: "su", Mode: 0o4755}, dir("tmp/", 0o1777), dir("shared/", 0o2775)),
			"shared dgrwxrwxr-x \nsu urwxr-xr-x su\ntmp dtrwxrwxrwx \n"},
		"a name like a zip header":                     {archiveOf(t, file("PK\x03\x04")), "PK\x03\x04 -rw-r--r-- PK\x03\x04\n"},
		"a name like a bzip2 header":                   {archiveOf(t, file("BZh9")), "BZh9 -rw-r--r-- BZh9\n"},
		"two dots within":                              {archiveOf(t, file("./a/../b")), "b -rw-r--r-- ./a/../b\n"},
		"a name that is not UTF-8":                     {archiveOf(t, dir("\xff", 0o700)), "\xff drwx------ \n"},
		"a link replaced by a directory":               {archiveOf(t, dir("d", 0o755), link("l", "d"), dir("l", 0o700), file("l/x")), "d drwxr-xr-x \nl drwx------ \nl/x -rw-r--r-- l/x\n"},
		"a directory replaced by a link":               {archiveOf(t, dir("d", 0o700), dir("e", 0o755), link("d", "e"), file("d/x")), "d Lrwxrwxrwx e\ne drwxr-xr-x \ne/x -rw-r--r-- d/x\n"},
		"a mode through a link":                        {archiveOf(t, dir("d", 0o755), link("l", "d"), dir("l/sub", 0o700)), "d drwxr-xr-x \nd/sub drwx------ \nl Lrwxrwxrwx d\n"},
		"a link that leads through itself is replaced": {archiveOf(t, link("l", "."), dir("l/l", 0o700)), "l drwxr-xr-x \nl/l drwx------ \n"},
		"a checksum of signed bytes":                   {signedChecksum(archiveOf(t, tar.Header{Typeflag: tar.TypeDir, Name: "\xff", Mode: 0o700, Format: tar.FormatGNU})), "\xff drwx------ \n"},
		"a zip of Windows NT":                          {zipWith(t, zip.FileHeader{Name: "a", CreatorVersion: 11<<8 | 20, ExternalAttrs: 0o611 << 16}), "a -rw-r--r-- \n"},
		"a backslash and a slash":                      {zipWith(t, zip.FileHeader{Name: `a/b\c`, CreatorVersion: 20}), "a drwxr-xr-x \na/b\\c -rw-r--r-- \n"},
		"a hard link to itself":                        {archiveOf(t, file("a"), hard("a", "./a"), hard("b", "a"), hard("b", "a")), "a -rw-r--r-- a\nb -rw-r--r-- a\n"},
		"a file replaced, not its names":               {archiveOf(t, file("a"), hard("b", "a"), file("./a")), "a -rw-r--r-- ./a\nb -rw-r--r-- a\n"},
		"a comment for all":                            {archiveOf(t, tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "x"}}, file("a")), "a -rw-r--r-- a\n"},
		"a zip of Windows":                             {zipWith(t, windows), "dir drwxr-xr-x \ndir/file -rw-r--r-- \n"},
		"a zip of DOS, read-only":                      {zipWith(t, mixed), "café -r--r--r-- \n"},
		"a zip behind a script":                        {append([]byte("#!/bin/sh\n"), zipWith(t, zip.FileHeader{Name: "a", CreatorVersion: 20})...), "a -rw-r--r-- \n"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := unpackText(t, 0, test.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := list(t, out); got != test.want {
				t.Errorf("got:\n%q\nwant:\n%q", got, test.want)
			}
		})
	}
}

// signedChecksum returns a tar archive with a first header checksum as old programs compute it.
func signedChecksum(text []byte) []byte {
	field := text[148:156]
	copy(field, "        ")
	sum := 0
	for _, c := range text[:512] {
		sum += int(int8(c))
	}
	copy(field, fmt.Sprintf("%06o\x00", sum))
	return text
}

// TestReplacedDirectory checks that the mode of a replaced directory does not apply to its
// replacement.
func TestReplacedDirectory(t *testing.T) {
	out, err := unpackText(t, 0, archiveOf(t, tar.Header{Typeflag: tar.TypeDir, Name: "d", Mode: 0o700},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "d", Linkname: "x"}, tar.Header{Typeflag: tar.TypeReg, Name: "e/x", Mode: 0o644}))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := list(t, out), "d Lrwxrwxrwx x\ne drwxr-xr-x \ne/x -rw-r--r-- e/x\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func TestUnpackBounds(t *testing.T) {
	big := archiveOf(t, tar.Header{Typeflag: tar.TypeReg, Name: strings.Repeat("b/", 90) + "x"})
	var zipped bytes.Buffer
	w := zip.NewWriter(&zipped)
	f, err := w.Create("zeros")
	if err == nil {
		_, err = f.Write(make([]byte, 100_000))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	var many []tar.Header
	for n := range 1001 {
		many = append(many, tar.Header{Typeflag: tar.TypeDir, Name: fmt.Sprint(n)})
	}
	for name, test := range map[string]struct {
		limit int64
		text  []byte
		want  string
	}{
		"bytes":   {50_000, zipped.Bytes(), `"zeros": the archive unpacks to more than 50000 bytes, the limit set by the program`},
		"entries": {50_000, archiveOf(t, many...), "the archive has more than 1000 entries, the limit set by the program"},
		"enough":  {100_000, zipped.Bytes(), ""},
		"usual":   {0, big, ""},
	} {
		if _, err := unpackText(t, test.limit, test.text); fmt.Sprint(err) != "<nil>" && (test.want == "" || !strings.Contains(err.Error(), test.want)) || err == nil && test.want != "" {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
	// Skipped bytes are read, too.
	var skipped bytes.Buffer
	g := gzip.NewWriter(&skipped)
	tw := tar.NewWriter(g)
	_ = tw.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "skipped", Size: 3 << 20})
	_, _ = tw.Write(make([]byte, 3<<20))
	if err := errors.Join(tw.Close(), g.Close()); err != nil {
		t.Fatal(err)
	}
	x := extraction{budget: newBudget(1000, 0)}
	if err := x.tar(archive.NewTar(x.budget.stream(must(gzip.NewReader(&skipped))), 1)); err == nil || !strings.Contains(err.Error(), "the archive unpacks to more than 1000 bytes") {
		t.Errorf("a skipped entry: %v", err)
	}
	// A zip of 172 kB that holds 48 GB.
	b := newBudget(0, 172_000)
	for b.written < 48e9 {
		if err = b.write(1 << 20); err != nil {
			break
		}
	}
	if want := "the archive unpacks to more than 1.1 GB, which is suspicious for its size; if that is right, raise the limit, for example with `unpack limit 100GB`"; fmt.Sprint(err) != want {
		t.Errorf("a bomb: %v, want %s", err, want)
	}
}

// TestUnpackCapabilities checks that a file keeps what the kernel clears on a write.
func TestUnpackCapabilities(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	value := "\x01\x00\x00\x02\x00\x04" + strings.Repeat("\x00", 14)
	h := tar.Header{Typeflag: tar.TypeReg, Name: "ping", Mode: 0o4755, PAXRecords: map[string]string{
		"SCHILY.xattr.security.capability": value, "SCHILY.xattr.security.selinux": "label", "SCHILY.xattr.com.apple.provenance": "x",
	}}
	out, err := unpackText(t, 0, archiveOf(t, h))
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 100)
	n, err := unix.Getxattr(filepath.Join(out, "ping"), "security.capability", got)
	if err != nil || string(got[:n]) != value {
		t.Errorf("the capability is %q, %v", got[:max(n, 0)], err)
	}
	if got, want := list(t, out), "ping urwxr-xr-x ping\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte("PK\x03\x04"))
	f.Add(bytes.Repeat([]byte{0}, 512))
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		file := filepath.Join(dir, "archive")
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		unpack(1, 0, file, filepath.Join(dir, "out"))
	})
}
