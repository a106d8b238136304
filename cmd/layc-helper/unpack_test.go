package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
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

func zipOf(t *testing.T) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate}
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

// list shows a directory: path, permissions, content or target; and whatever
// doesn't bear the canonical time.
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
	for name, text := range map[string][]byte{"tar": plain, "tar.gz": gz.Bytes(), "tar.xz": x.Bytes(), "tar.zst": zst.Bytes(), "zip": zipOf(t)} {
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
		if want := "the archive holds nothing below 9 leading directories"; err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

func TestUnpackRefuses(t *testing.T) {
	entries := func(headers ...tar.Header) []byte {
		var out bytes.Buffer
		w := tar.NewWriter(&out)
		for _, h := range headers {
			if err := w.WriteHeader(&h); err != nil {
				t.Fatal(err)
			}
		}
		w.Close()
		return out.Bytes()
	}
	tests := []struct {
		name string
		text []byte
		want string
	}{
		{"a path that leads out", entries(tar.Header{Typeflag: tar.TypeReg, Name: "a/../../x"}), "unpacking the archive: a/../../x: the path leads out of the archive"},
		{"a link that leads out", entries(
			tar.Header{Typeflag: tar.TypeSymlink, Name: "out", Linkname: "/"},
			tar.Header{Typeflag: tar.TypeReg, Name: "out/x"}), "path escapes from parent"},
		{"a device", entries(tar.Header{Typeflag: tar.TypeChar, Name: "dev"}), "unpacking the archive: dev: unexpected kind of file '3'"},
		{"no archive", bytes.Repeat([]byte("<html>"), 200), "unpacking the archive: it is neither a zip nor a tar file"},
		{"half a zip", zipOf(t)[:100], "unpacking the archive: zip: not a valid zip file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "archive")
			if err := os.WriteFile(file, test.text, 0o644); err != nil {
				t.Fatal(err)
			}
			err := unpack(0, file, filepath.Join(dir, "out"))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
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
		unpack(1, file, filepath.Join(dir, "out"))
	})
}
