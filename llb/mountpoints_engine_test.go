//go:build linux

package llb_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/layc-lang/layc/llb/engine"
)

// TestMountPoints builds steps on bases whose mount points are of the wrong kind, or links.
func TestMountPoints(t *testing.T) {
	b := newBuilder(t)
	bases := map[string][]byte{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(bases[r.URL.Path])
	}))
	t.Cleanup(server.Close)
	system := rootfs(t)
	for _, c := range []struct {
		entry tar.Header
		want  string
	}{
		{tar.Header{Name: "proc", Typeflag: tar.TypeSymlink, Linkname: "etc"}, "/proc is a link"},
		{tar.Header{Name: "sys", Typeflag: tar.TypeSymlink, Linkname: "etc"}, "/sys is a link"},
		{tar.Header{Name: "dev", Typeflag: tar.TypeReg}, "/dev is not a directory"},
		{tar.Header{Name: "dev", Typeflag: tar.TypeSymlink, Linkname: "devices"}, ""},
		{tar.Header{Name: "etc/hosts/", Typeflag: tar.TypeDir}, "/etc/hosts is a directory"},
		{tar.Header{Name: "etc/resolv.conf/", Typeflag: tar.TypeDir}, "/etc/resolv.conf is a directory"},
		{tar.Header{Name: "etc/resolv.conf", Typeflag: tar.TypeSymlink, Linkname: "../run/resolv.conf"}, ""},
	} {
		text := with(t, system, c.entry)
		sum := fmt.Sprintf("%x", sha256.Sum256(text))
		bases["/"+sum] = text
		_, _, err := b.build(fmt.Sprintf(`
fleet {
    base base
}

component base {
    rootfs %q sha256 %q
}

component tool {
    run "write /opt/tool text"
}

app a {
    uses tool
}
`, server.URL+"/"+sum, sum), nil)
		var step *engine.StepError
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s to %q: %v", c.entry.Name, c.entry.Linkname, err)
		case c.want != "" && (!errors.As(err, &step) || !strings.HasPrefix(step.Err.Error(), c.want+": no step can start")):
			t.Errorf("%s: got %v, want %s", c.entry.Name, err, c.want)
		}
	}
}

// with returns an archive with an entry in the place of the one of that name.
func with(t *testing.T, archive []byte, entry tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	entry.Mode = 0o755
	err := w.WriteHeader(&entry)
	for r := tar.NewReader(bytes.NewReader(archive)); err == nil; {
		var h *tar.Header
		if h, err = r.Next(); errors.Is(err, io.EOF) {
			break
		}
		if err == nil && strings.Trim(h.Name, "/") != strings.Trim(entry.Name, "/") {
			err = w.WriteHeader(h)
			if err == nil {
				_, err = io.Copy(w, r)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
