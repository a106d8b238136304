package feature_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/lang/lsp/feature"
	"github.com/layc-lang/layc/lang/source"
)

// TestExtractMoves extracts the step at the bar. A want of "" is a step that cannot be moved.
func TestExtractMoves(t *testing.T) {
	two := func(body string) string {
		return "app a {\n" + strings.ReplaceAll(body, "@", "1") + "}\n\napp b {\n" + strings.Replace(strings.ReplaceAll(body, "@", "2"), "|", "", 1) + "}\n"
	}
	shared := func(steps string) string { return "component shared {\n" + steps + "}\n\n" }
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	const step, moved = "    |file \"/x/y\" text \"x\"\n", "    file \"/x/y\" text \"x\"\n"
	for _, c := range []struct{ text, want string }{
		// order and ownership
		{two("    run \"echo @ > /o\"\n" + step), ""},
		{two(step + "    run \"echo @ > /o\"\n"), shared(moved) + two("    uses shared\n    run \"echo @ > /o\"\n")},
		{two("    dir \"/x\" mode 0750\n    owns \"/o@\", \"/x\"\n" + step), ""},
		{two("    owns \"/o@\"\n" + step), shared(moved) + two("    uses shared\n    owns \"/o@\"\n")},
		{two("    link \"/x\" to \"/z@\"\n" + step), ""},
		{two("    file \"/x/y/z\" text \"@\"\n" + step), ""},
		{two("    file \"/x/yy\" text \"@\"\n" + step), shared(moved) + two("    uses shared\n    file \"/x/yy\" text \"@\"\n")},
		{two("    if @ == 1 {\n        run \"true\"\n    }\n" + step), ""},
		{two("    if @ == 1 {\n        expose 80\n    }\n" + step), shared(moved) + two("    uses shared\n    if @ == 1 {\n        expose 80\n    }\n")},
		{"app a {\n    dir \"/x\"\n" + step + "}\napp b {\n" + moved + "    dir \"/x\"\n}\n", ""},
		// layout
		{crlf(two(step + "    expose @\n")), crlf(shared(moved) + two("    uses shared\n    expose @\n"))},
		{"\ufeff# Mine.\n" + two(step+"    expose @\n"), "\ufeff" + shared(moved) + "# Mine.\n" + two("    uses shared\n    expose @\n")},
		{two(strings.TrimSuffix(step, "\n") + "   # keep\n    expose @\n"), shared(strings.TrimSuffix(moved, "\n")+" # keep\n") + two("    uses shared\n    expose @\n")},
		{two(strings.TrimSuffix(step, "\n") + " # of @\n"), shared("    # of 2\n"+strings.TrimSuffix(moved, "\n")+" # of 1\n") + two("    uses shared\n")},
		{two("    # Of @.\n    #  Twice.\n" + step), shared("    # Of 1.\n    #  Twice.\n    # Of 2.\n    #  Twice.\n"+moved) + two("    uses shared\n")},
		{crlf(two("    # Of all.\n" + step)), crlf(shared("    # Of all.\n"+moved) + two("    uses shared\n"))},
		{two("    # Of nothing.\n\n" + step), shared(moved) + two("    uses shared\n    # Of nothing.\n")},
		{two("    expose @ # port\n" + step), shared(moved) + two("    uses shared\n    expose @ # port\n")},
		{two("    healthcheck \"\"\"\n        # x\"\"\"\n" + step), shared(moved) + two("    uses shared\n    healthcheck \"\"\"\n        # x\"\"\"\n")},
		{"app a { |link \"/l\" to \"/m\" } # one\napp b { link \"/l\" to \"/m\" }\n", shared("    link \"/l\" to \"/m\"\n") + "app a { uses shared } # one\napp b { uses shared }\n"},
		{"app a { |link \"/l\" to \"/m\"\n    expose 80 }\napp b {\n    expose 81\n    link \"/l\" to \"/m\" }\n", shared("    link \"/l\" to \"/m\"\n") + "app a {\n    uses shared\n    expose 80 }\napp b {\n    uses shared\n    expose 81\n}\n"},
	} {
		text := "fleet {\n    base scratch\n}\n\n" + c.text
		if strings.HasPrefix(c.text, "\ufeff") {
			text = c.text + "fleet {\n    base scratch\n}\n"
		}
		at := strings.Index(text, "|")
		text = text[:at] + text[at+1:]
		files := fstest.MapFS{"a.layer": {Data: []byte(text)}}
		got := ""
		if x := feature.Extract(placeIn(opened(files, "a.layer", text), "a.layer", at)); x != nil {
			got = strings.ReplaceAll(string(applied(files, x.Edits)["a.layer"].Data), "fleet {\n    base scratch\n}\n", "")
			got = strings.TrimPrefix(got, "\n")
		}
		if got != c.want {
			t.Errorf("%s\ngot:\n%q\nwant:\n%q", text, got, c.want)
		}
	}
}

// TestExtractMeaning extracts a step of a.layer that b.layer has too. A want of "" is a step that means
// something else there, although its words are the same.
func TestExtractMeaning(t *testing.T) {
	for _, c := range []struct{ a, b, moved, rest string }{
		{"file \"/x\" text \"a  b\"", "file \"/x\" text \"a b\"", "", ""},
		{"file \"/x\"   text \"a  b\"", "file \"/x\" text \"a  b\"", "file \"/x\"   text \"a  b\"", ""},
		{"file \"/a  b\" text \"\"", "file \"/a b\" text \"\"", "", ""},
		{"file \"/x\" text \"\"\"\n      p\n        q\n      \"\"\"", "file \"/x\" text \"\"\"\n      p\n      q\n      \"\"\"", "", ""},
		{"file \"/x\" text \"${v} \"", "file \"/x\" text \"${v}  \"", "", ""},
		{"copy \"a\", # one\n        \"b\" to \"/q/\"", "copy \"a\", # 1\n        \"b\" to \"/q/\"", "", ""},
		{"copy \"/b\" from lib.b to \"/q/\"", "copy \"/b\" from lib.b to \"/q/\"", "copy \"/b\" from lib.b to \"/q/\"", ""},
		{"copy \"/b\" from lib.b to \"/q/\"", "copy \"/b\" from lib.b to \"/q/\"\n    uses lib.b", "copy \"/b\" from lib.b to \"/q/\"", "import \"./lib\"\n"},
		{"file \"/x\" text lib.v", "file \"/x\" text lib.v\n    copy \"/b\" from lib.b to \"/z/\"", "file \"/x\" text lib.v", "import \"./lib\"\n"},
		{"file \"/x\" text \"${lib.v}\"", "file \"/x\" text \"${lib.v}\"", "file \"/x\" text \"${lib.v}\"", ""},
	} {
		const lib = "let v = \"1\"\n\ncomponent b {\n    file \"/b\" text \"b\"\n}\n"
		for _, other := range []string{"import \"./lib\"\n", "import \"./lib2\" as lib\n"} {
			one, two := "", ""
			if strings.Contains(c.a, "lib.") {
				one, two = "import \"./lib\"\n", other
			} else if other != "import \"./lib\"\n" {
				continue
			}
			head := one + "fleet {\n    base scratch\n}\n\nlet v = \"1\"\n\n"
			text := head + "app a {\n    " + c.a + "\n}\n"
			files := fstest.MapFS{
				"a.layer":          {Data: []byte(text)},
				"b.layer":          {Data: []byte(strings.TrimPrefix(two+"\napp b {\n    "+c.b+"\n}\n", "\n"))},
				"a":                {Data: []byte("a")},
				"b":                {Data: []byte("b")},
				"lib/lib.layer":    {Data: []byte(lib)},
				"lib2/other.layer": {Data: []byte(lib)},
			}
			w := opened(files, "a.layer", text)
			if _, list := placeIn(w, "a.layer", 0).Analysis.Bound(); list.HasErrors() {
				t.Errorf("%s: %s", c.a, list[0].Message)
			}
			x := feature.Extract(placeIn(w, "a.layer", strings.Index(text, c.a)))
			if c.moved == "" || two != one {
				if x != nil {
					t.Errorf("%s is moved, and %s in %q", c.a, c.b, files["b.layer"].Data)
				}
				continue
			}
			if x == nil {
				t.Errorf("%s is not moved", c.a)
				continue
			}
			after := applied(files, x.Edits)
			if got, want := string(after["a.layer"].Data), head+"component shared {\n    "+c.moved+"\n}\n\napp a {\n    uses shared\n}\n"; got != want {
				t.Errorf("%s: got\n%s\nwant\n%s", c.a, got, want)
			}
			if got, want := string(after["b.layer"].Data), strings.TrimPrefix(c.rest+"\napp b {\n", "\n"); !strings.HasPrefix(got, want) {
				t.Errorf("%s: got\n%s\nwant\n%s", c.b, got, want)
			}
			if _, list := placeIn(opened(after, "a.layer", string(after["a.layer"].Data)), "a.layer", 0).Analysis.Bound(); len(list) > 0 {
				t.Errorf("%s: %s", c.a, list[0].Message)
			}
		}
	}
}

// TestExplains checks the import that the checker proposes for a standard module.
func TestExplains(t *testing.T) {
	for text, want := range map[string]bool{"rsyslog": false, "rsyslog.agent": true, "rsyslog.absent": false, "java": true} {
		text = "app a {\n    uses " + text + "\n}\n"
		p := placeIn(opened(fstest.MapFS{}, "a.layer", text), "a.layer", 0)
		_, list := p.Analysis.Checked()
		if len(list) != 1 || len(list[0].Edits) != 1 {
			t.Fatalf("%s: got %v", text, list)
		}
		if got := feature.Explains(p, list[0].Span, list[0].Edits[0]); got != want {
			t.Errorf("%s: got %v", text, got)
		}
	}
}

// TestMissingImports imports the module of the unknown name `web`, which ./web and ../web are, if that
// has the member.
func TestMissingImports(t *testing.T) {
	app := "app a {\n    uses web.page\n}\n"
	for _, c := range []struct{ text, want string }{
		{app, "import \"./web\"\n\n" + app},
		{"\ufeff" + app, "\ufeffimport \"./web\"\n\n" + app},
		{"# Licence.\n# All rights.\n\n" + app, "# Licence.\n# All rights.\n\nimport \"./web\"\n\n" + app},
		{"\ufeff# Licence.\n\n# My app.\n" + app, "\ufeff# Licence.\n\nimport \"./web\"\n\n# My app.\n" + app},
		{"# My app.\n" + app, "import \"./web\"\n\n# My app.\n" + app},
		{"# L.\r\n\r\n" + strings.ReplaceAll(app, "\n", "\r\n"), "# L.\r\n\r\nimport \"./web\"\r\n\r\n" + strings.ReplaceAll(app, "\n", "\r\n")},
		{"import \"std/java\" # old\n\n" + app, "import \"std/java\" # old\nimport \"./web\"\n\n" + app},
		{"import \"std/java\"\r\napp b {\r\n    uses java, web.page\r\n}", "import \"std/java\"\r\nimport \"./web\"\r\napp b {\r\n    uses java, web.page\r\n}"},
		{strings.ReplaceAll(app, "page", "other"), ""},
		{strings.ReplaceAll(app, "web.page", "web"), ""},
	} {
		files := fstest.MapFS{"a.layer": {Data: []byte(c.text)}, "web/w.layer": {Data: []byte("component page {\n}\n")}}
		p := placeIn(opened(files, "a.layer", c.text), "a.layer", 0)
		at := strings.Index(c.text, "web")
		found := feature.MissingImports(p, source.Span{File: p.File.Source, Start: at, End: at + len("web")})
		got := ""
		for _, e := range found {
			got = string(applied(files, []feature.Edit{e})["a.layer"].Data)
		}
		if got != c.want || len(found) > 1 {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

func TestExtract(t *testing.T) {
	text := `fleet {
    base scratch
}

component shared {
    file "/s" text "s"
}

# The first.
app a {
    uses shared

    file "/x"   text "x"
    file "/own" text "a"
    link "/l" to "/x"
    run  "true"
}

app b for v in ["1"] {
    file "/x" text "x"
    file "/v" text v
    link "/l" to "/x"
}

app c {
    file "/own" text "c"
    file "/v" text v
}
`
	want := `fleet {
    base scratch
}

component shared {
    file "/s" text "s"
}

component shared2 {
    file "/x"   text "x"
    link "/l" to "/x"
}

# The first.
app a {
    uses shared, shared2

    file "/own" text "a"
    run  "true"
}

app b for v in ["1"] {
    uses shared2
    file "/v" text v
}

app c {
    file "/own" text "c"
    file "/v" text v
}
`
	files := fstest.MapFS{"a.layer": {Data: []byte(text)}}
	x := feature.Extract(placeIn(opened(files, "a.layer", text), "a.layer", strings.Index(text, "link")))
	if x == nil || x.Name != "shared2" || x.Apps != 2 || x.Steps != 2 {
		t.Fatalf("got %+v", x)
	}
	if got := string(applied(files, x.Edits)["a.layer"].Data); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	for _, at := range []string{"run", "file \"/own\"", "file \"/v\"", "uses", "base", "text \"s\""} {
		if x := feature.Extract(placeIn(opened(files, "a.layer", text), "a.layer", strings.Index(text, at))); x != nil {
			t.Errorf("%s: got %+v", at, x)
		}
	}
}
