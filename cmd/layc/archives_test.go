package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/layc-lang/layc/llb/world"
)

// standIns are archives of hosts that tests do not reach, by their URLs there. They have the shape of
// the real archives, and scripts in place of programs: only their components are tested.
var standIns = map[string]map[string]string{
	"/aspnetcore/Runtime/8.0.11/aspnetcore-runtime-8.0.11-linux-x64.tar.gz": {
		"./dotnet": "#!/bin/sh\ncase $1 in\n--list-runtimes)\n" +
			"echo \"Microsoft.AspNetCore.App 8.0.11 [$DOTNET_ROOT/shared/Microsoft.AspNetCore.App]\"\n" +
			"echo \"Microsoft.NETCore.App 8.0.11 [$DOTNET_ROOT/shared/Microsoft.NETCore.App]\" ;;\n*)\n" +
			"echo \"dotnet runs $1 on $ASPNETCORE_HTTP_PORTS\"; exec sleep 1d ;;\nesac\n",
		"./LICENSE.txt": "",
		"./shared/Microsoft.NETCore.App/8.0.11/System.dll": "",
	},
	"/0.43.1/vector-0.43.1-x86_64-unknown-linux-musl.tar.gz": {
		"./vector-x86_64-unknown-linux-musl/bin/vector": "#!/bin/sh\ncase $1 in\n--version) echo 'vector 0.43.1 (x86_64-unknown-linux-musl)' ;;\n" +
			"*) echo \"vector reads $(ls $2)\"; exec sleep 1d ;;\nesac\n",
		"./vector-x86_64-unknown-linux-musl/README.md": "",
	},
	"/logstash-8.15.0-linux-x86_64.tar.gz": {
		"logstash-8.15.0/bin/logstash":        "#!/bin/sh\necho \"logstash reads $(ls $2) with $($JAVA_HOME/bin/java -version 2>&1)\"; exec sleep 1d\n",
		"logstash-8.15.0/config/logstash.yml": "",
	},
}

// centralWith is Maven Central, as this machine reaches it, with a start page and with a POM of every
// artifact, which has no checksum: Liberty's featureUtility asks for these, and does not read them.
func centralWith(t *testing.T) *httptest.Server {
	mirrors, err := world.FindMirrors(world.ThisHost(), nil)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/" || strings.HasSuffix(r.URL.Path, ".pom"):
			return
		case strings.Contains(r.URL.Path, ".pom."):
			w.WriteHeader(http.StatusNotFound)
			return
		}
		response, err := http.Get(mirrors["maven"] + r.URL.Path)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer response.Body.Close()
		w.WriteHeader(response.StatusCode)
		_, _ = io.Copy(w, response.Body)
	}))
	t.Cleanup(server.Close)
	return server
}

// fluentBit is a repository of the shape of Fluent Bit's, with a script in place of the program.
func fluentBit(t *testing.T) *vendor {
	v := newVendor(t)
	v.root = "/debian/bookworm"
	control := "Package: fluent-bit\nVersion: 4.2.0\nArchitecture: amd64\nMaintainer: vendor <vendor@example.com>\nDescription: fluent-bit\n"
	v.deb("/pool/fluent-bit.deb", control, "/opt/fluent-bit/bin/fluent-bit", "#!/bin/sh\ncase $1 in\n--version) echo 'Fluent Bit v4.2.0' ;;\n"+
		"*) echo \"fluent-bit reads $2: $(cat $2)\"; exec sleep 1d ;;\nesac\n", nil)
	deb := v.files[v.root+"/pool/fluent-bit.deb"]
	v.suite("bookworm", fmt.Sprintf("%sFilename: pool/fluent-bit.deb\nSize: %d\nSHA256: %x\n", control, len(deb), sha256.Sum256(deb)))
	return v
}

// standsIn builds, verifies and boots components of archives that tests do not reach, with archives of
// the same shape.
func (s *shop) standsIn() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		files, ok := standIns[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(packed(s.T, files))
	}))
	s.Cleanup(server.Close)
	dir, out := s.TempDir(), filepath.Join(s.TempDir(), "out")
	fluent := fluentBit(s.T)
	s.write(dir, "fluentbit.key", fluent.public())
	s.write(dir, "a.layer", strings.NewReplacer("$URL", server.URL, "$FLUENT", fluent.url(), "$CENTRAL", centralWith(s.T).URL).Replace(`import "std/debian"
import "std/dotnet"
import "std/fluentbit"
import "std/java"
import "std/liberty"
import "std/logstash"
import "std/vector"

fleet {
    base debian.release("12", security: false)
}

app web {
    uses dotnet.aspnet(from: "$URL")

    user    "nobody"
    command ["dotnet", "web.dll"]
}

app vector {
    uses vector.agent(from: "$URL")

    file "/etc/vector/vector.yaml" text "sources: {}\n"

    user "nobody"
}

app logstash {
    uses logstash.agent(from: "$URL")

    file "/etc/logstash/conf.d/a.conf" text "input {}\n"

    user    "nobody"
    command ["logstash", "-f", "/etc/logstash/conf.d"]
}

app "fluent-bit" {
    base fluentbit.debian("12", "fluentbit.key", from: "$FLUENT/debian")
    uses fluentbit.agent

    file "/etc/fluent-bit/fluent-bit.conf" text "[INPUT]"

    user "nobody"
}

app "liberty-features" {
    uses java.jre("17"), liberty.features(["servlet-5.0"], repository: "$CENTRAL", verify: "skip")

    file "/config/configDropins/overrides/server.xml" text "<server><featureManager><feature>servlet-5.0</feature></featureManager></server>"
    file "/config/dropins/hello.war/index.html"         text "hello from features"

    user    "1001"
    command ["server", "run", "defaultServer"]
}
`))
	s.layc("lock", "-C", dir)
	s.layc("build", "-C", dir, "--state", s.state, "--locked", "--verify", "-o", out)
	for _, b := range []boot{
		{app: "web", prints: "dotnet runs web.dll on 8080"},
		{app: "vector", prints: "vector reads vector.yaml"},
		{app: "fluent-bit", prints: "fluent-bit reads /etc/fluent-bit/fluent-bit.conf: [INPUT]"},
		{app: "liberty-features", url: ":9080/hello/", page: "hello from features"},
		{app: "logstash", prints: "logstash reads a.conf with openjdk version \"17."},
	} {
		s.run(b.app, func(s *shop) { b.boots(s.T, out) })
	}
}

// packed packs executable files into a compressed archive.
func packed(t *testing.T, files map[string]string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(files[name])), ModTime: time.Unix(0, 0)})
		if _, failed := w.Write([]byte(files[name])); err != nil || failed != nil {
			t.Error(err, failed)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Error(err)
	}
	return b.Bytes()
}
