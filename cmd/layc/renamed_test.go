package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/bind"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
)

// TestRenamedDownload changes URLs but not their checksums. check refuses that, and lock asks the
// server whether the file is the same.
func TestRenamedDownload(t *testing.T) {
	asked := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked += r.URL.Path + " "
		switch r.URL.Path {
		case "/base.tar":
			_, _ = w.Write(system(t, "odd", 0o700))
		case "/base-2.tar":
			_, _ = w.Write(system(t, "other", 0o700))
		case "/tool-1.0", "/renamed":
			fmt.Fprint(w, "tool 1.0")
		default:
			fmt.Fprint(w, r.URL.Path)
		}
	}))
	defer server.Close()
	sum := func(text []byte) string { return fmt.Sprintf("%x", sha256.Sum256(text)) }
	base, tool := sum(system(t, "odd", 0o700)), sum([]byte("tool 1.0"))
	dir := t.TempDir()
	program := func(rootfs, url, sum string) {
		t.Helper()
		text := fmt.Sprintf(`
component base {
    rootfs "%[1]s/%[2]s" sha256 "%[3]s"
}

app a {
    base  base
    fetch "%[1]s/%[4]s" sha256 "%[5]s" to "/tool"
}
`, server.URL, rootfs, base, url, sum)
		if err := os.WriteFile(filepath.Join(dir, "a.layer"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(command string, code int, says ...string) {
		t.Helper()
		var out bytes.Buffer
		c := &cli{out: &out, err: &out, ready: readyFake, open: openFake}
		asked = ""
		if got := c.run(t.Context(), []string{command, "-C", dir, "--platform", "linux/amd64"}); got != code {
			t.Errorf("layc %s: exit code %d, want %d\n%s", command, got, code, &out)
		}
		for _, s := range says {
			if !strings.Contains(out.String(), s) {
				t.Errorf("layc %s does not print %q:\n%s", command, s, &out)
			}
		}
	}

	program("base.tar", "tool-1.0", tool)
	run("lock", 0)
	if asked != "/base.tar " {
		t.Errorf("lock requests %q, but needs only the base", asked)
	}
	run("check", 0)

	program("base.tar", "tool-1.1", tool)
	run("check", 1, "error[E0517]: tool-1.1 has the same checksum as tool-1.0", "run `layc lock")
	run("lock", 1, "error[E0517]", "checksum mismatch: ", sum([]byte("/tool-1.1")))
	edit(t, dir, server.URL+"/tool-1.1", tool)
	run("check", 1, "E0517")

	program("base.tar", "tool-1.1", sum([]byte("/tool-1.1")))
	run("check", 0)
	run("lock", 0)
	if asked != "" {
		t.Errorf("lock requests %q, but needs nothing", asked)
	}

	program("base.tar", "renamed", sum([]byte("/tool-1.1")))
	run("lock", 1, "E0517")
	program("base.tar", "tool-1.0", tool)
	run("lock", 0)
	program("base.tar", "renamed", tool)
	run("check", 1, "E0517")
	run("lock", 0)
	run("check", 0)

	program("base-2.tar", "renamed", tool)
	run("check", 1, "base-2.tar has the same checksum as base.tar")
	run("lock", 1, "checksum mismatch: ")
}

// edit checks that the edit for another file replaces the old checksum by the new one. The line
// is too long to show that.
func edit(t *testing.T, dir, url, sum string) {
	t.Helper()
	out, _ := compiler.Compile(compiler.Input{
		Project: os.DirFS(dir), Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"},
	}, compiler.Bound)
	found := bind.OtherFile(out.Targets[0].Graph, &lock.OtherFileError{DownloadRef: lock.DownloadRef{Digest: "sha256:" + sum, URL: url}, Got: "sha256:new"})
	if len(found) != 1 || len(found[0].Edits) != 1 || found[0].Edits[0].New != "new" || found[0].Edits[0].Span.Text() != sum {
		t.Errorf("the edit is %+v", found)
	}
}
