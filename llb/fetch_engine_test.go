//go:build linux

package llb_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
)

func TestDownloads(t *testing.T) {
	b := newBuilder(t)
	t.Run("places", func(t *testing.T) { downloadsPlaced(t, b) })
	t.Run("servers", func(t *testing.T) { serversFail(t, b) })
}

// serversFail downloads from failing servers: temporary errors are retried, other errors are
// reported.
func serversFail(t *testing.T, b *builder) {
	asked := map[string]int{}
	var lock sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lock.Lock()
		asked[r.URL.Path]++
		n := asked[r.URL.Path]
		lock.Unlock()
		switch {
		case r.URL.Path == "/busy" && n == 1:
			w.WriteHeader(http.StatusTooManyRequests)
		case r.URL.Path == "/cut" && n == 1:
			w.Header().Set("Content-Length", "4")
			fmt.Fprint(w, "/c")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		case r.URL.Path == "/none":
			w.WriteHeader(http.StatusNoContent)
		case r.URL.Path == "/gone":
			http.NotFound(w, r)
		case r.URL.Path == "/other":
			fmt.Fprint(w, "other")
		default:
			fmt.Fprint(w, r.URL.Path)
		}
	}))
	defer server.Close()
	build := func(path string) (map[string]file, error) {
		program := runBase + fmt.Sprintf(`
component c {
    fetch "%s%s" sha256 "%x" to "/opt/list"
}
`, server.URL, path, sha256.Sum256([]byte(path)))
		files, _, err := b.build(program, nil)
		return files, err
	}
	for _, path := range []string{"/busy", "/cut"} {
		if files, err := build(path); err != nil || files["/opt/list"].text != path || asked[path] != 2 {
			t.Errorf("%s: %q, %v, asked %d times", path, files["/opt/list"].text, err, asked[path])
		}
	}
	_, err := build("/gone")
	var unavailable *engine.UnavailableError
	if want := "cannot fetch " + server.URL + "/gone: the server responded with 404 Not Found\nthe file is gone or the URL is wrong"; !errors.As(err, &unavailable) || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("a file that is gone: %v", err)
	}
	_, err = build("/none")
	if want := "cannot fetch " + server.URL + "/none: the server responded with 204 No Content\n"; !errors.As(err, &unavailable) || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("a file without content: %v", err)
	}
	_, err = build("/other")
	var step *engine.StepError
	if !errors.As(err, &step) || !strings.Contains(err.Error(), "digest mismatch") {
		t.Errorf("another file: %v", err)
	}
}

// downloadsPlaced builds an image of downloads: an archive unpacked to the root, with all mode
// bits and capabilities, and files that need parents.
func downloadsPlaced(t *testing.T, b *builder) {
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
		t.Error("a hard link is a separate file")
	}
}
