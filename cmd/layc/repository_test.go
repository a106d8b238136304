package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/layc-lang/layc/llb/exact"
)

// vendor is a package repository with a key of its own, behind a password.
type vendor struct {
	*testing.T
	*httptest.Server
	files map[string][]byte
	root  string // the path of the repository: "" or "/debian"
	key   *openpgp.Entity
}

const vendorPassword = "s3cret-vendor"

func newVendor(t *testing.T) *vendor {
	t.Helper()
	v := &vendor{T: t, files: map[string][]byte{}}
	var err error
	config := &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return time.Now().Add(-time.Hour) }}
	if v.key, err = openpgp.NewEntity("vendor", "", "vendor@example.com", config); err != nil {
		t.Fatal(err)
	}
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := v.files[r.URL.Path]
		switch _, password, _ := r.BasicAuth(); {
		case password != vendorPassword:
			w.WriteHeader(http.StatusUnauthorized)
		case !ok:
			http.NotFound(w, r)
		default:
			w.Write(text)
		}
	}))
	t.Cleanup(v.Close)
	return v
}

// url is the URL of the repository with its password.
func (v *vendor) url() string {
	return strings.Replace(v.URL, "http://", "http://user:"+vendorPassword+"@", 1)
}

// public is the public key.
func (v *vendor) public() string {
	var out bytes.Buffer
	if err := v.key.Serialize(&out); err != nil {
		v.Fatal(err)
	}
	return out.String()
}

// suite publishes a list of packages.
func (v *vendor) suite(name, packages string) {
	v.Helper()
	release := fmt.Sprintf("Suite: %s\nSHA256:\n %x %d main/binary-amd64/Packages\n", name, sha256.Sum256([]byte(packages)), len(packages))
	var signed bytes.Buffer
	w, err := clearsign.Encode(&signed, v.key.PrivateKey, nil)
	if err != nil {
		v.Fatal(err)
	}
	fmt.Fprint(w, release)
	w.Close()
	v.files[v.root+"/dists/"+name+"/InRelease"] = signed.Bytes()
	v.files[v.root+"/dists/"+name+"/main/binary-amd64/Packages"] = []byte(packages)
}

// deb serves a package with one program, and scripts by their names.
func (v *vendor) deb(path, control, file, program string, scripts map[string]string) {
	v.Helper()
	archive := func(files map[string]string) []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		w := tar.NewWriter(z)
		for name, content := range files {
			for at, c := range name {
				if c == '/' && at > 1 { // dpkg makes no parents
					if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name[:at+1], Mode: 0o755}); err != nil {
						v.Fatal(err)
					}
				}
			}
			if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755, Size: int64(len(content))}); err != nil {
				v.Fatal(err)
			}
			fmt.Fprint(w, content)
		}
		w.Close()
		z.Close()
		return out.Bytes()
	}
	var deb bytes.Buffer
	deb.WriteString("!<arch>\n")
	about := map[string]string{"./control": control}
	for name, script := range scripts {
		about["./"+name] = script
	}
	for _, member := range []struct {
		name string
		body []byte
	}{
		{"debian-binary", []byte("2.0\n")},
		{"control.tar.gz", archive(about)},
		{"data.tar.gz", archive(map[string]string{"." + file: program})},
	} {
		fmt.Fprintf(&deb, "%-16s%-12d%-6d%-6d%-8o%-10d`\n", member.name, 0, 0, 0, 0o100644, len(member.body))
		deb.Write(member.body)
		if len(member.body)%2 == 1 {
			deb.WriteByte('\n')
		}
	}
	v.files[v.root+path] = deb.Bytes()
}

// TestRepository locks a base with a repository, and changes the repository.
func TestRepository(t *testing.T) {
	distribution, v := newVendor(t), newVendor(t)
	entry := func(name, version, more string) string {
		return fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: amd64\nFilename: pool/%s.deb\nSize: 1\nSHA256: %064x\n%s\n", name, version, name, 1, more)
	}
	distribution.suite("bookworm", entry("base", "1", "Essential: yes\n")+entry("lib", "1", ""))
	v.suite("stable", entry("tool", "2", "Depends: base, lib\n")+entry("lib", "2", ""))
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	program := func(repository, wanted string) {
		t.Helper()
		write("a.layer", `component plain {
    distribution "debian" suite "bookworm"
}

component extended {
    distribution "debian" suite "bookworm"
    repository   "vendor" from `+repository+`
}

app with {
    base extended
    uses os.packages("`+wanted+`")
}

app without {
    base plain
    uses os.packages("lib")
}
`)
	}
	write("debian.gpg", distribution.public())
	write("vendor.gpg", v.public())
	layc := func(want int, says string, args ...string) {
		t.Helper()
		var out bytes.Buffer
		if args[0] != "plan" {
			args = append(args, "--keyring", filepath.Join(dir, "debian.gpg"), "--mirror", "debian="+distribution.url())
		}
		args = append(args, "-C", dir, "--platform", "linux/amd64")
		code := (&cli{out: &out, err: &out}).run(context.Background(), args)
		if code != want || !strings.Contains(out.String(), says) || strings.Contains(out.String(), vendorPassword) {
			t.Errorf("layc %v: exit code %d, want %d and %q\n%s", args, code, want, says, &out)
		}
	}
	pins := func(want ...string) {
		t.Helper()
		text := readFile(t, filepath.Join(dir, "layc.lock"))
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("the lock file lacks %q:\n%s", w, text)
			}
		}
		if strings.Contains(text, vendorPassword) {
			t.Errorf("the lock file has the password:\n%s", text)
		}
	}

	program(`"`+v.url()+`" suite "stable" key "vendor.gpg"`, "tool")
	layc(exitInput, "nothing is pinned: the module has no layc.lock yet", "plan")
	layc(exitOK, "wrote", "lock")
	pins("\nindex debian/bookworm+vendor amd64 vendor:stable sha256:", " url="+v.URL+" components=main\n",
		"package debian/bookworm+vendor amd64 tool 2 vendor:pool/tool.deb ", "package debian/bookworm+vendor amd64 lib 2 vendor:pool/lib.deb ",
		"package debian/bookworm amd64 lib 1 debian:pool/lib.deb ")
	layc(exitOK, "", "plan")

	program(`"`+v.url()+`" suite "stable" key "vendor.gpg" priority 400`, "tool")
	layc(exitInput, "the packages of debian/bookworm+vendor are not pinned", "plan")
	layc(exitOK, "wrote", "lock")
	pins(" components=main priority=400\n", "package debian/bookworm+vendor amd64 lib 1 debian:pool/lib.deb ")

	program(`"https://vendor.example.invalid" suite "stable" key "vendor.gpg" priority 400`, "tool")
	layc(exitOK, "wrote", "lock", "--mirror", "vendor="+v.url())
	pins("url=https://vendor.example.invalid components=main priority=400\n")
	layc(exitUsage, "did you mean vendor?", "lock", "--mirror", "vendr="+v.url())

	program(`"`+v.url()+`" suite "stable" key "vendor.gpg"`, "tol")
	layc(exitInput, `did you mean tool?`, "lock")
	program(`"`+v.url()+`" suite "testing" key "vendor.gpg"`, "tool")
	layc(exitUnavailable, "check `from` and `suite` of the repository", "lock")
	program(`"`+v.url()+`" suite "stable" key "debian.gpg"`, "tool")
	layc(exitInput, "check `key` of the repository", "lock")
	program(`"`+v.url()+`" suite "stable" key "a.layer"`, "tool")
	layc(exitInput, "its key is not a valid OpenPGP public key", "lock")
}

// installsOfRepository builds an image with a package of a repository that only the program knows.
func (s *shop) installsOfRepository() {
	v := newVendor(s.T)
	v.deb("/pool/tool.deb", "Package: tool\nVersion: 2\nArchitecture: amd64\nMaintainer: vendor <vendor@example.com>\nDescription: tool\n", "/opt/tool", "of the vendor", nil)
	v.deb("/pool/daemon.deb", "Package: daemon\nVersion: 1\nArchitecture: amd64\nMaintainer: vendor <vendor@example.com>\nDescription: daemon\n", "/opt/daemon", "of the vendor", map[string]string{
		"postinst": "#!/bin/sh\necho \"$ACCEPT_EULA $LANG $LC_ALL $DEBIAN_FRONTEND\" > /etc/daemon\n/usr/sbin/policy-rc.d daemon start\necho $? >> /etc/daemon\n",
	})
	text := strings.ReplaceAll(read(s.T, "../../testdata/shop/layc.lock"), " debian/bookworm amd64 ", " debian/bookworm+vendor amd64 ") +
		fmt.Sprintf("\nindex debian/bookworm+vendor amd64 vendor:stable sha256:%064x url=%s components=main\n", 1, v.URL) +
		fmt.Sprintf("package debian/bookworm+vendor amd64 tool 2 vendor:pool/tool.deb sha256:%x size=1 installed=1 needs=libc6\n", sha256.Sum256(v.files["/pool/tool.deb"])) +
		fmt.Sprintf("package debian/bookworm+vendor amd64 daemon 1 vendor:pool/daemon.deb sha256:%x size=1 installed=1\n", sha256.Sum256(v.files["/pool/daemon.deb"]))
	cmd := s.module("")
	dir := cmd.Args[3]
	for file, content := range map[string]string{"layc.lock": text, "vendor.gpg": v.public(), "extra.layer": `component base {
    changes 6/year

    distribution "debian" suite "bookworm"
    repository   "vendor" from "` + v.url() + `" suite "stable" key "vendor.gpg"
}

component accepted {
    file    "/usr/sbin/policy-rc.d" text "#!/bin/sh\nexit 0\n" mode 0755
    env     ACCEPT_EULA = "Y"
    env     LANG = "de_DE.UTF-8"
    install "daemon"
}

app extra {
    base base
    uses os.packages("tool"), accepted
}
`} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o644); err != nil {
			s.Fatal(err)
		}
	}
	out := filepath.Join(s.TempDir(), "out")
	cmd.Args = append(cmd.Args, "-o", out)
	printed, err := cmd.CombinedOutput()
	if err != nil {
		s.Fatalf("%v\n%s", err, printed)
	}
	if bytes.Contains(printed, []byte(vendorPassword)) {
		s.Errorf("the output has the password:\n%s", printed)
	}
	root := s.TempDir()
	if err := exact.Unpack(out, "extra", root); err != nil {
		s.Fatal(err)
	}
	if got := read(s.T, root, "opt/tool"); got != "of the vendor" {
		s.Errorf("/opt/tool has %q", got)
	}
	if !strings.Contains(read(s.T, root, "var/lib/dpkg/status"), "Package: tool\nStatus: install ok installed") {
		s.Error("dpkg does not know the package")
	}
	if got, want := read(s.T, root, "etc/daemon"), "Y de_DE.UTF-8  noninteractive\n101\n"; got != want {
		s.Errorf("the script of the package found %q, want %q", got, want)
	}
	if got, want := read(s.T, root, "usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 0\n"; got != want {
		s.Errorf("policy-rc.d has %q afterwards, want %q", got, want)
	}
}
