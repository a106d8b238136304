//go:build linux

package llb_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/layc-lang/layc/llb"
)

// TestDownloads builds an image of downloads: what is unpacked to the root, with
// all bits of modes and capabilities, and files that need parents.
func TestDownloads(t *testing.T) {
	b := newBuilder(t)
	capability := "\x01\x00\x00\x02\x00\x04" + strings.Repeat("\x00", 14)
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, h := range []tar.Header{
		{Name: "./", Typeflag: tar.TypeDir, Mode: 0o700},
		{Name: "usr/bin/su", Typeflag: tar.TypeReg, Mode: 0o4755, Uid: 7},
		{Name: "usr/bin/ping", Typeflag: tar.TypeReg, Mode: 0o755, PAXRecords: map[string]string{"SCHILY.xattr.security.capability": capability}},
		{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777},
		{Name: "srv/shared/", Typeflag: tar.TypeDir, Mode: 0o2775},
		{Name: "srv/./x/../shared/file", Typeflag: tar.TypeReg, Mode: 0o640},
		{Name: "srv/again", Typeflag: tar.TypeLink, Linkname: "srv/shared/file"},
	} {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/archive.tar" {
			_, _ = w.Write(archive.Bytes())
			return
		}
		fmt.Fprint(w, "list")
	}))
	defer server.Close()
	program := runBase + fmt.Sprintf(`
component c {
    fetch "$SERVER/archive.tar" sha256 "%x" unpack to "/"
    fetch "$SERVER/list.txt" sha256 "%[2]x" to "/etc/list.txt" mode 0600
    fetch "$SERVER/list.txt" sha256 "%[2]x" to "/var/new/list.txt" owner "3:4"
    fetch "$SERVER/archive.tar" sha256 "%[1]x" unpack to "/opt/archive/" owner "5:6" mode "g-w"
}
`, sha256.Sum256(archive.Bytes()), sha256.Sum256([]byte("list")))
	files, _, err := b.build(strings.ReplaceAll(program, "$SERVER", server.URL), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"/etc":              "755 0:0",
		"/etc/list.txt":     "600 0:0",
		"/var/new":          "755 0:0",
		"/var/new/list.txt": "644 3:4",
		"/usr":              "755 0:0",
		"/usr/bin/su":       "4755 0:0",
		"/usr/bin/ping":     "755 0:0",
		"/tmp":              "1777 0:0",
		"/srv/shared":       "2775 0:0",
		"/srv/shared/file":  "640 0:0",
		"/opt":              "755 0:0",
		"/opt/archive/tmp":  "1757 5:6",

		"/opt/archive/usr/bin/su": "4755 5:6",
	} {
		f := files[name]
		if got := fmt.Sprintf("%o %d:%d", f.Mode, f.Uid, f.Gid); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
		if strings.HasPrefix(name, "/etc/list") && f.ModTime.Unix() != llb.Epoch {
			t.Errorf("%s has the time %v", name, f.ModTime)
		}
	}
	for _, name := range []string{"/usr/bin/ping", "/opt/archive/usr/bin/ping"} {
		if got := files[name].PAXRecords["SCHILY.xattr.security.capability"]; got != capability {
			t.Errorf("%s has the capabilities %q", name, got)
		}
	}
	if a, b := files["/srv/again"], files["/srv/shared/file"]; a.Typeflag != tar.TypeLink && b.Typeflag != tar.TypeLink {
		t.Error("a hard link became a file of its own")
	}
}
