package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
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
		if err := os.WriteFile(filepath.Join(dir, "a.layer"), []byte(program), 0o644); err != nil {
			t.Fatal(err)
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
		{good, []string{"dump", "--stage=component"}, exitOK},
		{good, []string{"lock", "--mirror=maven=ftp://user:" + marker + "@" + host}, exitUsage},
		{good, []string{"lock", "--mirror=other=" + with}, exitUsage},
		{project(app(`fetch "` + with + `/gone" to "/x"`)), []string{"lock"}, exitInput},
		{project(app(`fetch "http://user:` + marker + `-wrong@` + host + `/good" to "/x"`)), []string{"lock"}, exitInput},
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
		c := &cli{out: &out, err: &problem, open: openFake}
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
