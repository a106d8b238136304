//go:build linux

package llb_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/layc-lang/layc/llb"
)

// TestRootfsForms builds on one root file system, compressed in all formats, on two empty
// engines. The layers are equal and have the archive's content, with the canonical time where the
// archive has no time.
func TestRootfsForms(t *testing.T) {
	when := time.Unix(1_000_000_000, 0)
	plain := tarOf(t,
		tar.Header{Typeflag: tar.TypeDir, Name: "./", Mode: 0o755, ModTime: when},
		tar.Header{Typeflag: tar.TypeReg, Name: "usr/bin/su", Mode: 0o4711, Uid: 5, Gid: 6, ModTime: when},
		tar.Header{Typeflag: tar.TypeReg, Name: "usr/bin/ping", Mode: 0o755, Uid: 5, ModTime: when,
			PAXRecords: map[string]string{"SCHILY.xattr.security.capability": "\x01\x00\x00\x02\x00\x04" + strings.Repeat("\x00", 14)}},
		tar.Header{Typeflag: tar.TypeLink, Name: "usr/bin/pong", Linkname: "usr/bin/ping"},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "sbin", Linkname: "/usr/bin", Uid: 7, ModTime: when},
		tar.Header{Typeflag: tar.TypeReg, Name: "sbin/init", Mode: 0o755, ModTime: when},
		tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777, ModTime: when},
		tar.Header{Typeflag: tar.TypeReg, Name: "tmp/large", Mode: 0o600, Uid: 3_000_000_000, ModTime: when},
		tar.Header{Typeflag: tar.TypeChar, Name: "dev/null", Mode: 0o666, Devmajor: 1, Devminor: 3, Gid: 2, ModTime: when},
		tar.Header{Typeflag: tar.TypeBlock, Name: "dev/disk", Mode: 0o660, Devmajor: 8, Devminor: 300, ModTime: when},
		tar.Header{Typeflag: tar.TypeFifo, Name: "run/pipe", Mode: 0o622, ModTime: when},
		tar.Header{Typeflag: tar.TypeReg, Name: "etc/old", Mode: 0o644, ModTime: time.Unix(-1000, 0)},
	)
	archives := map[string][]byte{"/tar": plain}
	for _, program := range []string{"gzip", "bzip2", "xz", "zstd"} {
		cmd := exec.Command(program, "-c")
		cmd.Stdin = bytes.NewReader(plain)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", program, err)
		}
		archives["/"+program] = out
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, bytes.NewReader(archives[r.URL.Path])) }))
	defer server.Close()
	layers := map[string]string{} // by digest
	for range 2 {
		b := newBuilder(t)
		for name, text := range archives {
			files, result, err := b.build(fmt.Sprintf(`
fleet {
    base base
}

component base {
    rootfs "%s%s" sha256 "%x"
}

app a {
}
`, server.URL, name, sha256.Sum256(text)), nil)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			layers[result.Images[0].Layers[0].Digest.String()] = name
			if name != "/tar" {
				continue
			}
			var got strings.Builder
			for _, name := range slices.Sorted(maps.Keys(files)) {
				f := files[name]
				age := "archive"
				if f.ModTime.Unix() == llb.Epoch {
					age = "layc"
				} else if !f.ModTime.Equal(when) {
					age = fmt.Sprint(f.ModTime.Unix())
				}
				fmt.Fprintf(&got, "%s %c%s %o %d:%d %d:%d %s %d\n", name, f.Typeflag, f.Linkname, f.Mode, f.Uid, f.Gid, f.Devmajor, f.Devminor, age, len(f.PAXRecords["SCHILY.xattr.security.capability"]))
			}
			if want := `/dev 5 755 0:0 0:0 layc 0
/dev/disk 4 660 0:0 8:300 archive 0
/dev/null 3 666 0:2 1:3 archive 0
/etc 5 755 0:0 0:0 layc 0
/etc/old 0 644 0:0 0:0 -1000 0
/run 5 755 0:0 0:0 layc 0
/run/pipe 6 622 0:0 0:0 archive 0
/sbin 2/usr/bin 777 7:0 0:0 archive 0
/tmp 5 1777 0:0 0:0 archive 0
/tmp/large 0 600 3000000000:0 0:0 archive 0
/usr 5 755 0:0 0:0 layc 0
/usr/bin 5 755 0:0 0:0 layc 0
/usr/bin/init 0 755 0:0 0:0 archive 0
/usr/bin/ping 0 755 5:0 0:0 archive 20
/usr/bin/pong 1usr/bin/ping 755 5:0 0:0 archive 20
/usr/bin/su 0 4711 5:6 0:0 archive 0
`; got.String() != want {
				t.Errorf("got\n%swant\n%s", got.String(), want)
			}
		}
	}
	if len(layers) != 1 {
		t.Errorf("got %d layers: %v", len(layers), layers)
	}
}
