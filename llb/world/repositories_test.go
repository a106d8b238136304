package world

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/layc-lang/layc/compiler/lock"
)

// TestRepositories resolves packages of Debian together with packages of a third party, which has
// a server and a key of its own.
func TestRepositories(t *testing.T) {
	const server = "Package: server\nVersion: 17\nArchitecture: amd64\nDepends: libc (>= 2), libserver (>= 17)\nFilename: pool/server.deb\nSHA256: 5\n\n"
	const library = "Package: libserver\nVersion: 17\nArchitecture: amd64\nFilename: pool/libserver.deb\nSHA256: 6\n\n"
	const jq = "Package: jq\nVersion: %s\nArchitecture: amd64\nDepends: libc\nFilename: pool/jq.deb\nSHA256: 7\n\n"
	newer, older := fmt.Sprintf(jq, "3"), fmt.Sprintf(jq, "0.9")
	type world struct {
		debian, vendor *mirror
		options        Options
		want           *lock.Distribution
		of             *lock.PackageRepository
	}
	serve := func(packages, more string) func(*testing.T, world) {
		return func(t *testing.T, w world) { w.vendor.suite(t, "vendor", "stable", packages, more) }
	}
	tests := []struct {
		name   string
		serve  func(*testing.T, world)
		pinned lock.Pinned
		want   string // the packages, or the error
	}{
		{"a dependency on the distribution and on itself", serve(server+library, ""), lock.Pinned{}, "jq 1 debian, libc 2 debian, libserver 17 vendor, server 17 vendor"},
		{"the higher version wins", serve(server+library+newer, ""), lock.Pinned{}, "jq 3 vendor, libc 2 debian, libserver 17 vendor, server 17 vendor"},
		{"also if the distribution has it", serve(server+library+older, ""), lock.Pinned{}, "jq 1 debian, libc 2 debian, libserver 17 vendor, server 17 vendor"},
		{"a high priority wins", func(t *testing.T, w world) {
			serve(server+library+older, "")(t, w)
			w.of.Priority = 501
		}, lock.Pinned{}, "jq 0.9 vendor, libc 2 debian, libserver 17 vendor, server 17 vendor"},
		{"a low priority loses", func(t *testing.T, w world) {
			serve(server+library+newer, "")(t, w)
			w.of.Priority = 499
		}, lock.Pinned{}, "jq 1 debian, libc 2 debian, libserver 17 vendor, server 17 vendor"},
		{"its index asks for a low priority", serve(server+library+newer, "NotAutomatic: yes\n"), lock.Pinned{},
			"jq 1 debian, libc 2 debian, libserver 17 vendor, server 17 vendor"},
		{"the program overrules its index", func(t *testing.T, w world) {
			serve(server+library+newer, "NotAutomatic: yes\nButAutomaticUpgrades: yes\n")(t, w)
			w.of.Priority = 500
		}, lock.Pinned{}, "jq 3 vendor, libc 2 debian, libserver 17 vendor, server 17 vendor"},
		{"a low priority provides what its packages need", func(t *testing.T, w world) {
			w.debian.suite(t, "debian", "bookworm-updates", strings.ReplaceAll(library, "17", "15"), "")
			w.want.ID = "debian/bookworm+updates+vendor"
			serve(server+library, "")(t, w)
			w.of.Priority = 100
		}, lock.Pinned{}, "jq 1 debian, libc 2 debian, libserver 17 vendor, server 17 vendor"},
		{"pinned versions stay", serve(server+library+newer, ""),
			lock.Pinned{Keep: []lock.Package{{Name: "jq", Version: "1", URL: "debian:pool/jq.deb", Digest: "sha256:2", Needs: []string{"libc"}}}},
			"jq 1 debian, libc 2 debian, libserver 17 vendor, server 17 vendor"},
		{"an unknown package", serve(library, ""), lock.Pinned{}, `unknown package "server" in debian/bookworm+vendor for amd64`},
		{"a dependency that nothing satisfies", serve(server, ""), lock.Pinned{}, "server needs libserver (>= 17), which debian/bookworm+vendor doesn't have: it has no such package"},
		{"another key", func(t *testing.T, w world) {
			serve(server+library, "")(t, w)
			w.of.Key = []byte(armored(t, w.debian.key))
		}, lock.Pinned{}, "vendor:stable: VENDOR/dists/stable/InRelease: not signed by a known key (it is signed by KEY); check `key` of the repository"},
		{"not a key", func(t *testing.T, w world) { serve("", "")(t, w); w.of.Key = []byte("<html>") }, lock.Pinned{},
			"vendor:stable: VENDOR/dists/stable/InRelease: its key is not a valid OpenPGP public key"},
		{"an empty key", func(t *testing.T, w world) { serve("", "")(t, w); w.of.Key = nil }, lock.Pinned{}, "the file has no key"},
		{"a key with a URL", func(t *testing.T, w world) {
			serve(server+library, "")(t, w)
			w.vendor.files["/key.asc"] = armored(t, w.vendor.key)
			w.of.Key, w.of.KeyURL, w.of.KeyDigest = nil, w.vendor.URL+"/key.asc", digestOf([]byte(w.vendor.files["/key.asc"]))
		}, lock.Pinned{}, "jq 1 debian, libc 2 debian, libserver 17 vendor, server 17 vendor"},
		{"a key with another checksum", func(t *testing.T, w world) {
			serve(server+library, "")(t, w)
			w.vendor.files["/key.asc"] = armored(t, w.vendor.key)
			w.of.Key, w.of.KeyURL, w.of.KeyDigest = nil, w.vendor.URL+"/key.asc", "sha256:00"
		}, lock.Pinned{}, "not sha256:00; check the key, and write its new checksum if the change is intended"},
		{"expired", serve(server, "Valid-Until: Wed, 08 Jan 2020 00:00:00 UTC\n"), lock.Pinned{},
			"vendor:stable: VENDOR/dists/stable/InRelease: it expired on 2020-01-08"},
		{"older than its pin", serve(server, "Date: Wed, 01 Jan 2020 00:00:00 UTC\n"),
			lock.Pinned{Indexes: []lock.Index{{Distribution: "debian/bookworm+vendor", Arch: "amd64", Suite: "vendor:stable", Date: now.Add(-time.Hour)}}},
			"it is from 2020-01-01 00:00:00 UTC, but layc.lock pins the index from"},
		{"older packages", serve(server+library, ""), lock.Pinned{Packages: []lock.Package{{Name: "server", Version: "18"}}}, "server 18 → 17"},
		{"a missing suite", func(*testing.T, world) {}, lock.Pinned{}, "check `from` and `suite` of the repository"},
		{"the index of another suite", func(t *testing.T, w world) {
			serve(server, "")(t, w)
			w.vendor.files["/vendor/dists/other/InRelease"] = w.vendor.files["/vendor/dists/stable/InRelease"]
			w.of.Suite = "other"
		}, lock.Pinned{}, "the index is for stable (), not for other; check the mirror"},
		{"a suite with a directory", func(t *testing.T, w world) {
			w.of.Suite = "stable/server/17"
			text := server + library
			w.vendor.files["/vendor/dists/stable/server/17/InRelease"] = w.vendor.sign(t, "Codename: stable/server\n"+listed(text, "main/binary-amd64/Packages"))
			w.vendor.files["/vendor/dists/stable/server/17/main/binary-amd64/Packages"] = text
		}, lock.Pinned{}, "jq 1 debian, libc 2 debian, libserver 17 vendor, server 17 vendor"},
		{"a missing component", func(t *testing.T, w world) { serve(server, "")(t, w); w.of.Components = []string{"main", "extra"} }, lock.Pinned{},
			"check that the suite has the component extra for amd64"},
		{"two components", func(t *testing.T, w world) {
			w.of.Components = []string{"main", "extra"}
			w.vendor.files["/vendor/dists/stable/InRelease"] = w.vendor.sign(t, listed(server, "main/binary-amd64/Packages")+
				strings.TrimPrefix(listed(library, "extra/binary-amd64/Packages"), "SHA256:\n"))
			w.vendor.files["/vendor/dists/stable/main/binary-amd64/Packages"] = server
			w.vendor.files["/vendor/dists/stable/extra/binary-amd64/Packages"] = library
		}, lock.Pinned{}, "jq 1 debian, libc 2 debian, libserver 17 vendor, server 17 vendor"},
		{"a directory without suites", func(t *testing.T, w world) {
			w.of.Suite, w.of.Components = "./", nil
			w.vendor.files["/vendor/InRelease"] = w.vendor.sign(t, listed(server+library, "Packages"))
			w.vendor.files["/vendor/Packages"] = server + library
		}, lock.Pinned{}, "jq 1 debian, libc 2 debian, libserver 17 vendor, server 17 vendor"},
		{"a mirror", func(t *testing.T, w world) {
			serve(server+library, "")(t, w)
			w.options.Mirrors["vendor"] = w.of.URL
			w.of.URL = "https://vendor.example.invalid"
		}, lock.Pinned{}, "jq 1 debian, libc 2 debian, libserver 17 vendor, server 17 vendor"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			debian, vendor := newArchive(t), newArchive(t)
			of := lock.PackageRepository{Name: "vendor", URL: vendor.URL + "/vendor", Suite: "stable", Components: []string{"main"}, Key: []byte(armored(t, vendor.key))}
			want := lock.Distribution{ID: "debian/bookworm+vendor", Arch: "amd64", Packages: []string{"jq", "server"}}
			o := debian.options()
			test.serve(t, world{debian, vendor, o, &want, &of})
			want.Repositories = []lock.PackageRepository{of}
			indexes, packages, err := resolver(o).Packages(context.Background(), want, test.pinned)
			var list []string
			for _, p := range packages {
				archive, _, _ := strings.Cut(p.URL, ":")
				list = append(list, p.Name+" "+p.Version+" "+archive)
			}
			got := strings.Join(list, ", ")
			if err != nil {
				got = strings.NewReplacer(vendor.URL+"/vendor", "VENDOR", vendor.key.PrimaryKey.KeyIdString(), "KEY").Replace(err.Error())
			}
			if !strings.Contains(got, test.want) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if err == nil {
				last := indexes[len(indexes)-1]
				if last.Digest == "" || last.URL != lock.WithoutUser(of.URL) || last.Suite != "vendor:"+of.Suite || last.Priority != of.Priority {
					t.Errorf("the index is pinned as %+v", last)
				}
			}
		})
	}
}

// TestRepositoryPassword checks that a password in the URL of a repository reaches the server, and
// nothing else.
func TestRepositoryPassword(t *testing.T) {
	debian, vendor := newArchive(t), newArchive(t)
	vendor.suite(t, "vendor", "stable", "", "")
	of := lock.PackageRepository{Name: "vendor", Suite: "stable", Components: []string{"main"}, Key: []byte(armored(t, vendor.key)),
		URL: strings.Replace(vendor.URL, "http://", "http://user:secret@", 1) + "/vendor"}
	want := lock.Distribution{ID: "debian/bookworm+vendor", Arch: "amd64", Repositories: []lock.PackageRepository{of}}
	indexes, packages, err := resolver(debian.options()).Packages(context.Background(), want, lock.Pinned{})
	if err != nil {
		t.Fatal(err)
	}
	text := (&lock.File{Indexes: indexes, Packages: packages}).Format()
	if bytes.Contains(text, []byte("secret")) || !bytes.Contains(text, []byte(" url="+vendor.URL+"/vendor components=main\n")) {
		t.Errorf("the lock file has\n%s", text)
	}
}

// listed is the part of a Release file that lists a file.
func listed(text, name string) string {
	return fmt.Sprintf("SHA256:\n %x %d %s\n", sha256.Sum256([]byte(text)), len(text), name)
}
