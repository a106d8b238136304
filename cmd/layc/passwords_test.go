package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPasswords runs commands with a password in each URL that a user can write,
// and looks for it in all that is printed and written.
func TestPasswords(t *testing.T) {
	const marker = "s3cret-marker"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		switch {
		case password != marker:
			w.WriteHeader(http.StatusUnauthorized)
		case strings.HasPrefix(r.URL.Path, "/good"), strings.HasSuffix(r.URL.Path, "/a-1.zip"):
			fmt.Fprint(w, "content")
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	with := "http://user:" + marker + "@" + host
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())

	project := func(program string) string {
		dir := t.TempDir()
		const pins = "layc-lock 1\nbase sha256:00000000000000000000000000000000000000000000000000000000000000aa 1 configured\n"
		for name, text := range map[string]string{"a.layer": program, "layc.lock": pins} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	const base = "component base {\n    rootfs \"https://example.com/root.tar\" sha256 \"00000000000000000000000000000000000000000000000000000000000000aa\"\n}\n\nfleet {\n    base base\n}\n\n"
	app := func(steps string) string { return base + "app one {\n    " + steps + "\n}\n" }
	good := project(base + `component tool(url: string) {
    owns  "/opt"
    fetch url to "/opt/x"
    run   "false"
}

component other(url: string) {
    fetch url to "/usr/other"
}

app one {
    uses tool("` + with + `/good/1"), other("` + with + `/good/2")

    fetch "maven:g:a:1:zip" to "/a.zip"
}

app two {
    uses tool("http://other:` + marker + `@` + host + `/good/1")
}
`)
	mirror := "--mirror=maven=" + with + "/maven"
	long := strings.Repeat("x", 100)
	runs := []struct {
		dir  string
		args []string
		code int
	}{
		{good, []string{"lock", mirror}, exitOK},
		{good, []string{"lock", mirror}, exitOK},
		{good, []string{"check", "--locked"}, exitOK},
		{good, []string{"check"}, exitOK},
		{good, []string{"check", "--json"}, exitOK},
		{good, []string{"plan"}, exitOK},
		{good, []string{"plan", "--json"}, exitOK},
		{good, []string{"plan", "--html", "plan.html"}, exitOK},
		{good, []string{"build", mirror}, exitOK},
		{good, []string{"graph"}, exitOK},
		{good, []string{"cost"}, exitOK},
		{good, []string{"explain-layer", "tool"}, exitOK},
		{good, []string{"update", mirror, with + "/good/2"}, exitOK},
		{good, []string{"update", mirror, with + "/none"}, exitUsage},
		{good, []string{"dump", "--stage=llb"}, exitOK},
		{good, []string{"dump", "--stage=bind"}, exitOK},
		{good, []string{"lock", "--mirror=maven=ftp://user:" + marker + "@" + host}, exitUsage},
		{good, []string{"lock", "--mirror=other=" + with}, exitUsage},
		{project(app(`fetch "` + with + `/gone" to "/x"`)), []string{"lock"}, exitUnavailable},
		{project(app(`fetch "http://user:` + marker + `-wrong@` + host + `/good" to "/x"`)), []string{"lock"}, exitUnavailable},
		{project(app(`fetch "https://user:` + marker + `@127.0.0.1:1/x", "https://` + marker + `@127.0.0.1:1/x" to "/x"`)), []string{"plan"}, exitInput},
		{project(app(`fetch "` + with + `/good" to "x"`)), []string{"check"}, exitInput},
		{project(app(`fetch "` + with + "/" + long + `" "` + long + `" to "x"`)), []string{"check"}, exitInput},
		{project("import \"git+" + with + "/l.git@v1\"\n"), []string{"lock"}, exitInput},
		{project("import \"git+https://user:" + marker + "@git.example.com/l.git@v1\"\n"), []string{"lock"}, exitInput},
		{project("import \"https://user:" + marker + "@git.example.com/l.git\"\n"), []string{"check"}, exitInput},
		{project(strings.Replace(app(`run "true"`), "base base", "base base\n    registry \""+with+"/shop\"", 1)), []string{"plan"}, exitInput},
	}
	for _, r := range runs {
		var out, problem bytes.Buffer
		c := &cli{out: &out, err: &problem, ready: readyFake, open: openFake}
		for n, a := range r.args {
			r.args[n] = strings.ReplaceAll(a, "plan.html", filepath.Join(r.dir, "plan.html"))
		}
		code := c.run(context.Background(), append([]string{"-C", r.dir}, r.args...))
		if code != r.code {
			t.Errorf("layc %v: exit code %d, want %d\n%s%s", r.args, code, r.code, &out, &problem)
		}
		if text := out.String() + problem.String(); strings.Contains(text, marker[:6]) {
			t.Errorf("layc %v prints the password:\n%s", r.args, text)
		}
		fs.WalkDir(os.DirFS(r.dir), ".", func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && name != "a.layer" && strings.Contains(readFile(t, filepath.Join(r.dir, name)), marker[:6]) {
				t.Errorf("layc %v writes the password to %s:\n%s", r.args, name, readFile(t, filepath.Join(r.dir, name)))
			}
			return err
		})
	}
	if text := readFile(t, filepath.Join(good, "layc.lock")); !strings.Contains(text, "url "+server.URL+"/good/1 ") || !strings.Contains(text, `tool("http://***@`) {
		t.Errorf("the lock file is\n%s", text)
	}
	// What formats a program does not change it.
	var out bytes.Buffer
	c := &cli{out: &out, err: &out}
	if code := c.run(context.Background(), []string{"fmt", "--diff", project("app  one {\n    run \"curl " + with + "\"\n}\n")}); code != exitInput || !strings.Contains(out.String(), with) {
		t.Errorf("layc fmt --diff: exit code %d\n%s", code, &out)
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestPasswordsInBuilds builds with a password in the proxy's URL, which steps see, and in the
// URLs of downloads. It is in no progress, error or log, and in no image.
func TestPasswordsInBuilds(t *testing.T) {
	t.Parallel()
	requireEngine(t)
	const marker = "s3cret-marker"
	system := shell(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		switch {
		case password != marker:
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/root.tar":
			w.Write(system)
		case r.URL.Path == "/hello":
			fmt.Fprint(w, "hello")
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	with := strings.Replace(server.URL, "http://", "http://user:"+marker+"@", 1)
	dir, state := t.TempDir(), t.TempDir()
	out := filepath.Join(dir, "out")
	layc := func(want int, program string, args ...string) string {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "a.layer"), []byte(fmt.Sprintf("component base {\n    rootfs \"%s/root.tar\" sha256 \"%x\"\n}\n\nfleet {\n    base base\n}\n\n", with, sha256.Sum256(system))+program), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("../../bin/layc", append(args, "-C", dir)...)
		cmd.Env = append(os.Environ(), "HTTP_PROXY=http://user:"+marker+"@127.0.0.1:1", "HTTPS_PROXY=http://"+marker+"@127.0.0.1:1")
		text, err := cmd.CombinedOutput()
		if code := exitCode(err); code != want {
			t.Errorf("layc %v: exit code %d, want %d\n%s", args, code, want, text)
		}
		if strings.Contains(string(text), marker) {
			t.Errorf("layc %v prints the password:\n%s", args, text)
		}
		return string(text)
	}
	good := `component tool(url: string) {
    owns  "/opt"
    fetch url to "/opt/hello"
    run   "print HTTP_PROXY"
}

app one {
    uses tool("` + with + `/hello")
}
`
	layc(exitOK, good, "lock")
	text := layc(exitOK, good, "build", "-o", out, "--state", state, "--progress", "plain")
	if !strings.Contains(text, "http://***@127.0.0.1:1\n") {
		t.Errorf("the step's output is not shown:\n%s", text)
	}
	layc(exitUnavailable, good+"\napp two {\n    fetch \""+with+"/gone\" sha256 \""+strings.Repeat("0", 64)+"\" to \"/x\"\n}\n", "build", "--state", state, "--progress", "plain")
	layc(exitInput, good+"\napp two {\n    uses fails\n}\n\ncomponent fails {\n    owns \"/x\"\n    run  \"print HTTPS_PROXY; has /none\"\n}\n", "build", "--state", state, "--progress", "plain")
	files := []string{filepath.Join(state, "engine.log"), filepath.Join(dir, "layc.lock")}
	filepath.WalkDir(out, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, name)
		}
		return err
	})
	if len(files) < 6 {
		t.Errorf("there are only %q", files)
	}
	for _, name := range files {
		text := readFile(t, name)
		if z, err := gzip.NewReader(strings.NewReader(text)); err == nil {
			plain, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			text = string(plain)
		}
		if strings.Contains(text, marker) {
			t.Errorf("%s holds the password", name)
		}
	}
}

// shell is a root file system with the shell of llb's tests, and nothing else that
// runs.
func shell(t *testing.T) []byte {
	t.Helper()
	sh := filepath.Join(t.TempDir(), "sh")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", sh, "../../llb/testdata/sh")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s", text)
	}
	program := readFile(t, sh)
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, h := range []*tar.Header{
		{Name: "bin/", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "etc/", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "opt/", Typeflag: tar.TypeDir, Mode: 0o755},
		{Name: "dev/", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "proc/", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "sys/", Typeflag: tar.TypeDir, Mode: 0o755},
		{Name: "bin/sh", Mode: 0o755, Size: int64(len(program))},
	} {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			io.WriteString(w, program)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
