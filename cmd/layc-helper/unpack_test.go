package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

func TestUnpackTar(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	add := func(h tar.Header, text string) {
		h.Size = int64(len(text))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(text))
	}
	add(tar.Header{Name: "app-1/", Typeflag: tar.TypeDir, Mode: 0o555}, "")
	add(tar.Header{Name: "app-1/bin/run", Typeflag: tar.TypeReg, Mode: 0o755}, "#!/bin/sh\n")
	add(tar.Header{Name: "app-1/latest", Typeflag: tar.TypeSymlink, Linkname: "bin/run"}, "")
	add(tar.Header{Name: "app-1/again", Typeflag: tar.TypeLink, Linkname: "app-1/bin/run"}, "")
	w.Close()
	z.Close()

	dir := extract(t, b.Bytes(), 1)
	info, err := os.Stat(filepath.Join(dir, "bin/run"))
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("bin/run: %v, %v; want mode 0755", info, err)
	}
	if to, _ := os.Readlink(filepath.Join(dir, "latest")); to != "bin/run" {
		t.Errorf("latest points to %q, want bin/run", to)
	}
	again, err := os.Stat(filepath.Join(dir, "again"))
	if err != nil || !os.SameFile(info, again) {
		t.Errorf("again is not a hard link to bin/run (%v)", err)
	}
}

func TestUnpackZip(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "wlp/bin/server"}
	h.SetMode(0o755)
	f, _ := w.CreateHeader(h)
	f.Write([]byte("#!/bin/sh\n"))
	w.Close()

	dir := extract(t, b.Bytes(), 0)
	info, err := os.Stat(filepath.Join(dir, "wlp/bin/server"))
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("wlp/bin/server: %v, %v; want mode 0755", info, err)
	}
}

// Names that would lead out of the directory stay in it.
func TestUnpackOutside(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	w.WriteHeader(&tar.Header{Name: "out", Typeflag: tar.TypeSymlink, Linkname: "/"})
	w.WriteHeader(&tar.Header{Name: "out/escaped", Typeflag: tar.TypeReg, Mode: 0o644})
	w.Close()
	err := tryExtract(t, b.Bytes(), 0, t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "out/escaped") {
		t.Errorf("unpack of a file beneath a link to / gives %v, want an error that names it", err)
	}
}

func TestUnpackNoArchive(t *testing.T) {
	err := tryExtract(t, bytes.Repeat([]byte("no archive "), 100), 0, t.TempDir())
	if want := "this is neither a zip nor a tar archive"; err == nil || err.Error() != want {
		t.Errorf("unpack of text gives %v, want %q", err, want)
	}
}

func extract(t *testing.T, archive []byte, strip int) string {
	t.Helper()
	dir := t.TempDir()
	if err := tryExtract(t, archive, strip, dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func tryExtract(t *testing.T, archive []byte, strip int, dir string) error {
	t.Helper()
	file := filepath.Join(t.TempDir(), "archive")
	if err := os.WriteFile(file, archive, 0o600); err != nil {
		t.Fatal(err)
	}
	return unpackArchive(file, dir, strip)
}
