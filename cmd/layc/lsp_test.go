package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
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

func TestPages(t *testing.T) {
	in := compiler.Input{Project: files("../../testdata/tomcat"), Dir: ".", Platform: here}
	built, list := compiler.Compile(in, compiler.Planned)
	if list.HasErrors() {
		t.Fatal(list[0].Message)
	}
	p := new(pages)
	for n := range 2 {
		address, err := p.show("/tomcat", built)
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
