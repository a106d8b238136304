//go:build linux

package llb_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// taking is a program with two apps that copy and bind files of the project.
const taking = `
fleet {
    base base
}

component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
}

component made(from: string) {
    owns "/made"
    run  """
        dir /made 755
        copy /one/text /made/one
        copy /two/text /made/two
    """ with bind "${from}/1" to "/one", bind "${from}/2" to "/two"
}

app a {
    uses made("a")
    copy "a/1/text" to "/srv/1/text"
    copy "a/2/text" to "/srv/2/text"
}

app b {
    uses made("b")
    copy "b/1/text" to "/srv/1/text"
    copy "b/2/text" to "/srv/2/text"
}
`

// TestProjectFiles checks which vertices are executed after a change of the project's files: those
// that use a file whose content is another one, whatever its path is.
func TestProjectFiles(t *testing.T) {
	b := newBuilder(t)
	files := map[string]string{
		"a.layer": taking, "a/1/text": "a1", "a/2/text": "a2", "b/1/text": "b1", "b/2/text": "b2",
	}
	dir := b.write(files)
	// built builds, and checks what the first image has of the files first and second.
	built := func(what, first, second string, want ...string) {
		t.Helper()
		out := t.TempDir()
		result, err := b.solve(dir, out, sources{files: files})
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		var executed []string
		for _, s := range result.Steps.Executed {
			if of, step, _ := strings.Cut(s.Name, "] "); step == "layer" || strings.HasPrefix(step, "dir /made") {
				executed = append(executed, of+"] "+strings.Fields(step)[0])
			}
		}
		slices.Sort(executed)
		if want != nil && !slices.Equal(executed, want) {
			t.Errorf("%s: the build executed %q, want %q", what, executed, want)
		}
		got := extract(t, out, result.Images[0])
		for name, text := range map[string]string{"/srv/1/text": first, "/srv/2/text": second, "/made/one": first, "/made/two": second} {
			if got[name].text != text {
				t.Errorf("%s: %s has %q, want %q", what, name, got[name].text, text)
			}
		}
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	nothing := []string{}
	built("first", "a1", "a2")
	built("again", "a1", "a2", nothing...)
	write("b/1/text", "B1")
	built("a file of the other app", "a1", "a2", "[b] layer", "[made(\"b\")] dir", "[made(\"b\")] layer")
	write("a/1/text", "a2")
	write("a/2/text", "a1")
	built("exchanged files", "a2", "a1", "[a] layer", "[made(\"a\")] dir", "[made(\"a\")] layer")
	write("a/1/text", "a1")
	write("a/2/text", "a2")
	built("files as before", "a1", "a2", nothing...)
	// The vertices have the same contents as before, from other paths.
	other := strings.NewReplacer("$URL", b.url, "$SUM", b.sum, "}/1", "}/2", "}/2", "}/1", `"a/1/`, `"a/2/`, `"a/2/`, `"a/1/`)
	write("a.layer", other.Replace(taking))
	built("exchanged sources", "a2", "a1")
}
