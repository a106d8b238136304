package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestTemurinStandIn builds and runs a Java of an archive with the shape of Temurin's, from a mirror. The
// archives themselves are on a host that tests do not reach.
func TestTemurinStandIn(t *testing.T) {
	requireEngine(t)
	p := &victim{T: t, dir: t.TempDir(), state: filepath.Join(t.TempDir(), "state"), temp: t.TempDir()}
	var err error
	if p.bin, err = filepath.Abs("../../bin/layc"); err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(p.temp, "main.go")
	text := "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc main() { fmt.Println(os.Getenv(\"JAVA_HOME\"), \"Temurin-21.0.99+7\", os.Args[1:]) }\n"
	if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(p.temp, "java")
	compile := exec.Command("go", "build", "-o", program, source)
	compile.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	java, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	z := gzip.NewWriter(&archive)
	w := tar.NewWriter(z)
	for _, f := range []struct {
		name string
		mode int64
		data []byte
	}{
		{"jdk-21.0.99+7-jre/", 0o755, nil},
		{"jdk-21.0.99+7-jre/bin/", 0o755, nil},
		{"jdk-21.0.99+7-jre/bin/java", 0o755, java},
		{"jdk-21.0.99+7-jre/release", 0o644, []byte("IMPLEMENTOR=\"Eclipse Adoptium\"\n")},
	} {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	machine := map[string]string{"amd64": "x64", "arm64": "aarch64"}[runtime.GOARCH]
	path := "/temurin21-binaries/releases/download/jdk-21.0.99+7/OpenJDK21U-jre_" + machine + "_linux_hotspot_21.0.99_7.tar.gz"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(archive.Bytes())
	}))
	defer server.Close()
	p.write("a.layer", fmt.Sprintf(`import "std/java"

app shop {
    base scratch
    uses java.temurin(version: "21.0.99", build: "7", mirror: %q)

    command ["java", "-version"]
}
`, server.URL))
	if code, text := p.run("lock"); code != exitOK {
		t.Fatalf("lock: exit code %d\n%s", code, text)
	}
	if code, text := p.run("run", "--state", p.state, "shop"); code != exitOK || !strings.Contains(text, "/opt/java Temurin-21.0.99+7 [-version]\n") {
		t.Errorf("run: exit code %d\n%s", code, text)
	}
}
