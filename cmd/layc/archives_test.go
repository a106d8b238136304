package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
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
	s.write(dir, "a.layer", strings.ReplaceAll(`import "std/debian"
import "std/dotnet"
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
`, "$URL", server.URL))
	s.layc("lock", "-C", dir)
	s.layc("build", "-C", dir, "--state", s.state, "--locked", "--verify", "-o", out)
	for _, b := range []boot{
		{app: "web", prints: "dotnet runs web.dll on 8080"},
		{app: "vector", prints: "vector reads vector.yaml"},
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
