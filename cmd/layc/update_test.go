package main

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/query"
)

// TestPinNames checks which pins an expression selects.
func TestPinNames(t *testing.T) {
	const program = `import "std/debian"

fleet {
    base debian.release("12", security: false)
}

component jdk {
    needs os.packages("openssl")
    file  "/opt/jdk" text "x"
}

component tool {
    needs  jdk
    update weekly
    fetch  "https://example.com/tool" to "/opt/tool"
    fetch  "https://example.com/fixed" sha256 "00000000000000000000000000000000000000000000000000000000000000aa" to "/opt/fixed"
}

app shop {
    uses tool
    fetch "https://example.com/shop" to "/opt/shop"
}

app other {
    file "/other" text "x"
}
`
	const pins = `layc-lock 1
download sha256:00000000000000000000000000000000000000000000000000000000000000aa fixed
package debian/bookworm amd64 base-files 12.4 debian:pool/b.deb sha256:0000000000000000000000000000000000000000000000000000000000000001 size=1 installed=1 minimal
package debian/bookworm amd64 openssl 3.0.14 debian:pool/o.deb sha256:0000000000000000000000000000000000000000000000000000000000000002 size=1 installed=1
update tool 2026-01-01
url https://example.com/shop sha256:0000000000000000000000000000000000000000000000000000000000000003 1
url https://example.com/tool sha256:0000000000000000000000000000000000000000000000000000000000000004 1
`
	out, list := compiler.Compile(compiler.Input{
		Project: fstest.MapFS{"a.layer": {Data: []byte(program)}, "layc.lock": {Data: []byte(pins)}},
		Dir:     ".", Platform: model.Platform{OS: "linux", Arch: "amd64"},
	}, compiler.Planned)
	for _, d := range list {
		t.Fatal(d.Message)
	}
	fleet := query.New([]*plan.Plan{out.Targets[0].Plan})
	for expression, want := range map[string][]string{
		`package("openssl") < "3.0.15"`: {"openssl"},
		`package("openssl") < "3.0.14"`: nil,
		"jdk":                           {"openssl"},
		"tool":                          {"https://example.com/tool", "tool"},
		"layers delta":                  {"https://example.com/shop"},
		"components base":               {"debian/bookworm"},
		"other":                         {"debian/bookworm"},
		"shop":                          {"debian/bookworm", "https://example.com/shop", "https://example.com/tool", "openssl", "tool"},
		`has package("openssl")`:        {"debian/bookworm", "https://example.com/shop", "https://example.com/tool", "openssl", "tool"},
	} {
		q, found := fleet.Ask("--select", expression)
		for _, d := range found {
			t.Logf("%s: %s", expression, d.Message)
		}
		if q == nil {
			t.Errorf("%s is not a question", expression)
			continue
		}
		names := pinNames(q.Things(), out.Lock)
		if !slices.Equal(names, want) {
			t.Errorf("%s selects %q, want %q", expression, names, want)
		}
		if unknown := out.Lock.Unknown(out.Refs(), names...); len(unknown) > 0 {
			t.Errorf("%s selects the unknown %q", expression, unknown)
		}
	}
}
