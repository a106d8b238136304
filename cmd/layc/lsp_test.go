package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/lsp"
	"github.com/layc-lang/layc/lang/source"
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
		if digest, err := checksum(t.Context(), nil, urls, report); err != nil || digest != want || got != 4 {
			t.Errorf("%v: %s, %d bytes, %v", urls, digest, got, err)
		}
	}
	_, err := checksum(t.Context(), nil, []string{server.URL + "/old"}, report)
	text := "pinning " + server.URL + "/old: cannot download " + server.URL + "/old: the server responded with 404 Not Found (check the name, and whether the mirror has it)"
	if err == nil || err.Error() != text {
		t.Errorf("the error is %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := checksum(ctx, nil, []string{server.URL + "/tool"}, report); !errors.Is(err, context.Canceled) {
		t.Errorf("the error of a cancelled download is %v", err)
	}
}

// TestLSPChecksum declares the checksums of a fetch and a rootfs over the protocol, as layc lsp serves
// it: one from a server, the other from the mirror of an archive.
func TestLSPChecksum(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) }))
	defer server.Close()
	sum := func(path string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(path))) }
	text := "component base {\n    rootfs \"files:root.tar\"\n}\n\napp a {\n    base base\n    fetch \"" + server.URL + "/tool\" to \"/opt/\"\n}\n"
	want := strings.NewReplacer(`root.tar"`, `root.tar" sha256 "`+sum("/archive/root.tar")+`"`, `/tool"`, `/tool" sha256 "`+sum("/tool")+`"`).Replace(text)
	uri := "file://" + filepath.Join(t.TempDir(), "a.layer")

	bin := filepath.Join(t.TempDir(), "layc")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%s", out)
	}
	cmd := exec.CommandContext(t.Context(), bin, "lsp", "--mirror", "files="+server.URL+"/archive")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out := bufio.NewReader(pipe)
	send := func(m string) {
		m = `{"jsonrpc":"2.0",` + m + "}"
		fmt.Fprintf(in, "Content-Length: %d\r\n\r\n%s", len(m), m)
	}
	type message struct {
		ID     any
		Method string
		Params struct {
			Message string
			Edit    struct {
				Changes map[string][]struct {
					Range struct {
						Start, End struct{ Line, Character int }
					}
					NewText string
				}
			}
		}
		Result json.RawMessage
		Error  any
	}
	// await returns the next message that is wanted.
	await := func(wanted func(message) bool) message {
		t.Helper()
		for {
			header, err := textproto.NewReader(out).ReadMIMEHeader()
			if err != nil {
				t.Fatal(err)
			}
			n, _ := strconv.Atoi(header.Get("Content-Length"))
			body := make([]byte, n)
			if _, err := io.ReadFull(out, body); err != nil {
				t.Fatal(err)
			}
			var m message
			if err := json.Unmarshal(body, &m); err != nil && m.Result == nil && m.Method == "workspace/applyEdit" {
				t.Fatalf("%v: %s", err, body)
			}
			if m.Error != nil || m.Method == "window/showMessage" {
				t.Fatalf("%s", body)
			}
			if wanted(m) {
				return m
			}
		}
	}
	response := func(id float64) message {
		t.Helper()
		return await(func(m message) bool { return m.Method == "" && m.ID == id })
	}
	send(`"id":1,"method":"initialize","params":{"capabilities":{"workspace":{"applyEdit":true}}}`)
	response(1)
	send(fmt.Sprintf(`"method":"textDocument/didOpen","params":{"textDocument":{"uri":%q,"version":1,"text":%q}}`, uri, text))
	version := 1
	for n, line := range []int{1, 6} {
		id := 10 * (n + 1)
		send(fmt.Sprintf(`"id":%d,"method":"textDocument/codeAction","params":{"textDocument":{"uri":%q},"range":{"start":{"line":%d,"character":8},"end":{"line":%[3]d,"character":8}},"context":{"diagnostics":[]}}`, id, uri, line))
		var actions []struct {
			Title   string
			Command *json.RawMessage
		}
		if err := json.Unmarshal(response(float64(id)).Result, &actions); err != nil || len(actions) != 1 || actions[0].Title != "Download the file and declare its checksum" {
			t.Fatalf("line %d: %+v, %v", line, actions, err)
		}
		send(fmt.Sprintf(`"id":%d,"method":"workspace/executeCommand","params":%s`, id+1, *actions[0].Command))
		m := await(func(m message) bool { return m.Method == "workspace/applyEdit" })
		send(fmt.Sprintf(`"id":%q,"result":{"applied":true}`, m.ID))
		f := source.New("", text)
		var edits []diag.Edit
		for _, e := range m.Params.Edit.Changes[uri] {
			at := source.Span{File: f, Start: f.Offset(e.Range.Start.Line+1, e.Range.Start.Character, true), End: f.Offset(e.Range.End.Line+1, e.Range.End.Character, true)}
			edits = append(edits, diag.Edit{Span: at, New: e.NewText})
		}
		text = diag.Apply(f, edits)
		version++
		send(fmt.Sprintf(`"method":"textDocument/didChange","params":{"textDocument":{"uri":%q,"version":%d},"contentChanges":[{"text":%q}]}`, uri, version, text))
	}
	send(`"id":99,"method":"shutdown"`)
	response(99)
	send(`"method":"exit"`)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

func TestPages(t *testing.T) {
	program := fstest.MapFS{"a.layer": {Data: []byte("fleet {\n    base scratch\n}\n\napp a {\n    file \"/a\" text \"a\"\n}\n")}}
	in := compiler.Input{Project: program, Dir: ".", Platform: here}
	built, list := compiler.Compile(in, compiler.Planned)
	if list.HasErrors() {
		t.Fatal(list[0].Message)
	}
	p := new(pages)
	for n := range 2 {
		address, err := p.show(t.Context(), "/shop", built)
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
