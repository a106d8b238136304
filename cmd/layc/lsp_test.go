package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/lang/lsp"
	"github.com/layc-lang/layc/stdlib"
)

// TestLSP asks for the definition of a standard component, which is in a read-only file with the text
// of the standard library, and for the page of a plan.
func TestLSP(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir, err := filepath.Abs("../../testdata/shop")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "shop.layer"))
	if err != nil {
		t.Fatal(err)
	}
	line := strings.Count(string(text[:bytes.Index(text, []byte("uses java.jdk"))]), "\n")
	uri := "file://" + filepath.Join(dir, "shop.layer")
	var in bytes.Buffer
	for _, m := range []string{
		`"id":1,"method":"initialize","params":{"capabilities":{}}`,
		fmt.Sprintf(`"method":"textDocument/didOpen","params":{"textDocument":{"uri":%q,"version":1,"text":%q}}`, uri, text),
		fmt.Sprintf(`"id":2,"method":"textDocument/definition","params":{"textDocument":{"uri":%q},"position":{"line":%d,"character":15}}`, uri, line),
		`"id":3,"method":"shutdown"`, `"method":"exit"`,
	} {
		m = `{"jsonrpc":"2.0",` + m + "}"
		fmt.Fprintf(&in, "Content-Length: %d\r\n\r\n%s", len(m), m)
	}
	c := &cli{}
	var out bytes.Buffer
	if err := lsp.Serve(t.Context(), &in, &out, lsp.Options{Source: c.editorSource()}); err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`"uri":"file://([^"]*/java/java\.layer)"`).FindStringSubmatch(out.String())
	if found == nil {
		t.Fatalf("no definition in %s", out.String())
	}
	got, err := os.ReadFile(found[1])
	want, _ := stdlib.FS.ReadFile("java/java.layer")
	info, _ := os.Stat(found[1])
	if err != nil || !bytes.Equal(got, want) || info.Mode() != 0o444 {
		t.Errorf("%s is not the module, read-only: %v %v", found[1], err, info)
	}
}

// TestChecksum downloads a file from the first of its URLs that works.
func TestChecksum(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/tool" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, "tool")
	}))
	defer server.Close()
	var got int64
	report := func(done, _ int64) { got = done }
	want := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte("tool")))
	for _, urls := range [][]string{{server.URL + "/tool"}, {server.URL + "/old", server.URL + "/tool"}} {
		got = 0
		if digest, err := checksum(t.Context(), urls, report); err != nil || digest != want || got != 4 {
			t.Errorf("%v: %s, %d bytes, %v", urls, digest, got, err)
		}
	}
	_, err := checksum(t.Context(), []string{server.URL + "/old"}, report)
	text := "pinning " + server.URL + "/old: cannot download " + server.URL + "/old: the server responded with 404 Not Found (check the name, and whether the mirror has it)"
	if err == nil || err.Error() != text {
		t.Errorf("the error is %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := checksum(ctx, []string{server.URL + "/tool"}, report); !errors.Is(err, context.Canceled) {
		t.Errorf("the error of a cancelled download is %v", err)
	}
}

func TestPages(t *testing.T) {
	in := compiler.Input{Project: files("../../testdata/tomcat"), Dir: ".", Platform: here}
	built, list := compiler.Compile(in, compiler.Planned)
	if list.HasErrors() {
		t.Fatal(list[0].Message)
	}
	p := new(pages)
	for n := range 2 {
		address, err := p.show(t.Context(), "/tomcat", built)
		if err != nil {
			t.Fatal(err)
		}
		if got := pageAt(t, address); !strings.Contains(got, "<html") || !strings.Contains(got, fmt.Sprintf("!== %q", fmt.Sprint(n+1))) {
			t.Errorf("the page is %.200s", got)
		}
		if got := pageAt(t, address+"?version"); got != fmt.Sprint(n+1) {
			t.Errorf("the version is %s", got)
		}
		if got := pageAt(t, strings.Replace(address, p.secret, "guess", 1)); !strings.Contains(got, "404") {
			t.Errorf("a guessed address shows %s", got)
		}
	}
}

func pageAt(t *testing.T, address string) string {
	t.Helper()
	r, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
