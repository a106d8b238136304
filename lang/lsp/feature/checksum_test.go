package feature_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/lang/format"
	"github.com/layc-lang/layc/lang/lsp/feature"
	"github.com/layc-lang/layc/lang/source"
)

// TestDownload declares checksums of downloads. Which ones can, and where the checksum belongs, is
// written here by hand.
func TestDownload(t *testing.T) {
	const lib = "param kind: string = \"k\"\n\nlet release = \"https://lib.example.com\"\n\nlet variant = release + kind\n"
	text := `import "./lib"

fleet {
    base      scratch
    platforms "linux/amd64", "linux/arm64"
}

let version = "1.2"

let mirrors = ["https://example.com/list-${version}", "https://mirror.example.com/list"]

component tool(v: string) {
    fetch "https://example.com/tool-${v}.tgz" unpack strip 1 to "/opt/tool"
}

component other(v: string) {
    fetch "https://example.com/other-${v}.tgz" to "/opt/${v}"
}

param edition: string = "small"

let machine = if platform.arch == "amd64" { "x" } else { "x" }

let parts = { host: "https://parts.example.com", path: "/p-${version}" }

component fixed {
    let name = "fixed-${lib.release}"
    fetch "https://example.com/${name}" to "/opt/fixed"
    fetch lib.release, parts.host + parts.path to "/opt/parts"
    fetch "https://example.com/${edition}" to "/opt/edition"
    fetch "https://example.com/${machine}" to "/opt/machine"
    fetch "https://example.com/${lib.variant}" to "/opt/variant"
    for each in ["one"] {
        fetch "https://example.com/each-${each}" to "/opt/${each}"
    }
}

component arch {
    fetch "https://example.com/${platform.arch}" to "/opt/arch"
}

component unused(v: string) {
    fetch "https://example.com/unused-${v}" to "/u"
    fetch "https://example.com/literal" to "/l"
}

app a {
    uses tool("1"), other("1"), arch, fixed
    fetch "maven:org.example:a:1"         to "/app/a.jar" mode 0600
    fetch "https://example.com/pinned" to "/app/pinned"
    fetch "https://example.com/sum" sha512 "` + strings.Repeat("0", 128) + `" to "/app/sum"
    fetch mirrors,
        "https://last.example.com/list" to "/app/list"
    if version == "1.2" {
        fetch "https://example.com/if" to "/app/if"
    }
}

app b {
    uses tool("1"), other("2")
}
`
	canonical, list := format.Source(source.New("a.layer", text))
	if list.HasErrors() {
		t.Fatal(list[0].Message)
	}
	digest := "sha256:" + strings.Repeat("ab", 32)
	pins := "layc-lock 1\nurl https://example.com/pinned " + digest + " 7\n"
	for _, c := range []struct {
		at     string // in the clause
		url    string // "": none
		before string // the checksum
	}{
		{"strip 1", "", ""}, // another app may use it with another version
		{"example.com/${name}", "https://example.com/fixed-https://lib.example.com", `example.com/${name}"`},
		{"lib.release, parts", "https://lib.example.com", `parts.path`},
		{"${edition}", "", ""},
		{"${machine}", "", ""},
		{"${lib.variant}", "", ""},
		{"each-${each}", "", ""},
		{"other-${v}", "", ""},
		{"${platform.arch}", "", ""},
		{"unused-${v}", "", ""},
		{"literal", "https://example.com/literal", `literal"`},
		{"mode 0600", "maven:org.example:a:1", `a:1"`},
		{"com/pinned", "https://example.com/pinned", `com/pinned"`},
		{"com/sum", "", ""},
		{"/app/list", "https://example.com/list-1.2", `last.example.com/list"`},
		{"com/if", "https://example.com/if", `com/if"`},
		{"scratch", "", ""},
		{"uses tool", "", ""},
	} {
		files := fstest.MapFS{"a.layer": {Data: []byte(canonical)}, "layc.lock": {Data: []byte(pins)}, "lib/lib.layer": {Data: []byte(lib)}}
		p := placeIn(opened(files, "a.layer", canonical), "a.layer", strings.Index(canonical, c.at))
		d := feature.DownloadAt(p)
		if c.url == "" {
			if d != nil {
				t.Errorf("%s: offered for %v", c.at, d.URLs)
			}
			continue
		}
		if d == nil || d.URLs[0] != c.url {
			t.Errorf("%s: got %+v, want %s", c.at, d, c.url)
			continue
		}
		if (d.Pinned != "") != (c.at == "com/pinned") || d.Pinned != "" && d.Pinned != digest {
			t.Errorf("%s: pinned as %q", c.at, d.Pinned)
		}
		p.Offset = 0
		if again := feature.DownloadOf(p, c.url); again == nil || again.At != d.At {
			t.Errorf("%s: not found by its URL", c.at)
		}
		got := string(applied(files, d.Declare(digest))["a.layer"].Data)
		sum := ` sha256 "` + strings.Repeat("ab", 32) + `"`
		want := strings.Replace(canonical, c.before, c.before+sum, 1)
		if strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(want), " ") {
			t.Errorf("%s: got\n%s\nwant\n%s", c.at, got, want)
		}
		if again, list := format.Source(source.New("a.layer", got)); again != got || list.HasErrors() {
			t.Errorf("%s: not in canonical form:\n%s", c.at, got)
		}
		if p := placeIn(opened(fstest.MapFS{}, "a.layer", got), "a.layer", 0); feature.DownloadOf(p, c.url) != nil {
			t.Errorf("%s: offered again", c.at)
		}
	}

	// Nothing else of a file that is not in canonical form changes.
	text = "component a {\n  fetch   \"https://example.com/a\"   to \"/a\"\n}\n"
	files := fstest.MapFS{"a.layer": {Data: []byte(text)}}
	d := feature.DownloadAt(placeIn(opened(files, "a.layer", text), "a.layer", strings.Index(text, "fetch")))
	want := strings.Replace(text, `/a"`, `/a" sha256 "`+strings.Repeat("ab", 32)+`"`, 1)
	if got := string(applied(files, d.Declare(digest))["a.layer"].Data); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
