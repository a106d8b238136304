package world

import (
	"archive/zip"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// host creates a host from the files of a txtar. A file with content that begins with "zip "
// becomes a zip file with one member of the name that follows.
func host(t *testing.T, files string) Host {
	t.Helper()
	root := t.TempDir()
	for _, f := range txtar.Parse([]byte(files)).Files {
		path := filepath.Join(root, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		text := string(f.Data)
		if member, ok := strings.CutPrefix(text, "zip "); ok {
			name, content, _ := strings.Cut(member, "\n")
			text = zipped(t, name, content)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Host{Root: root, Home: filepath.Join(root, "home/me")}
}

func zipped(t *testing.T, name, content string) string {
	t.Helper()
	var out strings.Builder
	z := zip.NewWriter(&out)
	w, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w.Write([]byte(content))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

const debianRelease = `
-- etc/os-release --
NAME="Debian"
ID=debian
VERSION_CODENAME=bookworm
`

func TestFindMirrors(t *testing.T) {
	tests := []struct {
		name, files string
		given, want Mirrors
	}{
		{"nothing", "", nil, Mirrors{}},
		{"deb822", debianRelease + `
-- etc/apt/sources.list.d/debian.sources --
Types: deb deb-src
# a comment
URIs: http://mirror.example.com/debian/
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://mirror.example.com/security
Suites: bookworm-security
Components: main
-- etc/apt/sources.list.d/old.sources --
Types: deb
Enabled: no
URIs: http://disabled.example.com/debian
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`, nil, Mirrors{"debian": "http://mirror.example.com/debian", "debian-security": "http://mirror.example.com/security"}},
		{"one line", debianRelease + `
-- etc/apt/sources.list --
# deb http://commented.example.com/debian bookworm main
deb cdrom:[disk]/ bookworm main
deb-src http://source.example.com/debian bookworm main
deb [arch=amd64 signed-by=/x.gpg] https://mirror.example.com/debian bookworm main contrib # here
deb http://mirror.example.com/security bookworm/updates main
`, nil, Mirrors{"debian": "https://mirror.example.com/debian", "debian-security": "http://mirror.example.com/security"}},
		{"third parties with the same suite name come last", debianRelease + `
-- etc/apt/sources.list.d/a-vendor.list --
deb https://vendor.example.com/apt bookworm main
deb https://vendor.example.com/apt stable tools
-- etc/apt/sources.list.d/debian.sources --
Types: deb
URIs: http://mirror.example.com/debian
Suites: bookworm
Components: main
`, nil, Mirrors{"debian": "http://mirror.example.com/debian"}},
		{"Debian's archive on another system", `
-- etc/os-release --
ID=ubuntu
VERSION_CODENAME=noble
-- etc/apt/sources.list --
deb http://ubuntu.example.com/ubuntu noble main universe
deb http://security.example.com/ubuntu noble-security main universe
deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] HTTP://mirror.example.com/debian bookworm main
`, nil, Mirrors{"debian": "http://mirror.example.com/debian", "ubuntu": "http://ubuntu.example.com/ubuntu"}},
		{"Ubuntu", `
-- etc/os-release --
ID=ubuntu
VERSION_CODENAME=noble
-- etc/apt/sources.list.d/ubuntu.sources --
Types: deb
URIs: http://ports.example.com/ubuntu-ports/
Suites: noble noble-updates noble-security
Components: main universe restricted multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg
`, nil, Mirrors{"ubuntu-ports": "http://ports.example.com/ubuntu-ports"}},
		{"Ubuntu's archive on another system", debianRelease + `
-- etc/apt/sources.list.d/ubuntu.list --
deb [signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg] http://ubuntu.example.com/ubuntu noble main
`, nil, Mirrors{"ubuntu": "http://ubuntu.example.com/ubuntu"}},
		{"Maven's own model", `
-- usr/share/maven/lib/maven-model-builder-3.x.jar --
zip org/apache/maven/model/pom-4.0.0.xml
<project><repositories>
<repository><id>other</id><url>https://other.example.com</url></repository>
<repository><id>central</id><url>https://central.example.com/maven2</url></repository>
</repositories></project>
`, nil, Mirrors{"maven": "https://central.example.com/maven2"}},
		{"the user's settings before the installation's", `
-- home/me/.m2/settings.xml --
<settings xmlns="http://maven.example.com/SETTINGS/1.0.0"><mirrors>
<mirror><id>a</id><mirrorOf>*,!central</mirrorOf><url>https://not.example.com</url></mirror>
<mirror><id>b</id><mirrorOf>external:*, !internal</mirrorOf><url> https://all.example.com/ </url></mirror>
<mirror><id>c</id><mirrorOf>central</mirrorOf><url>HTTPS://mine.example.com/m2/</url></mirror>
</mirrors></settings>
-- usr/share/maven/conf/settings.xml --
<settings><mirrors>
<mirror><id>a</id><mirrorOf>*</mirrorOf><url>https://site.example.com</url></mirror>
</mirrors></settings>
`, nil, Mirrors{"maven": "https://mine.example.com/m2"}},
		{"a blocked mirror and malformed files", `
-- home/me/.m2/settings.xml --
<settings
-- usr/share/maven/conf/settings.xml --
<settings><mirrors>
<mirror><mirrorOf>*</mirrorOf><url>http://blocked.example.com</url><blocked>true</blocked></mirror>
</mirrors></settings>
-- usr/share/maven/lib/maven-model-builder-1.jar --
no zip
-- etc/apt/sources.list --
deb [unclosed http://x.example.com
deb
`, nil, Mirrors{}},
		{"npm's user before the machine", `
-- home/me/.npmrc --
//example.com/:_authToken = x
registry = "https://npm.example.com/user/"
-- etc/npmrc --
registry=https://npm.example.com/machine
`, nil, Mirrors{"npm": "https://npm.example.com/user"}},
		{"npm's own default", `
-- usr/lib/node_modules/npm/node_modules/@npmcli/config/lib/definitions/definitions.js --
  registry: new Definition('registry', {
    default: 'https://npm.example.com/',
    type: url,
  }),
-- etc/npmrc --
; registry is not set
`, nil, Mirrors{"npm": "https://npm.example.com"}},
		{"npm of Debian", `
-- usr/share/nodejs/npm/package.json --
{}
-- usr/share/nodejs/@npmcli/config/lib/definitions/definitions.js --
define('registry', {
  default: 'https://npm.example.com/',
-- home/me/.npmrc --
cafile=/etc/ssl/certs/ca-certificates.crt
`, nil, Mirrors{"npm": "https://npm.example.com"}},
		{"the first proxy of Go's user", `
-- home/me/.config/go/env --
GOPROXY=https://go.example.com/user|https://go.example.com/other,direct
-- usr/local/go/go.env --
GOPROXY=https://go.example.com,direct
`, nil, Mirrors{"go": "https://go.example.com/user"}},
		{"Go's own default", `
-- usr/local/go/go.env --
# GOPROXY=https://go.example.com/comment
GOPROXY=https://go.example.com,direct
`, nil, Mirrors{"go": "https://go.example.com"}},
		{"Go without a proxy", `
-- usr/local/go/go.env --
GOPROXY=direct
`, nil, Mirrors{}},
		{"given mirrors win", debianRelease + `
-- etc/apt/sources.list --
deb http://mirror.example.com/debian bookworm main
`, Mirrors{"debian": "https://given.example.com/d/", "corp": "Http://corp.example.com"},
			Mirrors{"debian": "https://given.example.com/d", "corp": "http://corp.example.com"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := FindMirrors(host(t, test.files), test.given)
			if err != nil || !maps.Equal(got, test.want) {
				t.Errorf("got  %v, %v\nwant %v", got, err, test.want)
			}
		})
	}
	h := host(t, "-- home/me/.npmrc --\nregistry=https://npm.example.com/user\n-- go/go.env --\nGOPROXY=https://go.example.com/home\n")
	h.Registry, h.GoHome = "https://npm.example.com/environment", filepath.Join(h.Root, "go")
	want := Mirrors{"npm": "https://npm.example.com/environment", "go": "https://go.example.com/home"}
	if got, err := FindMirrors(h, nil); err != nil || !maps.Equal(got, want) {
		t.Errorf("got  %v, %v\nwant %v", got, err, want)
	}
	for _, bad := range []string{"", "mirror.example.com", "ftp://mirror.example.com", "https://", "file:///srv"} {
		if m, err := FindMirrors(Host{Root: t.TempDir()}, Mirrors{"debian": bad}); err == nil {
			t.Errorf("no error for the mirror %q: %v", bad, m)
		}
	}
}

func TestURL(t *testing.T) {
	m := Mirrors{"debian": "http://mirror.example.com/debian", "maven": "https://maven.example.com/m2"}
	for name, want := range map[string]string{
		"https://example.com/a?b=c":                     "https://example.com/a?b=c",
		"HTTP://Example.com/A":                          "http://Example.com/A",
		"debian:pool/main/g/g++/g++_1:2~rc1_amd64.deb":  "http://mirror.example.com/debian/pool/main/g/g%2B%2B/g%2B%2B_1:2~rc1_amd64.deb",
		"maven:com.example.a:server:1.0":                "https://maven.example.com/m2/com/example/a/server/1.0/server-1.0.jar",
		"maven:com.example.a:server:1.0:zip":            "https://maven.example.com/m2/com/example/a/server/1.0/server-1.0.zip",
		"maven:com.example.a:server:1.0:tar.gz:linux-x": "https://maven.example.com/m2/com/example/a/server/1.0/server-1.0-linux-x.tar.gz",
	} {
		got, err := m.URL(name)
		if err != nil || got != want {
			t.Errorf("%s:\ngot  %s, %v\nwant %s", name, got, err, want)
		}
	}
	for name, want := range map[string]string{
		"ftp://example.com/a":     `not a valid URL: "ftp://example.com/a": unknown scheme ftp, expected http or https`,
		"plain":                   `not a valid URL: "plain"`,
		"debian-security:pool/x":  `no mirror for debian-security (checked apt's sources); name one with --mirror debian-security=URL`,
		"corp:x":                  `no mirror for corp (checked --mirror only); name one with --mirror corp=URL`,
		"debian:../etc":           `not a valid URL: "debian:../etc": the path is not below the root of the archive`,
		"debian:/pool":            `not a valid URL: "debian:/pool": the path is not below the root of the archive`,
		"maven:a:b":               `not a valid URL: "maven:a:b": expected maven:GROUP:ARTIFACT:VERSION`,
		"maven:a:..:1":            `not a valid URL: "maven:a:..:1": ".." is not a valid part of a Maven artifact's name`,
		"maven:a:b:[1,2)":         `not a valid URL: "maven:a:b:[1,2)": "[1,2)" is not a valid part of a Maven artifact's name`,
		"maven:a:b:1-SNAPSHOT":    `not a valid URL: "maven:a:b:1-SNAPSHOT": snapshots change; use a released version`,
		"maven:a:b:1:zip:c:extra": `not a valid URL: "maven:a:b:1:zip:c:extra": expected maven:GROUP:ARTIFACT:VERSION`,
	} {
		got, err := m.URL(name)
		if err == nil || err.Error() != want {
			t.Errorf("%s:\ngot  %s, %v\nwant %s", name, got, err, want)
		}
	}
	_, err := Mirrors{}.URL("maven:a:b:1")
	want := `no mirror for maven (checked Maven's settings); name one with --mirror maven=URL`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func FuzzAptSources(f *testing.F) {
	f.Add("deb [signed-by=/x] http://mirror.example.com/debian bookworm main\n")
	f.Add("Types: deb\nURIs: http://mirror.example.com\nSuites: a b\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n x\n")
	f.Fuzz(func(t *testing.T, text string) {
		parseOneLineSources(text)
		parseDeb822Sources(text)
		mirrorOfCentral([]byte(text))
	})
}
