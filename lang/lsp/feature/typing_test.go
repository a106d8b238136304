package feature_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/format"
	"github.com/layc-lang/layc/lang/lsp/feature"
	"github.com/layc-lang/layc/lang/source"
)

// placed returns the place of the | in a file of a project, and the text of the file without it.
func placed(files fstest.MapFS, text string) (*feature.Place, string) {
	at := strings.IndexByte(text, '|')
	text = text[:at] + text[at+1:]
	all := fstest.MapFS{"a.layer": {Data: []byte(text)}}
	for name, f := range files {
		all[name] = f
	}
	return placeIn(opened(all, "a.layer", text), "a.layer", at), text
}

// TestNewLine presses Enter at the |. Only a bracket on the new line itself lowers its indentation.
func TestNewLine(t *testing.T) {
	for text, want := range map[string]string{
		"component c {\n    |\n}\n":                                                             "    ",
		"component c {\n    run \"a\"\n    |\n}\n":                                              "    ",
		"component c {\n    run \"a\"\n|\n\n\n}\n":                                              "    ",
		"component c {\n    if true {\n        |\n    }\n}\n":                                   "        ",
		"component c {\n    if true {\n        |}\n}\n":                                         "    ",
		"component c {\n    needs os.packages(\n|\n    )\n}\n":                                  "        ",
		"component c {\n    needs os.packages(\n        \"a\",\n|)\n}\n":                        "    ",
		"component c {\n    dir [\n|\n    ]\n}\n":                                               "        ",
		"component c {\n    match platform.arch {\n        \"amd64\" {\n|\n        }\n    }\n}": "            ",
		"component c {\n    run \"a\"\n    | # why\n}\n":                                        "    ",
		"app a {\r\n    user \"1\"\r\n|\r\n}\r\n":                                               "    ",
	} {
		p, got := placed(nil, text)
		line := p.File.Source.LineStart(p.File.Source.Position(p.Offset).Line)
		indent := got[line : line+len(got[line:])-len(strings.TrimLeft(got[line:], " "))]
		for _, e := range feature.OnType(p, "\n") {
			indent = e.New
		}
		if indent != want {
			t.Errorf("%q: indented by %q, want %q", text, indent, want)
		}
	}
}

// TestImportFixes applies the fixes of imports: what they leave is in canonical form.
func TestImportFixes(t *testing.T) {
	const end = "fleet {\n    base scratch\n}\n\napp a {\n    user \"1\"\n}\n"
	const java = "fleet {\n    base scratch\n}\n\napp a {\n    uses java.jdk\n}\n"
	for text, want := range map[string]string{
		"# Header.\n\n# Doc of the fleet.\n" + java: "# Header.\n\nimport \"std/java\"\n\n# Doc of the fleet.\n" + java,
		"# Doc of the fleet.\n" + java:              "import \"std/java\"\n\n# Doc of the fleet.\n" + java,
		java:                                        "import \"std/java\"\n\n" + java,
		"import \"std/java\"\n\n" + end:             end,
		"# The JDK.\nimport \"std/java\"\n\n# Doc of the fleet.\n" + end:                 "# Doc of the fleet.\n" + end,
		"# Header.\n\n# Long\n# comment.\nimport \"std/java\" # and more\n\n" + end:      "# Header.\n\n" + end,
		"# Header.\n\nimport \"std/java\"\n\n# Doc of the fleet.\n" + end:                "# Header.\n\n# Doc of the fleet.\n" + end,
		"import \"std/rsyslog\"\n# Unused.\nimport \"std/java\"\n\n" + use(end):          "import \"std/rsyslog\"\n\n" + use(end),
		"# Unused.\nimport \"std/java\"\n# Used.\nimport \"std/rsyslog\"\n\n" + use(end): "# Used.\nimport \"std/rsyslog\"\n\n" + use(end),
	} {
		got := fixed(text)
		if got != want {
			t.Errorf("%q:\ngot:\n%s\nwant:\n%s", text, got, want)
		}
		if canonical, _ := format.Source(source.New("a.layer", got)); canonical != got {
			t.Errorf("not canonical:\n%s\nbut:\n%s", got, canonical)
		}
		if again := strings.ReplaceAll(text, "\n", "\r\n"); fixed(again) != strings.ReplaceAll(want, "\n", "\r\n") {
			t.Errorf("with \\r\\n: got %q", fixed(again))
		}
	}
}

func use(text string) string {
	return strings.Replace(text, "user \"1\"", "uses rsyslog.agent", 1)
}

// fixed applies the fix of the file's first unknown name or unused import.
func fixed(text string) string {
	p, _ := placed(nil, text+"|")
	_, list := p.Analysis.Checked()
	for _, d := range list {
		if d.Code == diag.UnknownName || d.Code == diag.UnusedImport {
			return diag.Apply(p.File.Source, d.Edits)
		}
	}
	return text
}

// TestTakes checks which places take a component instead of the name of its module.
func TestTakes(t *testing.T) {
	for text, want := range map[string]bool{
		"app a {\n    uses |debian\n}\n":                                             true,
		"component c {\n    needs |debian\n}\n":                                      true,
		"component c {\n    file \"/x\" text |debian\n}\n":                           false,
		"component c {\n    env X = |debian\n}\n":                                    false,
		"component d(v: string) {\n}\n\ncomponent c {\n    needs d(|debian)\n}\n":    false,
		"component d(v: component) {\n}\n\ncomponent c {\n    needs d(|debian)\n}\n": true,
	} {
		p, _ := placed(nil, "import \"std/debian\"\n\n"+text)
		at := source.Span{File: p.File.Source, Start: p.Offset, End: p.Offset + len("debian")}
		all := feature.Members(p, at)
		if len(all) == 0 {
			t.Fatalf("%q: no members", text)
		}
		if got := feature.Takes(p, at, all[0].Name, all[0].Edits); got != want {
			t.Errorf("%q: %s fits: %t", text, all[0].Name, got)
		}
	}
}

// TestInserted checks what a proposal inserts.
func TestInserted(t *testing.T) {
	files := fstest.MapFS{
		"q\"d.txt": {}, "d${x}.txt": {}, "b\\s.txt": {}, "p$x.txt": {},
		"lib/l.layer": {Data: []byte("component first(n: int, v: string = \"1\") {\n}\n\ncomponent second(v: string = \"1\", n: int, m: int) {\n}\n\ncomponent third(n: int, v: string = \"1\", m: int) {\n}\n\ncomponent none(v: string = \"1\") {\n}\n")},
	}
	const head = "import \"./lib\"\n\napp a {\n    "
	for text, want := range map[string][]string{
		"copy |":        {`"q\"d.txt"`, `"d$${x}.txt"`, `"b\\s.txt"`, `"p$x.txt"`},
		"copy \"|\"":    {`q\"d.txt`, `d$${x}.txt`, `b\\s.txt`, `p$x.txt`},
		"uses lib.fi|":  {"first(${1:n})"},
		"uses lib.sec|": {"second(n: ${1}, m: ${2})"},
		"uses lib.th|":  {"third(${1:n}, m: ${2})"},
		"uses lib.no|":  {"none"},
	} {
		p, _ := placed(files, head+text+"\n}\n")
		inserted := map[string]bool{}
		for _, o := range feature.Complete(p).All {
			inserted[o.Insert] = true
		}
		for _, w := range want {
			if !inserted[w] {
				t.Errorf("%q does not insert %s: %v", text, w, inserted)
			}
		}
	}
}

// TestSignature checks which parameter the signature of a call marks.
func TestSignature(t *testing.T) {
	const head = "component c(n: int, v: string = \"1\", m: int = 2) {\n}\n\ncomponent k {\n    needs "
	for call, want := range map[string]string{
		"c(|": "n: int", "c(1, |": `v: string = "1"`, "c(n: 1, |": `v: string = "1"`, "c(v: \"x\", |": "n: int", "c(n: |": "n: int",
		"c(m: 1, n: |": "n: int", "c(1, m: |": "m: int = 2", "c(1, m: 2, |": `v: string = "1"`, "c(1, v: \"a\", |": "m: int = 2",
		"c(1, \"a\", 2, |": "", "os.packages(|": "name: string, …", "os.packages(\"a\", |": "name: string, …",
	} {
		p, _ := placed(nil, head+call+")\n}\n")
		h := feature.SignatureHelp(p)
		if h == nil {
			t.Errorf("%s: no signature", call)
			continue
		}
		got := ""
		if h.Active < len(h.Params) {
			got = h.Label[h.Params[h.Active][0]:h.Params[h.Active][1]]
		}
		if got != want {
			t.Errorf("%s: marks %q, want %q", call, got, want)
		}
	}
}

// TestSizeShown hovers over sizes: they are shown as they are written.
func TestSizeShown(t *testing.T) {
	for written, want := range map[string]string{
		"1.5GB": "1.5GB", "1500MB": "1.5GB", "2GiB": "2GiB", "512MiB": "512MiB", "1KB": "1KB", "7B": "7B", "1000001B": "1000001B", "0B": "0B",
	} {
		p, _ := placed(nil, "let |big = "+written+"\n\nfleet {\n    base scratch\n}\n\napp a {\n    size big\n\n    file \"/x\" text \"x\"\n}\n")
		if text, _ := feature.Hover(p); !strings.Contains(text, "Value: `"+want+"`") {
			t.Errorf("%s: %s", written, text)
		}
	}
}
