package rootfs

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/layc-lang/layc/compiler/lock"
)

// tarOf returns a tar archive from lines "NAME" (a file), "NAME/ UID:GID MODE" and "NAME ->
// TARGET".
func tarOf(t *testing.T, lines ...string) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, line := range lines {
		h := &tar.Header{Name: line, Mode: 0o644}
		if name, to, ok := strings.Cut(line, " -> "); ok {
			h = &tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeSymlink, Mode: 0o777}
		} else if name, rest, ok := strings.Cut(line, "/ "); ok {
			h = &tar.Header{Name: name + "/", Typeflag: tar.TypeDir}
			if _, err := fmt.Sscanf(rest, "%d:%d %o", &h.Uid, &h.Gid, &h.Mode); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestLook(t *testing.T) {
	base, err := Layers(tarOf(t,
		"./ 0:0 0700", "./usr/ 0:0 0755", "./usr/bin/ 0:0 0755", "./usr/lib/ 0:0 0755", "usr/bin/sh",
		"./bin -> usr/bin", "./usr/local/ 0:0 0755", "./usr/local/bin -> ../../bin", "lib -> /usr/lib", "lib64 -> lib",
		"./usr/bin/awk -> /etc/alternatives/awk", "nowhere -> /gone", "round -> round", "up -> ../../usr",
		"./root/ 0:0 0700", "tmp/ 0:0 1777", "var/mail/ 0:8 2775", "proc/ 0:0 0555", "dev/pts/ 0:0 0700",
		"opt/ 0:0 0700", "opt/ 0:0 0755", "data -> /srv/data", "srv/data/x/ 0:0 0755", "twice -> usr", "twice",
	))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(base.Links), "[{/bin /usr/bin} {/data /srv/data} {/lib /usr/lib} {/lib64 /usr/lib} {/up /usr} {/usr/local/bin /usr/bin}]"; got != want {
		t.Errorf("links are %s\nwant %s", got, want)
	}
	if got, want := fmt.Sprint(base.Dirs), "[{/root 0 0 0700} {/tmp 0 0 01777} {/var/mail 0 8 02775}]"; got != want {
		t.Errorf("directories are %s\nwant %s", got, want)
	}
}

func TestLookFails(t *testing.T) {
	text := tarOf(t, "a", "b").Bytes()
	if _, err := Layers(bytes.NewReader(text[:700])); err == nil || !strings.Contains(err.Error(), "reading a tar archive") {
		t.Errorf("a truncated archive: %v", err)
	}
	for _, name := range []string{"etc/.wh.passwd", "./.wh..wh..opq", "a/.wh.b/c"} {
		if _, err := Layers(tarOf(t, name)); err == nil || !strings.Contains(err.Error(), "begins with .wh.") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMaliciousArchives checks the limits for malicious archives.
func TestMaliciousArchives(t *testing.T) {
	link := func(name, to string) *tar.Header {
		return &tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeSymlink}
	}
	long := []*tar.Header{link("l", "x")}
	for i := range 200 { // each leads through 39 others, in 1,300 steps each
		long = append(long, link(fmt.Sprintf("l%d", i), strings.Repeat("../", 1300)+"l"))
	}
	long = append(long, link("l", strings.Repeat("../", 1300)+"l2"), link("l2", strings.Repeat("../", 1300)+"l"))
	for what, test := range map[string]struct {
		headers []*tar.Header
		want    string
	}{
		"depth":       {[]*tar.Header{{Name: strings.Repeat("a/", 3000), Typeflag: tar.TypeDir}}, "is too long"},
		"length":      {[]*tar.Header{{Name: strings.Repeat("a", 5000), Typeflag: tar.TypeDir}}, "is too long"},
		"long target": {[]*tar.Header{link("l", strings.Repeat("../", 3000))}, "is too long"},
		"many links":  {long, "lead through too many other links"},
		"deep enough": {[]*tar.Header{{Name: strings.Repeat("a/", 250), Typeflag: tar.TypeDir, Mode: 0o755}}, ""},
	} {
		var out bytes.Buffer
		w := tar.NewWriter(&out)
		for _, h := range test.headers {
			if err := w.WriteHeader(h); err != nil {
				t.Fatal(err)
			}
		}
		w.Close()
		_, err := Layers(&out)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: got %v, want %q", what, err, test.want)
		}
	}
}

func FuzzLook(f *testing.F) {
	f.Add([]byte("x"))
	f.Fuzz(func(t *testing.T, text []byte) {
		base, err := Layers(bytes.NewReader(text))
		for _, l := range base.Links {
			if err != nil || l.Path == l.To {
				t.Errorf("%v, %v", l, err)
			}
		}
	})
}

// The first record of a name counts, and records that no name service reads are left out.
func TestAccounts(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, text := range map[string]string{
		"./etc/passwd": "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:34::/:\nwww-data:x:1:1::/:\n:x:5:5::/:\nshort:x:1\nbig:x:4294967296:1::/:\nno number:x:1:1::/:\n+nis::::::\nminus:x:-1:1::/:\nend:x:7:8",
		"./etc/group":  "root:x:0:\nadm:*:4:syslog\nbad:x:x:\n",
	} {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	const want = "[{root 0 0} {www-data 33 34} {end 7 8}] [{root 0} {adm 4}]"
	for name, look := range map[string]func() (lock.Base, error){
		"layers":  func() (lock.Base, error) { return Layers(bytes.NewReader(b.Bytes())) },
		"archive": func() (lock.Base, error) { return Archive(bytes.NewReader(b.Bytes()), 0) },
	} {
		base, err := look()
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(base.Users, base.Groups); got != want || !base.Configured {
			t.Errorf("%s: users and groups are %s\nwant %s", name, got, want)
		}
	}
}
