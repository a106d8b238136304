package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
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
)

// writeDeb writes a package with the given control fields and files, and
// returns its path.
func writeDeb(t *testing.T, dir, control string, files ...tar.Header) string {
	t.Helper()
	archive := func(headers []tar.Header, content string) []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		w := tar.NewWriter(z)
		for _, h := range headers {
			if h.Typeflag == tar.TypeReg {
				h.Size = int64(len(content))
			}
			if err := w.WriteHeader(&h); err != nil {
				t.Fatal(err)
			}
			if h.Typeflag == tar.TypeReg {
				w.Write([]byte(content))
			}
		}
		w.Close()
		z.Close()
		return out.Bytes()
	}
	var deb bytes.Buffer
	deb.WriteString("!<arch>\n")
	member := func(name string, body []byte) {
		fmt.Fprintf(&deb, "%-16s%-12d%-6d%-6d%-8o%-10d`\n", name, 0, 0, 0, 0o100644, len(body))
		deb.Write(body)
		if len(body)%2 == 1 {
			deb.WriteByte('\n')
		}
	}
	member("debian-binary", []byte("2.0\n"))
	member("control.tar.gz", archive([]tar.Header{{Typeflag: tar.TypeReg, Name: "./control", Mode: 0o644}}, control))
	member("data.tar.gz", archive(files, "content"))
	name, _, _ := strings.Cut(strings.TrimPrefix(control, "Package: "), "\n")
	path := filepath.Join(dir, name+".deb")
	if err := os.WriteFile(path, deb.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCompressions reads packages with all compressions that dpkg packs with: Ubuntu's have zstd.
func TestCompressions(t *testing.T) {
	dir := t.TempDir()
	plain := func(name string) []byte {
		var out bytes.Buffer
		w := tar.NewWriter(&out)
		text := "Package: " + name + "\n"
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "./control", Mode: 0o644, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(w, text)
		w.Close()
		return out.Bytes()
	}
	for ext, writer := range map[string]func(io.Writer) (io.WriteCloser, error){
		"":     nil,
		".gz":  func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
		".xz":  func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) },
		".zst": func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
	} {
		body := plain("p" + ext)
		if writer != nil {
			var out bytes.Buffer
			w, err := writer(&out)
			if err != nil {
				t.Fatal(err)
			}
			w.Write(body)
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			body = out.Bytes()
		}
		file := filepath.Join(dir, "p"+ext+".deb")
		deb := fmt.Sprintf("!<arch>\n%-16s%-12d%-6d%-6d%-8o%-10d`\n%s", "control.tar"+ext, 0, 0, 0, 0o100644, len(body), body)
		if err := os.WriteFile(file, []byte(deb), 0o644); err != nil {
			t.Fatal(err)
		}
		if c, err := readControl(file); err != nil || c["package"] != "p"+ext {
			t.Errorf("control.tar%s: %v, %v", ext, c, err)
		}
	}
}

func TestOrder(t *testing.T) {
	tests := []struct{ name, packages, want string }{
		{"no pre-dependencies", "a: Depends: b; b: Depends: a; c:", "unpack a b c, configure --pending"},
		{"one", "a: Pre-Depends: b (>= 2); b:", "unpack b, configure b, unpack a, configure --pending"},
		{"a pre-dependency with needs", "a: Pre-Depends: b | x; b: Depends: c; c:; d:", "unpack b c d, configure b c, unpack a, configure --pending"},
		{"a package with later needs", "a: Depends: b; b: Pre-Depends: c; c:", "unpack a c, configure c, unpack b, configure --pending"},
		{"through a provided name", "a: Pre-Depends: awk; mawk: Provides: awk (= 1), other", "unpack mawk, configure mawk, unpack a, configure --pending"},
		{"a chain", "a: Pre-Depends: b; b: Pre-Depends: c; c:", "unpack c, configure c, unpack b, configure b, unpack a, configure --pending"},
		{"a package that is unpacked and cannot be configured yet", "a: Pre-Depends: b; b: Depends: c; c: Pre-Depends: d; d:",
			"unpack b d, configure d, unpack c, configure b c, unpack a, configure --pending"},
		{"there already", "a: Pre-Depends: dpkg", "unpack a, configure --pending"},
		{"a cycle, which dpkg refuses", "a: Pre-Depends: b; b: Pre-Depends: a; c:", "unpack c, unpack a b, configure --pending"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			var debs []string
			for p := range strings.SplitSeq(test.packages, ";") {
				name, fields, _ := strings.Cut(strings.TrimSpace(p), ":")
				debs = append(debs, writeDeb(t, dir, fmt.Sprintf("Package: %s\n%s\n", name, strings.TrimSpace(fields))))
			}
			steps, err := order(debs)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range steps {
				text := strings.TrimPrefix(s.verb, "--")
				for _, operand := range s.operands {
					text += " " + strings.TrimSuffix(filepath.Base(operand), ".deb")
				}
				got = append(got, text)
			}
			if got := strings.Join(got, ", "); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestEnvironment checks what programs of the system find, by the last value of each name.
func TestEnvironment(t *testing.T) {
	for _, test := range []struct {
		more []string
		want map[string]string
	}{
		{nil, map[string]string{"LC_ALL": "C.UTF-8", "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"}},
		{[]string{"A=x=y\n", "PATH=/opt/bin:/bin"}, map[string]string{"A": "x=y\n", "PATH": "/opt/bin:/bin", "LC_ALL": "C.UTF-8"}},
		{[]string{"LANG=de_DE.UTF-8"}, map[string]string{"LANG": "de_DE.UTF-8", "LC_ALL": ""}},
		{[]string{"LC_CTYPE=C"}, map[string]string{"LC_CTYPE": "C", "LC_ALL": ""}},
		{[]string{"DEBIAN_FRONTEND=dialog", "PYTHONHASHSEED=random", "SOURCE_DATE_EPOCH=1", "DEBCONF_NONINTERACTIVE_SEEN=false", "TERM=xterm"},
			map[string]string{"DEBIAN_FRONTEND": "noninteractive", "PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": "315532800", "DEBCONF_NONINTERACTIVE_SEEN": "true", "TERM": "xterm"}},
	} {
		got := map[string]string{}
		for _, v := range environmentWith(test.more) {
			name, value, _ := strings.Cut(v, "=")
			got[name] = value
		}
		for name, want := range test.want {
			if got[name] != want {
				t.Errorf("%q: %s is %q, want %q", test.more, name, got[name], want)
			}
		}
	}
}

func TestOrderErrors(t *testing.T) {
	deb := writeDeb(t, t.TempDir(), "Package: web\nDepends: libc6 (2.36)\n")
	_, err := order([]string{deb})
	if want := `package web has a malformed field depends: "libc6 (2.36)": missing operator before the version`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestUnpack(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can change owners")
	}
	root, dir := t.TempDir(), t.TempDir()
	if err := skeleton(root); err != nil {
		t.Fatal(err)
	}
	made := time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	deb := writeDeb(t, dir, "Package: tool\n",
		tar.Header{Typeflag: tar.TypeDir, Name: "./", Mode: 0o755},
		tar.Header{Typeflag: tar.TypeDir, Name: "./bin/", Mode: 0o700},
		tar.Header{Typeflag: tar.TypeReg, Name: "./bin/tool", Mode: 0o4755, Uid: 3, Gid: 4, ModTime: made},
		tar.Header{Typeflag: tar.TypeLink, Name: "./bin/same", Linkname: "./bin/tool"},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "./etc/link", Linkname: "/bin/tool"},
	)
	for range 2 { // the second time over existing files
		if err := unpackAll(root, []string{deb}); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(filepath.Join(root, "usr/bin/tool")) // /bin is a link
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o755|fs.ModeSetuid || !info.ModTime().Equal(made) {
		t.Errorf("got mode %v, time %v, want -u rwxr-xr-x, %v", info.Mode(), info.ModTime(), made)
	}
	same, err := os.Stat(filepath.Join(root, "usr/bin/same"))
	if err != nil || !os.SameFile(info, same) {
		t.Errorf("the hard link is a separate file: %v", err)
	}
	if link, _ := os.Readlink(filepath.Join(root, "etc/link")); link != "/bin/tool" {
		t.Errorf("the link leads to %q", link)
	}
	if dir, _ := os.Stat(filepath.Join(root, "usr/bin")); dir.Mode().Perm() != 0o755 {
		t.Errorf("a package's directory changed the target of a link: %v", dir.Mode())
	}

	bad := writeDeb(t, dir, "Package: bad\n", tar.Header{Typeflag: tar.TypeReg, Name: "../../out", Mode: 0o644})
	if err := unpackAll(root, []string{bad}); err == nil || !strings.Contains(err.Error(), "leads outside the package") {
		t.Errorf("got %v for a path outside the package", err)
	}
}

func TestNoPackage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.deb")
	for text, want := range map[string]string{
		"<html>":             "is not a Debian package",
		"!<arch>\n":          "has no control.tar",
		"!<arch>\nnonsense:": "has no control.tar",
	} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := readControl(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want … %s …", text, err, want)
		}
	}
}

func TestCleanAndSettle(t *testing.T) {
	root := t.TempDir()
	old := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	write := func(name, text string, at time.Time) {
		path := filepath.Join(root, name)
		os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		os.Chtimes(path, at, at)
	}
	start := time.Now().Add(-time.Minute)
	for _, name := range []string{"var/log/dpkg.log", "etc/passwd-", "tmp/x/y", "tmp/.hidden", "var/cache/ldconfig/aux-cache", "etc/ssh/ssh_host_rsa_key"} {
		write(name, "x", time.Now())
	}
	write("etc/machine-id", "0123\n", old)
	write("tmp/placed", "x", old)
	before, err := left(root)
	if err != nil {
		t.Fatal(err)
	}
	for p := range before {
		before[p] = strings.HasSuffix(p, "/placed")
	}
	write("etc/new", "x", time.Now())
	write("etc/packaged", "x", old)
	os.Symlink("nowhere", filepath.Join(root, "etc/dangling"))
	if err := clean(root, before); err != nil {
		t.Fatal(err)
	}
	if err := settle(root, start); err != nil {
		t.Fatal(err)
	}
	var got []string
	filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if info, err := entry.Info(); err == nil && (!entry.IsDir() || !info.ModTime().Equal(epoch)) {
			name, _ := filepath.Rel(root, path)
			got = append(got, fmt.Sprintf("%s %d %d", name, info.Size(), info.ModTime().UTC().Year()))
		}
		return err
	})
	want := "etc/dangling 7 1980\netc/machine-id 0 1980\netc/new 1 1980\netc/packaged 1 2020\ntmp/placed 1 2020"
	if got := strings.Join(got, "\n"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// keystore returns a JKS of certificates with these names, all created at the time at.
func keystore(at time.Time, names ...string) []byte {
	var out bytes.Buffer
	put := func(v any) { binary.Write(&out, binary.BigEndian, v) }
	text := func(s string) { put(uint16(len(s))); out.WriteString(s) }
	put(uint32(jksMagic))
	put(uint32(jksVersion))
	put(uint32(len(names)))
	for _, name := range names {
		put(uint32(jksTrusted))
		text(name)
		put(uint64(at.UnixMilli()))
		text("X.509")
		put(uint32(4))
		out.WriteString("cert")
	}
	return append(out.Bytes(), jksSum(out.Bytes())...)
}

func TestSettledKeystore(t *testing.T) {
	want := keystore(epoch, "a", "b", "aa")
	for _, text := range [][]byte{
		keystore(time.Now(), "b", "aa", "a"),
		keystore(time.Now().Add(time.Hour), "a", "b", "aa"),
		want,
	} {
		got, err := settledKeystore(text)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("got  %x, %v\nwant %x", got, err, want)
		}
	}
	short := keystore(epoch, "a")
	short = short[:len(short)-30]
	for name, text := range map[string][]byte{
		"another format": []byte("PKCS12, which is longer than a header and a checksum"),
		"too short":      {0xfe},
		"a wrong sum":    append(bytes.Clone(want[:len(want)-1]), 0),
	} {
		if got, err := settledKeystore(text); got != nil || err != nil {
			t.Errorf("%s: got %x, %v, want it left alone", name, got, err)
		}
	}
	if _, err := settledKeystore(append(short, jksSum(short)...)); err == nil {
		t.Error("no error for a keystore that ends in the middle of an entry")
	}
}

func FuzzKeystore(f *testing.F) {
	f.Add(keystore(epoch, "a", "b"))
	f.Fuzz(func(t *testing.T, body []byte) {
		settledKeystore(append(body, jksSum(body)...))
	})
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"base"}, {"remove", "x"}} {
		if err := run(args); err == nil || !strings.HasPrefix(err.Error(), "usage:") {
			t.Errorf("run(%q): %v, want the usage", args, err)
		}
	}
	if err := run([]string{"install", t.TempDir()}); err == nil || !strings.HasPrefix(err.Error(), "no packages in ") {
		t.Errorf("an empty directory: %v", err)
	}
}
